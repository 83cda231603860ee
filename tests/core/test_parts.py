"""Parts cover every page once, each page with the pipeline that its route names, and are of nearly equal length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.jobs import ABSENT, TEXT, UNKNOWN, VISUAL
from core.parts import MOST_PARTS, Part, Sizes, cut, groups, part_sizes
from core.routing import PageRoute, Route
from core.settings import Settings
from rag.chunk_ids import MAX_PARTS

SIZES: Sizes = {"text": 50, "visual": 8}


def pages_of(part: Part) -> list[int]:
    return [part.first_page + index for index, letter in enumerate(part.page_routes) if letter != ABSENT]


def routed(letters: str) -> list[PageRoute]:
    names: dict[str, Route] = {TEXT: "text", VISUAL: "visual"}
    return [PageRoute(page, names[letter], "why") for page, letter in enumerate(letters, 1) if letter in names]


@pytest.mark.parametrize(
    ("pages", "size", "expected"),
    [
        (1, 50, [(1, 1)]),
        (50, 50, [(1, 50)]),
        (51, 50, [(1, 25), (26, 51)]),  # no splinter of one page
        (7, 3, [(1, 2), (3, 4), (5, 7)]),
        (0, 3, []),
    ],
)
def test_groups(pages: int, size: int, expected: list[tuple[int, int]]) -> None:
    assert [(group[0], group[-1]) for group in groups(range(1, pages + 1), size)] == expected


def test_a_chart_here_and_there_does_not_make_a_part_each() -> None:
    text, visual = cut(9, routed("ttvtttvtt"), "text", SIZES)
    assert (text.route, text.first_page, text.last_page, text.page_routes) == ("text", 1, 9, "tt-ttt-tt")
    assert (visual.route, visual.first_page, visual.last_page, visual.page_routes) == ("visual", 3, 7, "v---v")


def test_pages_that_nobody_looked_at_go_with_most_and_are_marked() -> None:
    text, visual = cut(6, routed("t??v??"), "text", SIZES)
    assert (text.page_routes, visual.page_routes) == ("t??-??", "v")
    (only,) = cut(3, routed("v"), "visual", SIZES)
    assert only.page_routes == VISUAL + 2 * UNKNOWN


@given(letters=st.text(alphabet=TEXT + VISUAL + UNKNOWN, min_size=1, max_size=400), text=st.integers(1, 60))
def test_every_page_is_in_exactly_one_part(letters: str, text: int) -> None:
    sizes: Sizes = {"text": text, "visual": 8}
    runs = cut(len(letters), routed(letters), "text", sizes)
    assert sorted(page for run in runs for page in pages_of(run)) == list(range(1, len(letters) + 1))
    assert all(len(pages_of(run)) <= sizes[run.route] for run in runs)


def test_a_long_document_has_no_more_parts_than_ids_allow() -> None:
    settings = Settings(text_part_pages=1, visual_part_pages=1)
    sizes = part_sizes(settings.max_pages, settings)
    runs = cut(settings.max_pages, [], "visual", sizes)
    assert len(runs) == MOST_PARTS
    handed_over = MOST_PARTS * -(-sizes["text"] // sizes["visual"])
    assert 2 * MOST_PARTS + handed_over <= MAX_PARTS


@pytest.mark.parametrize(("pages", "size"), [(0, 5), (5, 0)])
def test_no_pages_or_empty_parts_are_refused(pages: int, size: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        cut(pages, [], "text", {"text": size, "visual": 8})
