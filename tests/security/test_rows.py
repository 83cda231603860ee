"""PostgreSQL as the last lock: what the application role sees, and what it may not do, in every table there is."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from psycopg2 import sql
from psycopg2.extensions import connection
from psycopg2.extras import Json

from api import page_records, records
from core.database import transaction
from core.jobs import Job
from core.settings import Settings
from rag import retrieve, store
from rag.embed import text_embedder
from rag.page_records import PageRecord
from search import hybrid
from tests.databases import TestDatabase
from tests.rag.indexing import chunks, job
from tests.vdr.stored_pages import put_pictures
from vdr import retrieve as vdr_retrieve
from vdr.embed import PageInput, page_embedder
from vdr.query_message import PageQuery

ANN, BOB = "user:ann", "user:bob"
ROLE = "rag_app"
#: Names of models, which all tenants share; nothing of a document
SHARED = {"vector_spaces"}
TEXT = "Harbour dues are waived for the wooden ferry."
EVERY_TABLE = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
  AND has_table_privilege(%s, 'public.' || table_name, 'SELECT')
"""


@pytest.fixture
def opened(database: TestDatabase) -> Iterator[connection]:
    with closing(database.connect()) as found:
        yield found


@pytest.fixture
def admin(database: TestDatabase) -> Iterator[connection]:
    with closing(database.connect_as_superuser()) as found:
        found.autocommit = True
        yield found


@pytest.fixture
def documents(opened: connection) -> dict[str, Job]:
    """A document of each tenant, and a deleted one: rows of both in every table."""
    return {owner: put(opened, owner) for owner in (ANN, BOB)}


def put(opened: connection, owner: str) -> Job:
    key = f"{owner.removeprefix('user:')}/dues.pdf"
    removed = job(owner=owner, key=key)
    store.delete_document(opened, [owner], removed.document_id)
    done = job(owner=owner, key=key, last_page=1, total_pages=1)
    pages, words = page_embedder(Settings()), text_embedder(Settings())
    (picture,) = pages([PageInput(1, None, TEXT)])
    put_pictures(opened, done, {1: picture}, space=pages.space, image_size=(1600, 900))
    record = PageRecord(1, "visual", "slide shape", "text-layer", 90)
    findings = store.Findings(pages=[record])
    store.replace_part(opened, done, chunks(TEXT), words([TEXT]), words.space, findings=findings)
    return done


def rows(opened: connection, statement: str, *values: Any, principals: list[str] | None = None) -> list[Any]:
    """The rows of a statement in a transaction of these principals; None: of nobody."""
    if principals is None:
        with opened, opened.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()
    with transaction(opened, principals) as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else [cursor.rowcount]


@pytest.fixture
def tables(admin: connection) -> list[str]:
    """Every table that the application role can read anything of."""
    found = [name for (name,) in rows(admin, EVERY_TABLE, ROLE)]
    assert len(found) >= 11
    return sorted(found)


def count(opened: connection, table: str, principals: list[str] | None = None) -> int:
    [(number,)] = rows(opened, f"SELECT count(*) FROM {table}", principals=principals)  # noqa: S608
    return int(number)


def test_rows_are_seen_by_their_owners_alone(
    opened: connection, admin: connection, documents: dict[str, Job], tables: list[str], tried: Callable[[str], None]
) -> None:
    for table in tables:
        everything = count(admin, table)
        if table in SHARED:
            continue
        assert everything >= 2, f"the test has no rows of both tenants in {table}"
        assert count(opened, table) == 0, table
        assert count(opened, table, []) == 0, table
        assert count(opened, table, ["user:mallory", "user:an", "user:ann%", "ann", "group:ann", ""]) == 0, table
        assert 0 < count(opened, table, [ANN]) < everything, table
        assert count(opened, table, [ANN, BOB]) == everything, table
        tried("tables, rows of others looked for")


