"""Where the local stack keeps its state and which ports it uses."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.errors import LocalStackError

ROOT = Path(__file__).resolve().parent.parent  #: the checkout
SERVICE = "amplify-rag-async"
REGION = "us-east-1"
DATABASE = "amplify_rag"
APPLICATION_ROLE = "rag_app"  #: what the functions log in as; it cannot bypass row security
SAVE_SECONDS = 5  #: how often the emulator's state is saved: what a crash may cost
SOCKET_LOOK_SECONDS = 2.0  #: between two looks of the emulator whether an idle socket has been closed
OPERATIONS_ROLE = "rag_operations"  #: what doctor reads all owners' rows with: no content
DATABASE_SECRET = f"{SERVICE}/local/database"  #: in the emulator's Secrets Manager
OPERATIONS_DATABASE_SECRET = f"{SERVICE}/local-operations-database"
ADMINISTRATOR_SECRET = f"{SERVICE}/local-administrator"

# Both below 32768: from there on Linux gives ports to outgoing connections, and one of them may hold ours
AWS_PORT = 4566
POSTGRES_PORT = 25432
AWS_PORT_VARIABLE = "AMPLIFY_RAG_AWS_PORT"
POSTGRES_PORT_VARIABLE = "AMPLIFY_RAG_POSTGRES_PORT"
STATE_VARIABLE = "AMPLIFY_RAG_STATE_DIR"


@dataclass(frozen=True)
class StackSettings:
    """One local stack; several may run on one machine if they differ in all three fields."""

    state: Path  #: everything the stack writes, but for PostgreSQL's own files when run as root
    aws_port: int = AWS_PORT
    postgres_port: int = POSTGRES_PORT

    @property
    def aws_url(self) -> str:
        return f"http://127.0.0.1:{self.aws_port}"

    @property
    def endpoints_file(self) -> Path:
        return self.state / "endpoints.json"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    def environment(self) -> dict[str, str]:
        """The variables that name this stack to a child process."""
        return {
            STATE_VARIABLE: str(self.state),
            AWS_PORT_VARIABLE: str(self.aws_port),
            POSTGRES_PORT_VARIABLE: str(self.postgres_port),
        }


def stack_settings(environment: Mapping[str, str] = os.environ) -> StackSettings:
    """The stack this environment speaks of; raises LocalStackError for a port that is no number."""
    return StackSettings(
        state=Path(environment.get(STATE_VARIABLE) or ROOT / ".local").resolve(),
        aws_port=_port(environment, AWS_PORT_VARIABLE, AWS_PORT),
        postgres_port=_port(environment, POSTGRES_PORT_VARIABLE, POSTGRES_PORT),
    )


def _port(environment: Mapping[str, str], variable: str, default: int) -> int:
    text = environment.get(variable) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise LocalStackError(f"{variable} must be a port number, not {text!r}")
    return int(text)
