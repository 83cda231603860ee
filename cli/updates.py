"""States of documents as the service sends them, and their order."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.status import FINAL, SEARCHABLE


@dataclass(frozen=True)
class Update:
    """One state of a document; ``body`` is the message as it came."""

    document_id: str
    status_id: str
    sequence: int
    status: str
    metadata: Mapping[str, Any]
    body: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Update":
        """The update in a ``document_status_update`` message or its polling twin; raises KeyError for anything else."""
        return cls(
            document_id=body["documentId"],
            status_id=body["statusId"],
            sequence=int(body["sequence"]),
            status=body["status"],
            metadata=body.get("metadata") or {},
            body=body,
        )

    @property
    def is_final(self) -> bool:
        """Whether nothing follows until the document is uploaded again."""
        return self.status in FINAL

    @property
    def failed(self) -> bool:
        """Whether the work ended and the document cannot be searched."""
        return self.is_final and self.status not in SEARCHABLE

    @property
    def progress(self) -> int:
        """Percent of the work that is done."""
        return 100 if self.status in SEARCHABLE else int(self.metadata.get("progress") or 0)

    @property
    def generation(self) -> int:
        """Which version of the document this is about; 0 while the first upload is awaited."""
        return int(self.metadata.get("generation") or 0)

    @property
    def message(self) -> str:
        """What the service says about this state; for a failure, why."""
        return str(self.metadata.get("error") or self.metadata.get("message") or "")

    @property
    def notices(self) -> list[str]:
        """What was left out of the document and how to have it, a sentence each."""
        return [str(notice["message"]) for notice in self.metadata.get("notices") or []]


class Reordering:
    """Puts the updates of one document in order: each comes out once, and none before those it follows.

    Give it what arrives, in any order and any number of times.
    """

    def __init__(self, after: int | None = None) -> None:
        self.latest = after  #: sequence of the last update given out; None before the first
        self._held: dict[int, Update] = {}

    @property
    def has_gap(self) -> bool:
        """Whether updates wait for an earlier one that has not arrived."""
        return bool(self._held)

    def offer(self, update: Update) -> list[Update]:
        """The updates whose turn it is now that this one has arrived."""
        if self.latest is None:  # the snapshot, whatever its number
            return self._give([update])
        if update.sequence > self.latest:
            self._held[update.sequence] = update
        return self._give(self._next_in_line())

    def skip(self) -> list[Update]:
        """The updates that wait, in order, giving up those missing between them."""
        return self._give(sorted(self._held.values(), key=lambda update: update.sequence))

    def _next_in_line(self) -> list[Update]:
        line = []
        sequence = (self.latest or 0) + 1
        while sequence in self._held:
            line.append(self._held[sequence])
            sequence += 1
        return line

    def _give(self, updates: list[Update]) -> list[Update]:
        for update in updates:
            self._held.pop(update.sequence, None)
            self.latest = update.sequence
        return updates


def message_of(frame: str | bytes) -> dict[str, Any]:
    """The message of a frame; empty for anything else, as what a gateway says of its own troubles is no protocol."""
    try:
        message = json.loads(frame)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
