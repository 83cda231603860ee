"""Carries the documents of an older system's table (`embeddings`) over into the tables of this one.

Run it from a machine that reaches the database, with this project's Python. It is safe to stop and to repeat.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as it is run by its path

import psycopg2
from botocore.exceptions import BotoCoreError, ClientError

from core import aws
from core.database import connect
from core.errors import RagError, SettingsError, TransientError
from core.settings import Settings, follow_shell_region, settings
from core.status_store import StatusStore
from operations import legacy_owners, legacy_rows, legacy_table
from operations.legacy_index import LegacyIndex
from operations.legacy_migration import Migration, Progress
from operations.legacy_plan import plan
from operations.legacy_target import LegacyTarget
from operations.legacy_verification import Verification, verify
from rag.embed import text_embedder

NAMED = 20  #: documents, or owners, that a report names
LONGEST_NAME = 120  #: characters of a document's name that are shown
INTERRUPTED = 130  #: as shells have it for what Ctrl-C has ended
UNLIMITED = {"max_running_documents": 0, "max_bytes_a_day": 0, "max_pages_a_day": 0}  #: nobody uploads anything
PATIENT = {"statement_timeout_seconds": 900, "idle_session_seconds": 0}  #: a large table is read, texts are embedded


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done and all is well, 1 something is left out or differs, 2 it could not be done."""
    options = _parser().parse_args(arguments)
    follow_shell_region()
    try:
        return _run(options)
    except (RagError, psycopg2.Error, BotoCoreError, ClientError) as error:
        _tell(f"error: {str(error).strip()}")
        return 2
    except KeyboardInterrupt:
        _tell("stopped; the same command goes on from here")
        return INTERRUPTED


def _run(options: argparse.Namespace) -> int:
    configured, owners = _configured(options), legacy_owners.given(options.owner, options.owners)
    bucket = _bucket(configured)
    with closing(connect(configured, partial(_password, options.db_secret) if options.db_secret else None)) as database:
        if options.dry_run or options.verify:
            database.set_session(readonly=True)
        chosen = {role: getattr(options, f"{role}_column") for role in legacy_table.NAMES}
        with database, database.cursor() as cursor:
            table = legacy_table.find(cursor, options.table, chosen)
        index = LegacyIndex(text_embedder(configured), configured, options.embedding_model)
        target = LegacyTarget(database, _statuses(configured, bucket), bucket)
        planned = plan(legacy_rows.documents(database, table), owners)
        migration = Migration(table, index, target, planned, options.dry_run)
        _introduce(migration, legacy_rows.unnamed(database, table))
        if options.verify:
            return _verify(migration, options.batch_size, options.sample)
        return _migrate(migration, options.batch_size)


def _bucket(configured: Settings) -> str:
    """The bucket under whose name documents are known."""
    buckets = list(configured.allowed_buckets()) if configured.upload_buckets else []
    if len(buckets) != 1:
        wanted = "the stage's bucket of uploads, under whose name documents are known"
        raise SettingsError(f"--bucket (or UPLOAD_BUCKETS) must name one: {wanted}; see docs/migrations.md")
    return buckets[0]


def _password(secret: str) -> str:
    with _reading(f"--db-secret {secret}"):
        return aws.secret_field(secret, "password")


