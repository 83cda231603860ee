"""The message that carries a query's vectors from the function with the page model."""

import json
from typing import Any

import numpy as np
import pytest

from core.errors import TransientError
from core.settings import Settings
from tests.rag.indexing import unit_vectors
from vdr import query_message
from vdr.embed import page_embedder
from vdr.query_message import PageQuery


def test_there_and_back() -> None:
    query = PageQuery("model/fp32", unit_vectors(7, 128))
    back = query_message.read(json.loads(json.dumps(query_message.write(query))))
    assert back.space == "model/fp32"
    assert back.vectors.dtype == np.float32
    assert np.array_equal(back.vectors, query.vectors)


def test_the_function_with_the_model_answers() -> None:
    embedder = page_embedder(Settings())
    event = query_message.request("Where is the harbour?")
    assert event["action"] == query_message.ACTION
    answer = query_message.read(query_message.answer(event, embedder))
    assert answer.space == embedder.space
    assert np.array_equal(answer.vectors, embedder.embed_query("Where is the harbour?"))


@pytest.mark.parametrize("event", [{}, {"query": ""}, {"query": " "}, {"query": 7}])
def test_a_request_without_a_query(event: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no query"):
        query_message.answer(event, page_embedder(Settings()))


GOOD = query_message.write(PageQuery("m", unit_vectors(2, 8)))


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        {},
        {"errorMessage": "no module named torch"},
        GOOD | {"dimensions": 7},
        GOOD | {"dimensions": 0},
        GOOD | {"dimensions": "many"},
        GOOD | {"vectors": "not base64!"},
        GOOD | {"vectors": ""},
        GOOD | {"space": ""},
        query_message.write(PageQuery("m", np.full((1, 8), np.nan, np.float32))),
    ],
)
def test_an_answer_that_is_none(message: object) -> None:
    with pytest.raises(TransientError):
        query_message.read(message)
