"""A place in the cost ledger, from which a listing goes on; as an opaque text it is a cursor."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from core import cursors
from core.cursors import CursorError

LONGEST_KEY_BYTES = 1024  #: of a sort key in DynamoDB


@dataclass(frozen=True)
class LedgerPlace:
    """The place behind an entry."""

    owner: str
    period: str  #: the rest of the entry's key; empty: before the owner's first one

    @property
    def key(self) -> dict[str, Any]:
        """The key of the entry in DynamoDB."""
        return {"principal": {"S": self.owner}, "period": {"S": self.period}}

    @classmethod
    def of(cls, key: Mapping[str, Any]) -> Self:
        """The place that a key of DynamoDB names."""
        return cls(key["principal"]["S"], key["period"]["S"])

    def encode(self) -> str:
        """The place as a text that may stand in a URL."""
        return cursors.encode([self.owner, self.period])

    @classmethod
    def decode(cls, cursor: str) -> Self:
        """The place that a text stands for; raises CursorError for any other text."""
        values = cursors.decode(cursor)
        if not (len(values) == 2 and all(map(_is_key, values))):
            raise CursorError
        return cls(*values)


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value.encode()) <= LONGEST_KEY_BYTES
