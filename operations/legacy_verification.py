"""Legacy verification: whether what the legacy table holds can be searched here, by counts and by content."""

import hashlib
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from core.database import transaction
from core.generations import Upload
from operations import legacy_rows
from operations.legacy_migration import Migration
from operations.legacy_rows import Content
from operations.legacy_target import Known

CHUNKS = """
SELECT content FROM hybrid_dense_embeddings JOIN document_versions USING (version_key)
WHERE hybrid_dense_embeddings.document_id = %s AND state = 'current' ORDER BY chunk_id
"""
COUNTS = """
SELECT count(DISTINCT dense.chunk_id), count(DISTINCT bm25.chunk_id)
FROM document_versions AS version JOIN hybrid_dense_embeddings AS dense USING (version_key)
LEFT JOIN hybrid_bm25_index AS bm25 USING (chunk_id)
WHERE version.document_id = %s AND state = 'current'
"""


@dataclass
class Verification:
    """What a comparison found."""

    total: int  #: documents in the legacy table
    compared: int = 0  #: by their numbers of chunks
    sampled: int = 0  #: of these also by their content
    left_out: int = 0  #: without text or place; uploaded or deleted here
    differences: list[tuple[str, str]] = field(default_factory=list)  #: a document's name and what differs


def verify(migration: Migration, batch_size: int, sample: int) -> Iterator[Verification]:
    """Compare all documents' counts, and the content of as many as ``sample``, by hash; after each batch how far it is.

    Nothing is written. A chunk without any word that is indexed counts for its vector alone.
    """
    database, table = migration.target.database, migration.table
    found = migration.plan.documents
    chosen = set(random.sample(found, min(sample, len(found))))
    report = Verification(len(found))
    for batch in legacy_rows.batches(found, batch_size):
        for document, content in legacy_rows.contents(database, table, batch).items():
            upload = migration.expected(document, content)
            known = migration.target.known(upload) if upload else None
            if upload is None or known is None or known.is_deleted or not known.is_ours:
                report.left_out += 1
                continue
            report.compared += 1
            report.sampled += document in chosen
            differences = _differences(migration, upload, known, content, sampled=document in chosen)
            report.differences += [(document.name, difference) for difference in differences]
        yield report


def _differences(
    migration: Migration, upload: Upload, known: Known, content: Content, *, sampled: bool
) -> Iterator[str]:
    if not known.is_stored(upload.version):
        yield "not migrated" if known.stored is None else "the table has changed since, or other settings are in force"
        return
    if migration.target.statuses is not None and not known.is_listed(upload.version):
        yield "searched, and not listed: run it again with the table of states"
    expected = [chunk.text for chunk in migration.index.chunks(content)]
    with transaction(migration.target.database, [upload.owner]) as cursor:
        cursor.execute(COUNTS, (upload.document_id,))
        dense, bm25 = cursor.fetchone() or (0, 0)
        if dense != len(expected):
            yield f"{dense} chunks in place of {len(expected)}"
        if bm25 == 0 < dense:
            yield "no word of it is indexed"
        if sampled:
            cursor.execute(CHUNKS, (upload.document_id,))
            if _digest(text for (text,) in cursor) != _digest(expected):
                yield "its content differs"


def _digest(texts: Iterable[str]) -> str:
    """The hash of texts and of where each ends."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(f"{len(text)}\n{text}".encode())
    return digest.hexdigest()
