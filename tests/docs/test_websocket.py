"""docs/websocket.md names every code that the server may answer with, and every route is what a client can poll."""

import re

from local.settings import ROOT
from tests.docs.documents import rows
from websocket import protocol

TEXT = (ROOT / "docs" / "websocket.md").read_text("utf-8")


def test_every_code_has_its_advice() -> None:
    told = {code for first, advice, *_rest in rows(TEXT) if advice for code in re.findall(r"`([a-z_]+)`", first)}
    assert {str(code) for code in protocol.ErrorCode} <= told
