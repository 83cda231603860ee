"""Lambda: brings the stage's database up to date, called by hand (`amplify-rag migrate`)."""

from typing import Any
from urllib.parse import quote, urlencode

from core import logs
from core.aws import secret_field
from core.database import DEFAULT_PORT, encryption
from core.settings import Settings, settings
from operations import migrations
from operations.migrations import MigrationError, MigrationRunningError, RoleInUseError

WAKING_SECONDS = 60  #: to connect: a database that pauses when nobody uses it takes its time to wake


def migrate(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda handler for ``{"dryRun": true}``; answers with a report, whose ``error`` is empty when all went well.

    Afterwards the roles that the functions log in as have the passwords that their secrets hold.
    """
    configured, dry_run = settings(), event.get("dryRun") is True
    dsn = _address(configured)
    try:
        report = migrations.migrate(dsn, dry_run=dry_run)
    except MigrationError as error:
        logs.error("Migration failed", migration=error.report.failed)
        return error.report.as_dict() | {"passwords": []}
    except MigrationRunningError as error:
        logs.error("Migration refused")
        return {"error": str(error)}
    try:
        passwords = [] if dry_run else _set_passwords(dsn, configured)
    except RoleInUseError as error:
        logs.error("Password refused")
        return report.as_dict() | {"passwords": [], "error": str(error)}
    applied = [each.name for each in report.applied]
    about = {"earlier": report.earlier, "pending": len(report.pending), "duration_ms": report.duration_ms}
    logs.info("Database migrated", dry_run=dry_run, applied=applied, passwords=passwords, **about)
    return report.as_dict() | {"passwords": passwords}


def _set_passwords(dsn: str, configured: Settings) -> list[str]:
    """Give the roles their passwords, as far as secrets name them; answers the roles."""
    secrets = {
        configured.rag_postgres_db_username: configured.rag_postgres_db_secret,
        configured.rag_postgres_db_operations_username: configured.rag_postgres_db_operations_secret,
    }
    known = {role: secret for role, secret in secrets.items() if secret}
    for role, secret in known.items():
        migrations.set_password(dsn, secret_field(secret, "password"), role)
    return list(known)


def _address(configured: Settings) -> str:
    """The database's URL with the role that owns the schema."""
    secret = configured.need("rag_postgres_db_administrator_secret")
    user = configured.rag_postgres_db_administrator_username or secret_field(secret, "username")
    password = secret_field(secret, "password")
    host, _, port = configured.need("rag_postgres_db_write_endpoint").partition(":")
    place = f"{host}:{port or DEFAULT_PORT}/{configured.rag_postgres_db_name}"
    options = {**encryption(configured), "connect_timeout": WAKING_SECONDS}
    return f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@{place}?{urlencode(options)}"
