"""Groups: members share a document whole, others know nothing of it, and no form makes a file another's."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from psycopg2.extensions import connection

from core import aws
from core.entry import NotFoundError, Request, accept
from core.principals import owner_of
from core.status_store import StatusStore
from tests.emulators import UPLOADS
from tests.security.tenants import Document, Tenant, put_document
from websocket.connections import Connections, owner_topic
from websocket.protocol import RequestError, Target
from websocket.subscriptions import Subscriptions

NewTenant = Callable[..., Tenant]
FILE = b"Parental leave is twenty weeks."
GROUP = "finance"
TAILS = ("", "/status", "/events", "/pages", "/pages/1/image")


@pytest.fixture
def member(new_tenant: NewTenant) -> Tenant:
    return new_tenant("readers", GROUP)


@pytest.fixture
def strangers(new_tenant: NewTenant) -> list[Tenant]:
    """Who is not in the group, some with groups that look like it."""
    return [new_tenant(*groups) for groups in ((), ("readers",), (f"{GROUP},x",), (f"[{GROUP}]",), (f"group:{GROUP}",))]


@pytest.fixture
def shared(opened: connection) -> Document:
    return put_document(opened, f"group:{GROUP}", "dues.pdf", "Harbour dues are waived for the wooden ferry.")


def announce(member: Tenant, **more: Any) -> dict[str, Any]:
    body = {"fileName": "leave.txt", "size": len(FILE), "owner": f"group:{GROUP}"} | more
    answer = member.call("POST", "/v2/uploads", body)
    assert answer.status == 201, answer.body
    return dict(answer.body)


def post(upload: dict[str, Any], changes: dict[str, str | None] | None = None) -> int:
    """Post the file by the form, some of whose fields are changed, or left out (None); the status of the answer."""
    fields = upload["fields"] | (changes or {})
    kept = {name: value for name, value in fields.items() if value is not None}
    return httpx.post(upload["url"], data=kept, files={"file": ("file", FILE)}).status_code


def test_an_upload_for_a_group_is_the_groups(member: Tenant) -> None:
    announced = announce(member)
    assert announced["key"] == f"group:{GROUP}/leave.txt"
    assert post(announced["upload"]) == 204
    blob = aws.blobs().head(UPLOADS, announced["key"])
    assert blob is not None and blob.metadata["owner"] == f"group:{GROUP}"
    assert owner_of(blob.key, {}) == owner_of("x/y", blob.metadata) == f"group:{GROUP}"
    taken = accept(Request(bucket=UPLOADS, key=blob.key), aws.services())
    assert (taken.document_id, taken.owner) == (announced["documentId"], f"group:{GROUP}")
    detail = member.call("GET", f"/v2/documents/{taken.document_id}").body
    assert detail["owner"] == f"group:{GROUP}"


def test_a_group_whose_name_no_header_can_carry_has_it_in_the_key(new_tenant: NewTenant) -> None:
    member = new_tenant("Büro")
    announced = announce(member, owner="group:Büro")
    assert "x-amz-meta-owner" not in announced["upload"]["fields"]
    assert post(announced["upload"]) == 204
    blob = aws.blobs().head(UPLOADS, announced["key"])
    assert blob is not None and owner_of(blob.key, blob.metadata) == "group:Büro"


def test_members_may_do_everything(member: Tenant, shared: Document, new_tenant: NewTenant) -> None:
    other_member = new_tenant(GROUP)
    path = f"/v2/documents/{shared.document_id}"
    for who in (member, other_member):
        assert [who.call("GET", path + tail).status for tail in TAILS] == [200] * len(TAILS)
        assert shared.document_id in [each["documentId"] for each in who.call("GET", "/v2/documents").body["documents"]]
        for mode in ("hybrid", "vdr"):
            hits = who.call("POST", "/v2/query", {"query": "harbour dues", "search_mode": mode}).body["results"]
            assert shared.document_id in [hit["document_id"] for hit in hits]
    running = announce(member, fileName="running.txt")
    assert other_member.call("POST", f"/v2/documents/{running['documentId']}/cancel").body["status"] == "cancelled"
    receipt = other_member.call("DELETE", path)
    assert (receipt.status, receipt.body["deleted"]["postgres"]["hybrid_dense_embeddings"]) == (200, 1)
    assert member.call("GET", path).status == 404


def test_others_know_nothing_of_it(strangers: list[Tenant], shared: Document) -> None:
    path = f"/v2/documents/{shared.document_id}"
    for stranger in strangers:
        answers = [stranger.call("GET", path + tail) for tail in TAILS]
        answers += [stranger.call("POST", f"{path}/cancel"), stranger.call("DELETE", path)]
        assert {(answer.status, answer.body["code"]) for answer in answers} == {(404, "document_not_found")}
        assert stranger.call("GET", "/v2/documents").body["documents"] == []
        assert stranger.call("POST", "/v2/query", {"query": "harbour dues"}).body["results"] == []


def test_who_was_removed_from_the_group_is_a_stranger(member: Tenant, shared: Document, issuer: Any) -> None:
    path = f"/v2/documents/{shared.document_id}"
    assert member.call("GET", path).status == 200
    removed = Tenant(member.url, issuer, ("readers",), member.subject)  # the next token of the same user
    assert removed.call("GET", path).status == 404
    assert removed.call("GET", "/v2/documents").body["documents"] == []
    assert removed.call("POST", "/v2/query", {"query": "harbour dues"}).body["results"] == []
    assert removed.call("POST", "/v2/process-document", {"bucket": UPLOADS, "key": shared.key}).status == 404


@pytest.mark.parametrize("owner", [f"group:{GROUP}", GROUP, f"user:{GROUP}", "group:", "user:somebody", "group:*"])
def test_nobody_uploads_for_a_group_of_others(strangers: list[Tenant], owner: str) -> None:
    for stranger in strangers:
        answer = stranger.call("POST", "/v2/uploads", {"fileName": "a.txt", "size": 5, "owner": owner})
        assert (answer.status, answer.body["code"]) == (403, "not_your_group")
        assert GROUP not in answer.body["error"]


def test_the_caller_may_be_named_as_the_owner(member: Tenant) -> None:
    announced = announce(member, owner=member.principal)
    assert announced["key"] == f"{member.subject}/leave.txt"
    assert "x-amz-meta-owner" not in announced["upload"]["fields"]


def forged_policy(upload: dict[str, Any], old: str, new: str) -> str:
    """The form's policy with other content."""
    policy = base64.b64decode(upload["fields"]["policy"]).decode()
    assert old in policy
    return base64.b64encode(policy.replace(old, new).encode()).decode()


