"""A small service that speaks the documented WebSocket protocol and can misbehave on request; HTTP is beside it."""

import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection

from tests.cli.costs import Costs
from tests.cli.dead_letters import DeadLetters, Doctor

TOKEN = "valid-token"  # noqa: S105
BUCKET = "uploads"

#: The states of a document that is processed without trouble, and their progress
GOOD_RUN = (("validating", 0), ("queued", 5), ("extracting_text", 20), ("embedding", 60), ("storing", 95))


@dataclass
class Faults:
    """What goes wrong."""

    unpushed: set[int] = field(default_factory=set)  #: sequences that are not pushed to subscribers, only replayed
    duplicates: bool = False  #: everything is pushed twice
    drop_after: set[int] = field(default_factory=set)  #: sockets are cut after pushing this sequence, once
    no_sockets: bool = False
    deaf: bool = False  #: sockets open, but nothing that is sent to them is heard
    refused_by_sockets: set[str] = field(default_factory=set)  #: tokens that only HTTP takes
    no_replay: bool = False
    forgotten: set[int] = field(default_factory=set)  #: sequences that the history lacks
    ends_on_upload: bool = False  #: a running version completes in the moment in which new bytes arrive
    broken: dict[str, str] = field(default_factory=dict)  #: by file name: the error that processing ends with
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)  #: given to the next HTTP requests


class Document:
    """A document and all states it has been in."""

    def __init__(self, name: str, size: int) -> None:
        self.id = str(uuid.uuid4())
        self.name = name
        self.size = size
        self.content: bytes | None = None
        self.generation = 0
        self.states: list[dict[str, Any]] = []
        self.pages: list[dict[str, Any]] = []
        self.route: str | None = None  #: the one that its uploader forced
        self.owner: str | None = None  #: the one that its uploader named
        self.sha256: str | None = None  #: of the announced bytes

    @property
    def key(self) -> str:
        return f"me/{self.name}"

    def add(self, status: str, progress: int, **metadata: Any) -> dict[str, Any]:
        facts = {"progress": progress, "message": status, "fileName": self.name, "generation": self.generation}
        self.states.append(
            {
                "type": "document_status_update",
                "statusId": f"{BUCKET}#{self.key}",
                "documentId": self.id,
                "sequence": len(self.states) + 1,
                "status": status,
                "metadata": facts | metadata,
                "timestamp": "2026-11-21T09:00:00.000Z",
            }
        )
        return self.states[-1]

    def summary(self) -> dict[str, Any]:
        last = self.states[-1]
        return {
            **{key: last[key] for key in ("documentId", "statusId", "status", "sequence")},
            "fileName": self.name,
            "contentType": "application/pdf",
            "size": self.size,
            "progress": last["metadata"]["progress"],
            "createdAt": last["timestamp"],
            "updatedAt": last["timestamp"],
        }


class Service:
    """The state of the service; ``pace`` is the time between two states of a document, in seconds."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.documents: dict[str, Document] = {}
        self.tokens = {TOKEN}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.queries: list[dict[str, Any]] = []
        self.facts: dict[str, Any] = {}  #: more that is told of a document when it is completed
        self.dead_letters = DeadLetters()
        self.doctor = Doctor()
        self.costs = Costs()
        self.hits: list[dict[str, Any]] | None = None  #: what queries find, if not the usual hit
        self.subscriptions: list[dict[str, Any]] = []  #: every subscribe message that came
        self.connections = 0
        self.pings = 0
        self.pace = 0.01
        self.sockets: dict[ServerConnection, set[str]] = {}
        self.url = self.websocket_url = ""
        self.lock = threading.RLock()

    def endpoints(self) -> dict[str, str]:
        return {"api": self.url, "websocket": self.websocket_url, "userPoolId": "eu-west-1_x", "clientId": "client"}

    def image_url(self, size: str) -> str:
        """A link to a page image."""
        return f"{self.url}/{BUCKET}-derived/page.webp?size={size}"

    def find(self, identity: str) -> Document | None:
        same = (d for d in self.documents.values() if identity in {d.id, f"{BUCKET}#{d.key}"})
        return next(same, None)

    def push(self, document: Document, status: str, progress: int, **metadata: Any) -> None:
        """Adds a state and tells the subscribers, as well as the faults allow."""
        with self.lock:
            state = document.add(status, progress, **metadata)
            if state["sequence"] in self.faults.unpushed:
                return
            for socket, wanted in list(self.sockets.items()):
                if document.id in wanted or "*" in wanted:
                    self.send(socket, state, twice=self.faults.duplicates)
                    if state["sequence"] in self.faults.drop_after:
                        socket.socket.shutdown(2)
            self.faults.drop_after.discard(state["sequence"])

    def send(self, socket: ServerConnection, message: dict[str, Any], *, twice: bool = False) -> None:
        try:
            for _ in range(1 + twice):
                socket.send(json.dumps(message))
        except (ConnectionClosed, OSError):
            self.sockets.pop(socket, None)

    def process(self, document: Document) -> None:
        """Takes a document through its states, in a thread of its own."""
        document.generation += 1
        facts = {"totalPages": 3, "generation": document.generation}
        threading.Thread(target=self._process, args=(document, facts), daemon=True).start()

    def _process(self, document: Document, facts: dict[str, Any]) -> None:
        for status, progress in GOOD_RUN:
            if document.generation != facts["generation"]:
                return  # superseded
            self.push(document, status, progress, **facts)
            time.sleep(self.pace)
        if error := self.faults.broken.get(document.name):
            self.push(document, "failed", 95, error=error, code="broken", stage="storing", retryable=False, **facts)
        else:
            self.push(document, "completed", 100, chunks=7, **facts, **self.facts)

    def subscribe(self, socket: ServerConnection, message: dict[str, Any]) -> None:
        self.subscriptions.append(message)
        if message.get("all"):
            self.sockets[socket].add("*")
        elif document := self.find(message["documentId"]):
            self.sockets[socket].add(document.id)
            ids = {"statusId": f"{BUCKET}#{document.key}", "documentId": document.id}
            self.send(socket, {"type": "subscription_confirmed", **ids, "message": "Subscribed"})
            after = message.get("after", len(document.states) - 1)
            for state in document.states[after:] if not self.faults.no_replay or "after" not in message else ():
                self.send(socket, state)
        else:
            self.send(socket, {"type": "error", "code": "not_found", "message": "There is no such document."})

    def talk(self, socket: ServerConnection) -> None:
        """Serves one socket."""
        with self.lock:
            self.connections += 1
            self.sockets[socket] = set()
        try:
            for text in socket:
                message = json.loads(text)
                if self.faults.deaf:
                    continue
                if message["action"] == "subscribe":
                    with self.lock:
                        self.subscribe(socket, message)
                elif message["action"] == "ping":
                    self.pings += 1
                    self.send(socket, {"type": "pong", "timestamp": ""})
        except (ConnectionClosed, OSError):
            pass
        finally:
            with self.lock:
                self.sockets.pop(socket, None)

    def admit(self, socket: ServerConnection, request: Request) -> Response | None:
        if self.faults.no_sockets:
            return socket.respond(503, "no sockets today")
        token = parse_qs(urlsplit(request.path).query).get("token", [""])[0]
        return None if token in self.tokens - self.faults.refused_by_sockets else socket.respond(401, "no")
