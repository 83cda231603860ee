"""What comes from outside as text: messages, frames, cursors, bodies. Only declared errors come of it."""

import json
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.identity import identity
from core import http, principals
from core.cursors import CursorError
from core.events import NotificationError, UploadedObject, uploaded_objects
from core.jobs import ABSENT, Job, JobSchemaError
from core.status_list import Position
from rag import binary_copy
from tests.core.test_jobs import JOB
from websocket import protocol

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
bodies = st.text(max_size=200) | anything.map(json.dumps)
s3_names = st.fixed_dictionaries({"name": anything}) | anything
notifications = st.fixed_dictionaries(
    {
        "Records": st.lists(
            st.fixed_dictionaries({"s3": st.fixed_dictionaries({"bucket": s3_names, "object": s3_names})})
        )
    }
).map(json.dumps)
DEEP = "[" * 100_000


@given(bodies | notifications)
def test_notifications(body: str) -> None:
    with suppress(NotificationError):
        assert all(isinstance(upload, UploadedObject) for upload in uploaded_objects(body))


fields = st.sampled_from(sorted(asdict(JOB)))


@given(bodies | st.dictionaries(fields, anything, max_size=3).map(lambda changes: json.dumps(asdict(JOB) | changes)))
def test_jobs(body: str) -> None:
    try:
        job = Job.from_json(body)
    except JobSchemaError:
        return
    assert job.pages == sum(letter != ABSENT for letter in job.letters().values())
    assert Job.from_json(job.to_json()) == job


names = st.dictionaries(
    st.sampled_from(["action", "documentId", "statusId", "all", "after", "x"]), anything | st.just(True), max_size=4
)


@given(bodies | st.none() | names.map(json.dumps), st.booleans())
def test_frames(body: str | None, replay: bool) -> None:
    try:
        assert isinstance(protocol.target(body, replay=replay), protocol.Target)
    except protocol.RequestError as error:
        assert len(protocol.encode(error.answer)) <= protocol.MAX_FRAME_BYTES


@given(st.text(max_size=100) | st.binary(max_size=100).map(lambda data: data.decode("latin-1")))
def test_cursors(cursor: str) -> None:
    with suppress(CursorError):
        assert isinstance(Position.decode(cursor), Position)


@given(st.text(max_size=20), st.sets(st.text(max_size=20), max_size=5))
def test_a_cursor_means_what_it_was_made_of(moment: str, passed: set[str]) -> None:
    place = Position(moment, frozenset(passed))
    assert Position.decode(place.encode()) == place


@pytest.mark.parametrize(
    ("read", "declared"),
    [
        (lambda text: list(uploaded_objects(text)), NotificationError),
        (Job.from_json, JobSchemaError),
        (protocol.request, protocol.RequestError),
    ],
)
def test_nesting_beyond_all_measure(read: Any, declared: type[Exception]) -> None:
    with pytest.raises(declared):
        read(DEEP)


@given(st.text(max_size=60) | st.lists(st.sampled_from(["%", "25", "23", "#", "a"])).map("".join))
def test_names_in_paths(segment: str) -> None:
    assert isinstance(identity(segment), str)


@given(st.text(max_size=60), st.booleans())
def test_bodies(text: str, encoded: bool) -> None:
    try:
        assert isinstance(http.body({"body": text, "isBase64Encoded": encoded}), bytes)
    except http.HttpError as error:
        assert error.status == 400


@given(anything, st.dictionaries(st.sampled_from(["sub", "cognito:groups"]), anything))
def test_claims(outer: Any, claims: dict[str, Any]) -> None:
    for event in ({"requestContext": outer}, {"requestContext": {"authorizer": {"jwt": {"claims": claims}}}}):
        try:
            assert all(isinstance(name, str) for name in http.caller(event))
        except http.HttpError as error:
            assert error.status == 401


@given(st.text(max_size=60), st.dictionaries(st.sampled_from(["owner", "x"]), st.text(max_size=20)))
def test_owners(key: str, metadata: dict[str, str]) -> None:
    owner = principals.owner_of(key, metadata)
    assert owner is None or owner.startswith((principals.USER, principals.GROUP))


@given(st.lists(st.text(max_size=30), max_size=5))
def test_texts_for_the_database(values: list[str]) -> None:
    assert b"\0" not in b"".join(map(binary_copy.text, values))
    assert binary_copy.text_array(values)
