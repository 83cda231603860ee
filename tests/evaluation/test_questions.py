"""Reading questions with their pages."""

from pathlib import Path

import pytest

from evaluation.lines import MalformedDataError
from evaluation.questions import PageQuestion, read
from tests import evaluation_data

LINES = (
    '{"file": "a.pdf", "question": "Where?", "pages": [3, 4], "answer": "There"}\n'
    '{"file": "b.pdf", "query": "When?", "page": 1}\n'
)


def write(folder: Path, text: str = LINES) -> Path:
    (folder / "pdf").mkdir()
    for name in ("a.pdf", "b.pdf"):
        (folder / "pdf" / name).touch()
    (folder / "page_questions.jsonl").write_text(text, "utf-8")
    return folder


def test_pages_are_a_list_or_a_number(tmp_path: Path) -> None:
    assert read(write(tmp_path)) == (
        PageQuestion("a.pdf", "Where?", frozenset({3, 4})),
        PageQuestion("b.pdf", "When?", frozenset({1})),
    )


def test_only_some_files(tmp_path: Path) -> None:
    assert [question.file for question in read(write(tmp_path), only=["b.pdf"])] == ["b.pdf"]
    with pytest.raises(MalformedDataError, match=r"no questions about c\.pdf"):
        read(tmp_path, only=["a.pdf", "c.pdf"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"file": "c.pdf", "question": "?", "pages": [1]}', "there is no file c.pdf"),
        ('{"file": "../pdf/a.pdf", "question": "?", "pages": [1]}', "there is no file ../pdf/a.pdf"),
        ('{"file": "a.pdf", "question": "?", "pages": [0]}', "pages must be numbers from 1"),
        ('{"file": "a.pdf", "question": "?", "pages": []}', "pages must be numbers from 1"),
        ('{"file": "a.pdf", "question": "?"}', "pages must be numbers from 1"),
        ('{"file": "a.pdf", "pages": [1]}', "has no text field question"),
        ("", "has no questions about any file"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(MalformedDataError, match=rf"page_questions\.jsonl.*: {message}"):
        read(write(tmp_path, line))


def test_the_evaluation_data_is_read() -> None:
    questions = read(evaluation_data.folder("pages"), only=["octave.pdf", "developers-reference.pdf"])
    assert len(questions) == 25
