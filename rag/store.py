"""The store: a part's text goes in with one transaction, and the last part makes its version the current one.

Every call may come twice, late, or at the same time as another: rows are replaced, never appended, and a version that
a newer one or a deletion has overtaken is refused. Locks are always taken in the order part, document, rows.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.database import copy_in, transaction
from core.jobs import Gap, Job, Notice
from rag import store_sql
from rag.chunk_ids import part_range
from rag.page_records import PageRecord
from rag.part_rows import Keys, PartRows, part_rows
from rag.removal import ADD_OWNERS, LOCK_DOCUMENT, delete_document, discard_version, is_shown, remove_versions

if TYPE_CHECKING:
    from psycopg2.extensions import connection, cursor

    from rag.chunk import Chunk

__all__ = [
    "Findings",
    "PartResult",
    "delete_document",
    "discard_version",
    "is_shown",
    "open_version",
    "part_is_stored",
    "replace_part",
]


@dataclass(frozen=True)
class PartResult:
    """What is stored of a part's version."""

    superseded: bool = False  #: a newer version or a deletion has overtaken it: nothing was stored
    finished: bool = False  #: all its parts are stored, and searches see it
    empty: bool = False  #: all its parts are stored and none has text: it never becomes the current one
    parts: int = 0  #: stored so far
    pages: int = 0  #: number of the last page of all parts stored so far
    chunks: int = 0  #: of all parts stored so far
    tokens: int = 0  #: of all parts stored so far, in tokens of the embedding model
    gaps: tuple[Gap, ...] = ()  #: pages that could not be read in all parts stored so far, by page
    notices: tuple[Notice, ...] = ()  #: what was left out in all parts stored so far
    pictures: Mapping[str, int] = field(default_factory=dict)  #: pictures within the text, counted
    routes: Mapping[str, int] = field(default_factory=dict)  #: pages by the route they took
    page_space: str = ""  #: vector space of the pages' pictures; empty when there are none


SUPERSEDED = PartResult(superseded=True)


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a part's worker found out besides its text."""

    gaps: Sequence[Gap] = ()
    pages: Sequence[PageRecord] = ()
    notices: Sequence[Notice] = ()
    pictures: Mapping[str, int] = field(default_factory=dict)  #: pictures within the text, counted
    handed_over: Sequence[int] = ()  #: numbers of the parts that other workers get because of this one


class _SupersededError(Exception):
    """Undoes the transaction of a part that is not wanted any more."""


def part_is_stored(database: "connection", job: Job) -> PartResult | None:
    """The result of an earlier try of this job, so that it need not be done again; None when it must be done."""
    with transaction(database, [job.owner]) as cursor:
        if not _is_wanted(cursor, job):
            return SUPERSEDED
        cursor.execute(store_sql.STORED_VERSION, _job_values(job))
        row = cursor.fetchone()
        return _result(cursor, row[0]) if row else None


def replace_part(
    database: "connection",
    job: Job,
    chunks: Sequence["Chunk"],
    vectors: NDArray[np.float32],  # (chunks, dimensions), L2-normalised
    space: str,
    *,
    findings: Findings = Findings(),
) -> PartResult:
    """Store a part, replacing what an earlier try wrote; the last missing part makes the version the current one.

    The transaction that completes a version also removes the document's older versions, so a search sees the old text
    or the new, never a mixture. What PostgreSQL cannot store (NUL, lone surrogates) is replaced, one for one.
    """
    if len(chunks) != len(vectors):
        raise ValueError(f"{len(chunks)} chunks cannot have {len(vectors)} vectors")
    keys = open_version(database, job, space, vectors.shape[1])
    if keys is None:
        return SUPERSEDED
    rows = part_rows(job, chunks, vectors, keys)
    try:
        with transaction(database, [job.owner]) as cursor:
            _make_room(cursor, job, keys.version_key)
            _copy(cursor, rows)
            cursor.execute(LOCK_DOCUMENT, (job.document_id,))
            if not _is_wanted(cursor, job) or _version_key(cursor, job) != keys.version_key:
                raise _SupersededError
            _record_part(cursor, job, keys, rows, findings)
            return _finish_if_complete(cursor, job, keys.version_key)
    except _SupersededError:
        return SUPERSEDED


def open_version(database: "connection", job: Job, space: str, dimensions: int) -> Keys | None:
    """The keys of the job's version, made when its first worker shows up; None when it is not wanted any more."""
    with transaction(database, [job.owner]) as cursor:
        cursor.execute(LOCK_DOCUMENT, (job.document_id,))
        if not _is_wanted(cursor, job):
            return None
        owner_id = _owner_id(cursor, job.owner)
        values = _job_values(job) | {"owner_id": owner_id}
        cursor.execute(store_sql.PUT_DOCUMENT, values)
        cursor.execute(store_sql.OLDER_RUNNING_VERSIONS, values)
        remove_versions(cursor, [key for (key,) in cursor.fetchall()])
        cursor.execute(store_sql.PUT_VERSION, values)
        cursor.execute(store_sql.VERSION_KEY, values)
        return Keys(_one(cursor), owner_id, _space_id(cursor, space, dimensions))


