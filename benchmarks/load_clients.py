"""The clients of a load: owners who upload, sockets that listen, people who ask."""

import asyncio
import json
import math
import random
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from benchmarks.load_documents import LoadDocument, question

ATTEMPTS = 30  #: of a request that the service, or an overloaded gateway before it, turns away
ASKING_AGAIN_SECONDS = 2  #: after a subscription that was not taken
THINKING_SECONDS = (1.5, 4.5)  #: between two questions of one client
ARRIVING_SECONDS = 45  #: within which every client has asked its first question


@dataclass
class Owner:
    """A user with documents."""

    subject: str
    token: str
    http: httpx.AsyncClient
    expected: dict[str, bool] = field(default_factory=dict)  #: document id → whether it can be read
    turned_away: Counter[int] = field(default_factory=Counter)  #: answers that asked for patience, by status

    async def upload(self, document: LoadDocument, watchers: "Sequence[Listener]") -> None:
        """Announce a file, let it be watched, and post it, as the command line does."""
        announced = await self.call("POST", "/v2/uploads", {"fileName": document.name, "size": len(document.data)})
        form = announced["upload"]
        for watcher in watchers:
            await watcher.watch(announced["documentId"])
        async with httpx.AsyncClient(timeout=60) as s3:
            answer = await s3.post(form["url"], data=form["fields"], files={"file": (document.name, document.data)})
            answer.raise_for_status()
        self.expected[announced["documentId"]] = document.readable

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """A request that must succeed in the end, as by a client that is patient; how often it was not is counted."""
        headers = {"authorization": f"Bearer {self.token}"}
        for _attempt in range(ATTEMPTS):
            answer = await self.http.request(method, path, json=body, headers=headers)
            if answer.is_success:
                return answer.json()
            self.turned_away[answer.status_code] += 1
            await asyncio.sleep(float(answer.headers.get("retry-after", "1")))
        raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:200]}")

    async def events(self, document_id: str) -> list[dict[str, Any]]:
        """The history of a document, whole."""
        found: list[dict[str, Any]] = []
        while True:
            after = found[-1]["sequence"] if found else 0
            page = await self.call("GET", f"/v2/documents/{document_id}/events?after={after}&limit=200")
            found += page["events"]
            if page["nextAfter"] is None:
                return found


@dataclass
class Listener:
    """A socket that has subscribed to all documents of its owner, or to some, and notes what comes; ended by the other
    side, it connects again and asks for what it missed, as the protocol has it."""

    owner: Owner
    watched: dict[str, float] | None = None  #: ids of documents, and since when it is subscribed (Unix time); None: all
    seen: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    latencies_ms: list[float] = field(default_factory=list)
    repeated: int = 0
    losses: int = 0  #: times that the connection was not ended by this side
    caught_up: int = 0  #: changes that were asked for after that
    _socket: ClientConnection | None = None
    _asking_again: asyncio.Task[None] | None = None
    _closing: bool = False

    async def open(self, address: str) -> None:
        """Connect and subscribe."""
        query = urlencode({"token": self.owner.token})
        self._socket = await connect(f"{address}?{query}", open_timeout=60, ping_interval=None)
        if self.watched is None:
            await self._subscribe(all=True)
            await self._confirmed()
        for document_id in self.watched or {}:
            await self._subscribe(documentId=document_id, after=0)

    async def watch(self, document_id: str) -> None:
        """From now on hear of this document too."""
        assert self.watched is not None
        self.watched[document_id] = math.inf
        await self._subscribe(documentId=document_id, after=0)

    def hears_of(self, document_id: str) -> bool:
        """Whether it has to be told the changes of its owner's document."""
        return self.watched is None or document_id in self.watched

    async def listen(self, address: str) -> None:
        """Note every update until the socket is closed by this side."""
        await self._hear()
        while not self._closing:
            self.losses += 1
            await self.open(address)
            await self._catch_up()
            await self._hear()

    async def close(self) -> None:
        self._closing = True
        if self._socket:
            await self._socket.close()

    async def _subscribe(self, **to: Any) -> None:
        assert self._socket is not None
        with suppress(ConnectionClosed):  # it is told when it has connected again
            await self._socket.send(json.dumps({"action": "subscribe", **to}))

    async def _confirmed(self) -> None:
        assert self._socket is not None
        answer = json.loads(await asyncio.wait_for(self._socket.recv(), 60))
        if answer["type"] != "subscription_confirmed":
            raise RuntimeError(f"a subscription was answered by {answer}")

    async def _hear(self) -> None:
        assert self._socket is not None
        with suppress(ConnectionClosed):
            async for frame in self._socket:
                message, now = json.loads(frame), time.time()
                if message["type"] != "error":
                    self._note(message, now)
                elif message["code"] != "unavailable":
                    raise RuntimeError(f"a socket was told {message}")
                elif self._asking_again is None or self._asking_again.done():
                    self._asking_again = asyncio.create_task(self._ask_again())

    async def _ask_again(self) -> None:
        """Subscribe once more to what was not confirmed, as the protocol has it."""
        self.owner.turned_away[httpx.codes.SERVICE_UNAVAILABLE] += 1
        await asyncio.sleep(ASKING_AGAIN_SECONDS)
        for document_id in [one for one, since in (self.watched or {}).items() if since == math.inf]:
            await self._subscribe(documentId=document_id, after=0)

    async def _catch_up(self) -> None:
        for document_id in filter(self.hears_of, list(self.owner.expected)):
            missed = {event["sequence"] for event in await self.owner.events(document_id)} - self.seen[document_id]
            self.caught_up += len(missed)
            self.seen[document_id] |= missed

    def _note(self, message: dict[str, Any], now: float) -> None:
        if message["type"] == "subscription_confirmed" and self.watched is not None:
            self.watched[message["documentId"]] = now
        if message["type"] != "document_status_update":
            return
        known = self.seen[message["documentId"]]
        self.repeated += message["sequence"] in known
        known.add(message["sequence"])
        changed = datetime.fromisoformat(message["timestamp"]).timestamp()
        precedes_subscription = self.watched is not None and changed <= self.watched[message["documentId"]]
        if not precedes_subscription:
            self.latencies_ms.append(1000 * (now - changed))


@dataclass
class Asker:
    """Somebody who asks, thinks, and asks again."""

    owner: Owner
    chance: random.Random
    latencies_ms: list[float] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)  #: by HTTP status; 0: none came

    async def ask(self, until: asyncio.Event) -> None:
        """Ask until the end; nobody begins at the same moment as all the others."""
        await asyncio.sleep(self.chance.uniform(0, ARRIVING_SECONDS))
        while not until.is_set():
            started = time.perf_counter()
            headers = {"authorization": f"Bearer {self.owner.token}"}
            body = {"query": question(self.chance), "top_k": 10}
            try:
                answer = await self.owner.http.post("/v2/query", json=body, headers=headers)
                self.answers[answer.status_code] += 1
            except httpx.HTTPError:
                self.answers[0] += 1
            self.latencies_ms.append(1000 * (time.perf_counter() - started))
            await asyncio.sleep(self.chance.uniform(*THINKING_SECONDS))
