"""Ranges of a file that a child, which has no network, asks its parent for.

A request is an offset and a length, the answer exactly those bytes. One is open at a time.
"""

import os
import selectors
import socket
import struct
from collections.abc import Callable

from core.child_limits import RANGES_DESCRIPTOR

MAX_RANGE_BYTES = 4_194_304  #: of one request
_REQUEST = struct.Struct("!QI")

Serve = Callable[[int, int], bytes]  #: offset and length to exactly so many bytes


class RangeRequestError(Exception):
    """The child asked for what it may not have: too much at once, or what the file does not hold."""


def fetch(first: int, last: int) -> bytes:
    """In the child: the bytes from first to last, both included; raises OSError when its parent is gone."""
    data = bytearray()
    while len(data) <= last - first:
        length = min(last - first + 1 - len(data), MAX_RANGE_BYTES)
        os.write(RANGES_DESCRIPTOR, _REQUEST.pack(first + len(data), length))
        data += _received(length)
    return bytes(data)


def _received(length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        piece = os.read(RANGES_DESCRIPTOR, length - len(data))
        if not piece:
            raise OSError("nobody serves the file any more")
        data += piece
    return bytes(data)


class RangeServer:
    """The parent's end: answers one request after the other, and never waits for the child to ask or to read."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._ours, self.theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._request = b""
        self._answer = memoryview(b"")

    def fileno(self) -> int:
        return self._ours.fileno()

    @property
    def waits_for(self) -> int:
        """What is to happen next, as selectors call it."""
        return selectors.EVENT_WRITE if self._answer else selectors.EVENT_READ

    def go_on(self) -> bool:
        """Do what can be done at once; whether the child may still ask.

        Raises RangeRequestError, or whatever serving a range raises.
        """
        try:
            if self._answer:
                self._answer = self._answer[self._ours.send(self._answer) :]
                return True
            data = self._ours.recv(_REQUEST.size - len(self._request))
        except BlockingIOError:
            return True
        except OSError:  # the child has ended
            return False
        self._request += data
        if len(self._request) == _REQUEST.size:
            self._answer = memoryview(self._served(*_REQUEST.unpack(self._request)))
            self._request = b""
        return bool(data)

    def close(self) -> None:
        self._ours.close()
        self.theirs.close()

    def _served(self, offset: int, length: int) -> bytes:
        if not 0 < length <= MAX_RANGE_BYTES:
            raise RangeRequestError(f"{length} bytes at once")
        data = self._serve(offset, length)
        if len(data) != length:
            raise RangeRequestError(f"{length} bytes from {offset}")
        return data
