"""A place in the cost ledger, from which a listing goes on; as an opaque text it is a cursor."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from core.status_list import CursorError

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
        return base64.urlsafe_b64encode(json.dumps([self.owner, self.period]).encode()).decode()

    @classmethod
    def decode(cls, cursor: str) -> Self:
        """The place that a text stands for; raises CursorError for any other text."""
        try:
            values = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
            json.dumps(values, ensure_ascii=False).encode()  # lone surrogates are no text for the table
        except (ValueError, RecursionError) as error:
            raise CursorError("the cursor is damaged") from error
        if not (isinstance(values, list) and len(values) == 2 and all(map(_is_key, values))):
            raise CursorError("the cursor is damaged")
        return cls(*values)


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value.encode()) <= LONGEST_KEY_BYTES
