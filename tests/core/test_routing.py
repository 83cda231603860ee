"""Each page's route follows from what was measured on it."""

import pytest

from core.routing import PageFeatures, PageRoute, choose_route, sample, summarise

A4 = {"width": 595.0, "height": 842.0}
SLIDE = {"width": 960.0, "height": 540.0}


def page(characters: int, image: float = 0.0, paths: int = 0, size: dict[str, float] = A4) -> PageFeatures:
    return PageFeatures(page=1, characters=characters, image_coverage=image, paths=paths, **size)


@pytest.mark.parametrize(
    ("features", "route"),
    [
        (page(2500), "text"),  # prose
        (page(2500, image=0.4, paths=400), "text"),  # prose with a figure stays prose
        (page(0, image=0.98), "visual"),  # a scan
        (page(1800, image=0.99), "visual"),  # a scan with an OCR layer behind it
        (page(120, paths=10, size=SLIDE), "visual"),  # a slide
        (page(300, paths=500), "visual"),  # a chart
        (page(200, image=0.7), "visual"),  # a photograph with a caption
        (page(600, paths=20), "text"),  # a short text page
        (page(3), "text"),  # an empty page costs the visual pipeline nothing
        (page(0, paths=900), "visual"),  # a drawing
    ],
)
def test_choose_route(features: PageFeatures, route: str) -> None:
    chosen = choose_route(features)
    assert chosen.route == route
    assert chosen.reason


def test_a_document_is_what_most_of_its_pages_are() -> None:
    text, visual = PageRoute(1, "text", "r"), PageRoute(2, "visual", "r")
    assert summarise([visual, visual, text], 3).route == "visual"
    assert summarise([visual, text], 2).route == "text"
    assert summarise([visual, text], 2).as_dict()["visualPages"] == 1


@pytest.mark.parametrize("total", [1, 5, 24, 25, 1158])
def test_a_sample_is_spread_and_starts_at_the_first_page(total: int) -> None:
    chosen = sample(total, 24)
    assert chosen[0] == 1
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(total, 24)
    assert chosen[-1] <= total
