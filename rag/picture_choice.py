"""Choose: which of a document's pictures are described, which are read, and which are left alone. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.settings import Settings
from rag.pages import Page
from rag.picture_candidates import Candidate
from rag.picture_score import DESCRIBED, READ, Features, Verdict, score

Action = Literal["describe", "read", "skip"]

NEARLY_SAME = 3  #: bits by which fingerprints of near-identical pictures differ
MAX_COMPARED = 1_000  #: pictures compared with each other
ORNAMENT = 0.05  #: share of the page below which near-identical counts as the same: charts of one layout are not


@dataclass(frozen=True)
class Picture:
    """A picture with all its places, and what is to be done with it."""

    hash: str
    file: str  #: name of its copy; empty: it has none
    places: tuple[Candidate, ...]  #: one a page, in the order of the document
    verdict: Verdict
    action: Action


def choose(
    candidates: Sequence[Candidate], pages: Mapping[int, Page], settings: Settings, *, described: bool
) -> list[Picture]:
    """Every picture once, with its action within the budget of the settings; ``described``: a vision model is there."""
    pictures = judged(candidates)
    best_first = sorted(range(len(pictures)), key=lambda index: -pictures[index][1].score)
    budget = {"describe": settings.pictures_described_max if described else 0, "read": settings.pictures_read_max}
    actions: dict[int, Action] = {}
    for index in best_first:
        places, verdict = pictures[index]
        action: Action = "skip"
        if verdict.score >= DESCRIBED and budget["describe"] > 0:
            action = "describe"
        elif verdict.score >= READ and budget["read"] > 0 and not _already_read(places[0], pages):
            action = "read"
        if action != "skip":
            budget[action] -= 1
        actions[index] = action
    return [
        Picture(places[0].hash, places[0].file, places, verdict, actions[index])
        for index, (places, verdict) in enumerate(pictures)
    ]


def judged(candidates: Sequence[Candidate]) -> list[tuple[tuple[Candidate, ...], Verdict]]:
    """The pictures in the order of the document, each with its places, one a page, and the verdict on it."""
    by_hash: dict[str, dict[int, Candidate]] = {}
    for candidate in candidates:
        by_hash.setdefault(candidate.hash, {}).setdefault(candidate.page, candidate)
    pages = _repetition(by_hash)
    return [
        (tuple(places.values()), score(Features(next(iter(places.values())), pages[key])))
        for key, places in by_hash.items()
    ]


def _already_read(candidate: Candidate, pages: Mapping[int, Page]) -> bool:
    """Whether OCR of the picture could only find what the page's text has: its letters are text, or OCR read it."""
    if candidate.origin == "drawing" and candidate.covered > 0:
        return True
    return candidate.page in pages and "ocr" in pages[candidate.page].source


def _repetition(by_hash: Mapping[str, Mapping[int, Candidate]]) -> Counter[str]:
    """On how many pages each picture stands, small near-identical ones together."""
    pages = Counter({key: len(places) for key, places in by_hash.items()})
    ornaments = [
        (key, candidate.measures.fingerprint, set(places))
        for key, places in by_hash.items()
        if (candidate := next(iter(places.values()))).measures and 0 < candidate.share < ORNAMENT
    ]
    for key, fingerprint, places in ornaments[:MAX_COMPARED]:
        alike = [
            other for _, print_, other in ornaments[:MAX_COMPARED] if (fingerprint ^ print_).bit_count() <= NEARLY_SAME
        ]
        pages[key] = len(set().union(places, *alike))
    return pages
