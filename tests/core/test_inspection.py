"""Real files are told apart by a part of their bytes, and hostile ones are refused by a code."""

import csv
import os
import signal
import sys
import threading
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from core.errors import DocumentError, TransientError
from core.inspection import Inspection, inspect
from core.pdf_features import features
from core.ranges import RangeFile
from core.settings import Settings
from tests import evaluation_data
from tests.core.pdf_pages import lines, pdf, picture


def inspect_bytes(data: bytes, name: str = "file.pdf", max_pages: int = 10_000) -> Inspection:
    file = RangeFile(len(data), lambda first, last: data[first : last + 1])
    return inspect(file, name, Settings(max_pages=max_pages))


def code_of(data: bytes, **settings: int) -> str:
    file = RangeFile(len(data), lambda first, last: data[first : last + 1])
    with pytest.raises(DocumentError) as raised:
        inspect(file, "file.pdf", Settings(**settings))  # type: ignore[arg-type]
    return raised.value.code


def test_what_the_parser_does_not_survive_is_told_by_a_code() -> None:
    whole = pdf(lines(60))
    assert code_of(whole, inspect_timeout_seconds=0) == "parse_timeout"
    assert code_of(whole, inspect_memory_bytes=25_000_000) in {"parse_memory", "corrupt"}  # it may not even start


@pytest.mark.skipif(sys.platform != "linux", reason="children are found by /proc")
def test_a_crash_while_the_file_is_opened_is_the_files_fault_and_the_next_file_is_looked_at() -> None:
    whole = pdf(lines(60))
    fetched = 0

    def fetch(first: int, last: int) -> bytes:
        nonlocal fetched
        fetched += 1
        if fetched > 1:  # the first range is fetched before there is a child
            kill_children()
        return whole[first : last + 1]

    big = RangeFile(len(whole), fetch, block_bytes=256)
    with pytest.raises(DocumentError) as raised:
        inspect(big, "file.pdf", Settings())
    assert raised.value.code == "corrupt"
    assert inspect_bytes(whole).pages == 1


def kill_children() -> None:
    """Kill the children that inspect; this process has others, the servers of the test run."""
    for number in Path(f"/proc/{os.getpid()}/task/{threading.get_native_id()}/children").read_text().split():
        if "inspection_child" in Path(f"/proc/{number}/cmdline").read_text():
            os.kill(int(number), signal.SIGSEGV)


@pytest.mark.parametrize("data", [pdf(lines(60)), b"PK\x03\x04" + bytes(9_000)])
def test_what_hinders_fetching_a_range_rises_as_itself(data: bytes) -> None:
    def fetch(first: int, last: int) -> bytes:
        if first > 0:
            raise TransientError("the store is away")
        return data[first : last + 1]

    with pytest.raises(TransientError, match="the store is away"):
        inspect(RangeFile(len(data), fetch, block_bytes=256), "file.pdf", Settings())


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(DocumentError) as raised:
        inspect_bytes(b"")
    assert raised.value.code == "empty"


def test_a_document_of_too_many_pages_is_refused() -> None:
    data = evaluation_data.folder("pages/pdf/argo-finetuning.pdf").read_bytes()
    with pytest.raises(DocumentError) as raised:
        inspect_bytes(data, max_pages=17)
    assert raised.value.code == "too_many_pages"
    assert "18 pages" in raised.value.message


def test_a_long_pdf_is_not_read_whole() -> None:
    data = evaluation_data.folder("pages/pdf/octave.pdf").read_bytes()
    found = inspect_bytes(data)
    assert (found.media_type, found.pages, found.routes.route) == ("application/pdf", 1158, "text")
    assert len(found.routes.pages) >= 4
    assert found.bytes_fetched < len(data) / 3


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("zero_bytes.pdf", "empty"),
        ("truncated_1k.pdf", "corrupt"),
        ("zero_pages_qpdf.pdf", "corrupt"),
        ("pw_encryption_r6-user-password.pdf", "encrypted"),
        ("pw_saslprep-r6.pdf", "encrypted"),
        ("html_named.pdf", "corrupt"),
        ("owner_pw_r6.pdf", "application/pdf"),  # the owner's password alone does not hinder reading
        ("recursive_xobjects.pdf", "application/pdf"),
        ("image_bomb_20000x20000.pdf", "application/pdf"),  # nothing is rendered here
    ],
)
def test_hostile_files(name: str, outcome: str) -> None:
    data = evaluation_data.folder("hostile", name).read_bytes()
    try:
        found = inspect_bytes(data, name).media_type
    except DocumentError as error:
        found = error.code
    assert found == outcome


