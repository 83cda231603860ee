"""Versions: what makes two ingestions of the same bytes the same work."""

import hashlib

from core.settings import Settings

PIPELINE = "2026-11"  #: raised when the code of a pipeline would give other rows for the same bytes

#: The settings that change what is stored
INGREDIENTS = (
    "chunk_tokens",
    "chunk_overlap_tokens",
    "text_part_pages",
    "text_embedding_model",
    "text_embedding_endpoint",
    "ocr_languages",
)


def pipeline_digest(settings: Settings) -> str:
    """A digest of everything but the content that decides what is stored (16 hexadecimal digits)."""
    return _digest(PIPELINE, *(f"{name}={getattr(settings, name)}" for name in INGREDIENTS))


def version_of(content_id: str, digest: str) -> str:
    """The version that a content has under a pipeline."""
    return _digest(content_id, digest)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
