"""The job: the message that asks a worker for one part of one version of a document."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Self

from core.errors import RagError
from core.routing import Route

SCHEMA = 2  #: raised when a field changes its meaning; a worker refuses a job of another schema

MOST_PAGES = 100_000  #: of a job

TEXT, VISUAL, UNKNOWN, ABSENT = "tv?-"  #: letters of ``Job.page_routes``
LETTERS: dict[Route, str] = {"text": TEXT, "visual": VISUAL}
PIPELINES: dict[Route, str] = {"text": "text_rag", "visual": "vdr"}  #: what logs and answers call them


class JobSchemaError(RagError):
    """The message is not a job that this code understands."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """References to a run of pages and nothing else: never bytes, text, tokens or secrets."""

    document_id: str  #: opaque public id of the document
    bucket: str
    key: str
    etag: str  #: the object's bytes are read only if it still carries this tag
    owner: str  #: principal that owns the document, ``user:<sub>`` or ``group:<name>``
    file_name: str
    media_type: str  #: found by content, not by name
    size_bytes: int
    version: str  #: digest of the content and of the pipeline
    generation: int  #: counts the versions of the document; a higher one supersedes a lower one
    part: int  #: number of this part, from 0
    parts: int  #: how many parts the version has
    first_page: int  #: from 1
    last_page: int  #: inclusive
    total_pages: int
    route: Route = "text"  #: the pipeline that processes the part
    #: A letter for each page from the first to the last: what its route is (TEXT, VISUAL), or that nobody has looked at
    #: it yet (UNKNOWN), or that it is not in this part (ABSENT). Empty: all are UNKNOWN.
    page_routes: str = ""
    #: The part whose worker handed these pages over, under which their progress is shown; -1: the entry cut the part
    parent: int = -1
    pages_before: int = 0  #: pages of the parent that are counted before these
    schema: int = SCHEMA

    @property
    def status_id(self) -> str:
        """The document's alias ``bucket#key``."""
        return f"{self.bucket}#{self.key}"

    @property
    def status_part(self) -> int:
        """The part under which progress is shown."""
        return self.part if self.parent < 0 else self.parent

    @property
    def page_numbers(self) -> tuple[int, ...]:
        """The pages of the part, ascending."""
        return tuple(page for page, letter in self.letters().items() if letter != ABSENT)

    @property
    def pages(self) -> int:
        """How many pages the part has."""
        return len(self.page_numbers)

    def letters(self) -> dict[int, str]:
        """The letter of each page from the first to the last."""
        numbers = range(self.first_page, self.last_page + 1)
        return dict(zip(numbers, self.page_routes or UNKNOWN * len(numbers), strict=True))

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Decode a message body; raises JobSchemaError for anything but a job of this schema."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise JobSchemaError("the message is not JSON") from error
        if not isinstance(values, dict) or values.get("schema") != SCHEMA:
            raise JobSchemaError(f"the message is not a job of schema {SCHEMA}")
        expected = {field.name for field in fields(cls)}
        if set(values) != expected:
            difference = ", ".join(sorted(expected ^ set(values)))
            raise JobSchemaError(f"the job has missing or unknown fields: {difference}")
        job = cls(**values)
        job._check()
        return job

    def _check(self) -> None:
        """Raises JobSchemaError for values that no sender of jobs writes."""
        kinds: dict[object, type] = {str: str, int: int, Route: str}
        wrong = [field.name for field in fields(self) if type(getattr(self, field.name)) is not kinds[field.type]]
        if wrong:
            raise JobSchemaError(f"the job has values of the wrong type: {', '.join(wrong)}")
        length = self.last_page - self.first_page + 1
        if self.first_page < 1 or not 1 <= length <= MOST_PAGES or self.part < 0 or self.route not in LETTERS:
            raise JobSchemaError("the job names no pages, no part or no route")
        unknown = set(self.page_routes) - {TEXT, VISUAL, UNKNOWN, ABSENT}
        if self.page_routes and (unknown or len(self.page_routes) != length):
            raise JobSchemaError("the job's page routes are not those of its pages")


@dataclass(frozen=True)
class Gap:
    """A page whose content could not be read, and why."""

    page: int
    reason: str


@dataclass(frozen=True)
class Notice:
    """Something that was left out although no page is at fault, and how to have it."""

    code: str
    message: str