def test_all_pages_of_a_short_document_are_looked_at_once() -> None:
    found = inspect_bytes(pdf(*[lines(60), picture(0, 0, 600, 800)] * 12)).routes
    assert [page.page for page in found.pages] == list(range(1, 25))
    assert [page.route for page in found.pages] == ["text", "visual"] * 12


def test_a_damaged_page_is_told_and_does_not_hide_the_others() -> None:
    whole = pdf(lines(60), lines(50), picture(0, 0, 600, 800))
    second = whole.index(b"<< /Type /Page /Parent", whole.index(b"<< /Type /Page /Parent") + 1)
    found = inspect_bytes(whole[:second] + b"[[" + whole[second + 2 :]).routes
    assert [page.page for page in found.pages] == [1, 2, 3]
    assert [page.route for page in found.pages] == ["text", "text", "visual"]
    assert found.pages[1].reason == "the page is damaged"


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n and no more", "a.png", "a picture"),
        (b"Nothing but text.", "a.txt", "a text document"),
    ],
)
def test_other_files_are_routed_whole(data: bytes, name: str, reason: str) -> None:
    found = inspect_bytes(data, name)
    assert found.pages == 1
    assert [(page.page, page.reason) for page in found.routes.pages] == [(1, reason)]


def test_a_sample_of_pages_takes_files_where_all_their_pages_do() -> None:
    table = evaluation_data.folder("pdf_routing.csv").read_text(encoding="utf-8")
    clear = [row for row in csv.DictReader(table.splitlines()) if row["confidence"] == "clear"]
    right = [row["file"] for row in clear if _route_of(evaluation_data.folder(row["file"])) == row["kind"]]
    assert len(right) >= 40
    assert len(clear) == 41


def _route_of(path: Path) -> str:
    return inspect_bytes(path.read_bytes(), path.name).routes.route


@pytest.mark.parametrize("rotate", [0, 90])
def test_text_and_drawings_are_measured(rotate: int) -> None:
    slanting = b"100 100 m 400 500 l 400 100 l h S"
    box = b"50 600 100 100 re f 50 550 400 1 re f"
    document = pdfium.PdfDocument(pdf(lines(2, size=20) + b" " + slanting + b" " + box, rotate=rotate))
    (measured,) = features(document, [1])
    document.close()
    assert (measured.paths, measured.drawings) == (3, 1)
    assert measured.picture_coverage == pytest.approx(300 * 400 / 480_000, abs=0.06)  # whole cells
    assert measured.box_coverage == pytest.approx(100 * 100 / 480_000, abs=0.01)
    assert measured.letter_height == pytest.approx(20 / 600, rel=0.3)
    assert measured.text_coverage == pytest.approx(2 * 20 / 800, abs=0.03)
    assert (measured.width > measured.height) == (rotate == 90)


def test_text_that_nobody_sees_is_counted_as_hidden() -> None:
    contents = [lines(4, mode=3), lines(4) + picture(0, 0, 600, 800), picture(0, 0, 600, 800) + lines(4)]
    document = pdfium.PdfDocument(pdf(*contents))
    assert [measured.hidden_text for measured in features(document, [1, 2, 3])] == [1.0, 1.0, 0.0]
    document.close()


def test_images_inside_forms_are_counted_once() -> None:
    """Two placements of one picture, and one inside a form that is scaled: together they cover the page."""
    page = picture(0, 0, 100, 100) + b" " + picture(0, 0, 100, 100) + b" q 2 0 0 2 100 0 cm /Fm Do Q"
    document = pdfium.PdfDocument(pdf(page, size=(200, 100), form=picture(0, 0, 50, 50)))
    (measured,) = features(document, [1])
    assert measured.image_coverage == pytest.approx(1.0, abs=0.05)
    document.close()


def test_pictures_are_clipped_to_the_page() -> None:
    document = pdfium.PdfDocument(pdf(picture(300, -400, 5000, 800)))
    (measured,) = features(document, [1])
    assert measured.image_coverage == pytest.approx(0.25, abs=0.02)
    document.close()
