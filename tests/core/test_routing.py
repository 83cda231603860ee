"""Each page's route follows from what was measured on it."""

import csv
import re
from collections.abc import Iterator

import pytest

from core.media_types import PDF, PRESENTATIONS
from core.pdf_features import features, open_pdf
from core.routing import PageFeatures, PageRoute, choose_route, route_of_type, sample, summarise, unreadable
from tests import evaluation_data
from tests.core.pdf_pages import lines, pdf, picture

A4 = {"width": 595.0, "height": 842.0}
SLIDE = {"width": 960.0, "height": 540.0}


def page(characters: int, size: dict[str, float] = A4, paths: int = 0, **measured: float) -> PageFeatures:
    shares = {"image_coverage": 0.0} | measured
    return PageFeatures(page=1, characters=characters, paths=paths, **size, **shares)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("features", "route", "reason"),
    [
        (page(2500, text_coverage=0.5), "text", "text: 2,500 characters"),
        (page(2500, text_coverage=0.4, picture_coverage=0.45), "text", "text: "),  # prose with a figure stays prose
        (page(1500, text_coverage=0.3, picture_coverage=0.6), "visual", "60% of the page, text on 30%"),
        (page(600, text_coverage=0.1, picture_coverage=0.3), "visual", "30% of the page, text on 10%"),
        (page(600, text_coverage=0.3, picture_coverage=0.25), "text", "text: "),  # a figure among text
        (page(600, text_coverage=0.2, box_coverage=0.6, paths=300), "text", "text: "),  # a table
        (page(300, text_coverage=0.1, box_coverage=0.3), "visual", "30% of the page"),  # boxes and their few labels
        (page(0, image_coverage=0.98), "visual", "a picture fills the page"),
        (page(1800, image_coverage=0.99, hidden_text=1.0), "visual", "only a hidden layer"),
        (page(1800, image_coverage=0.99), "visual", "upon a full-page picture"),
        (page(8, image_coverage=0.2), "visual", "next to no text"),
        (page(0, picture_coverage=0.4, paths=100), "visual", "next to no text"),
        (page(900, text_coverage=0.3, picture_coverage=0.15, drawings=400), "visual", "400 shapes"),
        (page(120, SLIDE), "visual", "slide shape with 120 characters"),
        (page(900, SLIDE, letter_height=0.03), "visual", "slide shape"),
        (page(900, SLIDE, letter_height=0.015), "text", "text: "),  # a printed page on its side
        (page(3000, SLIDE, letter_height=0.015), "text", "text: "),  # a wide table
        (page(10, meaningless=1500, text_coverage=0.5), "visual", "1,500 characters stand for no letter"),
        (page(3), "text", "almost empty: 3 characters"),
        (page(0), "text", "blank"),
        (page(0, SLIDE), "text", "blank"),
        (page(0, paths=2), "text", "next to nothing"),
    ],
)
def test_choose_route(features: PageFeatures, route: str, reason: str) -> None:
    chosen = choose_route(features)
    assert (chosen.page, chosen.route) == (1, route)
    assert reason in chosen.reason


def routes(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    file = tmp_path_factory.mktemp("pdf") / "file.pdf"
    file.write_bytes(data)
    with file.open("rb") as opened:
        document = open_pdf(opened)
        found: list[str] = [
            choose_route(measured).route for measured in features(document, range(1, len(document) + 1))
        ]
        document.close()
    return found


CHART = b"100 200 m " + b" ".join(b"%d %d l" % (100 + 20 * n, 200 + 80 * (n % 5)) for n in range(20)) + b" S"
RULES = b" ".join(b"50 %d 500 1 re f %d 100 1 600 re f" % (100 + 20 * n, 50 + 20 * n) for n in range(25))


@pytest.mark.parametrize(
    ("content", "route"),
    [
        (lines(60), "text"),
        (lines(60) + RULES, "text"),  # a table
        (lines(10, top=600) + RULES, "text"),  # a table with little in it
        (lines(60) + b" " + CHART, "text"),
        (lines(6) + b" " + CHART, "visual"),
        (picture(0, 0, 600, 800) + lines(60, mode=3), "visual"),
        (lines(60) + picture(0, 0, 600, 800), "visual"),  # painted over
        (lines(60) + picture(0, 700, 600, 100), "text"),  # a letterhead
        (lines(2) + picture(100, 200, 400, 300), "visual"),
        (lines(2) + picture(2000, 2000, 400, 300), "text"),  # beside the page
        (b"1 1 0.8 rg 0 0 600 800 re f 0 g " + lines(10), "text"),  # a background
        (b"", "text"),
    ],
)
def test_pages_of_each_kind(content: bytes, route: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert routes(pdf(content), tmp_path_factory) == [route]


def test_a_damaged_page_is_named_by_the_text_pipeline() -> None:
    assert unreadable(7) == PageRoute(7, "text", "the page is damaged")


@pytest.mark.parametrize(
    ("media_type", "found"),
    [
        (PDF, None),
        ("image/png", ("visual", "a picture")),
        ("text/csv", ("text", "a text document")),
        *((media_type, ("visual", "a slide")) for media_type in sorted(PRESENTATIONS)),
    ],
)
def test_files_whose_type_says_enough(media_type: str, found: tuple[str, str] | None) -> None:
    assert route_of_type(media_type) == found


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


def labelled() -> Iterator[dict[str, str]]:
    table = evaluation_data.folder("pdf_routing.csv").read_text(encoding="utf-8")
    yield from csv.DictReader(table.splitlines())


def test_files_take_the_route_that_a_person_would_choose() -> None:
    right: dict[str, list[bool]] = {"clear": [], "borderline": []}
    for row in labelled():
        with evaluation_data.folder(row["file"]).open("rb") as file:
            document = open_pdf(file)
            total = len(document)
            looked_at = [choose_route(measured) for measured in features(document, range(1, total + 1))]
            document.close()
        assert len(looked_at) == total
        assert all(re.search("[a-z]{4}", chosen.reason) for chosen in looked_at)
        right[row["confidence"]].append(summarise(looked_at, total).route == row["kind"])
    assert (len(right["clear"]), len(right["borderline"])) == (41, 7)
    assert sum(right["clear"]) >= 40
    assert sum(right["borderline"]) >= 5
