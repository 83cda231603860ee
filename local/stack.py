"""The whole local stack: up, down, its state, and its end."""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from botocore.exceptions import EndpointConnectionError

from local import deploy, migrate
from local.deploy import Endpoints
from local.emulator import Emulator
from local.errors import LocalStackError
from local.postgres import SUPERUSER, PostgresServer
from local.settings import (
    ADMINISTRATOR_SECRET,
    DATABASE,
    OPERATIONS_DATABASE_SECRET,
    OPERATIONS_ROLE,
    StackSettings,
    stack_settings,
)


@dataclass(frozen=True)
class Status:
    """Which servers run (their process ids), and where to reach the stack if all of it does."""

    aws: int | None
    postgres: int | None
    endpoints: Endpoints | None


class LocalStack:
    """One emulator, one database server and what is deployed into them."""

    def __init__(self, settings: StackSettings | None = None, tell: Callable[[str], None] = lambda line: None) -> None:
        self.settings = settings or stack_settings()
        self.emulator = Emulator(self.settings)
        self.postgres = PostgresServer(self.settings.state, self.settings.postgres_port)
        self._tell = tell

    def up(self) -> Endpoints:
        """Start what does not run, migrate, deploy what changed. Harmless and quick when all is up.

        Raises LocalStackError saying what is wrong and what to do.
        """
        with self._alone():
            self.emulator.require_port()  # before anything is started
            self._tell("PostgreSQL")
            passwords = self.postgres.start()
            migrate.create_database(self.postgres.dsn(passwords, SUPERUSER, "postgres"), DATABASE)
            dsn = self.postgres.dsn(passwords)
            migrate.migrate(dsn)
            migrate.set_password(dsn, passwords.application)
            migrate.set_password(dsn, passwords.operations, OPERATIONS_ROLE)
            self._tell("AWS emulator")
            self.emulator.start()
            secrets = self.emulator.client("secretsmanager")
            deploy.put_secret(secrets, {"password": passwords.application})
            deploy.put_secret(secrets, {"password": passwords.operations}, OPERATIONS_DATABASE_SECRET)
            administrator = {"username": SUPERUSER, "password": passwords.superuser}
            deploy.put_secret(secrets, administrator, ADMINISTRATOR_SECRET)
            self._tell("serverless.yml")
            deploy.deploy(self.emulator)
            endpoints = deploy.read_endpoints(self.emulator)
            if endpoints is None:
                raise LocalStackError("The deployed stack names no addresses: see `osls info --stage local`")
            deploy.write_endpoints(self.settings, endpoints)
            return endpoints

    def down(self) -> None:
        """Stop both servers cleanly; everything they hold is kept for the next `up`."""
        with self._alone():
            self.emulator.stop()
            self.postgres.stop()

    def destroy(self) -> None:
        """Stop both servers and delete all they hold."""
        with self._alone():
            self.emulator.stop()
            self.postgres.destroy()
            shutil.rmtree(self.settings.state)

    def status(self) -> Status:
        """What runs just now."""
        aws, postgres = self.emulator.server.pid(), self.postgres.server.pid()
        try:
            return Status(aws, postgres, deploy.read_endpoints(self.emulator) if aws and postgres else None)
        except EndpointConnectionError as error:
            raise LocalStackError(
                f"The stack runs, but not at {self.settings.aws_url}.\n"
                "  Set AMPLIFY_RAG_AWS_PORT and AMPLIFY_RAG_POSTGRES_PORT as when it was started."
            ) from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One command at a time works on a stack; a second one waits."""
        self.settings.logs.mkdir(parents=True, exist_ok=True)
        with (self.settings.state / "command.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
