"""The emulator's process: ministack, with its state on disk every few seconds.

By itself ministack saves on a clean stop only. This uses the functions by which it saves then; its version is pinned,
and a test kills it. All services share one event loop, which every push, query and write goes through, so saving must
not hold it up.
"""

import asyncio
import logging
import sys
import threading
from collections.abc import Awaitable
from typing import Any

from ministack import app
from ministack.core.lambda_runtime import Worker
from ministack.services import lambda_svc

from local.environments import acquire_patiently, after_giving_way
from local.saver import Saver
from local.settings import SOCKET_LOOK_SECONDS

SWITCH_SECONDS = 0.0005  #: after so long a thread that computes, as the one that saves does, lets the event loop go on


def forget_stream_positions() -> None:
    """Let consumers of streams begin anew after a restart.

    ministack keeps how far each consumer has read but not the records, so a consumer would wait for as many changes as
    there were before. What was not delivered when it stopped is lost; subscribers ask for it by ``after``.
    """
    lambda_svc._restore_esm_positions = lambda _store, _positions: None


async def wait_for(awaitable: Awaitable[Any], timeout: float | None) -> Any:
    """``asyncio.wait_for`` as of Python 3.12, without a task for each call, and more patient about messages.

    ministack waits this way for what it is to send to each open socket, half a second at a time, only to see whether
    the socket has been closed. With 500 sockets that was a fifth of its time.
    """
    if getattr(awaitable, "__qualname__", "") == asyncio.Queue.get.__qualname__ and timeout is not None:
        timeout = max(timeout, SOCKET_LOOK_SECONDS)
    async with asyncio.timeout(timeout):
        return await awaitable


def is_fed_by_a_queue(function: str) -> bool:
    """Whether a function takes its work from a queue: nobody waits for its answer."""
    mappings = [mapping for _account, _region, mapping in lambda_svc._iter_all_esms()]
    return any(each["FunctionName"] == function and ":sqs:" in each["EventSourceArn"] for each in mappings)


def main() -> None:
    """Run the emulator."""
    sys.setswitchinterval(SWITCH_SECONDS)
    asyncio.wait_for = wait_for  # type: ignore[assignment]
    forget_stream_positions()
    lambda_svc.acquire_worker = acquire_patiently(lambda_svc.acquire_worker)
    Worker._read_stderr = after_giving_way(Worker._read_stderr, is_fed_by_a_queue)
    logging.getLogger("persistence").setLevel(logging.WARNING)  # a line for each service and save
    saver = Saver(app.save_all)
    app.save_all = saver.save_for_the_last_time
    threading.Thread(target=saver.keep_saving, args=(app._build_persistence_save_dict,), daemon=True).start()
    app.main()


if __name__ == "__main__":
    main()
