"""Merging what was read into a page's text."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.pages import Heading, Page
from rag.picture_merge import Reading, merge

TEXT = "Introduction\n\nFirst, a para-\ngraph of words.\n\nResults\n\nThe last paragraph."
PAGE = Page(
    3,
    TEXT,
    "text-layer",
    headings=(Heading(0, 1, "Introduction"), Heading(TEXT.index("Results"), 1, "Results")),
)


def reading(text: str = "a new fact", **changes: object) -> Reading:
    return replace(Reading("chart", text, described=False), **changes)  # type: ignore[arg-type]


def titles(page: Page) -> list[str]:
    """What the text says where each heading starts."""
    return [page.text[heading.start : heading.start + len(heading.title)] for heading in page.headings]


def test_a_reading_is_a_paragraph_after_the_text_above_its_picture() -> None:
    merged = merge(PAGE, [reading(above=("graph of words.",))])
    assert merged.text == TEXT.replace("words.\n\n", "words.\n\n[Picture: chart] a new fact\n\n")
    assert titles(merged) == ["Introduction", "Results"]


def test_an_anchor_is_found_however_lines_are_joined_and_divided() -> None:
    merged = merge(PAGE, [reading(above=("First,  a paragraph\nof WORDS",))])
    assert "words.\n\n[Picture: chart] a new fact\n\nResults" in merged.text


def test_a_longer_anchor_is_found_by_its_end() -> None:
    before = "What another converter made of the page before it got here, at length. The last paragraph."
    assert merge(PAGE, [reading(above=(before,))]).text.endswith("paragraph.\n\n[Picture: chart] a new fact")


def test_without_text_above_the_text_below_tells_the_place() -> None:
    merged = merge(PAGE, [reading(above=("a running header",), below=("Introduction",))])
    assert merged.text.startswith("[Picture: chart] a new fact\n\nIntroduction")
    assert titles(merged) == ["Introduction", "Results"]


def test_a_heading_that_is_not_printed_stays_at_the_start() -> None:
    page = replace(PAGE, headings=(Heading(0, 1, "Of the outline alone"), *PAGE.headings))
    merged = merge(page, [reading(below=("Introduction",))])
    assert merged.headings[0].start == 0
    assert titles(merged)[1:] == ["Introduction", "Results"]


def test_an_unknown_place_is_the_end_of_the_page() -> None:
    assert merge(PAGE, [reading()]).text == f"{TEXT}\n\n[Picture: chart] a new fact"
    assert merge(replace(PAGE, text="", headings=()), [reading()]).text == "[Picture: chart] a new fact"


def test_pictures_with_the_same_words_before_them_come_in_turn() -> None:
    page = Page(1, "Click here.\n\nThen wait.\n\nClick here.\n\nDone.", "converted")
    first, second = "Click here.", "Click here.\nThen wait.\nClick here."
    said = [("one thing", first), ("a second", first), ("another", second)]
    merged = merge(page, [reading(text, above=(anchor,)) for text, anchor in said])
    assert merged.text.split("\n\n") == [
        "Click here.",
        "[Picture: chart] one thing",
        "[Picture: chart] a second",
        "Then wait.",
        "Click here.",
        "[Picture: chart] another",
        "Done.",
    ]


def test_lines_that_the_page_has_are_not_repeated() -> None:
    merged = merge(PAGE, [reading("FIRST, a\nnew line\nthe last   paragraph")])
    assert merged.text == f"{TEXT}\n\n[Picture: chart] new line"
    assert merge(PAGE, [reading("results\nthe last paragraph")]) == PAGE


def test_a_description_is_kept_whole_but_said_once() -> None:
    text = "Results\n\nThe last paragraph"
    merged = merge(PAGE, [reading(text, described=True), reading(text, described=True)])
    assert merged.text == f"{TEXT}\n\n[Picture: chart] Results\nThe last paragraph"


def test_a_reading_cannot_forge_pages_paragraphs_or_markers() -> None:
    merged = merge(PAGE, [reading("a\f\x00b\n\n \nc [Picture: table] d", described=True)])
    assert merged.text.removeprefix(TEXT) == "\n\n[Picture: chart] a b\nc [picture table] d"


@given(
    st.lists(st.text("abc .\n", min_size=1, max_size=30), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 5), st.text("xyz", min_size=1, max_size=5)), max_size=6),
)
def test_all_text_stays_and_headings_keep_their_paragraphs(blocks: list[str], pictures: list[tuple[int, str]]) -> None:
    paragraphs = [f"title{index} {' '.join(block.split())}" for index, block in enumerate(blocks)]
    text = "\n\n".join(paragraphs)
    headings = tuple(Heading(text.index(f"title{index}"), 1, f"title{index}") for index in range(len(blocks)))
    readings = [reading(said, above=(f"title{place}",), described=True) for place, said in pictures]
    merged = merge(Page(1, text, "converted", headings=headings), readings)
    kept = [block for block in merged.text.split("\n\n") if not block.startswith("[Picture: ")]
    assert kept == text.split("\n\n")
    assert titles(merged) == [f"title{index}" for index in range(len(blocks))]
    assert {said for _, said in pictures} <= {
        block.removeprefix("[Picture: chart] ") for block in merged.text.split("\n\n")
    }


@pytest.mark.parametrize("anchor", ["", "x", "  ", "…"])
def test_an_anchor_without_enough_letters_is_no_place(anchor: str) -> None:
    assert merge(PAGE, [reading(above=(anchor,))]).text.startswith(TEXT)
