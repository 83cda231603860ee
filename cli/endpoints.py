"""Where the service is: from a file, from a deployed stage, or from the local stack's own file."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.errors import CliError, UnreachableError

STACK = "amplify-rag-async-{stage}"
CHECKOUT = Path(__file__).parent.parent
LOCAL_FILE = Path(".local") / "endpoints.json"
LOCAL_STAGE = "local"

#: The keys of an endpoints file, and the outputs of the stack that hold the same
OUTPUTS = {"api": "ApiUrl", "websocket": "WebSocketApiUrl", "userPoolId": "UserPoolId", "clientId": "UserPoolClientId"}


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """The addresses of one deployment; ``aws`` is the emulator's address and empty in a real account."""

    api: str
    websocket: str
    user_pool_id: str
    client_id: str
    aws: str = ""
    database: str = ""  #: host:port/name, where the database can be reached from here

    @property
    def region(self) -> str:
        """The region of the user pool, which is the deployment's."""
        return self.user_pool_id.partition("_")[0]

    @property
    def is_local(self) -> bool:
        """Whether this is the stack on the user's own machine."""
        return bool(self.aws)


def load(file: Path | None, stage: str | None) -> Endpoints:
    """The endpoints in the file, else those of the stage, else those of the local stack.

    Raises CliError for a malformed file, UnreachableError when there is no deployment to talk to.
    """
    if file is not None:
        return read(file)
    if stage is not None and stage != LOCAL_STAGE:
        return _of_stage(stage)
    found = find_local()
    if found is None:
        raise UnreachableError(
            f"no {LOCAL_FILE} here or above: start the local stack (make up), or name another (--stage, --endpoints)"
        )
    return read(found)


def find_local() -> Path | None:
    """The local stack's file: in its state folder if that is named, else in this folder, one above, or the checkout."""
    if state := os.environ.get("AMPLIFY_RAG_STATE_DIR"):
        return Path(state) / LOCAL_FILE.name
    folders = (Path.cwd(), *Path.cwd().parents, CHECKOUT)
    return next((folder / LOCAL_FILE for folder in folders if (folder / LOCAL_FILE).is_file()), None)


def read(file: Path) -> Endpoints:
    """The endpoints in a JSON file; raises CliError naming what is wrong with it."""
    try:
        content = json.loads(file.read_text())
    except OSError as error:
        raise CliError(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise CliError(f"{file} is not JSON") from error
    if not isinstance(content, dict):
        raise CliError(f"{file} does not hold a JSON object")
    return parse(content, str(file))


def parse(content: Mapping[str, object], origin: str) -> Endpoints:
    """Endpoints from a mapping with the keys of an endpoints file; origin is named in errors."""
    missing = [name for name in OUTPUTS if not content.get(name)]
    if missing:
        raise CliError(f"{origin} lacks {', '.join(missing)}")
    return Endpoints(
        api=str(content["api"]).rstrip("/"),
        websocket=str(content["websocket"]),
        user_pool_id=str(content["userPoolId"]),
        client_id=str(content["clientId"]),
        aws=str(content.get("aws") or ""),
        database=str(content.get("database") or ""),
    )


def _of_stage(stage: str) -> Endpoints:
    from cli import cloudformation  # noqa: PLC0415  boto3 takes longer to import than all the rest of the command

    stack = STACK.format(stage=stage)
    outputs = cloudformation.outputs(stack)
    return parse({name: outputs.get(output, "") for name, output in OUTPUTS.items()}, f"stack {stack}")
