"""Small files that ask for far more than they are: refused with a clear error, or read within the limits."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.peak_memory import PeakMemory
from core.errors import DocumentError
from core.inspection import detect
from core.ranges import over
from core.settings import Settings
from rag import archives
from rag.extract import extract
from rag.pages import Extraction
from tests.hostile.packages import ODS, ODT, PARAGRAPH, docx, odf, package, xlsx

MOST_KILOBYTES = 1_000_000  #: resident, of any process that read a file
ROW = '<row r="1"><c r="A1"><v>1</v></c></row>'


def read(path: Path) -> Extraction:
    """What the parser's child makes of a file."""
    settings = Settings(parse_timeout_seconds=100)
    with PeakMemory() as peak:
        try:
            with path.open("rb") as file:
                media_type = detect(over(file), path.name, settings)
            return extract(path, media_type, [1], settings, lambda _: None)
        finally:
            assert peak.kilobytes < MOST_KILOBYTES


def code_of(work: Callable[[Path], object], path: Path) -> str:
    with pytest.raises(DocumentError) as raised:
        work(path)
    assert raised.value.message.endswith(".")
    return raised.value.code


@pytest.mark.parametrize(
    "sheet",
    [
        '<c r="XFD1048576"><v>2</v></c>',
        "<c t='n'   r='XFD1048576'><v>2</v></c>",
        '<c\nr="XFD1048576"><v>2</v></c>',
        '<c r="&#88;FD1048576"><v>2</v></c>',
        '<c r="xfd1048576"><v>2</v></c>',
        '</row><row r="1048576"><c/><c/><c/><c/><c/><c/>',
    ],
)
def test_a_sheet_with_a_cell_in_the_last_corner_is_refused(tmp_path: Path, sheet: str) -> None:
    file = xlsx(tmp_path / "a.xlsx", f"<sheetData>{ROW}<row>{sheet}</row></sheetData>")
    assert file.stat().st_size < 5_000
    assert code_of(archives.check, file) == "too_large_when_unpacked"


def test_a_sheet_that_only_claims_to_be_large_is_read(tmp_path: Path) -> None:
    sheet = f'<dimension ref="A1:XFD1048576"/><sheetData>{ROW}</sheetData>'
    merged = '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    assert "1" in read(xlsx(tmp_path / "a.xlsx", sheet + merged)).pages[0].text


@pytest.mark.parametrize(
    "make",
    [
        lambda path: docx(path, "<w:p>" + "<w:ins>" * 50_000 + "</w:ins>" * 50_000 + "</w:p>"),
        lambda path: docx(path, "<w:tbl><w:tr><w:tc>" * 300 + PARAGRAPH + "</w:tc></w:tr></w:tbl>" * 300),
        lambda path: odf(
            path, ODT, "<office:text>" + "<text:list>" * 9_000 + "</text:list>" * 9_000 + "</office:text>"
        ),
        lambda path: odf(path, ODS, "<table:table>" * 9_000 + "</table:table>" * 9_000),
    ],
    ids=["docx", "docx tables", "odt lists", "ods tables"],
)
def test_absurd_nesting_is_refused(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    assert code_of(archives.check, make(tmp_path / "a")) == "corrupt"


@pytest.mark.parametrize(
    "members",
    [
        {"word/document.xml": "<a/>", **{f"x/{number}": "" for number in range(archives.MAX_MEMBERS)}},
        {"word/document.xml": b" " * (archives.RATIO_COUNTS_FROM + 1)},
        {"xl/sharedStrings.xml": "<a>" + "<b/>" * 5_000_000 + "</a>"},
    ],
    ids=["members", "ratio", "elements"],
)
def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, members: dict[str, str | bytes]) -> None:
    assert code_of(archives.check, package(tmp_path / "a", members)) == "too_large_when_unpacked"


def test_entities_are_refused_in_every_part(tmp_path: Path) -> None:
    styles = '<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><s>&b;</s>'
    file = docx(tmp_path / "a.docx", PARAGRAPH, {"word/styles.xml": styles})
    assert code_of(archives.check, file) == "corrupt"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))


SIZE = 60_000
PNG = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack("!IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)) + chunk(b"IDAT", b"x")
GIF = (
    b"GIF89a"
    + struct.pack("<HHBBB", SIZE, SIZE, 0x80, 0, 0)
    + bytes(6)
    + b","
    + struct.pack("<HHHHB", 0, 0, SIZE, SIZE, 0)
)
BMP = b"BM" + struct.pack("<IIIIIIHHIIIIII", 60, 0, 54, 40, SIZE, SIZE, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(9)


@pytest.mark.parametrize("data", [PNG, GIF + b"\x02\x00;", BMP], ids=["PNG", "GIF", "BMP"])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "picture"
    file.write_bytes(data)
    assert code_of(read, file) == "too_large_when_unpacked"


def test_a_picture_of_too_many_frames_is_refused(tmp_path: Path) -> None:
    frames = [Image.new("1", (8, 8)) for _ in range(502)]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    assert code_of(read, tmp_path / "a.tif") == "too_many_pages"


def test_a_later_frame_of_too_many_pixels_is_a_gap(tmp_path: Path) -> None:
    frames = [Image.new("1", (80, 80)), Image.new("1", (20_000, 20_000)), Image.new("1", (80, 80))]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:], compression="group4")
    found = read(tmp_path / "a.tif")
    assert [gap.page for gap in found.gaps] == [2]
    assert [page.number for page in found.pages] == [1, 3]


def test_an_animation_is_one_page(tmp_path: Path) -> None:
    frames = [Image.new("P", (100, 100), shade) for shade in range(200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert code_of(read, tmp_path / "a.gif") == "no_text"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("deep.json", "[" * 200_000 + "]" * 200_000),
        ("deep.xml", "<?xml version='1.0'?>" + "<a>" * 100_000 + "x" + "</a>" * 100_000),
        ("deep.html", "<html>" + "<blockquote>The ferry. " * 5_000),
        ("span.html", "<html><table><tr><td colspan=99999999 rowspan=65534>The ferry.</td></tr></table>"),
        ("wide.csv", "a," * 1_000_000 + "\n1,2\n"),
        ("mail.eml", "Subject: a\n" + "Content-Type: multipart/mixed; boundary=b\n\n--b\n" * 2_000),
    ],
)
def test_deep_and_wide_texts_are_read_or_refused(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    try:
        assert read(tmp_path / name).pages
    except DocumentError as error:
        assert error.code in {"corrupt", "parse_memory", "no_text"}
