"""A job survives its queue, and nothing else is taken for one."""

import json
from dataclasses import replace

import pytest

from core.jobs import Job, JobSchemaError

JOB = Job(
    document_id="d",
    bucket="b",
    key="u1/ä.pdf",
    etag="e",
    owner="user:u1",
    file_name="ä.pdf",
    media_type="application/pdf",
    size_bytes=10,
    version="v",
    generation=1,
    part=0,
    parts=2,
    first_page=1,
    last_page=50,
    total_pages=100,
)


def test_round_trip() -> None:
    assert Job.from_json(JOB.to_json()) == JOB
    assert JOB.pages == 50
    assert JOB.status_id == "b#u1/ä.pdf"


def test_a_job_is_far_below_the_limit_of_a_message() -> None:
    longest = replace(JOB, key="k" * 1024, file_name="f" * 1024)
    assert len(longest.to_json().encode()) < 8_192


@pytest.mark.parametrize(
    "body",
    [
        "no json",
        "[]",
        "{}",
        json.dumps({**json.loads(JOB.to_json()), "schema": 99}),
        JOB.to_json()[:-1] + ',"text":"x"}',
        "[" * 100_000,
        replace(JOB, part="1").to_json(),  # type: ignore[arg-type]
        replace(JOB, generation=True).to_json(),
        replace(JOB, route="neither").to_json(),  # type: ignore[arg-type]
        replace(JOB, page_routes="tt").to_json(),
        replace(JOB, page_routes="x" * 50).to_json(),
        replace(JOB, first_page=0).to_json(),
        replace(JOB, last_page=10**12).to_json(),
    ],
)
def test_anything_else_is_refused(body: str) -> None:
    with pytest.raises(JobSchemaError):
        Job.from_json(body)
