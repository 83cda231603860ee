"""Ranking of candidate pages by MaxSim: vectors fetched from PostgreSQL and compared here, beside the same in SQL.

    python -m benchmarks.maxsim [--pages 2000] [--vectors 700] [--candidates 100] [--tokens 25] [--repeats 30]

Pages are clustered random vectors of 128 dimensions, stored as the pipeline stores them: packed bits, a mean of half
floats; once as they are and once pooled by 3. The queries are floats. SQL cannot do that: its comparison, the fastest
that pgvector offers, is of bits with bits (`<~>`, Hamming distance, on a table of `bit(128)[]`), so it does less.
Candidates are drawn at random, as finding them is another statement; scores are those of the fetch of a search. Size
is that of the table with its indexes and out-of-line values, after VACUUM, divided by the pages.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any
from uuid import uuid4

import numpy as np
import psycopg2
from numpy.typing import NDArray

from benchmarks import machine
from benchmarks.database import throwaway_database
from vdr.maxsim import maxsim
from vdr.multivector import Vectors, candidate, encode
from vdr.pool import pool, unit

DIMENSIONS, CLUSTERS = 128, 60
WHOLE, POOLED = 1, 3  #: pool factors, and here the versions that hold the pages
FETCH = """
SELECT page_num, num_vectors, embedding_vectors FROM document_vdr_pages
WHERE version_key = %s AND page_num = ANY (%s) ORDER BY page_num
"""
BIT_TABLE = "CREATE TABLE bit_pages (page_num int PRIMARY KEY, embeddings bit(128)[] NOT NULL)"
COLUMNS = (
    "version_key, page_num, part, owner_id, document_id, space_id, dimensions, num_vectors, encoding,"
    " embedding_vectors, embedding, image_width, image_height"
)
INSERT = (
    f"INSERT INTO document_vdr_pages ({COLUMNS})"  # noqa: S608
    " VALUES (%s, %s, 0, 1, %s, 1, 128, %s, 'bits', %s, %s::halfvec, 1, 1)"
)
# of each vector of the query the least Hamming distance; MaxSim of signs is Σ (1 - 2 distance / 128)
BIT_MAXSIM = """
WITH asked AS MATERIALIZED (
    SELECT number, vector FROM unnest(%s::bit(128)[]) WITH ORDINALITY AS query (vector, number)
), best AS (
    SELECT page_num, number, min(vector <~> mine) AS distance
    FROM bit_pages, unnest(embeddings) AS mine, asked
    WHERE page_num = ANY (%s) GROUP BY 1, 2
)
SELECT page_num, sum(1 - 2 * distance / 128) AS score FROM best GROUP BY 1 ORDER BY 1
"""


def page_vectors(number: int, numbers: np.random.Generator) -> Vectors:
    """Unit vectors (n, d) in a page's clusters."""
    centres = numbers.standard_normal((CLUSTERS, DIMENSIONS))
    around = 0.5 * numbers.standard_normal((number, DIMENSIONS))
    return unit((centres[numbers.integers(CLUSTERS, size=number)] + around).astype(np.float32))


def bit_strings(vectors: Vectors) -> list[str]:
    """The signs of vectors as PostgreSQL writes them."""
    return ["".join("1" if bit else "0" for bit in row) for row in vectors > 0]


def load(cursor: Any, pages: int, vectors: int) -> None:
    """Store so many pages as they are, pooled, and as arrays of bits."""
    numbers = np.random.default_rng(1)
    document = str(uuid4())
    cursor.execute(BIT_TABLE)
    for page in range(1, pages + 1):
        whole = page_vectors(int(numbers.normal(vectors, vectors / 20)), numbers)
        for factor in (WHOLE, POOLED):
            kept = pool(whole, factor)
            mean = str(candidate(kept).tolist())
            cursor.execute(INSERT, (factor, page, document, len(kept), encode(kept, "bits"), mean))
        cursor.execute("INSERT INTO bit_pages VALUES (%s, %s::bit(128)[])", (page, bit_strings(whole)))


