"""What is known of one document that is followed, and the streams that updates come out of."""

import asyncio
import time
from collections.abc import AsyncIterator

from cli.updates import Reordering, Update


class Stream(AsyncIterator[Update]):
    """Updates as they come; an error that is put in is raised to the reader."""

    def __init__(self) -> None:
        self._items: asyncio.Queue[Update | Exception] = asyncio.Queue()

    def put(self, item: Update | Exception) -> None:
        """Adds an update, or the error that ends the stream."""
        self._items.put_nowait(item)

    async def __anext__(self) -> Update:
        item = await self._items.get()
        if isinstance(item, Exception):
            raise item
        return item


class Followed:
    """A document that is followed; without a stream of its own when it is only one of all."""

    def __init__(self, stream: Stream | None = None) -> None:
        self.stream = stream
        self.order = Reordering()
        self.heard = time.monotonic()  #: last news of any kind
        self.asked = self.heard  #: when a subscription was last sent
        self.gap_since: float | None = None
        self._ended = False

    @property
    def expects_more(self) -> bool:
        """Whether somebody waits for more: a finished document may be uploaded again, if it is followed by name."""
        return self.stream is not None or not self._ended

    def give(self, updates: list[Update], everything: Stream | None) -> None:
        """Passes updates on to those who follow."""
        if not self.order.has_gap:
            self.gap_since = None
        for update in updates:
            self._ended = update.is_final
            for stream in filter(None, (self.stream, everything)):
                stream.put(update)
