"""The evaluation of page recall, on this project's own sample handbook and a real database."""

import json
from contextlib import closing
from pathlib import Path

import pypdfium2
import pytest
from reportlab.pdfgen.canvas import Canvas

from evaluation import pages
from evaluation.lines import MalformedDataError
from tests.databases import TestDatabase

HANDBOOK = Path(__file__).resolve().parents[2] / "samples" / "crew-handbook.pdf"
SPLIT = 8  #: pages in the first file; the others are the second
FOUNDED = "When was the company founded, and by how many households?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The handbook as two files."""
    (tmp_path / "pdf").mkdir()
    handbook = pypdfium2.PdfDocument(HANDBOOK)
    for name, numbers in (("start.pdf", range(SPLIT)), ("rest.pdf", range(SPLIT, len(handbook)))):
        part = pypdfium2.PdfDocument.new()
        part.import_pages(handbook, list(numbers))
        part.save(tmp_path / "pdf" / name)
    return tmp_path


def page_with(words: str) -> int:
    """The first page of the handbook with these words."""
    document = pypdfium2.PdfDocument(HANDBOOK)
    texts = (document[number].get_textpage().get_text_range() for number in range(len(document)))
    return next(number for number, text in enumerate(texts, start=1) if words in " ".join(text.split()))


def ask(folder: Path, *questions: tuple[str, str, list[int]]) -> None:
    lines = [json.dumps({"file": file, "question": text, "pages": answer}) for file, text, answer in questions]
    (folder / "page_questions.jsonl").write_text("\n".join(lines))


def test_pages_are_found_in_the_file_that_is_asked_about(folder: Path, database: TestDatabase) -> None:
    founded, waxed = page_with("founded in 1961"), page_with("waxed at the zip")
    assert founded <= SPLIT < waxed
    ask(
        folder,
        ("start.pdf", FOUNDED, [founded]),
        ("rest.pdf", FOUNDED, [founded]),  # the right number in the wrong file
        ("rest.pdf", "suits unrolled, waxed at the zip", [waxed - SPLIT, 999]),
    )
    steps: list[tuple[str, int, int]] = []
    with closing(database.connect()) as writer:
        values = pages.run(folder, writer, database.settings(), progress=lambda *step: steps.append(step))
    assert values["sparse"]["page_recall@1"] == pytest.approx(2 / 3)
    assert list(values) == ["hybrid_vdr_text", "hybrid", "dense", "sparse", "vdr"]
    assert values["hybrid_vdr_text"] == values["hybrid"]  # no page took the visual route
    assert set(values["vdr"].values()) == {0.0}
    for mode in ("hybrid", "dense", "sparse"):
        assert list(values[mode]) == ["page_recall@1", "page_recall@5", "page_recall@10"]
        assert values[mode]["page_recall@10"] >= 2 / 3
    assert ("start.pdf", SPLIT, SPLIT) in steps and steps[-1] == ("vdr questions", 3, 3)


def test_only_some_files(folder: Path, database: TestDatabase) -> None:
    ask(folder, ("start.pdf", FOUNDED, [page_with("founded in 1961")]), ("rest.pdf", "anything", [1]))
    with closing(database.connect()) as writer:
        values = pages.run(folder, writer, database.settings(), files=["start.pdf"], modes=["sparse"])
        assert values == {"sparse": {"page_recall@1": 1.0, "page_recall@5": 1.0, "page_recall@10": 1.0}}
        with pytest.raises(MalformedDataError, match=r"no questions about other\.pdf"):
            pages.run(folder, writer, database.settings(), files=["other.pdf"])


def test_visual_pages_are_found_as_pictures(tmp_path: Path, database: TestDatabase) -> None:
    (tmp_path / "pdf").mkdir()
    canvas = Canvas(str(tmp_path / "pdf" / "deck.pdf"), pagesize=(960, 540))
    canvas.setFont("Helvetica", 40)
    for line in ("Ferry passengers by month", "Fuel prices at the quay", "Crew on shore leave"):
        canvas.drawString(60, 400, line)
        canvas.showPage()
    canvas.save()
    ask(tmp_path, ("deck.pdf", "How much does fuel cost at the quay?", [2]))
    with closing(database.connect()) as writer:
        values = pages.run(tmp_path, writer, database.settings(), modes=["vdr", "hybrid_vdr_text"])
        assert {mode: scores["page_recall@1"] for mode, scores in values.items()} == {"vdr": 1, "hybrid_vdr_text": 1}
    with closing(database.connect_as_superuser()) as admin, admin.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM document_vdr_pages")
        assert cursor.fetchone() == (0,)  # what was stored is gone
