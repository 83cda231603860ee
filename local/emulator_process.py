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
from ministack.services import dynamodb, lambda_svc

from local.environments import ANSWERING_STEP, READING_STEP, acquire_patiently, after_giving_way
from local.saver import Saver
from local.settings import SOCKET_LOOK_SECONDS
from local.stream_poller import StreamPoller

STREAM_SECONDS = 600  #: that changes are kept for consumers of streams, in memory: the pusher takes none older than 300
IDLE_SECONDS = 0.01  #: between two looks at queues and streams when something is always going on elsewhere
SWITCH_SECONDS = 0.0005  #: after so long a thread that computes, as the one that saves does, lets the event loop go on


async def wait_for(awaitable: Awaitable[Any], timeout: float | None) -> Any:
    """``asyncio.wait_for`` as of Python 3.12, without a task for each call, and more patient about messages.

    ministack waits this way for what it is to send to each open socket, half a second at a time, only to see whether
    the socket has been closed. With 500 sockets that was a fifth of its time.
    """
    if getattr(awaitable, "__qualname__", "") == asyncio.Queue.get.__qualname__ and timeout is not None:
        timeout = max(timeout, SOCKET_LOOK_SECONDS)
    async with asyncio.timeout(timeout):
        return await awaitable


def step_back(function: str) -> int:
    """How far a function's processes step back: what pushes not at all, what works on a queue most."""
    mappings = [mapping for _account, _region, mapping in lambda_svc._iter_all_esms()]
    sources = [each["EventSourceArn"] for each in mappings if each["FunctionName"] == function]
    if any(":sqs:" in source for source in sources):
        return READING_STEP
    return 0 if sources else ANSWERING_STEP


def main() -> None:
    """Run the emulator."""
    sys.setswitchinterval(SWITCH_SECONDS)
    asyncio.wait_for = wait_for  # type: ignore[assignment]
    lambda_svc._poll_dynamodb_streams = StreamPoller().poll
    lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS = IDLE_SECONDS
    dynamodb._STREAM_RETENTION_SECONDS = STREAM_SECONDS
    lambda_svc.acquire_worker = acquire_patiently(lambda_svc.acquire_worker)
    Worker._read_stderr = after_giving_way(Worker._read_stderr, step_back)
    logging.getLogger("persistence").setLevel(logging.WARNING)  # a line for each service and save
    saver = Saver(app.save_all)
    app.save_all = saver.save_for_the_last_time
    threading.Thread(target=saver.keep_saving, args=(app._build_persistence_save_dict,), daemon=True).start()
    app.main()


if __name__ == "__main__":
    main()