def _statuses(configured: Settings, bucket: str) -> StatusStore | None:
    """The states, if documents are to be listed; asked once, so that a wrong table is known before any work."""
    if not configured.document_status_table:
        return None
    with _reading(f"table of states {configured.document_status_table} (--stage, --status-table)"):
        statuses = StatusStore(aws.client("dynamodb"), configured)
        statuses.get(f"{bucket}#")
    return statuses


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Say of what AWS has complained."""
    try:
        yield
    except (TransientError, BotoCoreError, ClientError) as error:
        raise RagError(f"{what}: {error}") from error


def _migrate(migration: Migration, batch_size: int) -> int:
    started, progress = time.monotonic(), Progress(0)
    for progress in migration.run(batch_size):
        seconds = time.monotonic() - started
        _tell(f"{progress.done} of {progress.total} documents, {progress.chunks} chunks stored, {seconds:.0f} s")
    verb = "would be migrated" if migration.dry_run else "migrated"
    for outcome, count in progress.outcomes.most_common():
        _say(f"{count:>8}  {verb if outcome == 'migrated' else outcome}")
    _list("left out", [f"{_shown(name)}: {reason}" for name, reason in progress.left_out])
    _list("owner", [f"{owner}: {count} documents" for owner, count in progress.owners.most_common()])
    _say(f"{progress.total:>8}  documents, {progress.rows} rows, {progress.chunks} chunks stored")
    return 1 if progress.left_out else 0


def _verify(migration: Migration, batch_size: int, sample: int) -> int:
    report = Verification(0)
    for report in verify(migration, batch_size, sample):
        _tell(f"{report.compared + report.left_out} of {report.total} documents")
    _list("differs", [f"{_shown(name)}: {difference}" for name, difference in report.differences])
    _say(
        f"{report.total} documents: {report.compared} compared, {report.sampled} of them word by word,"
        f" {report.left_out} left out, {len(report.differences)} differences"
    )
    return 1 if report.differences else 0


def _introduce(migration: Migration, unnamed: int) -> None:
    """Say what was found, and what is done without."""
    table, index = migration.table, migration.index
    _tell(f"table {table.schema}.{table.name}")
    for line in table.described():
        _tell(f"  {line}")
    if unnamed:
        _tell(f"  {unnamed} rows name no document and are left out")
    keeps = bool(table.vector) and index.space == index.embedder.space
    said = f"they are of {index.space}" if index.space else "--embedding-model does not say whose they are"
    why = "" if keeps or not table.vector else f"; those of the table are not used: {said}"
    _tell(f"vectors: {'those of the table' if keeps else 'made anew'}, space {index.embedder.space}{why}")
    if migration.target.statuses is None:
        _tell("no table of states (--stage or --status-table): documents are searched, and not listed")


def _configured(options: argparse.Namespace) -> Settings:
    """The environment's settings, with what the options say."""
    stage, named = options.stage, f"amplify-rag-async-{options.stage}"
    tables = {"document_status_table": f"{named}-document-status", "document_audit_table": f"{named}-document-audit"}
    given = {
        "rag_postgres_db_write_endpoint": options.db_endpoint,
        "rag_postgres_db_name": options.db_name,
        "rag_postgres_db_username": options.db_username,
        "rag_postgres_db_sslmode": options.db_sslmode,
        "upload_buckets": options.bucket,
        "document_status_table": options.status_table,
        "document_audit_table": options.audit_table,
    }
    chosen = (tables if stage else {}) | {name: value for name, value in given.items() if value}
    return replace(settings(), **(chosen | UNLIMITED | PATIENT))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--dry-run", action="store_true", help="say what would be done; write nothing")
    add("--verify", action="store_true", help="compare counts, and a sample of content; write nothing")
    add("--batch-size", type=_positive, default=100, metavar="N", help="documents read at a time (100)")
    add("--sample", type=_positive, default=100, metavar="N", help="documents that --verify reads word by word (100)")
    database = parser.add_argument_group("database (each also by its RAG_POSTGRES_DB_ variable)").add_argument
    database("--db-endpoint", metavar="HOST:PORT", default="")
    database("--db-username", metavar="ROLE", default="", help="reads the table and writes the new ones")
    database("--db-name", metavar="NAME", default="")
    database("--db-secret", metavar="NAME", default="", help="secret with `password`; without it libpq's own ways")
    database("--db-sslmode", metavar="MODE", default="", help="libpq's sslmode")
    table = parser.add_argument_group("table; a column that is not named is looked for").add_argument
    table("--table", default="embeddings", help="name, or schema.name (embeddings)")
    for role in legacy_table.NAMES:
        table(f"--{role.replace('_', '-')}-column", metavar="COLUMN", default="")
    table("--embedding-model", metavar="SPACE", default="", help="vector space of its vectors; kept if searches use it")
    where = parser.add_argument_group("where documents go")
    owner = where.add_mutually_exclusive_group().add_argument
    owner("--owner", metavar="PRINCIPAL", default="", help="user:<sub> or group:<name> that gets all of them")
    owner("--owners", metavar="FILE", type=Path, help="CSV: what the table calls an owner, principal here")
    target = where.add_argument
    target("--bucket", metavar="NAME", default="", help="the stage's bucket of uploads (UPLOAD_BUCKETS); needed")
    target("--stage", default="", help="list documents in the tables of this stage")
    target("--status-table", metavar="NAME", default="", help="or in this table of states,")
    target("--audit-table", metavar="NAME", default="", help="with this table of their history")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _list(title: str, lines: Sequence[str]) -> None:
    """The first of the lines, and how many there are beside them."""
    for line in lines[:NAMED]:
        _say(f"{title}: {line}")
    if len(lines) > NAMED:
        _say(f"{title}: {len(lines) - NAMED} more")


def _shown(name: str) -> str:
    """A document's name on one line, so that a blank or a long one can be told."""
    return repr(name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _tell(line: str) -> None:
    """Progress and faults, beside the results."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
