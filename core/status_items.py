"""Status items: document states and their history as DynamoDB keeps them. Pure."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from core.contents import Content
from core.status import UPDATE, DocumentStatus, Status

Item = dict[str, Any]  #: attribute name → typed value, the low-level client's form

_FIELDS = {  # field of the state → attribute of the item
    "status_id": "statusId",
    "document_id": "documentId",
    "owner": "user",
    "bucket": "bucket",
    "key": "key",
    "file_name": "fileName",
    "media_type": "mediaType",
    "size": "size",
    "version": "version",
    "generation": "generation",
    "sequence": "sequence",
    "metadata": "metadata",
    "created_at": "createdAt",
    "timestamp": "timestamp",
    "updated_at": "updatedAt",
    "current_generation": "currentGeneration",
}


def encode(value: Any) -> Item:
    """A value as a typed attribute value.

    Numbers of every kind are written in decimal, as DynamoDB has no others; what is not a number becomes NULL.
    Raises TypeError for anything that JSON has no form for.
    """
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": str(value)}
        case int():
            return {"N": str(value)}
        case float() | Decimal():
            return {"N": str(value)} if math.isfinite(value) else {"NULL": True}
        case Mapping():
            return {"M": {str(name): encode(each) for name, each in value.items()}}
        case Sequence() if not isinstance(value, (bytes, bytearray)):
            return {"L": [encode(each) for each in value]}
    raise TypeError(f"a state cannot hold a {type(value).__name__}")


def decode(value: Mapping[str, Any]) -> Any:
    """The value of a typed attribute value."""
    [(kind, content)] = value.items()
    match kind:
        case "N":
            number = Decimal(content)
            return int(number) if number == number.to_integral_value() else float(number)
        case "M":
            return {name: decode(each) for name, each in content.items()}
        case "L":
            return [decode(each) for each in content]
        case "NULL":
            return None
        case _:
            return content


def status_item(status: DocumentStatus, expires: int | None) -> Item:
    """The state as an item of the status table; ``expires`` (epoch seconds) when it need not stay."""
    values = {attribute: getattr(status, field) for field, attribute in _FIELDS.items()}
    values |= {"status": str(status.status), "partPermille": status.part_permille, "partPages": status.part_pages}
    values |= {"pageRoutes": status.page_routes, "running": _running(status)}
    values |= {"content": status.content.as_dict() if status.content else None}
    return _item(values, expires)


def status_of(item: Mapping[str, Any]) -> DocumentStatus:
    """The state that an item of the status table holds."""
    fields = {field: decode(item[attribute]) for field, attribute in _FIELDS.items() if attribute in item}
    return DocumentStatus(
        **fields,
        status=Status(decode(item["status"])),
        part_permille=tuple(decode(item["partPermille"])),
        part_pages=tuple(decode(item["partPages"])),
        page_routes=tuple(decode(item["pageRoutes"])),
        content=Content.from_dict(decode(item["content"])) if "content" in item else None,
    )


def event_item(status: DocumentStatus, expires: int) -> Item:
    """The change that led to the state, as an item of the audit table."""
    body = status.body()
    del body["type"]
    return _item({**body, "user": status.owner}, expires)


def event_body(item: Mapping[str, Any]) -> dict[str, Any]:
    """The message that an item of the audit table stands for: the ``body`` of the state it led to."""
    names = ("statusId", "documentId", "sequence", "status", "metadata", "timestamp")
    return {"type": UPDATE, **{name: decode(item[name]) for name in names}}


def state_body(item: Mapping[str, Any]) -> dict[str, Any]:
    """The ``body`` of the state that an item of the status table holds; the rest, which may be large, is not read."""
    return event_body({**item, "timestamp": item["updatedAt"]})


def owner_of(item: Mapping[str, Any]) -> str:
    """The principal whose document an item of either table is about."""
    return str(decode(item["user"]))


def _running(status: DocumentStatus) -> str | None:
    """The owner while a version is running, by which an index finds it; None keeps the document out of that index."""
    return status.owner if status.is_running else None


def _item(values: Mapping[str, Any], expires: int | None) -> Item:
    known = {name: encode(value) for name, value in values.items() if value is not None}
    return known if expires is None else {**known, "ttl": {"N": str(expires)}}
