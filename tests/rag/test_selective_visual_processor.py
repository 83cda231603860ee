"""Pictures inside documents, from the file to the merged text."""

import io
import zipfile
from pathlib import Path

import docx
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from core.errors import SettingsError
from core.media_types import PDF
from core.settings import Settings
from rag.convert import DOCX, convert
from rag.pages import Extraction, Heading, Page
from rag.selective_visual_processor import PictureCounts, read_pictures
from tests.rag import pictures
from tests.rag.pictures import PAGE
from tests.rag.vision_server import VisionServer, vision_server

__all__ = ["vision_server"]

STORY = "Chapter {0} tells of the orchard and its people.\nThey work all the year."
AFTER = "Figure 1: What was brought home\nAfter the picture the story goes on."


def texts(*numbers: int) -> Extraction:
    """The text of the report's pages, as a text layer gives it."""
    pages = []
    for number in numbers:
        text = STORY.format(number) + (f"\n\n{AFTER}" if number == 2 else "")
        headings = (Heading(text.index("Figure 1"), 1, "Figure 1: What was brought home"),) if number == 2 else ()
        pages.append(Page(number, text, "text-layer", headings=headings))
    return Extraction(tuple(pages), title="The orchard")


def settings(server: VisionServer | None = None, **changes: object) -> Settings:
    vision = {"vision_endpoint": server.address, "vision_model": "some-model"} if server else {}
    return Settings(**({"ocr_workers": 1} | vision | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictures.report(tmp_path_factory.mktemp("report") / "report.pdf")


def test_without_an_endpoint_a_chart_is_read_and_the_rest_left(report: Path) -> None:
    seen: list[tuple[int, int]] = []
    before = texts(1, 2, 3, 4)
    after, counts = read_pictures(report, PDF, before, settings(), lambda *done: seen.append(done))
    assert (counts.found, counts.described) == (3, 0)  # logo, chart, photograph; the table is text
    assert counts.read + counts.skipped == 3 and counts.read >= 1
    assert list(dict.fromkeys(seen)) == [(done, counts.read) for done in range(counts.read + 1)]
    assert [page for page in after.pages if page.number in {1, 4}] == [before.pages[0], before.pages[3]]
    merged = after.pages[1]
    story, picture, rest = merged.text.split("\n\n")
    assert (story, rest) == (STORY.format(2), AFTER)
    assert picture.startswith("[Picture: ") and "Harvest in tonnes" in picture and "285" in picture
    (heading,) = merged.headings
    assert merged.text[heading.start :].startswith(heading.title)
    assert after.title == "The orchard"


def test_a_vision_model_describes_what_is_worth_it(report: Path, vision_server: VisionServer) -> None:
    after, counts = read_pictures(report, PDF, texts(1, 2, 3, 4), settings(vision_server), lambda *_: None)
    assert counts.described == len(vision_server.requests) == 1
    assert counts.found == counts.described + counts.read + counts.skipped == 3
    assert "[Picture: chart] The harvest of the village, told by the model." in after.pages[1].text
    assert "What was brought home" in vision_server.requests[0]["messages"][0]["content"][0]["text"]


def test_pages_that_the_extraction_lacks_are_left_alone(report: Path) -> None:
    before = texts(1, 4)
    after, counts = read_pictures(report, PDF, before, settings(), lambda *_: None)
    assert after == before
    assert counts == PictureCounts(found=1, skipped=1)  # the logo


def test_a_picture_that_cannot_be_described_is_read(
    report: Path, vision_server: VisionServer, caplog: pytest.LogCaptureFixture
) -> None:
    vision_server.failures.extend([400] * 20)
    after, counts = read_pictures(report, PDF, texts(1, 2, 3, 4), settings(vision_server), lambda *_: None)
    assert counts.described == 0 and counts.read >= 1
    assert "Harvest in tonnes" in after.pages[1].text
    assert "could not be described" in caplog.text


def test_an_endpoint_that_refuses_us_is_the_settings_fault(report: Path, vision_server: VisionServer) -> None:
    vision_server.failures.extend([401] * 20)
    with pytest.raises(SettingsError, match="VISION_ENDPOINT"):
        read_pictures(report, PDF, texts(1, 2), settings(vision_server), lambda *_: None)


def test_what_the_model_calls_decorative_adds_nothing(report: Path, vision_server: VisionServer) -> None:
    vision_server.answers.append("decorative\nA pattern.")
    after, counts = read_pictures(report, PDF, texts(2), settings(vision_server), lambda *_: None)
    assert counts.described == 1
    assert after == texts(2)


def test_the_budget_bounds_what_is_described_and_read(tmp_path: Path, vision_server: VisionServer) -> None:
    file = pictures.charts(tmp_path / "charts.pdf", 5)
    extraction = Extraction(tuple(Page(n, f"Year {n - 1} of the record.", "text-layer") for n in range(1, 6)))
    bounded = settings(vision_server, pictures_described_max=2, pictures_read_max=1)
    after, counts = read_pictures(file, PDF, extraction, bounded, lambda *_: None)
    assert counts == PictureCounts(found=5, described=2, read=1, skipped=2)
    assert sum("told by the model" in page.text for page in after.pages) == 2
    nothing = settings(vision_server, pictures_described_max=0, pictures_read_max=0)
    assert read_pictures(file, PDF, extraction, nothing, lambda *_: None) == (extraction, PictureCounts())
    assert len(vision_server.requests) == 2


def test_an_endpoint_that_keeps_failing_is_asked_no_more(tmp_path: Path, vision_server: VisionServer) -> None:
    file = pictures.charts(tmp_path / "charts.pdf", 12)
    extraction = Extraction(tuple(Page(n, "", "text-layer") for n in range(1, 13)))
    vision_server.failures.extend([400] * 100)
    _, counts = read_pictures(
        file, PDF, extraction, settings(vision_server, pictures_read_max=2, ocr_workers=2), lambda *_: None
    )
    assert len(vision_server.requests) < 10
    assert counts.described == 0 and counts.found == 12


def test_a_picture_of_a_word_document_is_merged_at_its_place(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("Harvest")
    document.add_paragraph("This is what was brought home.")
    document.add_picture(io.BytesIO(pictures.file_of(pictures.bar_chart())))
    document.add_heading("Weather")
    document.add_paragraph("It rained.")
    file = tmp_path / "made.docx"
    document.save(str(file))
    extraction = Extraction(tuple(convert(file, DOCX)))
    after, counts = read_pictures(file, DOCX, extraction, settings(), lambda *_: None)
    assert counts == PictureCounts(found=1, read=1)
    (page,) = after.pages
    blocks = page.text.split("\n\n")
    (place,) = [index for index, block in enumerate(blocks) if block.startswith("[Picture: chart] ")]
    assert blocks[place - 1] == "This is what was brought home."
    assert [page.text[heading.start :].split("\n")[0] for heading in page.headings] == ["# Harvest", "# Weather"]


def test_a_hostile_picture_costs_only_itself(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("First.")
    document.add_picture(io.BytesIO(pictures.file_of(pictures.bar_chart())))
    document.add_paragraph("Second.")
    document.add_picture(io.BytesIO(pictures.file_of(pictures.bar_chart("To be replaced"))))
    file, hostile = tmp_path / "made.docx", tmp_path / "hostile.docx"
    document.save(str(file))
    bomb = pictures.file_of(Image.new("1", (40_000, 40_000)))
    with zipfile.ZipFile(file) as read, zipfile.ZipFile(hostile, "w", zipfile.ZIP_DEFLATED) as written:
        for name in read.namelist():
            written.writestr(name, bomb if name.endswith("image2.png") else read.read(name))
    extraction = Extraction((Page(1, "First.\n\nSecond.", "converted"),))
    after, counts = read_pictures(hostile, DOCX, extraction, settings(), lambda *_: None)
    assert counts == PictureCounts(found=2, read=1, skipped=1)
    assert after.pages[0].text.startswith("First.\n\n[Picture: chart] ")


def test_a_page_that_the_search_does_not_survive_costs_its_pictures(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "bomb.pdf"
    canvas = Canvas(str(file), pagesize=PAGE, pageCompression=1)
    for number in (1, 2, 3):
        canvas.drawImage(pictures.reader(pictures.bar_chart(f"Year {number}")), 100, 400, 360, 240)
        if number == 2:
            canvas.addLiteral("0 0 m 1 1 l S\n" * 1_500_000)  # a few kilobytes, unpacked more than there is memory
        canvas.showPage()
    canvas.save()
    extraction = Extraction(tuple(Page(number, "", "text-layer") for number in (1, 2, 3)))
    little = settings(parse_memory_bytes=500_000_000)
    after, counts = read_pictures(file, PDF, extraction, little, lambda *_: None)
    assert counts == PictureCounts(found=2, read=2)
    assert [vars(record).get("place") for record in caplog.records] == [2]
    assert ["Year" in page.text for page in after.pages] == [True, False, True]


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 and no more", b"PK\x03\x04"])
@pytest.mark.parametrize("media_type", [PDF, DOCX, "text/html", "text/plain"])
def test_never_fails_the_document(tmp_path: Path, media_type: str, content: bytes) -> None:
    file = tmp_path / "any"
    file.write_bytes(content)
    extraction = Extraction((Page(1, "Text.", "text-layer"),))
    assert read_pictures(file, media_type, extraction, settings(), lambda *_: None) == (extraction, PictureCounts())


def test_a_language_that_is_not_installed_leaves_pictures_unread(
    report: Path, caplog: pytest.LogCaptureFixture
) -> None:
    after, counts = read_pictures(report, PDF, texts(1, 2, 3, 4), settings(ocr_languages="xyz"), lambda *_: None)
    assert after == texts(1, 2, 3, 4)
    assert counts == PictureCounts(found=3, skipped=3)
    assert [vars(record)["reason"] for record in caplog.records] == ["TesseractError"]
