"""The streams of a running child: its stdout and stderr, both bounded, and its requests for ranges of a file."""

import os
import selectors
import time
from collections.abc import Callable, Mapping
from typing import IO

from core.child_ranges import RangeServer

READ_BYTES = 65_536
TICK_SECONDS = 1.0


class OutputLimitError(Exception):
    """The child wrote more to stdout than it may."""


class Output:
    """Collects stdout up to a limit, or hands it on line by line."""

    def __init__(self, limit: int, on_line: Callable[[str], None] | None) -> None:
        self._limit = limit
        self._on_line = on_line
        self._size = 0
        self._chunks: list[bytes] = []
        self._rest = b""

    def add(self, data: bytes) -> None:
        """Raises OutputLimitError, or whatever is raised by who is handed a line."""
        self._size += len(data)
        if self._size > self._limit:
            raise OutputLimitError
        if self._on_line is None:
            self._chunks.append(data)
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._on_line(line.decode("utf-8", "replace"))

    def kept(self) -> bytes:
        return b"".join(self._chunks)


class Tail:
    """Keeps the last bytes of what is added."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.data = b""

    def add(self, data: bytes) -> None:
        self.data = (self.data + data)[-self._limit :]

    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


class Clock:
    """How long a child may run, and what is to be called about every second meanwhile."""

    def __init__(self, deadline: float, tick: Callable[[], None] | None) -> None:
        self._deadline = deadline  # monotonic seconds
        self._tick = tick
        self._ticked = time.monotonic()

    def left(self) -> float:
        """Seconds until the deadline."""
        return self._deadline - time.monotonic()

    def turn(self) -> float:
        """Tick when it is time; answers the seconds until the next turn.

        Raises TimeoutError at the deadline, and whatever the tick raises.
        """
        if self.left() <= 0:
            raise TimeoutError
        if self._tick is None:
            return self.left()
        if time.monotonic() - self._ticked >= TICK_SECONDS:
            self._tick()
            self._ticked = time.monotonic()
        return max(0.0, min(self.left(), self._ticked + TICK_SECONDS - time.monotonic()))


def follow(streams: Mapping[IO[bytes], Callable[[bytes], None]], ranges: RangeServer | None, clock: Clock) -> None:
    """Hand on what is read from each stream until the child has closed them all; serve its requests meanwhile.

    Raises TimeoutError at the deadline, and what ticking, handing on and serving raise.
    """
    with selectors.DefaultSelector() as selector:
        for stream, hand_on in streams.items():
            selector.register(stream, selectors.EVENT_READ, hand_on)
        if ranges is not None:
            selector.register(ranges, ranges.waits_for)
        left = len(streams)
        while left:
            for key, _events in selector.select(clock.turn()):
                if ranges is not None and key.fileobj is ranges:
                    _serve(selector, ranges)
                elif data := os.read(key.fd, READ_BYTES):
                    key.data(data)
                else:
                    selector.unregister(key.fileobj)
                    left -= 1


def _serve(selector: selectors.BaseSelector, ranges: RangeServer) -> None:
    if ranges.go_on():
        selector.modify(ranges, ranges.waits_for)
    else:
        selector.unregister(ranges)
