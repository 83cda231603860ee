"""Which document a path names: its opaque id, or its alias ``bucket#key``."""

from typing import Annotated
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.params import Path

ALIAS_MARK = "#"  #: a bucket's name cannot hold it, so the first one ends the bucket

DocumentId = Annotated[
    str,
    Path(alias="documentId", description="Its documentId, or its alias statusId (`bucket#key`), percent-encoded twice"),
]


def identity(segment: str) -> str:
    """The documentId or statusId that a path segment stands for.

    API Gateway's HTTP API decodes a path before it looks for a route, but for ``%25``; a statusId with slashes gets
    through when it is percent-encoded twice, and then arrives encoded either way. As the whole was encoded as often as
    its mark was, decoding stops when the mark stands plain.
    """
    decoded = segment
    while ALIAS_MARK not in decoded and decoded != unquote(decoded):
        decoded = unquote(decoded)
    return decoded
