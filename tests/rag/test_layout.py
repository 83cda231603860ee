"""Lines become paragraphs and headings by their places, sizes and weights."""

from rag.cleanup import HYPHEN
from rag.layout import Block, body_size, compose, heading_runs, heading_sizes, leading, shorten_leaders
from rag.pdf_lines import Line

RIGHT = 500.0


def line(text: str, baseline: float, *, right: float = RIGHT, size: float = 10.0, bold: bool = False) -> Line:
    return Line(text, 50.0, right, baseline, size, bold)


def texts(*lines: Line) -> list[str]:
    return [block.text for block in compose(lines, {})]


PARAGRAPH = (
    line("The ferry leaves the pier at nine in the morning and takes", 700.0),
    line("forty minutes to the island, unless the wind is against it,", 688.0),
    line("which it often is.", 676.0, right=140.0),
)


def test_lines_of_a_paragraph_are_joined_and_a_wider_gap_ends_it() -> None:
    whole, following = texts(*PARAGRAPH, line("Dogs travel free of charge on all routes of the company now", 658.0))
    assert whole.startswith("The ferry leaves")
    assert "takes forty minutes to the island, unless the wind is against it, which it often is." in whole
    assert following.startswith("Dogs")


def test_a_line_ended_on_purpose_stays_a_line() -> None:
    code = [line("cd island", 652.0, right=95.0), line("ls --all", 640.0, right=90.0)]
    *_, block = texts(*PARAGRAPH, *code)
    assert block == "cd island\nls --all"


def test_list_items_stay_lines() -> None:
    items = [line("• a full line about ferries that reaches the margin of it", 700.0), line("• another item", 688.0)]
    assert texts(*items) == ["• a full line about ferries that reaches the margin of it\n• another item"]


def test_a_sentence_goes_on_over_a_gap_that_a_formula_made() -> None:
    tall = line("and this line stands lower, for there is a tall formula in it", 670.0)
    assert len(texts(*PARAGRAPH[:2], tall)) == 1


def test_a_line_that_hides_two_is_measured_as_two() -> None:
    joined = line(f"a line whose last word was di{HYPHEN}vided and that ends on the line below it at the margin", 664.0)
    (block,) = texts(
        *PARAGRAPH[:2],
        line("so the paragraph of which this is part goes on and on until", 676.0),
        joined,
        (line("here, where it ends.", 640.0, right=150.0)),
    )
    assert block.endswith("here, where it ends.")


def test_columns_are_not_joined() -> None:
    left = line("the last line of the left column", 100.0, right=240.0)
    right = Line("The first line of the right column", 260.0, 500.0, 700.0, 10.0, False)
    assert len(texts(left, right)) == 2


def test_larger_and_lone_bold_lines_are_headings() -> None:
    lines = [
        line("4 Fares", 730.0, right=100.0, size=14.0),
        *PARAGRAPH,
        line("Dogs", 650.0, right=80.0, bold=True),
        line("They travel free.", 630.0, right=140.0),
        line("A bold sentence is none.", 600.0, right=170.0, bold=True),
        line("12 Islands ........ 48", 570.0, size=14.0),
    ]
    assert body_size(lines) == 10.0
    assert heading_sizes(lines, 10.0) == {0: 14, 4: 10}


def test_a_heading_may_run_over_lines() -> None:
    lines = [line("Rules for", 730.0, size=14.0), line("passengers", 714.0, size=14.0), *PARAGRAPH]
    runs = heading_runs(lines, heading_sizes(lines, 10.0))
    assert runs == {0: 2}
    assert compose(lines, runs)[0] == Block("Rules for passengers", 0)


def test_leading_is_the_usual_distance() -> None:
    assert leading(PARAGRAPH) == 12.0
    assert leading([]) == 0.0


def test_dotted_leaders_are_shortened() -> None:
    assert shorten_leaders("2.1 Tickets . . . . . . . . . . 17") == "2.1 Tickets ... 17"
    assert shorten_leaders("Wait... what?") == "Wait... what?"
