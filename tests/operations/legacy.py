"""An older system's table, filled, and the script that carries its documents over, as an operator runs it."""

import os
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg2.extras import Json, execute_values

from tests.declarations import ROOT
from tests.operations.ward import Ward

SCRIPT = ROOT / "migrations" / "migrate_existing_documents.py"
DIMENSIONS = 384
DOCUMENTS, PASSAGES = 50, 4

#: As the service before this one made it
TABLE = f"""
CREATE TABLE embeddings (
    id serial PRIMARY KEY,
    src varchar(255) NOT NULL,
    locations jsonb,
    orig_indexes jsonb,
    char_index int,
    token_count int,
    embedding_index int,
    owner_email varchar(255),
    content text,
    vector_embedding vector({DIMENSIONS}),
    qa_vector_embedding vector({DIMENSIONS}),
    created_at timestamp DEFAULT now()
);
CREATE INDEX ON embeddings (src);
GRANT SELECT ON embeddings TO rag_app;
"""
COLUMNS = "src, locations, char_index, embedding_index, owner_email, content, vector_embedding"
WORDS = """
the ferry leaves harbour pier crew captain fuel timetable season island winter summer passengers luggage ticket engine
repair safety lifeboat weather storm wind anchor bridge deck cargo customs dues minutes council survey
"""


class OldSystem:
    """Passages of documents of several owners in a table beside the new ones."""

    def __init__(self, ward: Ward, variables: Mapping[str, str]) -> None:
        self.ward = ward
        self.variables = variables  #: by which the script finds the emulator
        self.random = random.Random(7)  # noqa: S311  the same set each time
        ward.run_sql(TABLE)

    def fill(self, documents: int = DOCUMENTS) -> None:
        """Documents of four passages on two pages each, of two owners, whose rows lie in no order."""
        rows: list[tuple[Any, ...]] = []
        for number in range(documents):
            owner = ("ann", "ben")[number % 2]
            passages = [self.sentences() for _ in range(PASSAGES)]
            rows += self.rows(f"{owner}/2025-03-01/{number:03}.pdf", owner, passages)
        self.random.shuffle(rows)
        self.insert(rows)

    def rows(self, src: str, owner: str | None, passages: Sequence[str]) -> list[tuple[Any, ...]]:
        return [
            (src, Json([{"page_number": place // 2 + 1}]), 1000 * place, place % 2, owner, text, self.vector())
            for place, text in enumerate(passages)
        ]

    def insert(self, rows: Sequence[tuple[Any, ...]]) -> None:
        superuser = self.ward.test_database.connect_as_superuser()
        with superuser, superuser.cursor() as cursor:
            execute_values(cursor, f"INSERT INTO embeddings ({COLUMNS}) VALUES %s", rows)  # noqa: S608
        superuser.close()

    def sentences(self) -> str:
        return " ".join(f"{' '.join(self.random.choices(WORDS.split(), k=9)).capitalize()}." for _ in range(3))

    def vector(self) -> str:
        return str([round(self.random.gauss(0, 1), 4) for _ in range(DIMENSIONS)])

    def command(self, *options: str, listed: bool = True) -> list[str]:
        """The script's command line, as the older system's guide has it; documents are listed in the ward's tables."""
        settings = self.ward.services.settings
        database = {
            "--db-endpoint": settings.rag_postgres_db_write_endpoint,
            "--db-username": settings.rag_postgres_db_username,
            "--db-name": settings.rag_postgres_db_name,
            "--db-sslmode": "disable",
            "--bucket": settings.upload_buckets,
        }
        states = {"--status-table": settings.document_status_table, "--audit-table": settings.document_audit_table}
        named = database | (states if listed else {})
        return [sys.executable, str(SCRIPT), *(word for pair in named.items() for word in pair), *options]

    def environment(self) -> dict[str, str]:
        password = {"PGPASSWORD": self.ward.test_database.password()}
        return {"PATH": os.environ["PATH"], **password, **self.variables}

    def run(self, *options: str, listed: bool = True) -> "subprocess.CompletedProcess[str]":
        """The script, run to its end."""
        return subprocess.run(  # noqa: S603
            self.command(*options, listed=listed),
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def start(self, *options: str) -> "subprocess.Popen[str]":
        """The script, started; its progress is on standard error."""
        return subprocess.Popen(  # noqa: S603
            self.command(*options), env=self.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )

    def rows_of(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows that no row security holds back."""
        superuser = self.ward.test_database.connect_as_superuser()
        with superuser, superuser.cursor() as cursor:
            cursor.execute(statement, values)
            found = cursor.fetchall()
        superuser.close()
        return found
