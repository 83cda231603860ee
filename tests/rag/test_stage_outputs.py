"""What a try that was cut short leaves to the next one: lines that come back exactly, or not at all."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from core.blobs import Blobs
from core.jobs import Gap, Job
from rag import stage_outputs
from rag.pages import Heading, Page, Word, from_json, to_json
from rag.stage_outputs import Kept, StageOutput, delete_stage_outputs, stage_output
from tests.core.statuses import JOB
from tests.emulators import DERIVED, TestEmulator

REQUEST = {"pages": (1, 2), "languages": "auto"}
ITEMS: list[Page | Gap] = [
    Page(1, "Ünder\n\n\ud800 \x1f and more\u2028", "text-layer+ocr", path=(Heading(0, 1, "Title"),)),
    Page(2, "", "", headings=(Heading(3, 2, "x"),), words=(Word("word", 0.1, 1 / 3, 0.30000000000000004, 1.0),)),
    Gap(3, 'the page is "damaged"'),
]


@pytest.fixture
def blobs(emulator: TestEmulator) -> Blobs:
    return Blobs(emulator.emulator.client("s3"), DERIVED)


@pytest.fixture
def job() -> Job:
    return replace(JOB, document_id=str(uuid.uuid4()))


def output(job: Job, blobs: Blobs, **request: object) -> StageOutput:
    return stage_output(job, blobs, "pages", {**REQUEST, **request})


def key_of(job: Job, blobs: Blobs) -> str:
    (key,) = blobs._derived_keys(f"{job.document_id}/")
    return key


def test_pages_come_back_exactly(blobs: Blobs, job: Job) -> None:
    output(job, blobs).keep(map(to_json, ITEMS))
    assert output(job, blobs).load(from_json) == Kept(ITEMS, complete=False)
    output(job, blobs).keep(map(to_json, ITEMS[:1]), complete=True)
    assert output(job, blobs).load(from_json) == Kept(ITEMS[:1], complete=True)


def test_there_is_nothing_of_another_part_or_another_request(blobs: Blobs, job: Job) -> None:
    output(job, blobs).keep(map(to_json, ITEMS))
    assert output(replace(job, part=job.part + 1), blobs).load(from_json) == Kept()
    assert output(job, blobs, languages="eng").load(from_json) == Kept()
    assert key_of(job, blobs).startswith(f"{job.document_id}/{job.generation}/stages/{job.part:05}/")


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "not packed", "older form"])
def test_damaged_ones_are_ignored(blobs: Blobs, job: Job, damage: str, emulator: TestEmulator) -> None:
    output(job, blobs).keep(map(to_json, ITEMS))
    key = key_of(job, blobs)
    s3 = emulator.emulator.client("s3")
    data = s3.get_object(Bucket=DERIVED, Key=key)["Body"].read()
    middle = len(data) // 2
    damaged = {
        "cut": data[:middle],
        "changed": data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :],
        "empty": b"",
        "not packed": b'{"Gap": {}}\n',
        "older form": data,
    }[damage]
    s3.put_object(Bucket=DERIVED, Key=key, Body=damaged)

    def of_another_form(lines: Iterable[str]) -> Iterator[object]:
        for _line in lines:
            raise TypeError("an unexpected field")
        yield None

    assert output(job, blobs).load(of_another_form if damage == "older form" else from_json) == Kept()


def test_they_are_deleted_with_their_part(blobs: Blobs, job: Job) -> None:
    other = replace(job, part=job.part + 1)
    for each in (job, other):
        output(each, blobs).keep(map(to_json, ITEMS))
    delete_stage_outputs(job, blobs)
    assert key_of(other, blobs) == f"{job.document_id}/{job.generation}/stages/{other.part:05}/pages.jsonl.gz"
    delete_stage_outputs(job, blobs)  # there are none any more


def test_it_is_due_now_and_then(blobs: Blobs, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    made = output(job, blobs)
    assert not made.is_due
    monkeypatch.setattr(stage_outputs, "KEPT_EVERY_SECONDS", 0)
    monkeypatch.setattr(stage_outputs, "WORTH_SECONDS", 0)
    assert made.is_due and made.is_dear
