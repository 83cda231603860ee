import stat
from pathlib import Path

import pytest

from cli import session
from cli.endpoints import Endpoints
from cli.errors import NotLoggedInError
from cli.session import Session, Tokens

HERE = Endpoints(api="http://here", websocket="ws://here", user_pool_id="p", client_id="c")
THERE = Endpoints(api="http://there", websocket="ws://there", user_pool_id="p", client_id="c")
NOW = 1_000_000.0


def tokens(file: Path, renewals: list[str]) -> Tokens:
    def refresh(endpoints: Endpoints, old: Session) -> Session:
        renewals.append(old.id_token)
        return Session(old.user, f"{old.id_token}+", old.refresh_token, NOW + 3600)

    return Tokens(HERE, file=file, refresh=refresh, clock=lambda: NOW)


def test_sessions_are_kept_apart_by_deployment_and_private(tmp_path: Path) -> None:
    file = tmp_path / "config" / "sessions.json"
    session.save(HERE, Session("me", "a", "r", 1.0), file)
    session.save(THERE, Session("you", "b", "r", 2.0), file)
    assert session.load(HERE, file) == Session("me", "a", "r", 1.0)
    assert session.load(THERE, file) == Session("you", "b", "r", 2.0)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]  # no draft is left


def test_a_token_with_life_left_is_used_as_it_is(tmp_path: Path) -> None:
    renewals: list[str] = []
    session.save(HERE, Session("me", "a", "r", NOW + 61), tmp_path / "s")
    assert tokens(tmp_path / "s", renewals).current() == "a"
    assert renewals == []


def test_an_ending_token_is_renewed_once_and_kept(tmp_path: Path) -> None:
    renewals: list[str] = []
    session.save(HERE, Session("me", "a", "r", NOW + 59), tmp_path / "s")
    held = tokens(tmp_path / "s", renewals)
    assert [held.current(), held.current()] == ["a+", "a+"]
    assert renewals == ["a"]
    kept = session.load(HERE, tmp_path / "s")
    assert kept is not None
    assert kept.id_token == "a+"  # noqa: S105


@pytest.mark.parametrize("content", [None, "", "{ cut off", "[]"])
def test_without_a_session_nobody_is_logged_in(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "s").write_text(content)
    with pytest.raises(NotLoggedInError, match="amplify-rag login"):
        tokens(tmp_path / "s", []).current()


def test_without_a_refresh_token_the_log_in_ends(tmp_path: Path) -> None:
    session.save(HERE, Session("me", "a", "", NOW - 1), tmp_path / "s")
    with pytest.raises(NotLoggedInError):
        tokens(tmp_path / "s", []).current()
