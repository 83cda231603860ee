"""What clients may send, and what fits a frame."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from websocket.protocol import MAX_FRAME_BYTES, ErrorCode, NotConnectedError, RequestError, Target, encode, target

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
)
known = st.sampled_from(["documentId", "statusId", "all", "after", "action", "extra"])


def subscribe(**fields: Any) -> str:
    return json.dumps({"action": "subscribe", **fields})


def test_a_target_is_a_document_by_either_name_or_all() -> None:
    assert target(subscribe(documentId="d", after=0), replay=True) == Target(document_id="d", after=0)
    assert target(subscribe(statusId="b#k"), replay=True) == Target(status_id="b#k")
    assert target(subscribe(all=True), replay=True).everything


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        "subscribe",
        "[]",
        "3",
        "{}",
        '{"action": 7}',
        '{"action": "subscribe", "documentId": "d"',
        "[" * 100_000,
        subscribe(),
        subscribe(documentId=7),
        subscribe(documentId=""),
        subscribe(documentId=None),
        subscribe(documentId="d" * 65),
        subscribe(statusId="s" * 1101),
        subscribe(statusId=["b#k"]),
        subscribe(documentId="d", statusId="b#k"),
        subscribe(documentId="d", all=True),
        subscribe(all=False),
        subscribe(all="yes"),
        subscribe(all=True, after=3),
        subscribe(documentId="d", after=-1),
        subscribe(documentId="d", after="3"),
        subscribe(documentId="d", after=1.5),
        subscribe(documentId="d", after=True),
        subscribe(documentId="d", after=10**40),
        subscribe(documentId="d", afer=3),
    ],
    ids=lambda body: str(body)[:40],
)
def test_malformed_requests_are_refused(body: str | None) -> None:
    with pytest.raises(RequestError) as error:
        target(body, replay=True)
    assert error.value.answer == {"type": "error", "code": "bad_request", "message": str(error.value)}


def test_unsubscribing_takes_no_after() -> None:
    with pytest.raises(RequestError):
        target(subscribe(documentId="d", after=1), replay=False)


@given(st.dictionaries(known, anything, max_size=4) | anything)
def test_whatever_comes_is_a_target_or_a_bad_request(content: Any) -> None:
    try:
        understood = target(json.dumps(content), replay=True)
    except RequestError as error:
        assert error.code is ErrorCode.BAD_REQUEST
    else:
        assert [understood.document_id, understood.status_id].count(None) >= 1


def test_a_forgotten_socket_is_told_before_it_is_closed() -> None:
    assert NotConnectedError().answer.items() >= {"type": "closing", "code": "not_connected"}.items()


def test_a_message_is_compact_utf8() -> None:
    assert encode({"type": "größe", "n": 1}) == '{"type":"größe","n":1}'.encode()
    assert encode({"type": "\ud800"}) == b'{"type":"?"}'


@pytest.mark.parametrize("filler", ["x", "語", "\x00"])
def test_what_does_not_fit_a_frame_is_shortened(filler: str) -> None:
    metadata = {"progress": 100, "chunks": 9, "gaps": [{"page": n, "reason": filler * 200} for n in range(400)]}
    message = {"type": "document_status_update", "statusId": "b#" + "k" * 1024, "sequence": 4, "metadata": metadata}
    data = encode(message)
    assert len(data) <= MAX_FRAME_BYTES
    assert json.loads(data) == {**message, "metadata": {"progress": 100, "chunks": 9, "truncated": True}}
