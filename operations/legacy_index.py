"""Legacy index: passages of the legacy table as the chunks, vectors and page records of a version. Pure but for models.

With vectors that may be kept, each passage is a chunk as it is. Otherwise each is cut as a fresh text would be, since
an older system's passages are often longer than the text model reads, and embedded in its page's context.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core import versions
from core.settings import Settings
from operations.legacy_rows import Content, Passage
from rag.chunk import Chunk, Tokenizer, split
from rag.contextual import embed_in_context
from rag.embed import TextEmbedder, Vectors
from rag.page_records import PageRecord
from rag.pages import Extraction, Page, Source

REASON = "carried over from the older system"
SOURCE: Source = "converted"  #: where a page's text is from, as page records have it
GAP = 1  #: characters between passages, as offsets count them


@dataclass(frozen=True)
class LegacyIndex:
    """How passages become chunks: by which model, and whether the vectors they have are of that model."""

    embedder: TextEmbedder
    settings: Settings
    space: str = ""  #: vector space of the vectors in the table; empty: unknown

    def keeps_vectors(self, content: Content) -> bool:
        """Whether the content's vectors are of the space in which searches are made."""
        return self._kept(content) is not None

    def version(self, content: Content) -> str:
        """The version of a content: the same for the same passages, settings and model."""
        kept = self._kept(content)
        digest = hashlib.sha256(b"" if kept is None else kept.tobytes())
        for passage in content.passages:
            digest.update(f"\n{passage.page} {len(passage.content)} {passage.content}".encode("utf-8", "replace"))
        pipeline = versions.pipeline_digest(self.settings)
        return versions.CARRIED_OVER + versions.version_of(digest.hexdigest(), pipeline, "" if kept is None else "kept")

    def chunks(self, content: Content) -> list[Chunk]:
        """The chunks, without their vectors."""
        keep = self.keeps_vectors(content)
        chunks: list[Chunk] = []
        start = 0
        for passage in content.passages:
            pieces = self._whole(passage) if keep else self._cut(passage)
            chunks += [_placed(piece, len(chunks) + place, start) for place, piece in enumerate(pieces)]
            start += len(passage.content) + GAP
        return chunks

    def vectors(self, content: Content, chunks: Sequence[Chunk]) -> Vectors:
        """The chunks' vectors (n, d): those of the table, or new ones."""
        kept = self._kept(content)
        return embed_in_context(chunks, self.embedder) if kept is None else kept

    def _kept(self, content: Content) -> Vectors | None:
        return content.vectors(self.embedder.dimensions) if self.space == self.embedder.space else None

    def _whole(self, passage: Passage) -> list[Chunk]:
        tokens = len(self.embedder.tokenizer.offsets(passage.content))
        page = passage.page
        return [Chunk(0, passage.content, (), page, page, page, 0, len(passage.content), tokens)]

    def _cut(self, passage: Passage) -> list[Chunk]:
        tokenizer: Tokenizer = self.embedder.tokenizer
        return split(Extraction((Page(passage.page, passage.content, SOURCE),)), tokenizer, self.settings)


def page_records(content: Content) -> list[PageRecord]:
    """A record for each page that has text."""
    characters: dict[int, int] = {}
    for passage in content.passages:
        characters[passage.page] = characters.get(passage.page, 0) + len(passage.content)
    return [PageRecord(page, "text", REASON, SOURCE, count) for page, count in sorted(characters.items())]


def _placed(chunk: Chunk, ordinal: int, start: int) -> Chunk:
    return replace(chunk, ordinal=ordinal, start=start + chunk.start, end=start + chunk.end)
