"""Embed through an endpoint that speaks OpenAI's protocol: ``POST {base}/embeddings``."""

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import urllib3
from numpy.typing import NDArray

from core import logs
from core.errors import SettingsError, TransientError
from rag.embed_tokens import TextTokenizer

BATCH_TEXTS = 100
LONGEST_WAIT_SECONDS = 30.0  #: however long a Retry-After asks for: the queue repeats the job later anyway
WORTH_REPEATING = frozenset({408, 409, 425, 429, 500, 502, 503, 504})


class BoundedRetry(urllib3.Retry):
    """Repeats what may succeed later, obeying Retry-After up to a limit."""

    def get_retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
        asked = super().get_retry_after(response)
        return None if asked is None else min(asked, LONGEST_WAIT_SECONDS)


def _repeat(times: int, backoff_seconds: float) -> BoundedRetry:
    return BoundedRetry(
        total=times,
        redirect=0,
        status_forcelist=WORTH_REPEATING,
        allowed_methods=None,
        backoff_factor=backoff_seconds,
        backoff_max=LONGEST_WAIT_SECONDS,
        raise_on_status=False,
    )


class EndpointEmbedder:
    """A model behind an endpoint.

    Texts are counted and cut by ``tokenizer``, which is an estimate where the model has another. Raises SettingsError
    when the endpoint refuses the request or its vectors have other dimensions than agreed, TransientError when it
    stays unavailable.
    """

    def __init__(
        self,
        *,
        base_url: str,
        model: str,
        tokenizer: TextTokenizer,
        max_tokens: int,
        dimensions: int = 0,
        api_key: str = "",
        backoff_seconds: float = 0.5,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise SettingsError("setting TEXT_EMBEDDING_ENDPOINT must be an http or https address")
        self.space = f"{model}/endpoint"
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens - tokenizer.special_tokens
        self._agreed = dimensions
        self._model = model
        self._backoff_seconds = backoff_seconds
        self._url = base_url.rstrip("/") + "/embeddings"
        self._headers = {"Content-Type": "application/json"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._http = urllib3.PoolManager()

    @cached_property
    def dimensions(self) -> int:
        """Length of a vector; asks the endpoint when neither the settings nor an answer told it."""
        return self._agreed or int(self._vectors(["dimensions"], repeats=1, seconds=10).shape[1])

    def __call__(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        """The L2-normalised vectors (n, d) of the texts, in their order."""
        fitting = [self.tokenizer.cut(text, self.max_tokens) for text in texts]
        cut = sum(kept != text for kept, text in zip(fitting, texts, strict=True))
        if cut:
            logs.warning("Texts cut to the model's limit before embedding", texts=cut, max_tokens=self.max_tokens)
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)  # (n, d)
        for start in range(0, len(texts), BATCH_TEXTS):
            batch = fitting[start : start + BATCH_TEXTS]
            vectors[start : start + len(batch)] = self._vectors(batch, repeats=4, seconds=60)
            if progress:
                progress(start + len(batch))
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The L2-normalised vector (d,) of a query; gives up early, as somebody waits."""
        vectors = self._vectors([self.tokenizer.cut(text, self.max_tokens)], repeats=1, seconds=10)  # (1, d)
        return vectors.reshape(-1)

    def _vectors(self, texts: list[str], *, repeats: int, seconds: float) -> NDArray[np.float32]:
        answer = self._post({"model": self._model, "input": texts, "encoding_format": "float"}, repeats, seconds)
        try:
            rows = sorted(answer["data"], key=lambda row: row["index"])
            vectors = np.array([row["embedding"] for row in rows], dtype=np.float32)  # (n, d)
        except (KeyError, TypeError, ValueError) as error:
            raise SettingsError("setting TEXT_EMBEDDING_ENDPOINT: the answer holds no embeddings") from error
        self._check(vectors, len(texts))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def _check(self, vectors: NDArray[np.float32], expected: int) -> None:
        if vectors.ndim != 2 or len(vectors) != expected:
            raise TransientError("the embedding endpoint gave another number of vectors than texts")
        self._agreed = self._agreed or vectors.shape[1]
        if vectors.shape[1] != self._agreed:
            raise SettingsError(
                f"setting TEXT_EMBEDDING_DIMENSIONS: expected {self._agreed}, the endpoint gave {vectors.shape[1]}"
            )

    def _post(self, body: dict[str, Any], repeats: int, seconds: float) -> Any:
        try:
            response = self._http.request(
                "POST",
                self._url,
                body=json.dumps(body).encode(),
                headers=self._headers,
                timeout=urllib3.Timeout(connect=5, read=seconds),
                retries=_repeat(repeats, self._backoff_seconds),
            )
        except urllib3.exceptions.HTTPError as error:
            raise TransientError(f"the embedding endpoint cannot be reached: {type(error).__name__}") from error
        if response.status in WORTH_REPEATING or response.status >= 500:
            raise TransientError(f"the embedding endpoint answers with status {response.status}")
        if response.status != 200:
            raise SettingsError(f"setting TEXT_EMBEDDING_ENDPOINT: requests are refused with status {response.status}")
        try:
            return json.loads(response.data)
        except ValueError as error:
            raise TransientError("the embedding endpoint's answer is not JSON") from error
