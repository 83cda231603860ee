"""Pages and their images, as a user of the command line gets them."""

import json
import tomllib
import webbrowser
from pathlib import Path
from typing import Any

import pytest

from cli import images
from cli.errors import RefusedError
from tests.cli.conftest import Run
from tests.cli.service import Document, Service
from tests.cli.service_http import PAGE_IMAGE
from tests.declarations import ROOT


class Viewer(webbrowser.BaseBrowser):
    """Remembers what it was asked to open."""

    def __init__(self, *, works: bool = True) -> None:
        super().__init__("viewer")
        self.opened: list[str] = []
        self.works = works

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        self.opened.append(url)
        return self.works


@pytest.fixture
def viewer(monkeypatch: pytest.MonkeyPatch) -> Viewer:
    """The only viewer of the system."""
    viewer = Viewer()
    monkeypatch.setattr(webbrowser, "_browsers", {})
    monkeypatch.setattr(webbrowser, "_tryorder", [])
    webbrowser.register("viewer", None, viewer)
    return viewer


def page(number: int, route: str, **more: Any) -> dict[str, Any]:
    facts = {"page": number, "route": route, "reason": f"[{number}] reason", "textLength": 100 * number}
    return {**facts, "source": "text-layer", "image": None, "gap": None, **more}


@pytest.fixture
def document(service: Service) -> Document:
    """A document of five pages, of which the second has an image."""
    document = service.documents["a.pdf"] = Document("a.pdf", 123_456)
    document.add("completed", 100, totalPages=5, chunks=7)
    document.pages = [page(number, "text") for number in range(1, 6)]
    document.pages[1] = page(2, "visual", image={"width": 1600, "height": 900}, source="ocr")
    document.pages[3] = page(4, "text", source="", gap="no text")
    return document


def hit(service: Service, document: str, name: str, number: int, *, image: bool = True, **more: Any) -> dict[str, Any]:
    url = service.image_url("large") if image else None
    facts = {"document_id": document, "file_name": name, "page": number, "pages": [number], "content": "words"}
    return {**facts, "snippet": "words", "score": 0.5, "page_image_url": url, **more}


def test_pages_are_listed_with_their_reasons(document: Document, run: Run) -> None:
    result = run("pages", document.id)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        "1 text 100 characters text-layer [1] reason",
        "2 visual 200 characters ocr 1600x900 [2] reason",
        "3 text 300 characters text-layer [3] reason",
        "4 text 400 characters [4] reason unreadable: no text",
        "5 text 500 characters text-layer [5] reason",
        "5 pages: 4 text, 1 visual, 1 with an image",
    ]
    listed = json.loads(run("pages", "uploads#me/a.pdf", "--json").stdout)
    assert listed == {"documentId": document.id, "generation": 1, "totalPages": 5, "pages": document.pages}


def test_a_document_without_pages_says_so(document: Document, run: Run) -> None:
    document.pages = []
    result = run("pages", document.id)
    assert result.exit_code == 0
    assert result.stdout.startswith("No pages: no version of the document is finished")


def test_an_image_is_saved_under_the_documents_name(document: Document, logged_in: Path, run: Run) -> None:
    result = run("image", document.id, 2)
    assert (result.exit_code, result.stderr) == (0, "Saved a-p2.webp\n")
    assert (logged_in / "a-p2.webp").read_bytes() == PAGE_IMAGE
    again = run("image", document.id, 2)
    assert (again.exit_code, again.stderr) == (1, "error: a-p2.webp exists already; name another file with -o\n")
    assert run("image", document.id, 2, "--small").exit_code == 0
    assert (logged_in / "a-p2-small.webp").read_bytes() == PAGE_IMAGE


def test_an_image_goes_where_it_is_wanted(document: Document, service: Service, logged_in: Path, run: Run) -> None:
    result = run("image", document.id, 2, "-o", "new/shown.webp", "--small", "--json")
    answer = json.loads(result.stdout)
    assert (answer["file"], answer["width"], answer["url"]) == ("new/shown.webp", 1600, service.image_url("small"))
    assert (logged_in / "new/shown.webp").read_bytes() == PAGE_IMAGE


def test_an_image_is_opened_without_being_saved(
    document: Document, service: Service, viewer: Viewer, logged_in: Path, run: Run
) -> None:
    assert run("image", document.id, 2, "--open").exit_code == 0
    assert viewer.opened == [service.image_url("large")]
    assert not list(logged_in.glob("*.webp"))
    assert run("image", document.id, 2, "--open", "-o", "shown [1].webp").exit_code == 0
    assert viewer.opened[1] == (logged_in / "shown [1].webp").as_uri()


def test_where_there_is_no_viewer_that_is_said(document: Document, viewer: Viewer, run: Run) -> None:
    viewer.works = False
    result = run("image", document.id, 2, "--open")
    assert (result.exit_code, "no viewer" in result.stderr) == (1, True)


def test_a_page_without_an_image_is_one_line(document: Document, run: Run) -> None:
    result = run("image", document.id, 1)
    assert (result.exit_code, result.stderr) == (1, "error: Page 1 has no image.\n")


