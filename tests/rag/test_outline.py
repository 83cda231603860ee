"""A PDF's outline gives the headings in force, and where they are printed."""

from rag.outline import Entry, locate, path_before
from rag.pages import Heading

ENTRIES = [Entry(1, 1, "Fares"), Entry(2, 2, "Dogs"), Entry(4, 1, "Islands"), Entry(4, 2, "The northern islands")]


def test_path_before_a_page() -> None:
    assert path_before(ENTRIES, 1) == ()
    assert path_before(ENTRIES, 4) == (Heading(0, 1, "Fares"), Heading(0, 2, "Dogs"))
    assert path_before(ENTRIES, 5) == (Heading(0, 1, "Islands"), Heading(0, 2, "The northern islands"))


def test_headings_are_found_with_their_number_and_over_lines() -> None:
    lines = ["Dogs are mentioned", "2 Islands", "Text", "2.1 The northern", "islands", "More text"]
    islands, northern = ENTRIES[2:]
    assert locate([islands, northern], lines) == {1: (islands, 1), 3: (northern, 2)}


def test_a_heading_that_is_not_printed_is_not_found() -> None:
    assert locate([ENTRIES[1]], ["Cats", "Dogs and cats"]) == {}
