"""The emulator's process: ministack, with its state on disk every few seconds.

By itself ministack saves on a clean stop only. This uses the functions by which it saves then; its version is pinned,
and a test kills it.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from ministack import app

from local.settings import SAVE_SECONDS

States = Mapping[str, Callable[[], Any]]  #: name of a service → its state


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
        while not self._stopped:
            time.sleep(SAVE_SECONDS)
            with self._lock:
                if not self._stopped:
                    self._save(states())


def main() -> None:
    """Run the emulator."""
    logging.getLogger("persistence").setLevel(logging.WARNING)  # a line for each service and save
    saver = Saver(app.save_all)
    app.save_all = saver.save_for_the_last_time
    threading.Thread(target=saver.keep_saving, args=(app._build_persistence_save_dict,), daemon=True).start()
    app.main()


if __name__ == "__main__":
    main()
