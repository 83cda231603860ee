"""The embedder for OpenAI-compatible endpoints, against a real HTTP server that speaks the protocol."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import numpy as np
import pytest

from core.cost import consumption
from core.cost.costs import Quantity
from core.errors import SettingsError, TransientError
from core.settings import Settings
from rag.api_keys import ApiKey
from rag.embed import PACKAGED_MODEL, text_embedder
from rag.embed_endpoint import BATCH_TEXTS, EndpointEmbedder
from rag.embed_tokens import TextTokenizer


class Endpoint(BaseHTTPRequestHandler):
    """Answers with vectors made from each text's length; ``failures`` are statuses to answer with first."""

    failures: ClassVar[list[int]] = []
    requests: ClassVar[list[dict[str, Any]]] = []
    dimensions: ClassVar[list[int]] = []  #: of the next answers; 3 when empty
    bodies: ClassVar[list[bytes]] = []  #: to answer with as they are

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.requests.append({"path": self.path, "key": self.headers.get("Authorization"), **body})
        if self.failures:
            self._answer(self.failures.pop(0), b'{"error": "try later"}')
        elif self.bodies:
            self._answer(200, self.bodies.pop(0))
        else:
            size = self.dimensions.pop(0) if self.dimensions else 3
            rows = [
                {"index": index, "embedding": [len(text), 1.0, *[0.0] * (size - 2)]}
                for index, text in enumerate(body["input"])
            ]
            self._answer(200, json.dumps({"data": rows[::-1]}).encode())  # out of order: the index counts

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    for state in (Endpoint.failures, Endpoint.requests, Endpoint.dimensions, Endpoint.bodies):
        state.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def embedder(address: str, **changes: Any) -> EndpointEmbedder:
    tokenizer = TextTokenizer(PACKAGED_MODEL / "tokenizer.json")
    values: dict[str, Any] = {
        "max_tokens": 512,
        "dimensions": 3,
        "api_key": ApiKey(lambda: "k"),
        "backoff_seconds": 0.01,
    }
    return EndpointEmbedder(base_url=address, model="some-model", tokenizer=tokenizer, **(values | changes))


def test_speaks_the_protocol(address: str) -> None:
    vectors = embedder(address)(["abcd", "a"])  # (2, d)
    assert np.allclose(vectors, [[4 / 17**0.5, 1 / 17**0.5, 0], [1 / 2**0.5, 1 / 2**0.5, 0]])
    assert Endpoint.requests == [
        {
            "path": "/v1/embeddings",
            "key": "Bearer k",
            "model": "some-model",
            "input": ["abcd", "a"],
            "encoding_format": "float",
        }
    ]


def test_many_texts_go_in_batches_and_come_back_in_order(address: str) -> None:
    texts = ["x" * (1 + index % 7) for index in range(2 * BATCH_TEXTS + 1)]
    seen: list[int] = []
    vectors = embedder(address)(texts, seen.append)  # (n, d)
    assert np.allclose(vectors[:, 0] / vectors[:, 1], [len(text) for text in texts])
    assert [len(request["input"]) for request in Endpoint.requests] == [BATCH_TEXTS, BATCH_TEXTS, 1]
    assert seen == [BATCH_TEXTS, 2 * BATCH_TEXTS, 2 * BATCH_TEXTS + 1]


@pytest.mark.parametrize("failures", [[429], [503, 429], [500]])
def test_what_passes_is_repeated(address: str, failures: list[int]) -> None:
    Endpoint.failures.extend(failures)
    assert embedder(address)(["a"]).shape == (1, 3)
    assert len(Endpoint.requests) == len(failures) + 1


def test_what_does_not_pass_is_the_worlds_fault(address: str) -> None:
    Endpoint.failures.extend([429] * 20)
    with pytest.raises(TransientError, match="429"):
        embedder(address)(["a"])
    assert len(Endpoint.requests) == 5  # the first try and four more


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refusal_is_our_settings_fault_and_not_repeated(address: str, status: int) -> None:
    Endpoint.failures.append(status)
    with pytest.raises(SettingsError, match=f"TEXT_EMBEDDING_ENDPOINT.*{status}"):
        embedder(address).embed_query("secret question")
    assert len(Endpoint.requests) == 1


def test_nobody_there_is_the_worlds_fault() -> None:
    with pytest.raises(TransientError):
        embedder("http://127.0.0.1:9/v1").embed_query("a")


def test_other_dimensions_than_set_are_refused(address: str) -> None:
    Endpoint.dimensions.append(5)
    with pytest.raises(SettingsError, match="expected 3, the endpoint gave 5"):
        embedder(address)(["a"])


def test_dimensions_are_learned_and_then_kept(address: str) -> None:
    Endpoint.dimensions.extend([4, 4, 5])
    learning = embedder(address, dimensions=0)
    assert learning.dimensions == 4
    assert learning(["a"]).shape == (1, 4)
    with pytest.raises(SettingsError, match="expected 4, the endpoint gave 5"):
        learning.embed_query("a")


@pytest.mark.parametrize(
    ("body", "error"),
    [(b"<html>", TransientError), (b'{"data": []}', TransientError), (b'{"error": 1}', SettingsError)],
)
def test_an_answer_without_vectors_is_an_error(address: str, body: bytes, error: type[Exception]) -> None:
    Endpoint.bodies.append(body)
    with pytest.raises(error):
        embedder(address).embed_query("a")


def test_long_texts_are_cut_before_they_are_sent(address: str) -> None:
    embedder(address, max_tokens=5)(["one two three four five"])
    assert Endpoint.requests[0]["input"] == ["one two three"]  # two of the five are special tokens


def test_the_settings_choose_it(address: str) -> None:
    chosen = text_embedder(Settings(text_embedding_endpoint=address, text_embedding_model="m"))
    assert (chosen.space, chosen.dimensions) == ("m/endpoint", 3)
    assert Endpoint.requests[0]["key"] is None


def test_an_endpoint_needs_a_model_and_a_web_address() -> None:
    with pytest.raises(SettingsError, match="TEXT_EMBEDDING_MODEL"):
        text_embedder(Settings(text_embedding_endpoint="http://127.0.0.1:9"))
    with pytest.raises(SettingsError, match="TEXT_EMBEDDING_ENDPOINT"):
        text_embedder(Settings(text_embedding_endpoint="file:///etc/passwd", text_embedding_model="m"))


def test_a_key_that_was_exchanged_is_read_again(address: str) -> None:
    keys = iter(["old", "new", "new"])
    asked = embedder(address, api_key=ApiKey(lambda: next(keys)))
    asked(["a"])
    Endpoint.failures.append(401)
    assert asked(["a"]).shape == (1, 3)
    assert [request["key"] for request in Endpoint.requests] == ["Bearer old", "Bearer old", "Bearer new"]
    Endpoint.failures.append(401)
    with pytest.raises(SettingsError, match="status 401"):  # the key is the same as before
        asked(["a"])
    assert len(Endpoint.requests) == 4


@pytest.mark.parametrize(
    ("usage", "counted"),
    [({"prompt_tokens": 12, "total_tokens": 12}, 12), ({}, 0), ({"prompt_tokens": "many"}, 0), (None, 0), ([1], 0)],
)
def test_tokens_are_counted_as_the_answer_says(address: str, usage: Any, counted: int) -> None:
    Endpoint.bodies.append(json.dumps({"data": [{"index": 0, "embedding": [1.0, 0.0, 0.0]}], "usage": usage}).encode())
    before = consumption.totals()
    embedder(address).embed_query("ferries")
    assert (consumption.totals() - before)[Quantity.EMBEDDING_TOKENS] == counted
