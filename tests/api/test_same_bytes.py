"""The same bytes are the same document's same version, whatever way they are uploaded; other bytes are the next one."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from core import entry
from core.status import DocumentStatus, Status
from tests.api.conftest import Caller
from tests.api.ingestion import job
from tests.emulators import UPLOADS, TestEmulator

NAME = "leave.txt"
FILE, OTHER = b"Parental leave is twenty weeks.", b"Parental leave is thirty weeks."
Way = Callable[["Uploader", bytes], None]


class Uploader:
    """Somebody who has many ways of uploading one file."""

    def __init__(self, caller: Caller, emulator: TestEmulator) -> None:
        self.caller = caller
        self.s3 = emulator.emulator.client("s3")
        self.place = {"Bucket": UPLOADS, "Key": f"{caller.subject}/{NAME}"}

    def announce(self, content: bytes, **more: Any) -> dict[str, str]:
        body = {"fileName": NAME, "size": len(content), **more}
        reply = self.caller.call("POST", "/v2/uploads", body)
        assert reply.status == 201, reply.body
        self.url = reply.body["upload"]["url"]
        return dict(reply.body["upload"]["fields"])

    def post(self, fields: dict[str, str], content: bytes) -> None:
        answer = httpx.post(self.url, data=fields, files={"file": ("file", content)})
        assert answer.status_code == 204, answer.text

    def in_pieces(self, content: bytes, **wanted: Any) -> None:
        """As large files go to S3; the only piece may be a small one."""
        made = self.s3.create_multipart_upload(**self.place, **wanted)["UploadId"]
        answer = self.s3.upload_part(**self.place, UploadId=made, PartNumber=1, Body=content)
        sums = {name: answer[name] for name in ("ETag", "ChecksumSHA256") if name in answer}
        self.s3.complete_multipart_upload(
            **self.place, UploadId=made, MultipartUpload={"Parts": [{"PartNumber": 1, **sums}]}
        )

    def take_in(self) -> DocumentStatus:
        """What S3 has the entry do."""
        return entry.accept(entry.Request(bucket=UPLOADS, key=self.place["Key"]), self.caller.services)

    def process(self, status: DocumentStatus) -> DocumentStatus:
        """What the workers make of it."""
        done = self.caller.services.statuses.finish(job(status, 0), Status.COMPLETED, {"chunks": 1})
        assert done is not None
        return done


@pytest.fixture
def uploader(caller: Caller, emulator: TestEmulator) -> Uploader:
    return Uploader(caller, emulator)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def by_form(uploader: Uploader, content: bytes) -> None:
    uploader.post(uploader.announce(content), content)


def by_form_with_digest(uploader: Uploader, content: bytes) -> None:
    """As the command line does."""
    uploader.post(uploader.announce(content, sha256=digest(content)), content)


def at_once(uploader: Uploader, content: bytes) -> None:
    uploader.s3.put_object(**uploader.place, Body=content)


def at_once_with_checksum(uploader: Uploader, content: bytes) -> None:
    uploader.s3.put_object(**uploader.place, Body=content, ChecksumAlgorithm="SHA256")


def in_pieces(uploader: Uploader, content: bytes) -> None:
    uploader.in_pieces(content, Metadata={"rag_sha256": digest(content)})


def in_pieces_with_checksums(uploader: Uploader, content: bytes) -> None:
    uploader.in_pieces(content, Metadata={"rag_sha256": digest(content)}, ChecksumAlgorithm="SHA256")


WHOLE = (by_form, by_form_with_digest, at_once, at_once_with_checksum)
TELLING = (by_form_with_digest, at_once_with_checksum, in_pieces, in_pieces_with_checksums)


@pytest.mark.parametrize(
    ("first", "second"),
    [(one, other) for ways in (WHOLE, TELLING) for one in ways for other in ways],
    ids=lambda way: way.__name__,
)
def test_the_same_bytes_are_unchanged_by_another_way(uploader: Uploader, first: Way, second: Way) -> None:
    first(uploader, FILE)
    done = uploader.process(uploader.take_in())
    second(uploader, FILE)
    assert uploader.take_in() == done
    second(uploader, OTHER)
    changed = uploader.take_in()
    assert (changed.generation, changed.status) == (2, Status.QUEUED)


def test_a_version_of_an_earlier_release_is_known_again(uploader: Uploader, emulator: TestEmulator) -> None:
    by_form(uploader, FILE)
    done = uploader.process(uploader.take_in())
    emulator.emulator.client("dynamodb").update_item(
        TableName=uploader.caller.services.settings.document_status_table,
        Key={"statusId": {"S": done.status_id}},
        UpdateExpression="REMOVE content",
    )
    at_once_with_checksum(uploader, FILE)
    assert uploader.take_in() == replace(done, content=None)
    at_once_with_checksum(uploader, OTHER)
    assert uploader.take_in().generation == 2


def test_pieces_without_a_digest_cannot_be_compared(uploader: Uploader) -> None:
    by_form_with_digest(uploader, FILE)
    uploader.process(uploader.take_in())
    uploader.in_pieces(FILE)
    done = uploader.process(uploader.take_in())
    assert done.generation == 2
    uploader.in_pieces(FILE)  # in the same pieces: the same entity tag
    assert uploader.take_in() == done


def test_what_is_told_of_bytes_in_one_piece_does_not_count(uploader: Uploader) -> None:
    by_form(uploader, FILE)
    uploader.process(uploader.take_in())
    uploader.s3.put_object(**uploader.place, Body=OTHER, Metadata={"rag_sha256": digest(FILE)})
    assert uploader.take_in().generation == 2


def test_while_workers_read_an_object_another_one_with_its_bytes_begins_anew(uploader: Uploader) -> None:
    by_form_with_digest(uploader, FILE)
    first = uploader.take_in()
    assert uploader.take_in() == first
    in_pieces(uploader, FILE)  # what the workers were to read is gone
    assert uploader.take_in().generation == 2


def test_the_same_bytes_under_another_route_are_another_version(uploader: Uploader) -> None:
    by_form_with_digest(uploader, FILE)
    uploader.process(uploader.take_in())
    uploader.in_pieces(FILE, Metadata={"rag_sha256": digest(FILE), "rag_route": "text"})
    assert uploader.take_in().generation == 2


def test_the_form_has_s3_verify_the_bytes(uploader: Uploader) -> None:
    """The emulator verifies no checksum of a form, S3 does: here what the form asks S3 for."""
    fields = uploader.announce(FILE, sha256=digest(FILE).upper())
    wanted = {
        "x-amz-checksum-algorithm": "SHA256",
        "x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(FILE).digest()).decode(),
        "x-amz-meta-rag_sha256": digest(FILE),
    }
    assert wanted.items() <= fields.items()
    conditions = json.loads(base64.b64decode(fields["policy"]))["conditions"]
    assert all({name: value} in conditions for name, value in wanted.items())


@pytest.mark.parametrize("field", ["x-amz-checksum-sha256", "x-amz-meta-rag_sha256", "x-amz-checksum-algorithm"])
def test_the_digest_can_be_neither_changed_nor_left_out_nor_added(uploader: Uploader, field: str) -> None:
    fields = uploader.announce(FILE, sha256=digest(FILE))
    without = {name: value for name, value in fields.items() if name != field}
    plain = uploader.announce(FILE)
    for form in (fields | {field: digest(OTHER)}, without, plain | {field: fields[field]}):
        assert httpx.post(uploader.url, data=form, files={"file": ("file", FILE)}).status_code == 403


@pytest.mark.parametrize("wrong", ["", "abc", "g" * 64, "a" * 65, base64.b64encode(bytes(32)).decode(), 7])
def test_what_is_no_digest_is_refused(caller: Caller, wrong: Any) -> None:
    reply = caller.call("POST", "/v2/uploads", {"fileName": NAME, "size": 3, "sha256": wrong})
    assert (reply.status, reply.body["code"]) == (400, "invalid_request")
    assert "sha256" in reply.body["error"]