def test_every_table_has_row_security(admin: connection, tables: list[str]) -> None:
    secured = rows(admin, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity")
    assert {name for (name,) in secured} == set(tables) - SHARED


def test_rows_of_others_are_not_written(
    opened: connection, admin: connection, documents: dict[str, Job], tables: list[str]
) -> None:
    for table in sorted(set(tables) - SHARED):
        before = rows(admin, f"SELECT to_jsonb(r) FROM {table} AS r ORDER BY 1")  # noqa: S608
        column = "principal" if table == "owners" else "owner_id"
        for attack in (
            f"DELETE FROM {table}",  # noqa: S608
            f"UPDATE {table} SET {column} = {column}",  # noqa: S608
        ):
            try:
                assert rows(opened, attack, principals=["user:mallory"]) == [0], attack
            except psycopg2.errors.InsufficientPrivilege:
                continue
        for (row,) in before:  # as if they were somebody's to give
            copy = f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_record(null::{table}, %s)"  # noqa: S608
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                rows(opened, copy, Json(row), principals=["user:mallory"])
        assert rows(admin, f"SELECT to_jsonb(r) FROM {table} AS r ORDER BY 1") == before  # noqa: S608


def test_rows_are_not_given_to_others(opened: connection, documents: dict[str, Job], tables: list[str]) -> None:
    theirs = rows(opened, "SELECT owner_id FROM owners", principals=[BOB])[0][0]
    for table in sorted(set(tables) - SHARED - {"owners"}):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            rows(opened, f"UPDATE {table} SET owner_id = %s", theirs, principals=[ANN])  # noqa: S608


def test_the_role_has_no_right_that_goes_round_the_policies(admin: connection) -> None:
    [attributes] = rows(
        admin,
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles WHERE rolname = %s",
        ROLE,
    )
    assert attributes == (False,) * 5
    assert rows(admin, "SELECT roleid FROM pg_auth_members WHERE member = %s::regrole", ROLE) == []
    owned = "SELECT classid::regclass, objid FROM pg_shdepend WHERE refobjid = %s::regrole AND deptype = 'o'"
    assert rows(admin, owned, ROLE) == []
    for catalogue, owner in (("pg_class", "relowner"), ("pg_proc", "proowner"), ("pg_namespace", "nspowner")):
        assert rows(admin, f"SELECT oid FROM {catalogue} WHERE {owner} = %s::regrole", ROLE) == []  # noqa: S608


def test_no_function_runs_with_anothers_rights(admin: connection) -> None:
    definers = "SELECT oid::regprocedure FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
    assert rows(admin, definers) == []
    views = "SELECT viewname FROM pg_views WHERE schemaname = 'public' UNION SELECT matviewname FROM pg_matviews"
    assert rows(admin, views) == []  # a view would show what its owner sees


FORBIDDEN = [
    "SET ROLE postgres",
    "SET ROLE pg_read_all_data",
    "SET SESSION AUTHORIZATION postgres",
    f"ALTER ROLE {ROLE} BYPASSRLS",
    "CREATE ROLE another",
    "ALTER TABLE documents DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE documents NO FORCE ROW LEVEL SECURITY",
    "DROP POLICY own_rows ON documents",
    "CREATE POLICY everything ON documents USING (true)",
    "ALTER POLICY own_rows ON documents USING (true)",
    "ALTER TABLE documents OWNER TO rag_app",
    "TRUNCATE documents CASCADE",
    "DROP TABLE documents CASCADE",
    "CREATE TABLE public.mine (a int)",
    "CREATE OR REPLACE FUNCTION public.rag_owner_ids() RETURNS int[] LANGUAGE sql AS 'SELECT array_agg(1)'",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    "CREATE RULE all_of_it AS ON SELECT TO documents DO INSTEAD SELECT 1",
    "CREATE TRIGGER seen AFTER INSERT ON documents EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE EXTENSION dblink",
    "COPY documents TO '/tmp/documents'",
    "COPY documents TO PROGRAM 'cat'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT * FROM pg_authid",
    "UPDATE pg_class SET relrowsecurity = false",
    "SET row_security = off; SELECT * FROM documents",
    "SET session_replication_role = replica",
    "UPDATE vector_spaces SET name = 'mine'",
    "DELETE FROM vector_spaces",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_role_may_not(opened: connection, documents: dict[str, Job], statement: str) -> None:
    with pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.FeatureNotSupported)):
        rows(opened, statement, principals=[ANN])


