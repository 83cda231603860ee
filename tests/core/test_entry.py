"""The entry, over real S3, SQS and DynamoDB semantics: what is let in, what is told, what is sent."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core import entry
from core.aws import Services
from core.entry import Request, accept
from core.errors import DocumentError
from core.flags import Flags
from core.jobs import Job
from core.settings import Settings
from core.status import DocumentStatus, Status
from tests import evaluation_data
from tests.emulators import UPLOADS, TestEmulator
from tests.services import services_over

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
HANDBOOK = (SAMPLES / "crew-handbook.pdf").read_bytes()
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


class Bench:
    """An owner with an entry of her own."""

    def __init__(self, emulator: TestEmulator) -> None:
        self.s3 = emulator.emulator.client("s3")
        self.sqs = emulator.emulator.client("sqs")
        self.dynamodb = emulator.emulator.client("dynamodb")
        self.settings = Settings(**emulator.settings, text_part_pages=10, max_upload_bytes=5_000_000)
        self.services: Services = services_over(emulator, self.settings)
        self.owner = uuid.uuid4().hex

    def put(self, data: bytes, name: str = "file.txt", **metadata: str) -> Request:
        key = f"{self.owner}/{name}"
        self.s3.put_object(Bucket=UPLOADS, Key=key, Body=data, Metadata=metadata)
        return Request(bucket=UPLOADS, key=key)

    def accept(self, request: Request) -> DocumentStatus:
        return accept(request, self.services)

    def jobs(self) -> list[Job]:
        """The jobs of this bench's owner that were sent since the last look, by part."""
        found = []
        for url in (self.settings.text_rag_processing_queue_url, self.settings.vdr_processing_queue_url):
            while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                for message in messages:
                    self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                    found.append(Job.from_json(message["Body"]))
        return sorted((job for job in found if job.owner == f"user:{self.owner}"), key=lambda job: job.part)


@pytest.fixture
def bench(emulator: TestEmulator) -> Iterator[Bench]:
    made = Bench(emulator)
    yield made
    made.jobs()


def code_of(bench: Bench, request: Request) -> str:
    with pytest.raises(DocumentError) as raised:
        bench.accept(request)
    return raised.value.code


def test_a_pdf_becomes_a_job_a_part(bench: Bench) -> None:
    status = bench.accept(bench.put(HANDBOOK, "Crew Handbook.pdf"))
    assert (status.status, status.progress, status.owner) == (Status.QUEUED, 5, f"user:{bench.owner}")
    jobs = bench.jobs()
    pages = sorted(page for job in jobs for page in job.page_numbers)
    assert pages == list(range(1, status.metadata["totalPages"] + 1))
    assert {(job.document_id, job.generation, job.media_type, job.file_name) for job in jobs} == {
        (status.document_id, 1, "application/pdf", "Crew Handbook.pdf")
    }


def test_a_key_that_no_upload_would_get_is_taken_in_under_a_name_that_can_be_read(bench: Bench) -> None:
    status = bench.accept(bench.put(b"some text", "notes/\x1b[31m\u202eevil.txt"))
    assert (status.file_name, status.metadata["fileName"]) == ("\ufffd[31m\ufffdevil.txt",) * 2
    assert status.key == f"{bench.owner}/notes/\x1b[31m\u202eevil.txt"
    assert [job.file_name for job in bench.jobs()] == [status.file_name]


def test_a_pdf_that_is_a_png_is_a_png(bench: Bench) -> None:
    bench.accept(bench.put(PNG, "scan.pdf"))
    (job,) = bench.jobs()
    assert (job.media_type, job.parts, job.total_pages) == ("image/png", 1, 1)


