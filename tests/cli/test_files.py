from pathlib import Path

import pytest

from cli.errors import CliError
from cli.files import collect


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("papers/a.pdf", "papers/deep/b.HTML", "papers/deep/.hidden/c.pdf", "papers/code.py", "papers/.d.pdf"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("text")
    return tmp_path


def names(*paths: Path, pattern: str | None = None) -> list[str]:
    return [file.name for file in collect(paths, pattern)]


def test_a_folder_gives_its_visible_documents_with_their_paths(folder: Path) -> None:
    assert names(folder / "papers") == ["papers/a.pdf", "papers/deep/b.HTML"]


def test_a_pattern_takes_what_it_says(folder: Path) -> None:
    assert names(folder / "papers", pattern="*.py") == ["papers/code.py"]
    assert names(folder / "papers", pattern="*") == ["papers/a.pdf", "papers/code.py", "papers/deep/b.HTML"]


def test_a_named_file_is_taken_whatever_it_is(folder: Path) -> None:
    [file] = collect([folder / "papers" / "code.py"], None)
    assert (file.name, file.media_type, file.size) == ("code.py", "text/x-python", 4)


def test_a_file_named_twice_is_uploaded_once(folder: Path) -> None:
    assert names(folder / "papers" / "a.pdf", folder / "papers" / "a.pdf") == ["a.pdf"]


def test_two_files_that_would_be_one_document_are_refused(folder: Path) -> None:
    (folder / "a.pdf").write_text("another")
    with pytest.raises(CliError, match=r"would be the same document"):
        names(folder / "papers" / "a.pdf", folder / "a.pdf")


def test_nothing_found_is_an_error(folder: Path) -> None:
    with pytest.raises(CliError, match="no such file"):
        names(folder / "absent.pdf")
    (folder / "empty").mkdir()
    with pytest.raises(CliError, match="no documents found"):
        names(folder / "empty")
