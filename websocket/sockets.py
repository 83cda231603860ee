"""Sockets: messages to the clients that are connected, through API Gateway."""

import time
from collections.abc import Mapping
from typing import Any

from core.errors import RagError, TransientError
from core.outages import outage
from core.socket_client import SocketClient
from websocket.protocol import encode

PAUSE_SECONDS = 0.2  #: before the second try; whoever is not reached then is not reached


class GoneError(RagError):
    """The client has gone."""


class ThrottledError(TransientError):
    """API Gateway takes no more messages just now, whomever they are for."""


class Sockets:
    """Sends to sockets; safe to share between threads, as the client is."""

    def __init__(self, client: SocketClient) -> None:
        self._client = client

    def post(self, connection_id: str, message: Mapping[str, Any]) -> None:
        """Send a message; raises GoneError, or TransientError when a second try did not get it through either."""
        data = encode(message)
        try:
            self._post(connection_id, data)
        except TransientError:
            time.sleep(PAUSE_SECONDS)
            self._post(connection_id, data)

    def close(self, connection_id: str) -> None:
        """End a connection; harmless when it has ended. Raises TransientError when that can't be done."""
        with outage():
            try:
                self._client.delete_connection(ConnectionId=connection_id)
            except self._client.exceptions.GoneException:
                return

    def _post(self, connection_id: str, data: bytes) -> None:
        with outage():
            try:
                self._client.post_to_connection(ConnectionId=connection_id, Data=data)
            except self._client.exceptions.GoneException as error:
                raise GoneError from error
            except self._client.exceptions.LimitExceededException as error:
                raise ThrottledError("API Gateway is throttling") from error
