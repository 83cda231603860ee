"""Another tenant with a valid token: nothing comes back of what is not theirs, not even that it exists."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from psycopg2.extensions import connection

from core import aws
from tests.security.gateway import Gateway, routes
from tests.security.route_cases import ABOUT_A_DOCUMENT, OPERATIONS, PUBLIC, has_case, one_case
from tests.security.tenants import Document, Tenant, put_document

NewTenant = Callable[..., Tenant]
Tried = Callable[[str, int], None]
CONTENT = "The harbour dues of Mirrey are waived for the wooden ferry."
MODES = ("hybrid", "dense", "sparse", "vdr", "hybrid_vdr_text")


@pytest.fixture
def victim(new_tenant: NewTenant) -> Tenant:
    return new_tenant("finance")


@pytest.fixture
def document(victim: Tenant, opened: connection) -> Document:
    return put_document(opened, victim.principal, "dues.pdf", CONTENT)


def nobodys(document: Document) -> Document:
    """Names like the document's, of one that never was."""
    return Document(str(uuid.uuid4()), f"{uuid.uuid4()}/dues.pdf", document.bucket)


def names(document: Document) -> list[str]:
    return [document.status_id, document.document_id, document.key]


def test_every_route_has_a_case(gateway: Gateway) -> None:
    deployed = {(route.method, route.path): route.guarded for route in routes()}
    described = [httpx.get(gateway.url + path).json()["paths"] for _, path in PUBLIC]
    served = {(method.upper(), path) for paths in described for path, methods in paths.items() for method in methods}
    assert served == set(deployed)
    assert [route for route in deployed if not has_case(route)] == []
    assert {route for route, guarded in deployed.items() if not guarded} == PUBLIC


@pytest.mark.parametrize("route", ABOUT_A_DOCUMENT)
def test_anothers_document_is_answered_as_one_that_does_not_exist(
    victim: Tenant, document: Document, new_tenant: NewTenant, tried: Tried, route: tuple[str, str]
) -> None:
    before = state(victim, document)
    never = nobodys(document)
    for stranger in (new_tenant(), new_tenant("finance-2", "fin", "finance,", "[finance]", "*")):
        for theirs, none in zip(ABOUT_A_DOCUMENT[route](document), ABOUT_A_DOCUMENT[route](never), strict=True):
            answers = [stranger.call(route[0], case.path, case.body) for case in (theirs, none)]
            assert answers[0].words(*names(document)) == answers[1].words(*names(never))
            assert answers[0].status == 404 or answers[0].body["results"] == []
            assert "dues" not in json.dumps(answers[0].body).replace(document.key, "").replace("harbour dues", "")
            tried("requests by another tenant", 1)
    assert state(victim, document) == before


def state(victim: Tenant, document: Document) -> list[Any]:
    """All that its owner is told of the document."""
    path = f"/v2/documents/{document.document_id}"
    told = [victim.call("GET", path + tail).words() for tail in ("", "/status", "/events", "/pages")]
    found = victim.call("POST", "/v2/query", {"query": "harbour dues", "search_mode": "sparse"}).body["results"]
    assert [hit["document_id"] for hit in found] == [document.document_id]
    return told


def test_operators_routes_are_for_operators(gateway: Gateway, document: Document, new_tenant: NewTenant) -> None:
    tenants = [new_tenant(), new_tenant("operator", "[operators]", "operators,")]
    for route in gateway.routes:
        if route.path.startswith(OPERATIONS) and route.guarded:
            case = one_case((route.method, route.path), document)
            answers = [tenant.call(route.method, case.path, case.body) for tenant in tenants]
            assert {(answer.status, answer.body["code"]) for answer in answers} == {(403, "not_an_operator")}


def test_lists_hold_ones_own_documents(victim: Tenant, document: Document, new_tenant: NewTenant) -> None:
    cursor = ""
    for _ in range(2):
        announced = victim.call("POST", "/v2/uploads", {"fileName": f"{uuid.uuid4()}.pdf", "size": 5})
        assert announced.status == 201
    cursor = victim.call("GET", "/v2/documents?limit=1").body["nextCursor"]
    assert cursor
    for path in ("/v2/documents", f"/v2/documents?cursor={cursor}", "/v2/documents?status=completed"):
        assert new_tenant().call("GET", path).body == {"documents": [], "nextCursor": None}


