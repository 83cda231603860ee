"""A page that the parser does not survive costs itself, not its part."""

from pathlib import Path

import pypdfium2 as pdfium
import pytest

from core.errors import DocumentError
from core.media_types import PDF
from core.settings import Settings
from rag.extract import extract

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
NOT_ENOUGH_FOR_OCR = 200_000_000  #: bytes of address space: text layers can be read, pictures cannot


def document_with_scans(path: Path, scans: int) -> Path:
    """A page with a text layer, then scanned ones, then another with text."""
    handbook = pdfium.PdfDocument(SAMPLES / "crew-handbook.pdf")
    letter = pdfium.PdfDocument(SAMPLES / "survey-letter-scan.pdf")
    made = pdfium.PdfDocument.new()
    made.import_pages(handbook, [8])
    for _ in range(scans):
        made.import_pages(letter, [0])
    made.import_pages(handbook, [9])
    file = path / "mixed.pdf"
    made.save(file)
    for document in (made, letter, handbook):
        document.close()
    return file


def test_a_page_that_takes_too_much_memory_becomes_a_gap(tmp_path: Path) -> None:
    file = document_with_scans(tmp_path, scans=1)
    settings = Settings(parse_memory_bytes=NOT_ENOUGH_FOR_OCR)
    found = extract(file, PDF, (1, 2, 3), settings, lambda _: None)
    assert [page.number for page in found.pages] == [1, 3]
    assert [(gap.page, gap.reason) for gap in found.gaps] == [(2, "the page takes too much memory to read")]


def test_what_was_read_before_the_time_was_up_is_kept(tmp_path: Path) -> None:
    file = document_with_scans(tmp_path, scans=20)
    settings = Settings(parse_timeout_seconds=4, ocr_workers=1)
    found = extract(file, PDF, range(1, 23), settings, lambda _: None)
    assert {1, 22} <= {page.number for page in found.pages}
    assert {gap.reason for gap in found.gaps} == {"there was no time left to read the page"}
    assert len(found.pages) + len(found.gaps) == 22


def test_progress_counts_pages_that_are_done(tmp_path: Path) -> None:
    seen: list[int] = []
    extract(document_with_scans(tmp_path, scans=2), PDF, range(1, 5), Settings(), seen.append)
    assert [count for count in dict.fromkeys(seen) if count] == [1, 2, 3, 4]  # told again while nothing happens


def test_a_parser_that_cannot_even_start_fails_the_document(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as raised:
        extract(
            document_with_scans(tmp_path, scans=1), PDF, (1, 2, 3), Settings(parse_timeout_seconds=0), lambda _: None
        )
    assert raised.value.code == "parse_timeout"
