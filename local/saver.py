"""Saves the state of the emulator's services every few seconds, beside the event loop that changes it."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from local.settings import SAVE_SECONDS

SAVE_PAUSES = 9  #: times as long as a save takes: a large state is saved less often, not all the time
SAVE_TRIES = 10  #: to copy the state of a service between two changes of it

States = Mapping[str, Callable[[], Any]]  #: name of a service → its state


def settled(state: Callable[[], Any]) -> Callable[[], Any]:
    """A service's state, asked for again when a request has changed it meanwhile; the last time raises RuntimeError.

    ministack would leave out a service whose tables change while they are copied, which under load they often do.
    """

    def ask() -> Any:
        for _try in range(SAVE_TRIES - 1):
            with suppress(RuntimeError):  # a dictionary changed size during iteration
                return state()
        return state()

    return ask


class Saver:
    """Saves one at a time, and no more once the emulator has saved for the last time."""

    def __init__(self, save: Callable[[States], None]) -> None:
        self._save = save
        self._lock = threading.Lock()
        self._stopped = False

    def save_for_the_last_time(self, states: States) -> None:
        """What the emulator calls when it stops."""
        with self._lock:
            self._stopped = True
            self._save(states)

    def keep_saving(self, states: Callable[[], States]) -> None:
        """Save every few seconds until the process stops."""
        pause: float = SAVE_SECONDS
        while not self._stopped:
            time.sleep(pause)
            started = time.perf_counter()
            with self._lock:
                if not self._stopped:
                    self._save({name: settled(state) for name, state in states().items()})
            pause = max(SAVE_SECONDS, SAVE_PAUSES * (time.perf_counter() - started))
