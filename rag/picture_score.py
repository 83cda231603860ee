"""Score: whether a picture is worth a vision model's time, OCR's, or none, with the reason. Pure.

The points are tuned on one half of ``tests/rag/picture_labels.csv``; ``benchmarks/pictures.py`` reports both halves.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from rag.picture_candidates import Candidate, Measures

Kind = Literal["chart", "table", "diagram", "photograph", "screenshot", "decorative"]

FACTUAL = frozenset({"chart", "table", "diagram"})  #: kinds that hold what only a vision model can tell
DESCRIBED = 50  #: from this score on a vision model describes a picture
READ = 30  #: and from this one on OCR reads it
_TABLE = re.compile(r"table|tab\.|tabelle|tabla|cuadro|tableau|табл|表|표", re.IGNORECASE)
_CHART = re.compile(r"chart|graph|plot|histogram|gráfic|schaubild", re.IGNORECASE)
_FILE_NAME = re.compile(r"^\S+\.(?:png|jpe?g|gif|bmp|emf|wmf|tiff?|svg)$", re.IGNORECASE)

#: Points for the share of the page, and of pixels where that is unknown: the largest that applies
AREA = ((0.15, 25), (0.08, 22), (0.04, 18), (0.025, 12), (0.012, 0), (0.0, -20))
PIXELS = ((200_000, 25), (100_000, 20), (50_000, 14), (20_000, 4), (0, -20))
RULED = 6  #: straight lines from which colours as rich as a photograph's are those of a diagram or a screen
PLAIN = 0.6  #: share of the main colour from which a picture over the page has an even ground, as charts have
CURVED = 0.005  #: share of slanted paths from which a drawing has curves or arrows
LETTERED = 20  #: separate parts from which a picture has labels; logos and icons have fewer
NOTICEABLE = 0.025  #: share of the page from which a caption nearby is the picture's own
WHOLE_PAGE = 0.75  #: share from which an image is the page's own picture or its backdrop
THROUGH = 20  #: characters of the page's text over an image from which it lies behind them
DENSE = 600  #: characters a page's area from which text over an image is the text in it, or printed on a backdrop


@dataclass(frozen=True)
class Features:
    """A candidate beside what only the whole document tells."""

    candidate: Candidate
    pages: int = 1  #: on which the picture, or one nearly the same, stands


@dataclass(frozen=True)
class Verdict:
    """What a picture is worth."""

    score: int  #: 0 to 100
    kind: Kind
    reason: str  #: for people


def score(features: Features) -> Verdict:
    """The verdict on one picture."""
    candidate, measures = features.candidate, features.candidate.measures
    if measures is None:
        return Verdict(0, "decorative", "too small, too narrow or not decodable")
    decorative = _decorative(features, measures)
    if decorative:
        return Verdict(0, "decorative", decorative)
    kind = _kind(candidate, measures)
    points = [*_points(features, measures), *_content(candidate, measures, kind)]
    total = min(max(sum(value for value, _ in points), 0), 100)
    verdict = Verdict(total, kind, ", ".join(f"{reason} {value:+d}" for value, reason in points))
    return _limited(verdict, candidate, measures)


def _decorative(features: Features, measures: Measures) -> str:
    """Why a picture is mere decoration whatever else it has; empty if it is not."""
    candidate = features.candidate
    if measures.edges < 0.01 and measures.text < 0.01 and measures.entropy < 4:
        return "nothing is on it"
    if max(measures.width, measures.height) > 14 * min(measures.width, measures.height):
        return "so narrow that it is a rule or a border"
    if features.pages >= 3 and (candidate.margin or candidate.share < 0.05):
        return f"repeats on {features.pages} pages, as logos do"
    if candidate.origin == "drawing" and candidate.share >= WHOLE_PAGE and candidate.slanted < CURVED:
        return "the bars and boxes of the page's layout"
    own_caption = bool(candidate.caption) and candidate.share >= NOTICEABLE
    if candidate.origin == "image" and candidate.covered >= THROUGH and not own_caption:
        if candidate.covered >= DENSE * candidate.share:
            return "the page's text is printed over it or is its own, already read"
        if candidate.share >= WHOLE_PAGE and measures.main_colour < PLAIN:
            return "a backdrop with the page's text on it"
    if candidate.origin == "image" and candidate.share >= WHOLE_PAGE and _is_text(measures, page=True):
        return "the page itself as a scan, which is read as a whole"
    return ""


def _points(features: Features, measures: Measures) -> Iterator[tuple[int, str]]:
    """Points for how a picture is placed."""
    candidate = features.candidate
    pixels = measures.width * measures.height
    yield 10, "a picture"
    if candidate.share:
        yield _step(AREA, candidate.share), f"{candidate.share:.1%} of the page"
        if pixels >= 60_000:
            yield 8, "many pixels"
    else:
        yield _step(PIXELS, pixels), f"{measures.width} x {measures.height} pixels"
    if candidate.caption:
        yield (20, "caption") if candidate.share >= NOTICEABLE or not candidate.share else (4, "caption nearby")
    if len(candidate.alt) > 5 and not _FILE_NAME.match(candidate.alt):
        yield 8, "described by its author"
    if features.pages > 1:
        yield -12 * min(features.pages - 1, 2), f"repeats on {features.pages} pages"
    if candidate.margin:
        yield -20, "in the header or footer"


def _content(candidate: Candidate, measures: Measures, kind: Kind) -> Iterator[tuple[int, str]]:
    """Points for what the pixels show."""
    if candidate.origin == "drawing":
        yield (20, "drawn with curves or arrows") if candidate.slanted >= CURVED else (5, "drawn with straight lines")
    if kind == "photograph":
        yield 0, "a photograph by its colours"
        return
    if _is_graphic(measures):
        yield 15, "few colours on an even background"
    if measures.parts >= LETTERED:
        yield 12, f"{measures.parts} separate letters, boxes or marks"
    elif candidate.origin == "image":
        yield -15, f"only {measures.parts} separate parts, as in a logo or an icon"
    if measures.rules >= 2:
        yield 8, "straight lines as of axes or cells"


def _limited(verdict: Verdict, candidate: Candidate, measures: Measures) -> Verdict:
    """A picture that OCR serves as well, or that shows no facts, is not sent to a vision model."""
    if verdict.score < DESCRIBED or verdict.kind in FACTUAL:
        return verdict
    if verdict.kind == "photograph" and candidate.caption:
        return verdict
    why = "a photograph without a caption" if verdict.kind == "photograph" else "text, which OCR reads"
    return replace(verdict, score=DESCRIBED - 5, reason=f"{verdict.reason}; {why}")


def _kind(candidate: Candidate, measures: Measures) -> Kind:
    words = f"{candidate.caption} {candidate.alt}"
    if _is_photograph(measures) and candidate.origin == "image":
        return "photograph"
    if _TABLE.search(words) or (measures.columns >= 3 and measures.rules >= 4 and 0.25 <= measures.text < 0.5):
        return "table"
    if _is_text(measures, page=False):
        return "screenshot"
    if _CHART.search(words) or (measures.rules >= 2 and measures.saturated >= 0.02):
        return "chart"
    return "diagram"


def _is_graphic(measures: Measures) -> bool:
    return measures.flat >= 0.6 and measures.main_colour >= 0.35 and measures.colours <= 80


def _is_photograph(measures: Measures) -> bool:
    if measures.rules >= RULED and measures.parts >= LETTERED:
        return False
    return measures.entropy >= 5.5 and measures.main_colour < 0.6 and (measures.flat < 0.6 or measures.colours >= 10)


def _is_text(measures: Measures, *, page: bool) -> bool:
    """Whether a picture shows lines of black text and not much else; a page may have space around and between."""
    if measures.saturated >= 0.02 or measures.main_colour < 0.35:
        return False
    if page and (measures.bands >= 15 or measures.text >= 0.5):
        return True
    return measures.text >= 0.4 and measures.edges >= 0.2 and measures.colours <= 12


def _step(steps: tuple[tuple[float, int], ...], value: float) -> int:
    return next(points for least, points in steps if value >= least)
