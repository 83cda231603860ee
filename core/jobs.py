"""The job: the message that asks a worker for one part of one version of a document."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Self

from core.errors import RagError

SCHEMA = 1  #: raised when a field changes its meaning; a worker refuses a job of another schema


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
    route: str = "text"  #: the pipeline that processes the part: ``text`` or ``visual``
    schema: int = SCHEMA

    @property
    def status_id(self) -> str:
        """The document's alias ``bucket#key``."""
        return f"{self.bucket}#{self.key}"

    @property
    def pages(self) -> int:
        """How many pages the part has."""
        return self.last_page - self.first_page + 1

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Decode a message body; raises JobSchemaError for anything but a job of this schema."""
        try:
            values = json.loads(text)
        except ValueError as error:
            raise JobSchemaError("the message is not JSON") from error
        if not isinstance(values, dict) or values.get("schema") != SCHEMA:
            raise JobSchemaError(f"the message is not a job of schema {SCHEMA}")
        expected = {field.name for field in fields(cls)}
        if set(values) != expected:
            difference = ", ".join(sorted(expected ^ set(values)))
            raise JobSchemaError(f"the job has missing or unknown fields: {difference}")
        return cls(**values)


@dataclass(frozen=True)
class Gap:
    """A page whose content could not be read, and why."""

    page: int
    reason: str
