import threading
from collections.abc import Callable
from typing import Any

import pytest

from local.saver import SAVE_TRIES, Saver, settled


def changing(times: int) -> Callable[[], dict[str, int]]:
    """A state that changes while it is copied, so many times."""
    asked: list[None] = []

    def state() -> dict[str, int]:
        asked.append(None)
        if len(asked) <= times:
            raise RuntimeError("dictionary changed size during iteration")
        return {"asked": len(asked)}

    return state


def test_a_state_that_changes_while_it_is_copied_is_asked_for_again() -> None:
    assert settled(changing(SAVE_TRIES - 1))() == {"asked": SAVE_TRIES}


def test_a_state_that_never_settles_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="changed size"):
        settled(changing(SAVE_TRIES))()


def test_nothing_is_saved_after_the_last_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.saver.SAVE_SECONDS", 0.0)
    saved: list[Any] = []
    twice = threading.Event()

    def save(states: Any) -> None:
        saved.append({name: state() for name, state in states.items()})
        if len(saved) >= 2:
            twice.set()

    saver = Saver(save)
    thread = threading.Thread(target=saver.keep_saving, args=(lambda: {"s3": changing(1)},), daemon=True)
    thread.start()
    assert twice.wait(10)
    saver.save_for_the_last_time({"s3": lambda: "the end"})
    thread.join(10)
    assert not thread.is_alive()
    assert saved[0] == {"s3": {"asked": 2}}
    assert saved[-1] == {"s3": "the end"}
