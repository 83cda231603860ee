"""Live states over the WebSocket: in order, without loss or repetition, through dropped connections.

A lost connection is made again and what was missed is replayed; while there is none, and when a document has been
silent for long, its state is fetched over HTTP, with the history of what was missed before it. So progress never
stands still because a socket does, and where sockets are impossible the same messages come by polling.
"""

import asyncio
import json
import time
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from cli.client import Client
from cli.errors import RefusedError, ServiceError, UnreachableError
from cli.following import Followed, Stream
from cli.patience import Patience
from cli.race import until_one_ends
from cli.updates import Update, message_of

REJECTED = {401, 403}


class Live:
    """One connection for any number of documents; use it as an asynchronous context manager."""

    def __init__(self, client: Client, patience: Patience | None = None) -> None:
        self._client = client
        self._patience = patience or Patience()
        self._followed: dict[str, Followed] = {}
        self._everything: Stream | None = None
        self._socket: ClientConnection | None = None
        self._contact = self._socket_contact = self._asked = time.monotonic()
        self._everything_confirmed = False
        self._may_renew = True
        self._failure: Exception | None = None

    async def __aenter__(self) -> "Live":
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def follow(self, document_id: str) -> Stream:
        """The states of a document, from the present one on, until it is unfollowed."""
        if self._failure:
            raise self._failure
        stream = Stream()
        self._followed[document_id] = Followed(stream)
        await self._subscribe(document_id)
        return stream

    async def unfollow(self, document_id: str) -> None:
        """Ends what ``follow`` began."""
        if self._followed.pop(document_id, None):
            await self._send({"action": "unsubscribe", "documentId": document_id})

    async def follow_everything(self) -> Stream:
        """The states of all documents of the user, also of those that are uploaded later."""
        self._everything = Stream()
        await self._subscribe_to_everything()
        return self._everything

    async def _run(self) -> None:
        """Keeps the connection up; whatever ends this is raised to those who wait for updates."""
        try:
            attempt = 0
            while True:
                attempt = 0 if await self._converse() >= self._patience.longest_backoff else attempt + 1
                await self._poll(self._expected())
                await self._poll_everything()
                await asyncio.sleep(self._patience.backoff(attempt))
        except Exception as error:  # noqa: BLE001  the edge of a task: nobody else would ever hear of it
            self._failure = error
            streams = (self._everything, *(followed.stream for followed in self._followed.values()))
            for stream in filter(None, streams):
                stream.put(error)

    async def _converse(self) -> float:
        """One connection from its start to its end; how many seconds it lasted."""
        since = None
        try:
            async with connect(self._address(), open_timeout=self._patience.handshake, ping_interval=None) as socket:
                self._socket, self._may_renew, self._everything_confirmed = socket, True, False
                since = self._contact = self._socket_contact = time.monotonic()
                await self._subscribe_again()
                await until_one_ends(self._listen(socket), self._keep_up(socket))
        except InvalidStatus as refusal:
            if refusal.response.status_code in REJECTED and self._may_renew:
                self._may_renew = False  # once: if the new token is refused too, HTTP will tell whether it is the token
                await asyncio.to_thread(self._client.tokens.renewed)
        except (OSError, WebSocketException):
            pass  # what was missed is polled and replayed
        finally:
            self._socket = None
        return time.monotonic() - since if since else 0.0

    def _address(self) -> str:
        return f"{self._client.endpoints.websocket}?{urlencode({'token': self._client.tokens.current()})}"

    async def _subscribe_again(self) -> None:
        if self._everything:
            await self._subscribe_to_everything()
        for document_id in self._expected():
            await self._subscribe(document_id)

    def _expected(self) -> list[str]:
        """The documents of which news may come."""
        return [document_id for document_id, followed in self._followed.items() if followed.expects_more]

    async def _subscribe(self, document_id: str) -> None:
        """Asks for the document's updates, beginning with those after the latest that is known."""
        latest = self._followed[document_id].order.latest
        after = {} if latest is None else {"after": latest}
        self._followed[document_id].asked = time.monotonic()
        await self._send({"action": "subscribe", "documentId": document_id, **after})

    async def _subscribe_to_everything(self) -> None:
        self._asked = time.monotonic()
        await self._send({"action": "subscribe", "all": True})

    async def _send(self, message: dict[str, Any]) -> None:
        if self._socket is None:
            return  # every connection begins with all subscriptions
        with suppress(WebSocketException):  # the reader of this socket notices that it is gone
            await self._socket.send(json.dumps(message))

    async def _listen(self, socket: ClientConnection) -> None:
        async for text in socket:
            self._contact = self._socket_contact = time.monotonic()
            message = message_of(text)
            if message.get("type") == "document_status_update":
                await self._take(Update.of(message))
            elif message.get("type") == "subscription_confirmed" and message.get("all"):
                self._everything_confirmed = True
            elif message.get("type") == "error":
                await self._poll(name for name, followed in self._followed.items() if followed.order.latest is None)
            elif message.get("type") == "closing":
                return

    async def _keep_up(self, socket: ClientConnection) -> None:
        """Pings, notices what has been waited for too long, and ends when the socket is dead."""
        pinged = time.monotonic()
        while True:
            await asyncio.sleep(self._patience.tick)
            now = time.monotonic()
            if now - self._socket_contact > self._patience.silence:
                return
            if now - pinged > self._patience.ping:
                pinged = now
                await self._send({"action": "ping"})
            for document_id, followed in list(self._followed.items()):
                if followed.gap_since is not None and now - followed.gap_since > self._patience.gap:
                    await self._fill(document_id, followed)
            overdue = [name for name, followed in self._followed.items() if self._is_overdue(followed, now)]
            for document_id in overdue:  # the subscription may be what was lost
                await self._subscribe(document_id)
            await self._poll(overdue)
            if self._everything and not self._everything_confirmed and now - self._asked > self._patience.quiet:
                await self._subscribe_to_everything()
                await self._poll_everything()

    def _is_overdue(self, followed: Followed, now: float) -> bool:
        waited = now - max(followed.heard, followed.asked)
        if followed.order.latest is None:
            return waited > self._patience.first
        return followed.expects_more and waited > self._patience.quiet

    async def _poll(self, document_ids: Iterable[str]) -> None:
        """Fetches the states of documents over HTTP."""
        for document_id in list(document_ids):
            try:
                update = await self._client.status(document_id)
            except RefusedError as error:
                self._contact = time.monotonic()
                followed = self._followed.pop(document_id, None)
                if followed and followed.stream:  # where all are followed, one that was deleted is no error
                    followed.stream.put(error)
                continue
            except (ServiceError, UnreachableError) as error:
                self._bear(error)
                break
            self._contact = time.monotonic()
            await self._take(update)

    async def _poll_everything(self) -> None:
        """Looks for documents of which the socket would have told."""
        if not self._everything:
            return
        try:
            documents = (await self._client.documents())["documents"]
        except (ServiceError, UnreachableError) as error:
            self._bear(error)
            return
        known = {name: followed.order.latest or 0 for name, followed in self._followed.items()}
        latest = {item["documentId"]: item["sequence"] for item in documents}
        await self._poll(name for name, sequence in latest.items() if sequence > known.get(name, 0))

    def _bear(self, error: ServiceError | UnreachableError) -> None:
        """Puts up with a failed poll, unless nothing has worked for too long."""
        if time.monotonic() - self._contact > self._patience.give_up:
            raise error

    async def _take(self, update: Update) -> None:
        """Gives out an update and those that waited for it; asks again for any before it that are missing."""
        followed = self._followed.get(update.document_id)
        if followed is None:
            if self._everything is None:
                return
            followed = self._followed[update.document_id] = Followed()
        followed.heard = time.monotonic()
        followed.give(followed.order.offer(update), self._everything)
        if not followed.order.has_gap:
            return
        if self._socket is None:  # there is nobody to replay it
            await self._fill(update.document_id, followed)
        elif followed.gap_since is None:
            followed.gap_since = time.monotonic()
            await self._subscribe(update.document_id)

    async def _fill(self, document_id: str, followed: Followed) -> None:
        """Takes what is missing between updates from the history; what is not there either is given up."""
        try:
            missed = await self._client.events(document_id, after=followed.order.latest or 0)
        except RefusedError:
            missed = []
        except (ServiceError, UnreachableError) as error:
            self._bear(error)
            followed.gap_since = followed.gap_since or time.monotonic()
            return  # the next look, or the next connection, fills it
        for update in missed:
            followed.give(followed.order.offer(update), self._everything)
        if followed.order.has_gap:
            followed.give(followed.order.skip(), self._everything)
