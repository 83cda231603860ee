"""A remote object as a seekable file that fetches only the blocks it is asked for."""

import io
from collections.abc import Callable

BLOCK_BYTES = 16_384


class RangeFile(io.RawIOBase):
    """Read-only file over ``fetch(first, last) -> bytes`` (inclusive offsets), kept in memory block by block.

    Neighbouring missing blocks are fetched in one request. ``bytes_fetched`` and ``requests`` tell the cost.
    """

    def __init__(self, size: int, fetch: Callable[[int, int], bytes], block_bytes: int = BLOCK_BYTES) -> None:
        super().__init__()
        self.size = size
        self.bytes_fetched = 0
        self.requests = 0
        self._fetch = fetch
        self._block_bytes = block_bytes
        self._blocks: dict[int, bytes] = {}
        self._position = 0

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
        start = offset - first * self._block_bytes
        return joined[start : start + end - offset]

    def _load(self, first: int, last: int) -> None:
        missing = [number for number in range(first, last + 1) if number not in self._blocks]
        if not missing:
            return
        # One request from the first to the last missing block: a few known blocks between cost less than a round trip.
        start = missing[0] * self._block_bytes
        end = min((missing[-1] + 1) * self._block_bytes, self.size)
        data = self._fetch(start, end - 1)
        if len(data) != end - start:
            raise OSError(f"asked for {end - start} bytes of the object and got {len(data)}")
        self.requests += 1
        self.bytes_fetched += len(data)
        for number in range(missing[0], missing[-1] + 1):
            offset = number * self._block_bytes - start
            self._blocks[number] = data[offset : offset + self._block_bytes]
