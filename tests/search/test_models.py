"""The request's model: strict, and clear about what is wrong."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from search.models import MAX_QUERY_CHARACTERS, QueryRequest


def read(**fields: Any) -> QueryRequest:
    return QueryRequest.model_validate_json(json.dumps(fields))


def test_defaults() -> None:
    request = read(query="leave")
    assert (request.top_k, request.search_mode, request.use_rrf) == (10, "hybrid", False)
    assert (request.document_ids, request.dense_weight, request.sparse_weight) == (None, None, None)


def test_everything_given() -> None:
    request = read(
        query="leave",
        document_ids=["a#b"],
        top_k=3,
        search_mode="sparse",
        dense_weight=1,
        sparse_weight=0.5,
        use_rrf=True,
    )
    assert (request.document_ids, request.dense_weight, request.sparse_weight) == (["a#b"], 1.0, 0.5)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"query": ""},
        {"query": " \n\t"},
        {"query": "x" * (MAX_QUERY_CHARACTERS + 1)},
        {"query": 7},
        {"query": None},
        {"query": "x", "unknown": 1},
        {"query": "x", "user": "someone-else"},
        {"query": "x", "top_k": 0},
        {"query": "x", "top_k": -1},
        {"query": "x", "top_k": "10"},
        {"query": "x", "top_k": 2.5},
        {"query": "x", "top_k": True},
        {"query": "x", "search_mode": "magic"},
        {"query": "x", "document_ids": "not-a-list"},
        {"query": "x", "document_ids": [1]},
        {"query": "x", "document_ids": [""]},
        {"query": "x", "document_ids": ["a"] * 1001},
        {"query": "x", "dense_weight": 1.1},
        {"query": "x", "sparse_weight": -0.1},
        {"query": "x", "dense_weight": "0.5"},
        {"query": "x", "dense_weight": float("nan")},
        {"query": "x", "dense_weight": 0, "sparse_weight": 0},
        {"query": "x", "use_rrf": 1},
        {"query": "x", "use_rrf": "true"},
    ],
)
def test_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(**fields)
