"""Who is logged in where: tokens in one private file, renewed by themselves while the log-in lasts."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

from cli.endpoints import Endpoints
from cli.errors import NotLoggedInError

#: A token with less life than this is renewed before it is used
MARGIN_SECONDS = 60


@dataclass(frozen=True)
class Session:
    """A user's tokens for one deployment; ``expires_at`` is the id token's end in seconds since 1970."""

    user: str
    id_token: str
    refresh_token: str
    expires_at: float


def default_file() -> Path:
    """The file with the tokens, in the user's configuration folder."""
    return Path(typer.get_app_dir("amplify-rag")) / "sessions.json"


def load(endpoints: Endpoints, file: Path | None = None) -> Session | None:
    """The session kept for these endpoints; None when there is none."""
    kept = _read(file or default_file()).get(_key(endpoints))
    return Session(**kept) if kept else None


def save(endpoints: Endpoints, session: Session, file: Path | None = None) -> None:
    """Keeps the session for these endpoints; nobody but the user can read the file."""
    file = file or default_file()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sessions = {**_read(file), _key(endpoints): asdict(session)}
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        json.dump(sessions, stream, indent=2)
    draft.replace(file)


class Tokens:
    """Gives a valid token for one deployment whenever it is asked."""

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        file: Path | None = None,
        refresh: Callable[[Endpoints, Session], Session] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._endpoints = endpoints
        self._file = file
        self._refresh = refresh or _refresh
        self._clock = clock
        self._session = load(endpoints, file)

    def current(self) -> str:
        """The id token, renewed when it is about to end; raises NotLoggedInError when that can't be done."""
        if self._session is None:
            raise NotLoggedInError("you are not logged in: amplify-rag login --user you@example.com")
        if self._session.expires_at - self._clock() < MARGIN_SECONDS:
            return self.renewed()
        return self._session.id_token

    def renewed(self) -> str:
        """A new id token, for when the service does not take the present one."""
        if self._session is None or not self._session.refresh_token:
            raise NotLoggedInError("your log-in has ended: amplify-rag login")
        self._session = self._refresh(self._endpoints, self._session)
        save(self._endpoints, self._session, self._file)
        return self._session.id_token


def _refresh(endpoints: Endpoints, session: Session) -> Session:
    from cli import cognito  # noqa: PLC0415  boto3 takes long to import and is needed once an hour

    return cognito.refresh(endpoints, session)


def _key(endpoints: Endpoints) -> str:
    return f"{endpoints.api} {endpoints.client_id}"


def _read(file: Path) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except ValueError:  # cut off or edited: as good as logged out
        return {}
    return content if isinstance(content, dict) else {}
