"""Uploads: what the API hands out really takes the announced file, and nothing else."""

import base64
import json
from typing import Any

import httpx
import pytest

from tests.api.conftest import Caller
from tests.emulators import UPLOADS

FILE = b"Parental leave is twenty weeks."


def announce(caller: Caller, **body: Any) -> dict[str, Any]:
    """The answer to an announcement that is accepted."""
    reply = caller.call("POST", "/v2/uploads", {"fileName": "leave.txt", "size": len(FILE)} | body)
    assert reply.status == 201, reply.body
    return dict(reply.body)


def post(upload: dict[str, Any], content: bytes, **changes: str) -> httpx.Response:
    """Post a file by the form, with some of its fields changed."""
    return httpx.post(upload["url"], data=upload["fields"] | changes, files={"file": ("file", content)})


def stored(caller: Caller, key: str) -> bool:
    return caller.services.blobs.head(UPLOADS, key) is not None


def test_an_announced_upload_is_known_at_once(caller: Caller) -> None:
    answer = announce(caller, fileName="reports/leave.txt")
    assert answer["statusId"] == f"{UPLOADS}#{caller.subject}/reports/leave.txt"
    assert (answer["bucket"], answer["key"]) == (UPLOADS, f"{caller.subject}/reports/leave.txt")
    assert (answer["maxBytes"], answer["expiresInSeconds"]) == (len(FILE), 900)
    state = caller.call("GET", f"/v2/documents/{answer['documentId']}/status").body
    assert (state["status"], state["metadata"]["fileName"]) == ("awaiting_upload", "leave.txt")


def test_the_announced_file_is_taken(caller: Caller) -> None:
    answer = announce(caller)
    assert post(answer["upload"], FILE).status_code == 204
    blob = caller.services.blobs.head(UPLOADS, answer["key"])
    assert blob is not None
    assert blob.size == len(FILE)


@pytest.mark.parametrize(
    ("content", "changes", "status"),
    [
        (FILE + b"!", {}, 400),  # one byte more than announced
        (b"", {}, 400),
        (FILE, {"key": "somebody-else/leave.txt"}, 403),
        (FILE, {"Content-Type": "text/html"}, 403),
        (FILE, {"x-amz-meta-owner": "group:admins"}, 403),  # would give the document to others
        (FILE, {"policy": base64.b64encode(b'{"expiration": "2099-01-01T00:00:00Z", "conditions": []}').decode()}, 403),
    ],
)
def test_anything_else_is_refused(caller: Caller, content: bytes, changes: dict[str, str], status: int) -> None:
    answer = announce(caller)
    refused = post(answer["upload"], content, **changes)
    assert refused.status_code == status, refused.text
    assert not stored(caller, changes.get("key", answer["key"]))


def test_the_policy_pins_everything(caller: Caller) -> None:
    answer = announce(caller, contentType="text/plain")
    policy = json.loads(base64.b64decode(answer["upload"]["fields"]["policy"]))
    pinned = {name: value for part in policy["conditions"] if isinstance(part, dict) for name, value in part.items()}
    assert (pinned["bucket"], pinned["key"], pinned["Content-Type"]) == (UPLOADS, answer["key"], "text/plain")
    assert ["content-length-range", 1, len(FILE)] in policy["conditions"]
    assert set(pinned) == {"bucket", "key", "Content-Type", "x-amz-algorithm", "x-amz-credential", "x-amz-date"}


def test_a_forced_route_comes_with_the_file_and_cannot_be_changed(caller: Caller) -> None:
    answer = announce(caller, route="visual")
    assert post(answer["upload"], FILE, **{"x-amz-meta-rag_route": "text"}).status_code == 403
    assert not stored(caller, answer["key"])
    assert post(answer["upload"], FILE).status_code == 204
    blob = caller.services.blobs.head(UPLOADS, answer["key"])
    assert blob is not None
    assert blob.metadata["rag_route"] == "visual"


def test_without_a_forced_route_nobody_can_add_one(caller: Caller) -> None:
    answer = announce(caller)
    assert post(answer["upload"], FILE, **{"x-amz-meta-rag_route": "visual"}).status_code == 403


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("a.pdf", "application/pdf"), ("a.html", "text/html"), ("a", "application/octet-stream")],
)
def test_a_type_left_out_is_guessed_from_the_name(caller: Caller, name: str, media_type: str) -> None:
    assert announce(caller, fileName=name)["upload"]["fields"]["Content-Type"] == media_type


def test_a_name_that_changes_when_normalised_is_posted_under_the_key_that_was_answered(caller: Caller) -> None:
    answer = announce(caller, fileName="e\u0301te\u0301 #1 100%+.txt")
    assert answer["key"] == f"{caller.subject}/été #1 100%+.txt"
    assert post(answer["upload"], FILE).status_code == 204
    assert stored(caller, answer["key"])


def test_announcing_again_names_the_same_document(caller: Caller) -> None:
    first, second = announce(caller), announce(caller, size=5)
    assert second["documentId"] == first["documentId"]
    [document] = caller.call("GET", "/v2/documents").body["documents"]
    assert (document["status"], document["size"]) == ("awaiting_upload", 5)


@pytest.mark.parametrize(
    ("body", "status", "code", "named"),
    [
        ({"size": 1001}, 413, "too_large", "1000"),
        ({"size": 10**30}, 413, "too_large", "1000"),
        ({"size": 0}, 400, "invalid_request", "size"),
        ({"size": "31"}, 400, "invalid_request", "size"),
        ({"size": 3.5}, 400, "invalid_request", "size"),
        ({"size": True}, 400, "invalid_request", "size"),
        ({"size": None}, 400, "invalid_request", "size"),
        ({"fileName": ""}, 400, "invalid_request", "fileName"),
        ({"fileName": 7}, 400, "invalid_request", "fileName"),
        ({"fileName": "../../etc/passwd"}, 400, "invalid_file_name", "fileName"),
        ({"fileName": "\ud800.txt"}, 400, "invalid_request", "fileName"),
        ({"contentType": "text/plain\r\nx-amz-meta-owner: group:admins"}, 400, "invalid_request", "contentType"),
        ({"owner": "group:admins"}, 403, "not_your_group", "owner"),
        ({"owner": "user:somebody-else"}, 403, "not_your_group", "owner"),
        ({"owner": ""}, 400, "invalid_request", "owner"),
        ({"route": "fastest"}, 400, "invalid_request", "route"),
    ],
)
def test_a_wrong_announcement_is_refused(
    caller: Caller, body: dict[str, Any], status: int, code: str, named: str
) -> None:
    reply = caller.call("POST", "/v2/uploads", {"fileName": "leave.txt", "size": len(FILE)} | body)
    assert (reply.status, reply.body["code"]) == (status, code)
    assert named in reply.body["error"]
    assert "passwd" not in reply.body["error"]
    assert "admins" not in reply.body["error"]
    assert set(reply.body) == {"error", "code", "requestId"}
    assert caller.call("GET", "/v2/documents").body["documents"] == []
