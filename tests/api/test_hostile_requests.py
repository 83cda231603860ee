"""Whatever is sent, the answer is one of those described, and never our fault."""

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import Caller

often = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
announcements = st.fixed_dictionaries(
    {"fileName": st.text(max_size=60) | json_values, "size": st.integers(-5, 2000) | json_values},
    optional={"contentType": st.text(max_size=40) | json_values, "more": json_values},
)


def assert_refused(reply: Any, *statuses: int) -> None:
    assert reply.status in statuses, reply.body
    assert set(reply.body) == {"error", "code", "requestId"}


@often
@given(body=announcements | json_values | st.text(max_size=50))
def test_announcements(caller: Caller, body: Any) -> None:
    reply = caller.call("POST", "/v2/uploads", body)
    if reply.status != 201:
        assert_refused(reply, 400, 413)


@often
@given(
    name=st.text(min_size=1, max_size=60),
    times=st.integers(1, 2),
    tail=st.sampled_from(["", "/status", "/events", "/cancel"]),
)
def test_documents_that_are_none(caller: Caller, name: str, times: int, tail: str) -> None:
    segment = name.encode("utf-8", "replace").decode()
    for _ in range(times):
        segment = quote(segment, safe="")
    method = "POST" if tail == "/cancel" else "GET"
    assert_refused(caller.call(method, f"/v2/documents/{segment}{tail}"), 404)


@often
@given(query=st.dictionaries(st.sampled_from(["status", "limit", "cursor", "after", "x"]), st.text(max_size=30)))
def test_list_queries(caller: Caller, query: dict[str, str]) -> None:
    reply = caller.call("GET", "/v2/documents", query={name: value for name, value in query.items() if value})
    if reply.status != 200:
        assert_refused(reply, 400)


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 50_000, "nul", "\x00", "1" * 5000, '{"size": NaN}'])
def test_bodies_that_are_no_objects(caller: Caller, body: str) -> None:
    assert_refused(caller.call("POST", "/v2/uploads", body), 400)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data", 415),
        ("text/plain", 415),
    ],
)
def test_only_json_is_read(caller: Caller, content_type: str, status: int) -> None:
    body = json.dumps({"fileName": "a.txt", "size": 5})
    assert caller.call("POST", "/v2/uploads", body, content_type=content_type).status == status


def test_a_forged_cursor_with_deep_nesting_is_refused(caller: Caller) -> None:
    cursor = base64.urlsafe_b64encode(b"[" * 3000).decode()
    assert_refused(caller.call("GET", "/v2/documents", query={"cursor": cursor}), 400)
