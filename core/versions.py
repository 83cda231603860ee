"""Versions: what makes two ingestions of the same bytes the same work."""

import hashlib

from core.settings import Settings

CARRIED_OVER = "legacy-"  #: begins the version of a document whose text an older system had extracted: it has no file

PIPELINE = "2026-11-lines"  #: raised when the code of a pipeline would give other rows for the same bytes

#: A version, and the pipeline's digest in it, for PostgreSQL's ``substring``; earlier releases named versions otherwise
PIPELINE_OF_VERSION = f"^(?:{CARRIED_OVER})?([0-9a-f]{{16}})[0-9a-f]{{16}}$"

#: The settings that change what is stored
INGREDIENTS = (
    "chunk_tokens",
    "chunk_overlap_tokens",
    "text_part_pages",
    "text_embedding_model",
    "text_embedding_endpoint",
    "ocr_languages",
    "vision_endpoint",
    "vision_model",
    "pictures_described_max",
    "pictures_read_max",
    "visual_part_pages",
    "vdr_model_name",
    "vdr_precision",
    "vdr_image_splitting",
    "vdr_longest_edge",
    "vdr_pool_factor",
    "page_renderer",
    "page_image_edge",
)


def pipeline_digest(settings: Settings) -> str:
    """A digest of everything but the content that decides what is stored (16 hexadecimal digits)."""
    return _digest(PIPELINE, *(f"{name}={getattr(settings, name)}" for name in INGREDIENTS))


def version_of(content_id: str, digest: str, forced_route: str = "") -> str:
    """The version that a content has under a pipeline; a route that the caller forces makes another one.

    It begins with the pipeline's digest, so that what another pipeline made can be told by its version alone.
    """
    return digest + _digest(content_id, *filter(None, [forced_route]))


def like(version: str, content_id: str, forced_route: str = "") -> str:
    """The version that another content has under the pipeline that a version names."""
    return version_of(content_id, version[: len(version) // 2], forced_route)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
