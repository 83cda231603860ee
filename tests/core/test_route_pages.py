"""A file's pages are looked at in a child that no page can take along."""

from pathlib import Path

import pytest

from core.errors import DocumentError
from core.media_types import PDF
from core.route_pages import route_pages
from core.settings import Settings
from tests.core.pdf_pages import lines, pdf, picture

SCAN = picture(0, 0, 600, 800)
MEMORY = 200_000_000  #: bytes of address space: enough for the child, not for the page below


def write(path: Path, data: bytes) -> Path:
    file = path / "file.pdf"
    file.write_bytes(data)
    return file


def test_pages_are_routed_one_by_one(tmp_path: Path) -> None:
    file = write(tmp_path, pdf(lines(60), SCAN, lines(60), SCAN))
    assert [page.route for page in route_pages(file, PDF, None, Settings())] == ["text", "visual", "text", "visual"]
    chosen = route_pages(file, PDF, [2, 3], Settings())
    assert [(page.page, page.route) for page in chosen] == [(2, "visual"), (3, "text")]


def test_progress_names_the_pages_done_and_wanted(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    file = write(tmp_path, pdf(lines(60), SCAN, SCAN))
    route_pages(file, PDF, None, Settings(), lambda done, wanted: seen.append((done, wanted)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_page_that_the_document_does_not_have_is_damaged(tmp_path: Path) -> None:
    found = route_pages(write(tmp_path, pdf(lines(60))), PDF, [1, 9], Settings())
    assert [(page.page, page.route, page.reason) for page in found][1] == (9, "text", "the page is damaged")


def test_a_page_that_ends_the_child_costs_only_itself(tmp_path: Path) -> None:
    file = write(tmp_path, pdf(SCAN, hungry(), SCAN))
    found = route_pages(file, PDF, None, Settings(parse_memory_bytes=MEMORY))
    assert [page.route for page in found] == ["visual", "text", "visual"]
    assert found[1].reason in {"the page takes too much memory to look at", "the page is damaged"}


def test_too_many_such_pages_are_given_up(tmp_path: Path) -> None:
    file = write(tmp_path, pdf(SCAN, *[hungry()] * 7, SCAN))
    found = route_pages(file, PDF, None, Settings(parse_memory_bytes=MEMORY))
    assert [page.page for page in found] == list(range(1, 10))
    assert [page.route for page in found] == ["visual"] + ["text"] * 8


def hungry() -> bytes:
    """A content stream of many objects."""
    return b"0 0 m 9 9 l S " * 1_200_000


def test_files_of_other_types_are_not_opened(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    assert [page.route for page in route_pages(absent, "image/tiff", [1, 2], Settings())] == ["visual", "visual"]
    assert [page.page for page in route_pages(absent, "text/plain", None, Settings())] == [1]


@pytest.mark.parametrize(("data", "code"), [(b"%PDF-1.7 and no more", "corrupt"), (pdf(), "corrupt")])
def test_a_file_that_is_no_document_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    with pytest.raises(DocumentError) as raised:
        route_pages(write(tmp_path, data), PDF, None, Settings())
    assert raised.value.code == code


def test_no_time_at_all_fails_the_document(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as raised:
        route_pages(write(tmp_path, pdf(SCAN)), PDF, None, Settings(parse_timeout_seconds=0))
    assert raised.value.code == "parse_timeout"
