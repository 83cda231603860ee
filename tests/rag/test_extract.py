"""Extraction of real files, in a child process, each ending as its kind says."""

import json
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core import media_types
from core.errors import DocumentError
from core.settings import Settings
from rag.extract import extract
from rag.pages import Extraction
from tests import evaluation_data

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def read(path: Path, **limits: Any) -> Extraction:
    with path.open("rb") as file:
        media_type = media_types.detect(file, path.name)
    return extract(path, media_type, range(1, 10_001), Settings(**limits), lambda _: None)


def text_of(extraction: Extraction) -> str:
    return "\n".join(page.text for page in extraction.pages)


def code_of(path: Path, **limits: Any) -> str:
    with pytest.raises(DocumentError) as raised:
        read(path, **limits)
    assert raised.value.message
    return raised.value.code


def test_a_pdf_keeps_its_pages_and_headings() -> None:
    seen: list[int] = []
    handbook = extract(SAMPLES / "crew-handbook.pdf", media_types.PDF, (8, 9, 10), Settings(), seen.append)
    assert [page.number for page in handbook.pages] == [8, 9, 10]
    assert "28 knots" in handbook.pages[1].text
    assert handbook.pages[1].path
    assert {page.source for page in handbook.pages} == {"text-layer"}
    assert seen == sorted(seen)


def test_a_scanned_letter_is_read_by_ocr() -> None:
    letter = read(SAMPLES / "survey-letter-scan.pdf")
    assert {page.source for page in letter.pages} == {"ocr"}
    assert "stern tube" in text_of(letter)


def test_a_picture_is_read_by_ocr(tmp_path: Path) -> None:
    read_letter = SAMPLES / "survey-letter-scan.pdf"
    import pypdfium2 as pdfium  # noqa: PLC0415  to make the picture only

    document = pdfium.PdfDocument(read_letter)
    picture = tmp_path / "letter.png"
    document[0].render(scale=2).to_pil().save(picture)
    document.close()
    assert "stern tube" in text_of(read(picture))


@pytest.mark.parametrize(
    ("name", "pages", "words"),
    [
        ("season-2025.pptx", 10, "nineteen days"),
        ("fleet-records.xlsx", 3, "Nordvik"),
        ("crew-council-minutes.docx", 1, "08:50"),
        ("summer-timetable.html", 1, "Sule"),
    ],
)
def test_office_documents_and_web_pages(name: str, pages: int, words: str) -> None:
    found = read(SAMPLES / name)
    assert len(found.pages) == pages
    assert words in text_of(found)
    assert any(page.headings for page in found.pages)


def test_plain_files_of_any_encoding(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-16", "cp1252"):
        path = tmp_path / f"{encoding}.txt"
        path.write_bytes("Die Fähre fährt täglich über den Fjord, außer an Feiertagen.".encode(encoding))
        assert "Fähre" in text_of(read(path))


def test_separated_values_become_a_table(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Name;Age\nAnn;30\nBo;41\n")
    assert text_of(read(path)).startswith("| Name | Age |\n| --- | --- |\n| Ann | 30 |")


def test_mail(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "Raft inspection"
    message["From"] = "ros@example.com"
    message["Message-ID"] = "<1@example.com>"
    message.set_content("The rafts are due in October.")
    path = tmp_path / "mail.eml"
    path.write_bytes(message.as_bytes())
    found = text_of(read(path))
    assert "Subject: Raft inspection" in found
    assert "due in October" in found


def test_a_blank_document_has_no_text(tmp_path: Path) -> None:
    path = tmp_path / "blank.png"
    Image.new("L", (300, 300), 255).save(path)
    assert code_of(path) == "no_text"


def test_too_little_memory_or_time_is_told(tmp_path: Path) -> None:
    path = SAMPLES / "crew-council-minutes.docx"
    assert code_of(path, parse_memory_bytes=150_000_000) in {"parse_memory", "corrupt"}
    assert code_of(path, parse_timeout_seconds=0) == "parse_timeout"


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("pw_encryption_r6-user-password.pdf", "encrypted"),
        ("truncated_1k.pdf", "corrupt"),
        ("zip_bomb_1gib.docx", "too_large_when_unpacked"),
        ("entity_expansion.docx", "corrupt"),
        ("blank_page.pdf", "no_text"),
        ("only_spaces.txt", "no_text"),
        ("recursive_xobjects.pdf", "read"),
        ("one_line_1mb.csv", "read"),
        ("deep_divs.html", "read"),
        ("truncated_half.pdf", "gaps"),
    ],
)
def test_hostile_files(name: str, outcome: str) -> None:
    try:
        found = read(evaluation_data.folder("hostile", name))
        ending = "gaps" if found.gaps else "read"
    except DocumentError as error:
        ending = error.code
    assert ending == outcome


def test_office_files_of_many_makers() -> None:
    """At least nine in ten of the strings that their raw XML holds, over all files that can be read at all.

    Every fourth file, as each takes the start of a child process.
    """
    lines = evaluation_data.folder("office_expected.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines[::4]]
    wanted = found = 0
    for row in rows:
        try:
            text = " ".join(text_of(read(evaluation_data.folder(row["file"]))).split())
        except DocumentError as error:
            assert error.code in {"unsupported_type", "no_text"}, row["file"]
            continue
        wanted += len(row["must_contain"])
        found += sum(" ".join(words.split()) in text for words in row["must_contain"])
    assert found / wanted > 0.9
