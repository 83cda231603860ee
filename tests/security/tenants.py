"""Tenants: users of the HTTP API, their documents in every store, and what anybody is answered."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
from psycopg2.extensions import connection

from core import aws
from core.blobs import page_image_key
from core.principals import folder_of
from core.settings import Settings
from core.status import Status
from core.status_store import Upload
from rag import store
from rag.embed import text_embedder
from rag.page_records import PageRecord
from tests.emulators import UPLOADS
from tests.handlers.issuer import Issuer
from tests.rag.indexing import chunks, job
from tests.vdr.stored_pages import put_pictures
from vdr.embed import PageInput, page_embedder

IMAGE = b"RIFF, an image of a page"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: httpx.Headers

    def words(self, *given: str) -> tuple[int, str]:
        """The answer to compare with another's: without the request's number and what the caller had given itself."""
        content = {name: value for name, value in self.body.items() if name not in {"requestId", "processing_time_ms"}}
        text = json.dumps(content, sort_keys=True)
        for one in given:
            text = text.replace(json.dumps(one)[1:-1], "…")
        return self.status, text


@dataclass(frozen=True)
class Document:
    """A document by all its names."""

    document_id: str
    key: str
    bucket: str = UPLOADS

    @property
    def status_id(self) -> str:
        return f"{self.bucket}#{self.key}"


@dataclass(frozen=True)
class Tenant:
    """A user with a valid token."""

    url: str
    issuer: Issuer
    groups: tuple[str, ...] = ()
    subject: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def principal(self) -> str:
        return f"user:{self.subject}"

    @property
    def token(self) -> str:
        groups: dict[str, Any] = {"cognito:groups": list(self.groups)} if self.groups else {}
        return self.issuer.token(self.subject, **groups)

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """One request with the tenant's token."""
        sent = {} if body is None else {"json": body}
        headers = {"authorization": f"Bearer {self.token}"}
        got = httpx.request(method, self.url + path, headers=headers, timeout=60, **sent, **more)
        return Answer(got.status_code, got.json(), got.headers)


def put_document(opened: connection, owner: str, name: str, *texts: str) -> Document:
    """A document of one page in every store, with an image of its page: text in PostgreSQL, states, objects."""
    key = f"{folder_of(owner)}/{name}"
    aws.client("s3").put_object(Bucket=UPLOADS, Key=key, Body=b"bytes")
    upload = Upload(
        bucket=UPLOADS,
        key=key,
        owner=owner,
        file_name=name,
        media_type="application/pdf",
        size=5,
        version=uuid.uuid4().hex,
    )
    statuses = aws.status_store()
    begun = statuses.queued(statuses.begin(upload, total_pages=1, parts=1).status)
    done = job(
        document_id=begun.document_id,
        bucket=UPLOADS,
        key=key,
        owner=owner,
        file_name=name,
        version=begun.version,
        generation=begun.generation,
        last_page=1,
        total_pages=1,
    )
    pages, words = page_embedder(Settings()), text_embedder(Settings())
    (picture,) = pages([PageInput(1, None, " ".join(texts))])
    put_pictures(opened, done, {1: picture}, space=pages.space, image_size=(1600, 900))
    record = PageRecord(1, "visual", "slide shape", "text-layer", 90)
    store.replace_part(
        opened, done, chunks(*texts), words(list(texts)), words.space, findings=store.Findings(pages=[record])
    )
    aws.blobs().put_derived(page_image_key(done.document_id, done.generation, 1), IMAGE, "image/webp")
    assert statuses.finish(done, Status.COMPLETED, {"chunks": len(texts)})
    return Document(begun.document_id, key)
