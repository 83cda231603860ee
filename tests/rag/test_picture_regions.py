"""Boxes on a page, and which of them are one picture."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.picture_regions import IDENTITY, Box, Matrix, around, clusters, tiles, times

PAGE = Box(0, 0, 600, 800)


def test_a_box_under_a_matrix_is_the_box_around_its_corners() -> None:
    box = Box(0, 0, 2, 1)
    assert box.under(IDENTITY) == box
    assert box.under((3, 0, 0, 2, 10, 20)) == Box(10, 20, 16, 22)
    quarter = box.under((0, 1, -1, 0, 0, 0))  # turned by 90 degrees
    assert quarter == Box(-1, 0, 0, 2)


@given(st.lists(st.integers(-3, 3), min_size=12, max_size=12))
def test_the_product_of_matrices_applies_one_after_the_other(numbers: list[int]) -> None:
    first: Matrix = (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5])
    second: Matrix = (numbers[6], numbers[7], numbers[8], numbers[9], numbers[10], numbers[11])
    point = Box(2, 5, 2, 5)
    assert point.under(times(first, second)) == point.under(first).under(second)


def test_boxes_close_together_are_one_cluster() -> None:
    boxes = [Box(10, 10, 50, 50), Box(52, 10, 90, 50), Box(300, 300, 320, 320), Box(10, 54, 50, 60)]
    assert sorted(map(sorted, clusters(boxes, PAGE))) == [[0, 1, 3], [2]]


def test_backdrops_and_what_lies_outside_are_in_no_cluster() -> None:
    boxes = [Box(0, 0, 600, 790), Box(700, 10, 720, 30), Box(10, -50, 20, -40), Box(590, 790, 650, 850)]
    assert clusters(boxes, PAGE) == [[3]]


@pytest.mark.parametrize("page", [Box(0, 0, 14_400, 14_400), Box(-100, -100, 1, 1), Box(0, 0, 0, 0)])
def test_pages_of_any_size_do(page: Box) -> None:
    corner = Box(page.left, page.bottom, page.left + 1, page.bottom + 1)
    assert clusters([corner], page) in ([[0]], [])


@given(st.lists(st.tuples(*[st.floats(-50, 900) for _ in range(4)]), max_size=30))
def test_every_box_is_in_one_cluster_at_most(corners: list[tuple[float, float, float, float]]) -> None:
    boxes = [Box(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in corners]
    members = [index for group in clusters(boxes, PAGE) for index in group]
    assert len(members) == len(set(members))
    for index, box in enumerate(boxes):
        inside = box.within(PAGE)
        if inside.width > 0 and inside.height > 0 and inside.area < 0.5 * PAGE.area:
            assert index in members


def test_boxes_that_share_a_side_are_tiles() -> None:
    rows = [Box(0, 30 - 10 * row, 100, 40 - 10 * row) for row in range(4)]
    apart = Box(0, 60, 100, 70)
    shifted = Box(20, 40, 120, 50)
    assert sorted(map(sorted, tiles([*rows, apart, shifted]))) == [[0, 1, 2, 3], [4], [5]]
    assert around(rows) == Box(0, 0, 100, 40)
    assert math.isclose(sum(row.area for row in rows), around(rows).area)