def test_a_route_is_forced_by_the_caller_or_the_uploader_and_by_nothing_else(bench: Bench) -> None:
    request = bench.put(HANDBOOK, "scan form invoice.pdf", scanned="true")
    plain = bench.accept(request)
    assert {job.route for job in bench.jobs()} == {"text", "visual"}
    forced = bench.accept(replace(request, route="text"))
    assert forced.version != plain.version
    assert {job.route for job in bench.jobs()} == {"text"}
    again = bench.accept(bench.put(HANDBOOK, "other.pdf", rag_route="Visual"))
    assert {(job.route, "".join(set(job.page_routes))) for job in bench.jobs()} == {("visual", "v")}
    assert again.metadata["routes"]["route"] == "visual"


def test_what_has_no_pages_cannot_be_forced_to_show_them(bench: Bench) -> None:
    request = bench.put(b"some text")
    assert code_of(bench, replace(request, route="visual")) == "not_pictured"


def test_pages_as_pictures_can_be_switched_off_for_what_is_new(bench: Bench) -> None:
    with_pictures = bench.accept(bench.put(HANDBOOK, "before.pdf"))
    assert {job.route for job in bench.jobs()} == {"text", "visual"}
    everything = bench.services
    bench.services = replace(everything, flags=lambda: Flags(visual=False))
    assert bench.accept(bench.put(HANDBOOK, "before.pdf")) == with_pictures  # it is in, and stays as it is
    assert bench.jobs() == []
    request = bench.put(HANDBOOK, "new.pdf")
    without = bench.accept(replace(request, route="visual"))
    assert {job.route for job in bench.jobs()} == {"text"}
    assert {route["reason"] for route in without.page_routes} == {"page images are switched off"}
    assert bench.accept(request) == without
    assert bench.accept(bench.put(b"some text")).status is Status.QUEUED
    assert len(bench.jobs()) == 1
    bench.services = everything  # switched on again: the same file gets its pictures
    assert bench.accept(request).version == bench.accept(bench.put(HANDBOOK, "before.pdf")).version
    assert "visual" in {job.route for job in bench.jobs()}


def test_a_repeated_event_changes_nothing(bench: Bench) -> None:
    request = bench.put(b"some text")
    first = bench.accept(request)
    assert len(bench.jobs()) == 1
    assert bench.accept(request) == first
    assert bench.jobs() == []


def test_jobs_that_a_crash_kept_from_being_sent_are_sent_by_the_repetition(bench: Bench) -> None:
    request = bench.put(b"some text")
    healthy = bench.services.queues

    class Broken:
        def send(self, jobs: Any) -> None:
            raise ConnectionError

    object.__setattr__(bench.services, "queues", Broken())
    with pytest.raises(ConnectionError):
        bench.accept(request)
    object.__setattr__(bench.services, "queues", healthy)
    assert bench.accept(request).status == Status.QUEUED
    assert len(bench.jobs()) == 1


def test_other_bytes_make_the_next_generation(bench: Bench) -> None:
    first = bench.accept(bench.put(b"first text"))
    second = bench.accept(bench.put(b"second text"))
    assert (second.document_id, second.generation) == (first.document_id, 2)
    assert [job.generation for job in bench.jobs()] == [1, 2]


def test_force_repeats_the_same_bytes(bench: Bench) -> None:
    request = bench.put(b"some text")
    bench.accept(request)
    again = bench.accept(Request(bucket=request.bucket, key=request.key, force=True))
    assert again.generation == 2
    assert bench.accept(request).generation == 2  # a plain repetition after it is unchanged again


def test_the_same_bytes_of_another_owner_are_another_document(bench: Bench, emulator: TestEmulator) -> None:
    other = Bench(emulator)
    assert bench.accept(bench.put(b"same")).document_id != other.accept(other.put(b"same")).document_id


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"%PDF-1.7 nothing", "corrupt"),
        (bytes(range(256)) * 8, "unsupported_type"),
        (b"x" * 5_000_001, "too_large"),
    ],
)
def test_a_bad_file_is_refused_and_its_owner_told(bench: Bench, data: bytes, code: str) -> None:
    request = bench.put(data)
    assert code_of(bench, request) == code
    status = bench.services.statuses.get(f"{UPLOADS}#{request.key}")
    assert status is not None
    assert status.status == Status.FAILED
    assert (status.metadata["code"], status.metadata["stage"], status.metadata["retryable"]) == (
        code,
        "validating",
        False,
    )
    assert status.metadata["error"]
    assert bench.jobs() == []