def test_statistics_hold_no_values_of_others(opened: connection, admin: connection, documents: dict[str, Job]) -> None:
    with admin.cursor() as cursor:
        cursor.execute("ANALYZE")
    statistics = "SELECT tablename FROM pg_stats WHERE schemaname = 'public'"
    assert {name for (name,) in rows(opened, statistics, principals=[ANN])} <= SHARED


def everything(opened: connection, mine: str, theirs: Job) -> dict[str, Any]:
    """What each statement of searches and of the API shows a tenant who asks for a document."""
    names = [theirs.document_id, f"{theirs.bucket}#{theirs.key}"]
    embedder, pages = text_embedder(Settings()), page_embedder(Settings())
    seen = PageQuery(pages.space, pages.embed_query("harbour dues"))
    shown: dict[str, Any] = {}
    for mode in ("hybrid", "dense", "sparse", "vdr", "hybrid_vdr_text"):
        for chosen in (None, names):
            asked = hybrid.Question(text="harbour dues", mode=mode, limit=10, document_ids=chosen)
            hits = hybrid.search(opened, [mine], asked, embedder, Settings(), page_query=seen)
            shown[f"{mode} {chosen is None}"] = [hit.passage.document_id for hit in hits]
    shown["versions"] = records.versions(opened, [mine], theirs.document_id)
    shown["pages"] = page_records.pages(opened, [mine], theirs.document_id, after=0, limit=10).pages
    with transaction(opened, [mine]) as cursor:
        shown["has pages"] = vdr_retrieve.has_pages(cursor, [mine])
        vector = str([1.0] * 384)
        cursor.execute("SELECT document_id::text FROM vdr_search_pages(%s::vector, 10, -1)", (vector,))
        shown["vdr_search_pages"] = [name for (name,) in cursor.fetchall()]
    return shown


def test_statements_name_the_owner_as_well(
    opened: connection, admin: connection, documents: dict[str, Job], tables: list[str]
) -> None:
    """Without any policy a stranger still sees nothing: of the two locks each holds alone."""
    with admin.cursor() as cursor:
        for table in tables:
            cursor.execute(sql.SQL("ALTER TABLE {} DISABLE ROW LEVEL SECURITY").format(sql.Identifier(table)))
    assert count(opened, "documents", ["user:mallory"]) == 2
    assert {name: bool(found) for name, found in everything(opened, ANN, documents[ANN]).items() if not found} == {}
    assert {name: found for name, found in everything(opened, "user:mallory", documents[BOB]).items() if found} == {}
    for shown in everything(opened, ANN, documents[BOB]).values():
        assert documents[BOB].document_id not in str(shown)
    counts = store.delete_document(opened, [ANN], documents[BOB].document_id)
    assert set(counts.values()) == {0}


def test_policies_hold_where_a_statement_names_another(opened: connection, documents: dict[str, Job]) -> None:
    """With the owner's own numbers in the statement, and a transaction of somebody else."""
    embedder = text_embedder(Settings())
    with transaction(opened, [BOB]) as cursor:
        theirs = retrieve.corpus(cursor, [BOB], None, embedder.space)
        found = retrieve.sparse(cursor, theirs, "harbour dues", 10)
    assert found.ranking
    with transaction(opened, ["user:mallory"]) as cursor:
        assert retrieve.corpus(cursor, [BOB], None, embedder.space).owners == ()
        assert retrieve.sparse(cursor, theirs, "harbour dues", 10).ranking == ()
        vector = embedder.embed_query("harbour dues")
        assert retrieve.dense(cursor, theirs, vector, 10, exact_scan_limit=10).ranking == ()
        assert retrieve.compare(cursor, theirs, vector, list(found.ranking)) == {}
        assert retrieve.passages(cursor, theirs, list(found.ranking)) == {}
    assert store.part_is_stored(opened, documents[BOB]) is not None