def test_hits_say_what_they_were_found_by(service: Service, run: Run) -> None:
    service.hits = [
        hit(service, "d1", "deck.pdf", 3, dense_score=0.4, sparse_score=None, vdr_score=0.9),
        hit(service, "d1", "deck.pdf", 4, dense_score=None, sparse_score=None, vdr_score=0.8),
        hit(service, "d2", "text.pdf", 5, image=False, dense_score=0.7, sparse_score=2.5),
        hit(service, "d3", "old.pdf", 6, image=False, pipeline="text_rag"),
    ]
    result = run("query", "words", "-m", "hybrid_vdr_text")
    assert service.queries[0]["search_mode"] == "hybrid_vdr_text"
    titles = [line.strip() for line in result.stdout.splitlines() if "score" in line]
    assert titles == [
        "1  deck.pdf  page 3  text and picture  [image]  score 0.500",
        "2  deck.pdf  page 4  picture  [image]  score 0.500",
        "3  text.pdf  page 5  text  score 0.500",
        "4  old.pdf  page 6  text  score 0.500",
    ]


def test_a_hit_that_is_a_picture_without_text_is_shown(service: Service, run: Run) -> None:
    service.hits = [hit(service, "d1", "poster.png", 1, content="", snippet="", vdr_score=0.8)]
    assert "poster.png  page 1  picture" in run("query", "words", "--mode", "vdr").stdout


def test_images_of_hits_are_saved_one_a_page(service: Service, logged_in: Path, run: Run) -> None:
    service.hits = [
        hit(service, "d1", "deck.pdf", 3),
        hit(service, "d1", "deck.pdf", 3),  # another passage of the same page
        hit(service, "d2", "Deck.pdf", 3),  # another document of the same name
        hit(service, "d3", "../../etc/cron.d/x", 1),
        hit(service, "d4", "text.pdf", 5, image=False),
    ]
    result = run("query", "words", "--save-images", "found")
    assert (result.exit_code, result.stderr) == (0, "Saved 3 page images in found\n")
    saved = {path.relative_to(logged_in).as_posix() for path in logged_in.rglob("*") if path.suffix == ".webp"}
    assert saved == {"found/deck-p3.webp", "found/Deck-p3-2.webp", "found/x-p1.webp"}
    assert run("query", "words", "--save-images", "found").exit_code == 0  # the same query again


def test_the_image_of_a_hit_is_opened(service: Service, viewer: Viewer, logged_in: Path, run: Run) -> None:
    service.hits = [hit(service, "d1", "deck.pdf", 3), hit(service, "d2", "text.pdf", 5, image=False)]
    assert run("query", "words", "--open", 1).exit_code == 0
    assert run("query", "words", "--open", 1, "--save-images", "found").exit_code == 0
    assert viewer.opened == [service.image_url("large"), (logged_in / "found/deck-p3.webp").as_uri()]
    for number, message in ((2, "hit 2 has no page image"), (3, "there is no hit 3")):
        result = run("query", "words", "--open", number)
        assert (result.exit_code, message in result.stderr, "deck.pdf" in result.stdout) == (1, True, True)


def test_a_link_that_is_no_web_address_is_neither_fetched_nor_opened(
    service: Service, viewer: Viewer, run: Run
) -> None:
    service.hits = [hit(service, "d1", "deck.pdf", 3, page_image_url="file:///etc/passwd")]
    for arguments in (("--open", 1), ("--save-images", "found")):
        result = run("query", "words", *arguments)
        assert (result.exit_code, "no web address" in result.stderr) == (1, True)
    assert viewer.opened == []


def test_an_expired_link_is_refused_after_the_hits_are_shown(service: Service, run: Run) -> None:
    service.hits = [hit(service, "d1", "deck.pdf", 3, page_image_url=f"{service.url}/v2/expired")]
    result = run("query", "words", "--save-images", "found")
    assert (result.exit_code, "deck.pdf" in result.stdout) == (1, True)
    assert "it answered 401" in result.stderr


def test_a_link_in_the_folder_is_replaced_and_not_followed(service: Service, logged_in: Path, run: Run) -> None:
    precious, folder = logged_in / "precious", logged_in / "found"
    precious.write_text("precious")
    folder.mkdir()
    (folder / "deck-p3.webp").symlink_to(precious)
    service.hits = [hit(service, "d1", "deck.pdf", 3)]
    assert run("query", "words", "--save-images", folder).exit_code == 0
    assert precious.read_text() == "precious"
    assert (folder / "deck-p3.webp").read_bytes() == PAGE_IMAGE
    assert [path.name for path in folder.iterdir()] == ["deck-p3.webp"]  # nothing temporary is left


def test_a_folder_that_cannot_be_made_is_one_line(service: Service, logged_in: Path, run: Run) -> None:
    (logged_in / "taken").write_text("a file")
    service.hits = [hit(service, "d1", "deck.pdf", 3)]
    result = run("query", "words", "--save-images", "taken")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: cannot write taken/deck-p3.webp")


@pytest.mark.parametrize(
    ("file_name", "name"),
    [
        ("report.pdf", "report-p7.webp"),
        ("Jahresbericht 2026 (ä).pdf", "Jahresbericht 2026 (ä)-p7.webp"),
        ("../../../etc/passwd", "passwd-p7.webp"),
        ("..", "page-p7.webp"),
        ("C:\\Windows\\system.ini", "system-p7.webp"),
        ("-rf.pdf", "rf-p7.webp"),
        ("a\x00b\nc:d*e.pdf", "a_b_c_d_e-p7.webp"),
        (".hidden", "hidden-p7.webp"),
        ("", "page-p7.webp"),
        ("x" * 300 + ".pdf", "x" * 100 + "-p7.webp"),
    ],
)
def test_names_of_images_are_harmless(file_name: str, name: str) -> None:
    assert images.image_name(file_name, 7) == name


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "--help", "http://a b", "https://a\n"])
def test_only_web_addresses_are_links(url: str) -> None:
    with pytest.raises(RefusedError):
        images.checked(url)


def test_the_version_is_that_of_the_project(run: Run) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"amplify-rag {project['version']}\n")