def test_an_upload_is_ones_own_whatever_its_name(document: Document, new_tenant: NewTenant) -> None:
    stranger = new_tenant("law")
    answer = stranger.call("POST", "/v2/uploads", {"fileName": document.key, "size": 5})
    assert answer.body["key"] == f"{stranger.subject}/{document.key}"
    assert answer.body["documentId"] != document.document_id
    for name in (f"../{document.key}", f"/{document.key}", f"a/../../{document.key}", f"..\\{document.key}"):
        assert stranger.call("POST", "/v2/uploads", {"fileName": name, "size": 5}).status == 400


def test_a_key_that_leads_into_anothers_folder_leads_nowhere(document: Document, new_tenant: NewTenant) -> None:
    stranger = new_tenant()
    for key in (
        f"{stranger.subject}/../{document.key}",
        f"{stranger.subject}/./../{document.key}",
        f"./{document.key}",
    ):
        body = {"bucket": document.bucket, "key": key, "force": True}
        answer = stranger.call("POST", "/v2/process-document", body)
        assert (answer.status, answer.body["code"]) == (404, "not_found"), key


@pytest.mark.parametrize("mode", MODES)
def test_scores_do_not_depend_on_others_documents(new_tenant: NewTenant, opened: connection, mode: str) -> None:
    mine = new_tenant("commuters")
    texts = ("Ferry fares rise in May.", "The ferry leaves at noon from the old pier.", "Dogs travel free of charge.")
    put_document(opened, mine.principal, "fares.pdf", *texts)
    put_document(opened, "group:commuters", "shared.pdf", "The pier is closed to dogs.")

    def ask() -> list[dict[str, Any]]:
        body = {"query": "ferry fares from the pier", "search_mode": mode}
        hits = mine.call("POST", "/v2/query", body).body["results"]
        return [{name: value for name, value in hit.items() if name != "page_image_url"} for hit in hits]

    before = ask()
    assert before
    other = new_tenant("commuters-2")
    for number in range(3):
        put_document(opened, other.principal, f"{number}.pdf", *(f"ferry fares pier {n} {number}" for n in range(8)))
        put_document(opened, "group:commuters-2", f"{number}.pdf", "ferry fares from the pier " * 10)
    assert ask() == before  # to the last digit


def test_errors_tell_nothing_of_others(document: Document, new_tenant: NewTenant) -> None:
    stranger = new_tenant()
    bodies: list[Any] = [
        {"query": "", "document_ids": [document.document_id]},
        {"query": "x", "document_ids": [document.document_id] * 1001},
        {"query": "x", document.document_id: 1},
        {"query": "x", "document_ids": [[document.status_id]]},
    ]
    for body in bodies:
        answer = stranger.call("POST", "/v2/query", body)
        assert answer.status == 400
        assert "dues" not in answer.body["error"]
        assert set(answer.body) == {"error", "code", "requestId"}


NOBODY: list[Any] = [
    {},
    {"authorizer": None},
    {"authorizer": {}},
    {"authorizer": {"jwt": {}}},
    {"authorizer": {"jwt": {"claims": {}, "scopes": None}}},
    {"authorizer": {"jwt": {"claims": {"sub": ""}}}},
    {"authorizer": {"jwt": {"claims": {"username": "ann", "cognito:groups": "[finance]"}}}},
    {"authorizer": {"lambda": {"sub": "ann"}}},
    {"authorizer": {"iam": {"userId": "ann"}}},
]


def test_a_handler_takes_nobody_for_somebody(gateway: Gateway, document: Document, tried: Tried) -> None:
    for route in gateway.routes:
        if (route.method, route.path) in PUBLIC:
            continue
        case = one_case((route.method, route.path), document)
        body = b"" if case.body is None else json.dumps(case.body).encode()
        event = gateway._event(route, case.path, "", {"content-type": "application/json"}, body)
        for context in NOBODY:
            answered = route.call(event | {"requestContext": event["requestContext"] | context})
            content = json.loads(answered["body"])
            assert (answered["statusCode"], content["code"]) == (401, "unauthorized"), (route, context)
            assert content["error"] == "A valid token is needed."
            tried("requests by nobody, to handlers", 1)
    assert aws.status_store().find(document.document_id)