def milliseconds(run: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Median and 95th percentile."""
    run()
    taken = []
    for _ in range(repeats):
        begun = time.perf_counter()
        run()
        taken.append(1000 * (time.perf_counter() - begun))
    return float(np.median(taken)), float(np.percentile(taken, 95))


def fetched(cursor: Any, version: int, wanted: Sequence[int]) -> list[tuple[bytes, int]]:
    """The stored vectors of pages."""
    cursor.execute(FETCH, (version, list(wanted)))
    return [(bytes(data), number) for _, number, data in cursor.fetchall()]


def ranked(cursor: Any, version: int, wanted: Sequence[int], query: Vectors) -> NDArray[np.float32]:
    """The scores of pages, fetched."""
    return maxsim(query, fetched(cursor, version, wanted), DIMENSIONS, "bits")


def in_sql(cursor: Any, wanted: Sequence[int], query: Vectors) -> list[float]:
    """The scores of pages by the signs of the query."""
    cursor.execute(BIT_MAXSIM, (bit_strings(query), list(wanted)))
    return [float(score) for _, score in cursor.fetchall()]


def kilobytes_per_page(database: Any, pages: int) -> dict[int, float]:
    """Size of the table with everything that belongs to it, for one version alone."""
    sizes = {}
    with database.cursor() as cursor:
        for factor in (WHOLE, POOLED):
            cursor.execute("CREATE TABLE alone (LIKE document_vdr_pages INCLUDING ALL)")
            cursor.execute("INSERT INTO alone SELECT * FROM document_vdr_pages WHERE version_key = %s", (factor,))
            cursor.execute("VACUUM FULL alone")
            cursor.execute("SELECT pg_total_relation_size('alone')")
            sizes[factor] = cursor.fetchone()[0] / pages / 1000
            cursor.execute("DROP TABLE alone")
    return sizes


def compare(cursor: Any, options: argparse.Namespace) -> list[tuple[str, tuple[float, float]]]:
    """Names and times of all ways, for one query and candidates drawn at random."""
    numbers = np.random.default_rng(2)
    wanted = [int(page) for page in numbers.choice(options.pages, options.candidates, replace=False) + 1]
    query = page_vectors(options.tokens, numbers)  # (q, d)
    signs = np.where(query > 0, 1, -1).astype(np.float32) / np.float32(np.sqrt(DIMENSIONS))
    if not np.allclose(ranked(cursor, WHOLE, wanted, signs), in_sql(cursor, wanted, query), atol=1e-3):
        raise SystemExit("SQL and MaxSim of signs differ")
    stored = fetched(cursor, WHOLE, wanted)
    few = max(3, options.repeats // 5)
    return [
        ("fetch alone", milliseconds(lambda: fetched(cursor, WHOLE, wanted), options.repeats)),
        ("MaxSim alone", milliseconds(lambda: maxsim(query, stored, DIMENSIONS, "bits"), options.repeats)),
        ("fetch and MaxSim", milliseconds(lambda: ranked(cursor, WHOLE, wanted, query), options.repeats)),
        ("the same, pooled by 3", milliseconds(lambda: ranked(cursor, POOLED, wanted, query), options.repeats)),
        ("SQL, bits with bits", milliseconds(lambda: in_sql(cursor, wanted, query), few)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("pages", 2000), ("vectors", 700), ("candidates", 100), ("tokens", 25), ("repeats", 30)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    about = machine.describe()
    with throwaway_database() as database, closing(psycopg2.connect(database.superuser_dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")  # rows without the documents they belong to
            cursor.execute("BEGIN")
            load(cursor, options.pages, options.vectors)
            cursor.execute("COMMIT; ANALYZE document_vdr_pages, bit_pages")
            times = compare(cursor, options)
        sizes = kilobytes_per_page(connection, options.pages)
    rows = [[name, f"{median:.1f}", f"{slow:.1f}"] for name, (median, slow) in times]
    notes = [f"table and indexes a page: {sizes[WHOLE]:.1f} kB, pooled by 3: {sizes[POOLED]:.1f} kB"]
    about_pages = f"{options.candidates} pages of some {options.vectors}"
    title = f"MaxSim of {options.tokens} vectors with {about_pages}, milliseconds"
    machine.show(title, about, ["", "p50", "p95"], rows, notes)


if __name__ == "__main__":
    main()
