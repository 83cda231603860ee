"""Damaged files: whatever is in them, inspection and the parsers end with a result or with a DocumentError."""

import io
import random
import time
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.mutations import mutate
from core import media_types
from core.errors import DocumentError
from core.inspection import Inspection, inspect
from core.page_grid import Grid
from core.ranges import RangeFile
from core.routing import PageFeatures, PageRoute, choose_route
from core.settings import Settings
from rag import archives, open_document, plain
from tests.core.test_media_types import archive
from vdr.office_links import without_links

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SEEDS = [file.read_bytes() for file in sorted(SAMPLES.iterdir()) if file.is_file() and file.suffix != ".py"]
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + b"\x3e\x00\x03\x00\xfe\xff\x09\x00" + bytes(4_064)
PACKAGES = [seed for seed in SEEDS if seed.startswith(b"PK")] + [archive("word/document.xml", "a", mimetype="x"), OLE]
PDFS = [seed for seed in SEEDS if seed.startswith(b"%PDF")]
MOST_SECONDS = 60

bounded = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
damage = st.integers(0, 2**32).map(random.Random)


@settings(bounded, max_examples=12)
@given(damage)
def test_the_entry_survives_damaged_pdfs(chance: random.Random) -> None:
    data = mutate(PDFS, chance)
    file = RangeFile(len(data), lambda first, last: data[first : last + 1])
    started = time.monotonic()
    try:
        assert isinstance(inspect(file, "file.pdf", Settings()), Inspection)
    except DocumentError as error:
        assert error.message.endswith((".", "one."))
    assert time.monotonic() - started < MOST_SECONDS


@settings(bounded, max_examples=300)
@given(damage)
def test_types_of_damaged_packages(chance: random.Random) -> None:
    data = mutate(PACKAGES, chance)
    with suppress(DocumentError):
        assert "/" in media_types.detect(io.BytesIO(data), "a.docx")


@settings(bounded, max_examples=150)
@given(damage)
def test_checks_of_damaged_packages(tmp_path: Path, chance: random.Random) -> None:
    file = tmp_path / "document"
    file.write_bytes(mutate(PACKAGES, chance))
    with suppress(DocumentError):
        archives.check(file)
        open_document.read(file, open_document.TEXT)


@settings(bounded, max_examples=200)
@given(st.binary(max_size=4_096), st.text(max_size=30))
def test_types_of_anything(data: bytes, name: str) -> None:
    with suppress(DocumentError):
        assert "/" in media_types.detect(io.BytesIO(data), name)


@settings(bounded, max_examples=150)
@given(st.binary(max_size=2_000), st.sampled_from(["text/csv", "text/plain", "text/tab-separated-values"]))
def test_plain_texts(tmp_path: Path, data: bytes, media_type: str) -> None:
    file = tmp_path / "text"
    file.write_bytes(data)
    with suppress(DocumentError):
        assert isinstance(plain.read_text(file, media_type), str)


@settings(bounded, max_examples=150)
@given(st.binary(max_size=2_000).map(lambda data: b"<a " + data + b"/>"))
def test_links_are_taken_out_of_anything(data: bytes) -> None:
    assert isinstance(without_links(io.BytesIO(data)), bytes)


numbers = st.floats(allow_nan=True, allow_infinity=True)
counts = st.integers(0, 10**9)


@given(
    st.fixed_dictionaries(
        dict.fromkeys(("characters", "paths", "meaningless", "drawings"), counts)
        | dict.fromkeys(("width", "height", "image_coverage", "hidden_text", "letter_height"), numbers)
        | dict.fromkeys(("text_coverage", "picture_coverage", "box_coverage"), numbers)
    )
)
def test_every_page_has_a_route(values: dict[str, float]) -> None:
    assert isinstance(choose_route(PageFeatures(page=1, **values)), PageRoute)  # type: ignore[arg-type]


boxes = st.tuples(numbers, numbers, numbers, numbers)


@given(boxes, st.lists(boxes, max_size=5))
def test_a_page_is_covered_by_no_less_than_nothing_and_no_more_than_all(
    page: tuple[float, ...], marks: list[object]
) -> None:
    grid = Grid(page)  # type: ignore[arg-type]
    for mark in marks:
        grid.mark(mark)  # type: ignore[arg-type]
        grid.mark_rounded(mark)  # type: ignore[arg-type]
    assert 0 <= grid.share() <= 1


def test_there_are_seeds_of_each_kind() -> None:
    assert PDFS
    assert len(PACKAGES) >= 3
