"""Parts cover every page once and are of nearly equal length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.parts import cut


@pytest.mark.parametrize(
    ("pages", "part_pages", "expected"),
    [
        (1, 50, [(1, 1)]),
        (50, 50, [(1, 50)]),
        (51, 50, [(1, 25), (26, 51)]),  # no splinter of one page
        (7, 3, [(1, 2), (3, 4), (5, 7)]),
    ],
)
def test_cut(pages: int, part_pages: int, expected: list[tuple[int, int]]) -> None:
    assert cut(pages, part_pages) == expected


@given(pages=st.integers(1, 5000), part_pages=st.integers(1, 200))
def test_every_page_is_in_exactly_one_part(pages: int, part_pages: int) -> None:
    runs = cut(pages, part_pages)
    assert [page for first, last in runs for page in range(first, last + 1)] == list(range(1, pages + 1))
    assert max(last - first + 1 for first, last in runs) <= part_pages


@pytest.mark.parametrize(("pages", "part_pages"), [(0, 5), (5, 0)])
def test_no_pages_or_empty_parts_are_refused(pages: int, part_pages: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        cut(pages, part_pages)
