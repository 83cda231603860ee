"""The HTTP API as API Gateway calls it."""

import json
from collections.abc import Callable

import httpx

from tests.handlers.conftest import SUBJECT, event
from tests.handlers.runtime_api import Function

Functions = Callable[[str], Function]


def test_an_upload_is_announced_and_posted(function: Functions) -> None:
    answer = function("documents_api").invoke(event("http_upload"))
    assert answer["statusCode"] == 201, answer["body"]
    body = json.loads(answer["body"])
    assert body["key"] == f"{SUBJECT}/reports/2026.pdf"
    assert body["upload"]["fields"]["x-amz-algorithm"] == "AWS4-HMAC-SHA256"  # version 2 is refused by new buckets
    upload = body["upload"]
    posted = httpx.post(upload["url"], data=upload["fields"], files={"file": ("2026.pdf", b"%PDF-1.7")})
    assert posted.status_code == 204
    listed = json.loads(function("documents_api").invoke(event("http_documents"))["body"])
    assert body["documentId"] in [document["documentId"] for document in listed["documents"]]


def test_an_unknown_document_is_not_found(function: Functions) -> None:
    answer = function("documents_api").invoke(event("http_document_unknown"))
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (404, "document_not_found")


def test_the_description_needs_no_token(function: Functions) -> None:
    answer = function("documents_api").invoke(event("http_openapi"))
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["openapi"].startswith("3.1")


def test_a_call_without_claims_is_unauthorized(function: Functions) -> None:
    unverified = event("http_documents")
    del unverified["requestContext"]["authorizer"]
    assert function("documents_api").invoke(unverified)["statusCode"] == 401
