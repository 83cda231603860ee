"""The score of a picture from its features."""

from dataclasses import replace

import pytest

from rag.picture_candidates import Candidate, Measures
from rag.picture_score import DESCRIBED, READ, Features, Kind, score

CHART = Measures(
    width=1000, height=500, entropy=1.6, edges=0.08, flat=0.9, colours=2, main_colour=0.67, saturated=0.29,
    rules=5, bands=4, columns=1, parts=60, text=0.27, fingerprint=1,
)  # fmt: skip
PHOTOGRAPH = replace(
    CHART, entropy=7.2, edges=0.1, flat=0.2, colours=150, main_colour=0.1, saturated=0.5, rules=0, parts=30, text=0.05
)
SCAN = replace(CHART, entropy=2.5, edges=0.25, flat=0.7, colours=6, saturated=0.0, rules=30, bands=40, text=0.5)


def features(measures: Measures | None = CHART, pages: int = 1, **changes: object) -> Features:
    candidate = Candidate(1, "hash", "image", "copy.png", share=0.2, measures=measures)
    return Features(replace(candidate, **changes), pages)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (features(), "chart"),
        (features(caption="Table 2: Yields"), "table"),
        (features(replace(CHART, saturated=0.0)), "diagram"),
        (features(replace(CHART, saturated=0.0, rules=0), origin="drawing", slanted=0.4), "diagram"),
        (features(PHOTOGRAPH, caption="Figure 1: The orchard"), "photograph"),
        (features(share=0.0), "chart"),
        (features(share=1.0, covered=10), "chart"),
        (features(covered=200, caption="Figure 3: Parts and their names"), "chart"),
    ],
)
def test_pictures_with_facts_are_described(found: Features, kind: Kind) -> None:
    verdict = score(found)
    assert verdict.score >= DESCRIBED
    assert verdict.kind == kind


@pytest.mark.parametrize(
    "found",
    [
        features(PHOTOGRAPH),
        features(PHOTOGRAPH, alt="A woman in an orchard"),
        features(replace(SCAN, text=0.45), caption="Box 1"),
        features(replace(CHART, parts=5), share=0.05),
    ],
    ids=["photograph", "named photograph", "text", "few parts"],
)
def test_pictures_without_facts_are_read_by_ocr(found: Features) -> None:
    assert READ <= score(found).score < DESCRIBED


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (features(None), "too small"),
        (features(pages=5, share=0.01), "repeats on 5 pages"),
        (features(pages=5, margin=True), "repeats on 5 pages"),
        (features(PHOTOGRAPH, share=1.0, covered=50), "backdrop"),
        (features(PHOTOGRAPH, share=0.3, covered=800), "printed over it"),
        (features(SCAN, share=1.0), "scan"),
        (features(replace(CHART, edges=0.0, text=0.0, entropy=0.5)), "nothing is on it"),
        (features(replace(CHART, width=2000, height=60)), "rule or a border"),
        (features(replace(CHART, width=200, height=100), share=0.004), "0.4% of the page -20"),
        (features(replace(CHART, rules=0, parts=3), share=0.02, margin=True), "header or footer -20"),
        (features(origin="drawing", share=1.0), "layout"),
        (features(replace(CHART, parts=3), share=0.02), "only 3 separate parts"),
    ],
)
def test_decoration_is_skipped_and_the_reason_says_why(found: Features, why: str) -> None:
    verdict = score(found)
    assert verdict.score < READ
    assert why in verdict.reason


def test_a_chart_that_repeats_is_not_lost_for_that_alone() -> None:
    assert score(features(pages=2)).score >= DESCRIBED
    assert score(features(pages=2)).score < score(features()).score


def test_a_name_of_a_file_is_no_description() -> None:
    plain, named, described = (score(features(share=0.03, alt=alt)).score for alt in ("", "chart-final.png", "Sales"))
    assert plain == named == described
    assert score(features(share=0.03, alt="Sales by month")).score > plain


def test_scores_stay_between_0_and_100() -> None:
    everything = features(caption="Figure 1", alt="A long description", origin="drawing", slanted=1.0)
    assert score(everything).score == 100
    assert score(features(pages=9, share=0.06, margin=False)).score >= 0
