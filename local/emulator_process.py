"""The emulator's process: ministack, with its state on disk every few seconds.

By itself ministack saves on a clean stop only. This uses the functions by which it saves then; its version is pinned,
and a test kills it. All services share one event loop, which every push, query and write goes through; so it gets a
quick one, and the processor before those functions that nobody waits for.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvloop
from ministack import app
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local.settings import SAVE_SECONDS

#: How far functions stand back from the emulator, which everything waits for: pushes least, ingestion most
NICENESS = {"status_pusher": 0, "text_rag_processor": 10, "vdr_processor": 10}
USUAL_NICENESS = 4
SAVE_PAUSES = 9  #: times as long as a save takes: a large state is saved less often, not all the time
SWITCH_SECONDS = 0.0005  #: after so long a thread that computes, as the one that saves does, lets the event loop go on

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
        pause: float = SAVE_SECONDS
        while not self._stopped:
            time.sleep(pause)
            started = time.perf_counter()
            with self._lock:
                if not self._stopped:
                    self._save(states())
            pause = max(SAVE_SECONDS, SAVE_PAUSES * (time.perf_counter() - started))


def forget_stream_positions() -> None:
    """Let consumers of streams begin anew after a restart.

    ministack keeps how far each consumer has read but not the records, so a consumer would wait for as many changes as
    there were before. What was not delivered when it stopped is lost; subscribers ask for it by ``after``.
    """
    lambda_svc._restore_esm_positions = lambda _store, _positions: None


def give_way_to_the_emulator() -> None:
    """Share the processor so that answers and pushes do not wait behind ingestion, nor the emulator behind anything."""
    spawn = lambda_runtime.Worker._spawn

    def spawn_nicely(worker: Any) -> None:
        spawn(worker)
        niceness = NICENESS.get(worker.func_name.rpartition("-")[2], USUAL_NICENESS)
        for thread in Path(f"/proc/{worker._proc.pid}/task").iterdir():
            with suppress(ProcessLookupError):  # it has ended
                os.setpriority(os.PRIO_PROCESS, int(thread.name), niceness)

    lambda_runtime.Worker._spawn = spawn_nicely


def main() -> None:
    """Run the emulator."""
    sys.setswitchinterval(SWITCH_SECONDS)
    uvloop.install()
    give_way_to_the_emulator()
    forget_stream_positions()
    logging.getLogger("persistence").setLevel(logging.WARNING)  # a line for each service and save
    saver = Saver(app.save_all)
    app.save_all = saver.save_for_the_last_time
    threading.Thread(target=saver.keep_saving, args=(app._build_persistence_save_dict,), daemon=True).start()
    app.main()


if __name__ == "__main__":
    main()
