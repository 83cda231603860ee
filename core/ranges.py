"""A remote object as a seekable file that fetches only the blocks it is asked for."""

import io
from collections.abc import Callable
from typing import BinaryIO

BLOCK_BYTES = 16_384
AHEAD_BYTES = 1_048_576  #: most that is fetched beyond what is asked for, when a file is read from end to end
KEPT_BYTES = 67_108_864  #: most that stays in memory: what was fetched first is forgotten


class RangeFile(io.RawIOBase):
    """Read-only file over ``fetch(first, last) -> bytes`` (inclusive offsets), kept in memory block by block.

    Neighbouring missing blocks are fetched in one request, and who reads on where the last request ended gets twice
    as much with each. ``bytes_fetched`` and ``requests`` tell the cost.
    """

    def __init__(
        self,
        size: int,
        fetch: Callable[[int, int], bytes],
        block_bytes: int = BLOCK_BYTES,
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        super().__init__()
        self.size = size
        self.bytes_fetched = 0
        self.requests = 0
        self._fetch = fetch
        self._block_bytes = block_bytes
        self._kept_blocks = kept_bytes // block_bytes
        self._blocks: dict[int, bytes] = {}  # in the order they were fetched
        self._position = 0
        self._next = -1  # the block after the last request
        self._ahead = 0  # blocks

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]
        data = self.read_at(self._position, len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def read_at(self, offset: int, length: int) -> bytes:
        """Up to ``length`` bytes from ``offset``; fewer at the end of the object."""
        end = min(offset + length, self.size)
        if offset >= end:
            return b""
        first, last = offset // self._block_bytes, (end - 1) // self._block_bytes
        self._load(first, last)
        joined = b"".join(self._blocks[number] for number in range(first, last + 1))
        while len(self._blocks) > self._kept_blocks:
            del self._blocks[next(iter(self._blocks))]
        start = offset - first * self._block_bytes
        return joined[start : start + end - offset]

    def _load(self, first: int, last: int) -> None:
        missing = [number for number in range(first, last + 1) if number not in self._blocks]
        if not missing:
            return
        # One request from the first to the last missing block: a few known blocks between cost less than a round trip.
        stop = self._further(missing[0], missing[-1] + 1)
        start = missing[0] * self._block_bytes
        end = min(stop * self._block_bytes, self.size)
        data = self._fetch(start, end - 1)
        if len(data) != end - start:
            raise OSError(f"asked for {end - start} bytes of the object and got {len(data)}")
        self.requests += 1
        self.bytes_fetched += len(data)
        for number in range(missing[0], stop):
            offset = number * self._block_bytes - start
            self._blocks[number] = data[offset : offset + self._block_bytes]

    def _further(self, first: int, stop: int) -> int:
        """Where a request for the blocks from first to stop had better end."""
        if first == self._next:
            self._ahead = min(max(1, 2 * self._ahead), AHEAD_BYTES // self._block_bytes)
        else:
            self._ahead = 0
        most = min(stop + self._ahead, -(-self.size // self._block_bytes))
        while stop < most and stop not in self._blocks:
            stop += 1
        self._next = stop
        return stop


def over(file: BinaryIO) -> RangeFile:
    """An open local file, read in ranges like an object."""

    def fetch(first: int, last: int) -> bytes:
        file.seek(first)
        return file.read(last - first + 1)

    return RangeFile(file.seek(0, io.SEEK_END), fetch)