def _is_wanted(cursor: "cursor", job: Job) -> bool:
    """Whether neither a newer version nor a deletion has overtaken the job."""
    cursor.execute(store_sql.IS_WANTED, _job_values(job))
    (wanted,) = cursor.fetchone() or (False,)
    return bool(wanted)


def _make_room(cursor: "cursor", job: Job, version_key: int) -> None:
    """Keep twins of this worker out, and remove what an earlier try stored."""
    cursor.execute(store_sql.LOCK_PART, (version_key, job.part))
    cursor.execute(store_sql.STORED_VERSION, _job_values(job))
    if cursor.fetchone() is None:
        return
    cursor.execute(LOCK_DOCUMENT, (job.document_id,))  # before any row, as a deletion does it
    first, end = part_range(version_key, job.part)
    for statement in store_sql.REMOVE_PART:
        cursor.execute(statement, {"first": first, "end": end, "version_key": version_key, "part": job.part})


def _copy(cursor: "cursor", rows: PartRows) -> None:
    """Rows into their tables, by way of temporary ones: COPY does not work on a table with row-level security."""
    for statement in store_sql.STAGE:
        cursor.execute(statement)
    copy_in(cursor, store_sql.COPY_CHUNKS, rows.chunks)
    copy_in(cursor, store_sql.COPY_POSTINGS, rows.postings)
    cursor.execute(store_sql.INSERT_CHUNKS)
    cursor.execute(store_sql.INSERT_POSTINGS)


def _record_part(cursor: "cursor", job: Job, keys: Keys, rows: PartRows, findings: Findings) -> None:
    """Add the part to the version's set of finished parts, with what searches need to know of it."""
    first, end = part_range(keys.version_key, job.part)
    values = _job_values(job) | {
        "first": first,
        "end": end,
        "version_key": keys.version_key,
        "owner_id": keys.owner_id,
        "space_id": keys.space_id,
        "chunks": rows.lengths.total_chunks,
        "tokens": rows.tokens,
        "gaps": json.dumps([asdict(gap) for gap in findings.gaps]),
        "notices": json.dumps([asdict(notice) for notice in findings.notices]),
        "pictures": json.dumps(dict(findings.pictures)),
        "handed_over": json.dumps(list(findings.handed_over)),
        "page_records": json.dumps([asdict(page) for page in findings.pages]),
        "terms": rows.lengths.total_tokens,
        "unique_terms": rows.lengths.unique_terms,
        "languages": list(rows.languages),
    }
    cursor.execute(store_sql.PUT_PART, values)
    cursor.execute(store_sql.PUT_LENGTHS, values)
    cursor.execute(store_sql.PUT_PAGES, values)


def _finish_if_complete(cursor: "cursor", job: Job, version_key: int) -> PartResult:
    values = _job_values(job) | {"version_key": version_key}
    cursor.execute(store_sql.MAKE_CURRENT, values)
    if cursor.rowcount:
        cursor.execute(store_sql.SHOW_GENERATION, values)
        cursor.execute(store_sql.OTHER_VERSIONS, values)
        remove_versions(cursor, [key for (key,) in cursor.fetchall()])
    return _result(cursor, version_key)


def _version_key(cursor: "cursor", job: Job) -> int | None:
    cursor.execute(store_sql.VERSION_KEY, _job_values(job))
    row = cursor.fetchone()
    return row[0] if row else None


def _result(cursor: "cursor", version_key: int) -> PartResult:
    cursor.execute(store_sql.RESULT, {"version_key": version_key})
    names = [column.name for column in cursor.description or ()]
    row = dict(zip(names, cursor.fetchone() or (), strict=False))
    if not row:
        return PartResult()
    gaps = [Gap(**gap) for gaps in row["gaps"] for gap in gaps]
    notices = dict.fromkeys(Notice(**notice) for notices in row["notices"] for notice in notices)
    return PartResult(
        finished=row["state"] == "current",
        empty=row["complete"] and not row["searchable"],
        parts=row["stored"],
        pages=row["pages"],
        chunks=row["chunks"],
        tokens=row["tokens"],
        gaps=tuple(sorted(gaps, key=lambda gap: gap.page)),
        notices=tuple(notices),
        pictures=sum((Counter(counts) for counts in row["pictures"]), Counter()),
        routes=row["routes"] or {},
        page_space=row["page_space"] or "",
    )


def _owner_id(cursor: "cursor", principal: str) -> int:
    cursor.execute(ADD_OWNERS, {"principals": [principal]})
    cursor.execute("SELECT owner_id FROM owners WHERE principal = %s", (principal,))
    return _one(cursor)


def _space_id(cursor: "cursor", name: str, dimensions: int) -> int:
    cursor.execute(store_sql.ADD_SPACE, {"name": name, "dimensions": dimensions})
    cursor.execute("SELECT space_id FROM vector_spaces WHERE name = %s AND dimensions = %s", (name, dimensions))
    return _one(cursor)


def _one(cursor: "cursor") -> int:
    row = cursor.fetchone()
    if row is None:
        raise LookupError("the row that was just written cannot be read")
    return int(row[0])


def _job_values(job: Job) -> dict[str, object]:
    return {name: getattr(job, name) for name in store_sql.JOB_FIELDS}
