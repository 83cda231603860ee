"""Lambda: a question in (``POST /v2/query``), the passages and pages that answer it out."""

import time
from functools import partial
from http import HTTPStatus
from typing import Any

from psycopg2.extensions import connection
from pydantic import ValidationError

from core import aws, http, logs, metrics
from core.database_retry import connected
from core.errors import RateLimitError, TransientError
from core.http import HttpError
from core.settings import settings
from rag.embed import text_embedder
from search import answers, hybrid
from search.models import QueryRequest, QueryResponse
from search.query_embedding import page_query

MOST_NAMED_FIELDS = 5  #: a request may be wrong in more ways than are worth telling


def query_documents(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda handler; answers with the HTTP response."""
    started = time.perf_counter()
    try:
        callers = http.caller(event)
        aws.rate_limits().count(callers[0], "queries")
        request = read(http.body(event))
        response = _answer(callers, request, started)
        return http.answer(HTTPStatus.OK, response.model_dump())
    except HttpError as error:
        return http.refusal(event, error)
    except RateLimitError as error:
        return http.refusal(event, http.over_limit(error))
    except TransientError:
        _log_failure(started)
        return http.refusal(event, HttpError(503, "unavailable", "The service is busy; please try again shortly."))
    except Exception:  # noqa: BLE001  the HTTP edge: the caller must not see what happened inside
        _log_failure(started)
        return http.refusal(event, HttpError(500, "internal", "Something went wrong on our side."))


def _log_failure(started: float) -> None:
    metrics.put({"FailedQueries": 1})
    logs.error("Query failed", status="failed", stage="query", duration_ms=_since(started))


def read(body: bytes) -> QueryRequest:
    """The request in a body; raises HttpError for anything that is not one, without repeating what was sent."""
    try:
        request = QueryRequest.model_validate_json(body)
    except ValidationError as error:
        raise _bad_request(error) from error
    if request.top_k > settings().max_top_k:
        raise HttpError(400, "invalid_request", f"top_k: must be at most {settings().max_top_k}")
    return request


def _bad_request(error: ValidationError) -> HttpError:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    if found[0]["type"] == "json_invalid":
        return HttpError(400, "invalid_json", "The body is not JSON.")
    lines = (f"{_field(problem['loc'])}: {problem['msg']}" for problem in found[:MOST_NAMED_FIELDS])
    return HttpError(400, "invalid_request", "; ".join(lines))


def _field(location: tuple[str | int, ...]) -> str:
    return ".".join(str(name)[:64] for name in location) or "body"


def _answer(principals: tuple[str, ...], request: QueryRequest, started: float) -> QueryResponse:
    question = answers.question(request)
    hits, page_model = _search(principals, question)
    elapsed_ms = _since(started)
    metrics.put({"QueryDuration": elapsed_ms})
    about = {"status": "completed", "stage": "query", "duration_ms": elapsed_ms}
    logs.info("Query answered", search_mode=question.mode, hits=len(hits), **about)
    return answers.response(request, hits, elapsed_ms, _link, page_model=page_model)


def _since(started: float) -> float:
    """Milliseconds since then."""
    return round((time.perf_counter() - started) * 1000, 1)


def _link(key: str) -> str:
    return aws.blobs().derived_url(key, settings().page_image_url_seconds)


def _search(principals: tuple[str, ...], question: hybrid.Question) -> tuple[list[hybrid.Hit], str | None]:
    """The hits, and the page model if pages were looked at."""
    return connected(partial(aws.database, read_only=True), lambda database: _found(database, principals, question))


def _found(
    database: connection, principals: tuple[str, ...], question: hybrid.Question
) -> tuple[list[hybrid.Hit], str | None]:
    seen = page_query(database, principals, question, settings())
    hits = hybrid.search(database, principals, question, text_embedder(settings()), settings(), page_query=seen)
    return hits, seen.space if seen else None
