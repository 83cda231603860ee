"""Headers and footers of the book are told from the text of its pages."""

from rag.pdf_lines import Line
from rag.running_lines import find

HEIGHT = 800.0
TOP, BOTTOM, MIDDLE = 770.0, 30.0, 400.0


def page(*lines: tuple[str, float]) -> list[Line]:
    return [Line(text, 50.0, 500.0, baseline, 10.0, False) for text, baseline in lines]


def running(*pages: list[Line], first: int = 1) -> list[set[int]]:
    numbered = dict(enumerate(pages, first))
    return list(find(numbered, dict.fromkeys(numbered, HEIGHT)).values())


def test_lines_with_the_pages_number_are_running() -> None:
    chapters = ["Fares", "Fares", "Dogs", "Islands"]
    pages = [page((f"{name} {15 + n}", TOP), ("Text", MIDDLE)) for n, name in enumerate(chapters)]
    assert running(*pages, first=23) == [{0}] * 4


def test_lines_that_repeat_are_running() -> None:
    pages = [page(("Text", MIDDLE), ("Ferry company, confidential", BOTTOM)) for _ in range(4)]
    assert running(*pages) == [{1}] * 4


def test_other_numbers_and_lines_within_the_page_are_not() -> None:
    tops = ("1987 was a good year", "1991 was not", "In 2004 the pier burnt down")
    pages = [page((top, TOP), ("The same on every page", MIDDLE)) for top in tops]
    assert running(*pages) == [set()] * 3


def test_two_pages_are_too_few_to_tell() -> None:
    assert running(*[page(("Ferry company", TOP)) for _ in range(2)]) == [set()] * 2


def test_a_line_that_counts_the_pages_is_running_wherever_the_number_stands() -> None:
    pages = [page(("Text", MIDDLE), (f"Sheet {number + 40} of 90 - Invoices", BOTTOM)) for number in range(1, 7)]
    assert running(*pages) == [{1}] * 6


def test_numbers_that_tell_pages_apart_are_theirs() -> None:
    for tops in (
        ["Invoice No. RX4748B", "Invoice No. RX4822B", "Invoice No. RX1031B", "Invoice No. RX9905B"],
        ["Case file ZK-5822/25", "Case file ZK-1177/25", "Case file ZK-6031/24", "Case file ZK-2280/25"],
        ["Order 7 of 2024 for 31 planks", "Order 9 of 2024 for 12 planks", "Order 2 of 2023 for 5", "Order 40 of 2020"],
    ):
        assert running(*[page((top, TOP), ("Text", MIDDLE)) for top in tops]) == [set()] * 4
