"""Embed through an endpoint that speaks OpenAI's protocol: ``POST {base}/embeddings``."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from http import HTTPStatus

import numpy as np
from numpy.typing import NDArray

from core import logs
from core.cost.costs import Quantity
from core.errors import SettingsError, TransientError
from core.watched import watched
from rag.api_keys import ApiKey
from rag.embed_tokens import TextTokenizer
from rag.model_endpoint import WORTH_REPEATING, ModelEndpoint, Patience

BATCH_TEXTS = 100
BATCH = Patience(seconds=60, repeats=4, within=240)
QUERY = Patience(seconds=8, repeats=1, within=12)  #: somebody waits
SETTING = "TEXT_EMBEDDING_ENDPOINT"
#: Every other refusal is of the request as such: all of them look the same
HOPELESS = frozenset(status for status in HTTPStatus if 300 <= status < 500) - WORTH_REPEATING


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
        api_key: ApiKey | None = None,
        backoff_seconds: float = 0.5,
    ) -> None:
        self.space = f"{model}/endpoint"
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens - tokenizer.special_tokens
        self._agreed = dimensions
        self._model = model
        url = base_url.rstrip("/") + "/embeddings"
        self._endpoint = ModelEndpoint(
            url,
            called="embedding",
            setting=SETTING,
            api_key=api_key,
            backoff_seconds=backoff_seconds,
            billed={"prompt_tokens": Quantity.EMBEDDING_TOKENS},
        )

    @cached_property
    def dimensions(self) -> int:
        """Length of a vector; asks the endpoint when neither the settings nor an answer told it."""
        return self._agreed or int(self._vectors(["dimensions"], QUERY).shape[1])

    def __call__(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        """The L2-normalised vectors (n, d) of the texts, in their order.

        ``progress`` is also called about every second while an answer is waited for.
        """
        fitting = [self.tokenizer.cut(text, self.max_tokens) for text in texts]
        cut = sum(kept != text for kept, text in zip(fitting, texts, strict=True))
        if cut:
            logs.warning("Texts cut to the model's limit before embedding", texts=cut, max_tokens=self.max_tokens)
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)  # (n, d)
        for start in range(0, len(texts), BATCH_TEXTS):
            batch = fitting[start : start + BATCH_TEXTS]
            ask = partial(self._vectors, batch, BATCH)
            vectors[start : start + len(batch)] = watched(ask, partial(progress, start)) if progress else ask()
            if progress:
                progress(start + len(batch))
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The L2-normalised vector (d,) of a query; gives up early, as somebody waits."""
        vectors = self._vectors([self.tokenizer.cut(text, self.max_tokens)], QUERY)  # (1, d)
        return vectors.reshape(-1)

    def _vectors(self, texts: list[str], patience: Patience) -> NDArray[np.float32]:
        body = {"model": self._model, "input": texts, "encoding_format": "float"}
        answer = self._endpoint.post(body, patience, hopeless=HOPELESS)
        try:
            rows = sorted(answer["data"], key=lambda row: row["index"])
            with np.errstate(over="ignore"):  # infinite is noticed below
                vectors = np.array([row["embedding"] for row in rows], dtype=np.float32)  # (n, d)
        except (KeyError, TypeError, ValueError) as error:
            raise SettingsError(f"setting {SETTING}: the answer holds no embeddings") from error
        self._check(vectors, len(texts))
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not (np.isfinite(lengths).all() and lengths.all()):
            raise TransientError("the embedding endpoint gave vectors without a direction")
        vectors /= lengths
        return vectors

    def _check(self, vectors: NDArray[np.float32], expected: int) -> None:
        if vectors.ndim != 2 or len(vectors) != expected:
            raise TransientError("the embedding endpoint gave another number of vectors than texts")
        self._agreed = self._agreed or vectors.shape[1]
        if vectors.shape[1] != self._agreed:
            raise SettingsError(
                f"setting TEXT_EMBEDDING_DIMENSIONS: expected {self._agreed}, the endpoint gave {vectors.shape[1]}"
            )
