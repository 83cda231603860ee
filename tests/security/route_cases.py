"""What to ask every route about a document: a case for each route of the HTTP API, by method and path."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.security.tenants import Document


@dataclass(frozen=True)
class Case:
    """One request."""

    path: str
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)


def by_id(tail: str = "") -> Callable[[Document], list[Case]]:
    """Requests for a document by its id, and by its alias."""

    def cases(document: Document) -> list[Case]:
        alias = quote(quote(document.status_id, safe=""), safe="")
        return [Case(f"/v2/documents/{name}{tail}") for name in (document.document_id, alias)]

    return cases


def queries(document: Document) -> list[Case]:
    modes = ("hybrid", "dense", "sparse", "vdr", "hybrid_vdr_text")
    return [
        Case("/v2/query", {"query": "harbour dues", "search_mode": mode, "document_ids": [name]})
        for mode in modes
        for name in (document.document_id, document.status_id)
    ]


def processing(document: Document) -> list[Case]:
    names = {"bucket": document.bucket, "key": document.key}
    return [Case("/v2/process-document", names | more) for more in ({}, {"force": True}, {"route": "visual"})]


#: About a document: another's must be answered as one that does not exist
ABOUT_A_DOCUMENT: dict[tuple[str, str], Callable[[Document], list[Case]]] = {
    ("GET", "/v2/documents/{documentId}"): by_id(),
    ("GET", "/v2/documents/{documentId}/status"): by_id("/status"),
    ("GET", "/v2/documents/{documentId}/events"): by_id("/events"),
    ("GET", "/v2/documents/{documentId}/cost"): by_id("/cost"),
    ("GET", "/v2/documents/{documentId}/pages"): by_id("/pages"),
    ("GET", "/v2/documents/{documentId}/pages/{page}/image"): by_id("/pages/1/image"),
    ("POST", "/v2/documents/{documentId}/cancel"): by_id("/cancel"),
    ("POST", "/v2/documents/{documentId}/retry"): by_id("/retry"),
    ("DELETE", "/v2/documents/{documentId}"): by_id(),
    ("POST", "/v2/query"): queries,
    ("POST", "/v2/process-document"): processing,
}

#: About the caller: each answers of the caller's own alone
ABOUT_THE_CALLER: dict[tuple[str, str], Case] = {
    ("GET", "/v2/documents"): Case("/v2/documents"),
    ("GET", "/v2/cost"): Case("/v2/cost"),
    ("GET", "/v2/rollout"): Case("/v2/rollout"),
    ("POST", "/v2/uploads"): Case("/v2/uploads", {"fileName": "a.pdf", "size": 5}),
}

#: For operators: whatever is sent to routes below this, nobody else gets through
OPERATIONS = "/v2/operations/"
#: Descriptions, for everybody
PUBLIC = {("GET", "/v2/openapi.json"), ("GET", "/v2/operations/openapi.json")}


def has_case(route: tuple[str, str]) -> bool:
    """Whether a route is tried."""
    return route in {*ABOUT_A_DOCUMENT, *ABOUT_THE_CALLER, *PUBLIC} or route[1].startswith(OPERATIONS)


def one_case(route: tuple[str, str], document: Document) -> Case:
    """A request to a route that asks for a token."""
    method, path = route
    if path.startswith(OPERATIONS):
        return Case(path.replace("{id}", str(uuid.uuid4())), None if method == "GET" else {})
    return ABOUT_A_DOCUMENT[route](document)[0] if route in ABOUT_A_DOCUMENT else ABOUT_THE_CALLER[route]
