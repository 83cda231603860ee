"""A page that a renderer does not survive costs itself, not the pages beside it."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.jobs import Gap
from core.media_types import PDF
from core.settings import Settings
from tests.evaluation_data import folder
from tests.vdr.drawings import A4, colour_of, looks_like, write_pdf
from vdr.render import PageRenderer, RenderedPage, page_renderer

TOO_LATE = "there was no time left to draw the page"


@pytest.fixture(params=["poppler", "pdfium"])
def renderer(request: pytest.FixtureRequest) -> PageRenderer:
    return page_renderer(Settings(page_renderer=request.param))


def test_a_page_that_takes_too_long_is_left_out(renderer: PageRenderer, tmp_path: Path) -> None:
    file = write_pdf(tmp_path / "a.pdf", [A4] * 4, busy=2)
    started = time.monotonic()
    items = list(replace(renderer, page_seconds=1.0).render(file, PDF, [1, 2, 3, 4], 2048))
    assert time.monotonic() - started < 30
    assert items[1] == Gap(2, TOO_LATE)
    for page in (1, 3, 4):
        item = items[page - 1]
        assert isinstance(item, RenderedPage)
        assert looks_like(item.image, (0.25, 0.25), colour_of(page))


def test_when_the_time_of_all_is_up_the_rest_are_gaps(renderer: PageRenderer, tmp_path: Path) -> None:
    file = write_pdf(tmp_path / "a.pdf", [A4] * 12, busy=1)
    started = time.monotonic()
    items = list(replace(renderer, seconds=2.0).render(file, PDF, range(1, 13), 2048))
    assert time.monotonic() - started < 20
    assert [item.page for item in items] == list(range(1, 13))
    assert items[0] == Gap(1, TOO_LATE)
    assert items[11] == Gap(12, TOO_LATE)


def test_too_little_memory_gives_gaps_only(tmp_path: Path) -> None:
    renderer = replace(page_renderer(Settings(page_renderer="pdfium")), memory_bytes=150_000_000)
    items = list(renderer.render(write_pdf(tmp_path / "a.pdf", [A4] * 2), PDF, [1, 2], 16_000))
    assert [item.page for item in items] == [1, 2]
    assert all(isinstance(item, Gap) for item in items)


def test_an_image_bomb_within_a_pdf_stays_within_its_limits(renderer: PageRenderer) -> None:
    (item,) = renderer.render(folder("hostile", "image_bomb_20000x20000.pdf"), PDF, [1], 512)
    assert isinstance(item, Gap) or max(item.image.size) == 512