def test_a_form_cannot_be_changed_into_anothers(member: Tenant, tried: Callable[[str], None]) -> None:
    for announced in (announce(member, fileName="form.txt"), announce(member, owner=None, fileName="own.txt")):
        upload, key = announced["upload"], announced["key"]
        victim = "group:board/leave.txt"
        for changes in (
            {"key": victim},
            {"key": f"{member.subject}/../{victim}"},
            {"key": "${filename}"},
            {"key": key.upper()},
            {"x-amz-meta-owner": "group:board"},
            {"x-amz-meta-owner": "user:somebody"},
            {"x-amz-meta-rag_enabled": "false"},
            {"X-Amz-Meta-Owner": "group:board"},
            {"bucket": "another"},
            {"acl": "public-read"},
            {"policy": forged_policy(upload, json.dumps(key)[1:-1], victim), "key": victim},
            {"policy": None},
            {"x-amz-signature": "0" * 64},
            {"x-amz-signature": None},
            *([{"x-amz-meta-owner": None}] if "x-amz-meta-owner" in upload["fields"] else []),
        ):
            assert post(upload, changes) in {400, 403}, changes
            assert aws.blobs().head(UPLOADS, victim) is None
            assert aws.blobs().head(UPLOADS, key) is None, changes
            tried("upload forms tampered with")
        assert post(upload) == 204


def test_a_group_is_heard_by_its_members_sockets(shared: Document, member: Tenant, strangers: list[Tenant]) -> None:
    connections = Connections(aws.client("dynamodb"), "WebSocketConnectionsTable")
    statuses: StatusStore = aws.status_store()
    sockets = Subscriptions(connections, statuses)
    connections.open("member", [member.principal, f"group:{GROUP}"], 4_000_000_000)
    confirmed, *_ = sockets.subscribe("member", Target())
    assert confirmed["type"] == "subscription_confirmed"
    assert "member" in connections.subscribers(owner_topic(f"group:{GROUP}"))
    connections.open("stranger", [strangers[1].principal, "group:readers"], 4_000_000_000)
    list(sockets.subscribe("stranger", Target()))
    assert "stranger" not in connections.subscribers(owner_topic(f"group:{GROUP}"))
    refusals = []
    for target in (Target(document_id=shared.document_id), Target(status_id=shared.status_id), Target(document_id="d")):
        with pytest.raises(RequestError) as refused:
            list(sockets.subscribe("stranger", target))
        refusals.append((refused.value.answer["code"], refused.value.answer["message"]))
    assert len(set(refusals)) == 1


def test_an_object_of_a_group_is_not_processed_for_others(shared: Document, strangers: list[Tenant]) -> None:
    with pytest.raises(NotFoundError):
        callers = [strangers[0].principal]
        accept(Request(bucket=UPLOADS, key=shared.key, callers=callers), aws.services())
