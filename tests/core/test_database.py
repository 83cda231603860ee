"""Connections and transactions, against a real server."""

import ssl
from contextlib import closing
from datetime import UTC, datetime

import psycopg2
import pytest

from core.database import RDS_AUTHORITIES, connect, encryption, transaction
from core.errors import SettingsError, TransientError
from core.settings import Settings
from tests.databases import TestDatabase

ADD_OWNER = "INSERT INTO owners (principal) VALUES (%s)"


def owners(database: TestDatabase, *principals: str) -> set[str]:
    """The owners that a transaction of these principals sees."""
    with closing(database.connect()) as opened, transaction(opened, principals) as cursor:
        cursor.execute("SELECT principal FROM owners")
        return {principal for (principal,) in cursor.fetchall()}


def test_a_transaction_sees_its_principals_only(database: TestDatabase) -> None:
    with closing(database.connect_as_superuser()) as admin, admin, admin.cursor() as cursor:
        for principal in ("user:a", "user:b", 'group:x,"y"'):
            cursor.execute(ADD_OWNER, (principal,))
    assert owners(database, "user:a") == {"user:a"}
    assert owners(database, "user:a", 'group:x,"y"') == {"user:a", 'group:x,"y"'}
    assert owners(database, "user:nobody") == set()
    assert owners(database) == set()


def test_principals_do_not_outlive_their_transaction(database: TestDatabase) -> None:
    with closing(database.connect()) as opened:
        with transaction(opened, ["user:a"]) as cursor:
            cursor.execute(ADD_OWNER, ("user:a",))
        with opened, opened.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM owners")
            assert cursor.fetchone() == (0,)


def test_nothing_is_written_for_another_principal(database: TestDatabase) -> None:
    refused = pytest.raises(psycopg2.errors.InsufficientPrivilege)
    with closing(database.connect()) as opened, refused, transaction(opened, ["user:a"]) as cursor:
        cursor.execute(ADD_OWNER, ("user:b",))


def test_an_error_undoes_the_transaction(database: TestDatabase) -> None:
    failing = pytest.raises(RuntimeError)
    with closing(database.connect()) as opened, failing, transaction(opened, ["user:a"]) as cursor:
        cursor.execute(ADD_OWNER, ("user:a",))
        raise RuntimeError
    assert owners(database, "user:a") == set()


def test_a_read_only_connection_sees_one_snapshot_and_writes_nothing(database: TestDatabase) -> None:
    with closing(database.connect(read_only=True)) as reading, closing(database.connect()) as writing:
        with transaction(reading, ["user:a"]) as cursor:
            cursor.execute("SELECT count(*) FROM owners")
            with transaction(writing, ["user:a"]) as other:
                other.execute(ADD_OWNER, ("user:a",))
            cursor.execute("SELECT count(*) FROM owners")
            assert cursor.fetchone() == (0,)
        with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction), transaction(reading, ["user:b"]) as cursor:
            cursor.execute(ADD_OWNER, ("user:b",))


@pytest.mark.parametrize(("read_only", "timeout"), [(False, "7s"), (True, "3s")])
def test_settings_reach_the_server(database: TestDatabase, read_only: bool, timeout: str) -> None:
    settings = database.settings(stage="dev", statement_timeout_seconds=7, query_timeout_seconds=3)
    with closing(connect(settings, database.password, read_only=read_only)) as opened, opened.cursor() as cursor:
        shown = {}
        for name in ("statement_timeout", "application_name", "jit"):
            cursor.execute(f"SHOW {name}")
            (shown[name],) = cursor.fetchone() or ()
    assert shown == {"statement_timeout": timeout, "application_name": "amplify-rag-dev", "jit": "off"}


def test_the_password_is_asked_for_each_connection(database: TestDatabase) -> None:
    asked = []

    def password() -> str:
        asked.append(1)
        return database.password()

    for _ in range(2):
        connect(database.settings(), password).close()
    assert len(asked) == 2


def test_an_unreachable_server_is_a_passing_fault() -> None:
    with pytest.raises(TransientError, match=r"127\.0\.0\.1:1 cannot be reached"):
        connect(Settings(rag_postgres_db_write_endpoint="127.0.0.1:1"))


def test_a_missing_address_is_named() -> None:
    with pytest.raises(SettingsError, match="RAG_POSTGRES_DB_WRITE_ENDPOINT"):
        connect(Settings(), read_only=True)


def test_the_server_is_verified_by_the_packaged_authorities_unless_others_are_named() -> None:
    assert encryption(Settings(rag_postgres_db_sslmode="require")) == {"sslmode": "require"}
    verified = encryption(Settings(rag_postgres_db_sslmode="verify-full"))
    assert len(ssl.create_default_context(cafile=verified["sslrootcert"]).get_ca_certs()) > 50
    own = Settings(rag_postgres_db_sslmode="verify-ca", rag_postgres_db_sslrootcert="/etc/own.pem")
    assert encryption(own) == {"sslmode": "verify-ca", "sslrootcert": "/etc/own.pem"}


def test_the_packaged_authorities_sign_for_rds_and_its_proxy_for_years() -> None:
    authorities = ssl.create_default_context(cafile=str(RDS_AUTHORITIES)).get_ca_certs()
    subjects = str([authority["subject"] for authority in authorities])
    assert "'Amazon RDS eu-central-1 Root CA RSA2048 G1'" in subjects
    assert "'Amazon Root CA 1'" in subjects
    ends = [ssl.cert_time_to_seconds(str(authority["notAfter"])) for authority in authorities]
    assert min(ends) > datetime(2030, 1, 1, tzinfo=UTC).timestamp()
