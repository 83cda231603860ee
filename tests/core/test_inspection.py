"""Real files are told apart by a part of their bytes, and hostile ones are refused by a code."""

import csv
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from core.errors import DocumentError
from core.inspection import Inspection, inspect
from core.pdf_features import features
from core.ranges import RangeFile
from tests import evaluation_data


def inspect_bytes(data: bytes, name: str = "file.pdf", max_pages: int = 10_000) -> Inspection:
    return inspect(RangeFile(len(data), lambda first, last: data[first : last + 1]), name, max_pages)


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


def test_most_clear_files_take_the_route_that_a_person_would_choose() -> None:
    table = evaluation_data.folder("pdf_routing.csv").read_text(encoding="utf-8")
    clear = [row for row in csv.DictReader(table.splitlines()) if row["confidence"] == "clear"]
    right = [row["file"] for row in clear if _route_of(evaluation_data.folder(row["file"])) == row["kind"]]
    assert len(right) >= 38
    assert len(clear) == 41


def _route_of(path: Path) -> str:
    return inspect_bytes(path.read_bytes(), path.name).routes.route


def test_images_inside_forms_are_counted_once(tmp_path: Path) -> None:
    """Two placements of one picture, one of them inside a form and scaled: together they cover the page."""
    document = pdfium.PdfDocument(_two_halves())
    (measured,) = features(document, [1])
    assert measured.image_coverage == pytest.approx(1.0, abs=0.05)
    document.close()


def _two_halves() -> bytes:
    """A page of 200 x 100 points: the left half painted twice, the right half by a form that scales a picture."""
    form = b"q 50 0 0 50 0 0 cm /Im Do Q"
    page = b"q 100 0 0 100 0 0 cm /Im Do Q q 100 0 0 100 0 0 cm /Im Do Q q 2 0 0 2 100 0 cm /Fm Do Q"
    pixel = b"\x80\x80\x80"
    resources = b"/Resources << /XObject << /Im 5 0 R /Fm 6 0 R >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 4 0 R " + resources + b" >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceRGB"
        b" /Length 3 >>\nstream\n" + pixel + b"\nendstream",
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 50 50] " + resources + b" /Length %d >>\nstream\n" % len(form)
        + form + b"\nendstream",
    ]  # fmt: skip
    body = b"%PDF-1.7\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer << /Root 1 0 R /Size 7 >>\nstartxref\n%d\n%%%%EOF" % len(body)
    return body + b"xref\n0 7\n0000000000 65535 f \n" + table + trailer