def test_an_encrypted_pdf_is_refused(bench: Bench) -> None:
    data = evaluation_data.folder("hostile/pw_encryption_r6-user-password.pdf").read_bytes()
    assert code_of(bench, bench.put(data)) == "encrypted"


def test_a_good_file_after_a_bad_one_is_taken_in(bench: Bench) -> None:
    code_of(bench, bench.put(b""))
    assert bench.accept(bench.put(b"now with text")).status == Status.QUEUED


def test_rag_enabled_false_is_left_alone(bench: Bench) -> None:
    request = bench.put(b"private", rag_enabled="false")
    with pytest.raises(entry.NotWantedError):
        bench.accept(request)
    assert bench.services.statuses.get(f"{UPLOADS}#{request.key}") is None


def test_only_configured_buckets(bench: Bench, emulator: TestEmulator) -> None:
    with pytest.raises(entry.BucketNotAllowedError):
        bench.accept(Request(bucket="somebody-elses", key=f"{bench.owner}/a.pdf"))


@pytest.mark.parametrize("callers", [["user:mallory"], []])
def test_foreign_objects_are_not_found(bench: Bench, callers: list[str]) -> None:
    request = bench.put(b"mine")
    with pytest.raises(entry.NotFoundError):
        bench.accept(Request(bucket=request.bucket, key=request.key, callers=callers))


def test_the_owner_in_the_metadata_counts(bench: Bench) -> None:
    assert bench.accept(bench.put(b"shared", owner="group:crew")).owner == "group:crew"


def test_an_object_that_is_gone_is_not_found(bench: Bench) -> None:
    with pytest.raises(entry.NotFoundError):
        bench.accept(Request(bucket=UPLOADS, key=f"{bench.owner}/gone.pdf"))


def test_routes_are_recorded_on_the_document_but_not_sent_with_every_message(bench: Bench) -> None:
    status = bench.accept(bench.put(HANDBOOK))
    counts = status.metadata["routes"]
    assert counts["route"] == "text"
    assert counts["pagesLookedAt"] == counts["textPages"] + counts["visualPages"] > 0
    kept = bench.services.statuses.get(status.status_id)
    assert kept is not None
    assert [route["page"] for route in kept.page_routes][:1] == [1]
    assert all(route["reason"] for route in kept.page_routes)
    assert "pages" not in counts


def test_two_deliveries_that_cut_a_file_differently_end_in_one_version(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = bench.put(HANDBOOK, "handbook.pdf")
    begun = bench.accept(request)
    bench.jobs()
    services = bench.services
    services.parts.delete(begun.document_id)  # as if the entry had died before it kept its plan, …
    table = bench.dynamodb
    table.update_item(  # … while validating
        TableName=bench.settings.document_status_table,
        Key={"statusId": {"S": begun.status_id}},
        UpdateExpression="SET #status = :validating",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":validating": {"S": "validating"}},
    )
    # Which pages of a long file are looked at depends on the time that it takes.
    monkeypatch.setattr("core.parts.part_sizes", lambda pages, settings: {"text": 1, "visual": 1})
    again = bench.accept(request)
    jobs = bench.jobs()
    assert again.status is Status.QUEUED
    assert {job.generation for job in jobs} == {again.generation} == {begun.generation + 1}
    assert {job.parts for job in jobs} == {len(again.part_permille)}
    assert services.statuses.quotas.used(again.owner, datetime.now(UTC)).pages == again.metadata["totalPages"]
