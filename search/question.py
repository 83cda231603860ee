"""What is asked, and how to search for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Mode = Literal["hybrid", "dense", "sparse", "vdr", "hybrid_vdr_text"]


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question to the caller's documents."""

    text: str
    mode: Mode = "hybrid"
    limit: int = 10
    document_ids: Sequence[str] | None = None  #: None: all documents of the caller
    dense_weight: float | None = None
    sparse_weight: float | None = None
    use_rrf: bool = False

    @property
    def reads_text(self) -> bool:
        """Whether passages are found by their text."""
        return self.mode != "vdr"

    @property
    def looks_at_pages(self) -> bool:
        """Whether pages are found as pictures."""
        return self.mode in {"vdr", "hybrid_vdr_text"}

    def weights(self) -> tuple[float, float] | None:
        """Weights of the dense and the sparse arm when the caller gives any; one alone gives the other."""
        dense, sparse = self.dense_weight, self.sparse_weight
        if dense is None:
            return None if sparse is None else (1 - sparse, sparse)
        return dense, 1 - dense if sparse is None else sparse
