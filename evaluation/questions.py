"""Questions with the pages that answer them."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from evaluation.lines import MalformedDataError, field, objects


@dataclass(frozen=True)
class PageQuestion:
    """A question, and the pages of a file that answer it, from 1; any of them will do."""

    file: str
    text: str
    pages: frozenset[int]


def read(directory: Path, only: Collection[str] = ()) -> tuple[PageQuestion, ...]:
    """The questions in ``page_questions.jsonl`` about the files in ``pdf/``, or about ``only`` these files.

    Raises MalformedDataError, naming file and line, also for a file that is not there.
    """
    path = directory / "page_questions.jsonl"
    questions = []
    for place, value in objects(path):
        file = field(value, place, "file", "file_name", "document")
        if only and file not in only:
            continue
        if Path(file).name != file or not (directory / "pdf" / file).is_file():
            raise MalformedDataError(f"{place}: there is no file {file} in {directory / 'pdf'}")
        pages = _pages(value.get("pages", value.get("page")), place)
        questions.append(PageQuestion(file, field(value, place, "question", "query", "text"), pages))
    unknown = set(only) - {question.file for question in questions}
    if unknown or not questions:
        raise MalformedDataError(f"{path}: has no questions about {', '.join(sorted(unknown)) or 'any file'}")
    return tuple(questions)


def _pages(value: object, place: str) -> frozenset[int]:
    numbers = value if isinstance(value, list) else [value]
    if not numbers or not all(isinstance(number, int) and number > 0 for number in numbers):
        raise MalformedDataError(f"{place}: pages must be numbers from 1")
    return frozenset(numbers)
