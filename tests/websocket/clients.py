"""Real sockets: a WebSocket API in the emulator, and clients connected to it."""

import io
import json
import time
import zipfile
from dataclasses import dataclass
from typing import Any

from websockets.sync.client import ClientConnection

from local.settings import SOCKET_LOOK_SECONDS
from tests.emulators import TestEmulator

#: Tells a client its own connection id, so that a test can run handlers on its connection
WHO_AM_I = "def handler(event, context): return {'statusCode': 200, 'body': event['requestContext']['connectionId']}"
PATIENCE_SECONDS = 5
LATER = int(time.time()) + 3600  #: when tokens expire that do not expire during a test


@dataclass(frozen=True)
class SocketApi:
    """A WebSocket API without authorizer, whose only route tells the connection id."""

    api_id: str
    emulator: TestEmulator

    @property
    def url(self) -> str:
        return self.management_url.replace("http", "ws", 1)

    @property
    def management_url(self) -> str:
        return f"{self.emulator.emulator.settings.aws_url}/_aws/execute-api/{self.api_id}/test"


def make_api(emulator: TestEmulator) -> SocketApi:
    """Make the API, in an emulator that has none yet."""
    function = _function(emulator)
    gateway = emulator.emulator.client("apigatewayv2")
    api = gateway.create_api(Name="sockets", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")[
        "ApiId"
    ]
    integration = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations",
    )["IntegrationId"]
    gateway.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=api, StageName="test")
    return SocketApi(api, emulator)


def _function(emulator: TestEmulator) -> str:
    role = emulator.emulator.client("iam").create_role(
        RoleName="who-am-i", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []})
    )["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("who.py", WHO_AM_I)
    created = emulator.emulator.client("lambda").create_function(
        FunctionName="who-am-i",
        Runtime="python3.11",
        Role=role,
        Handler="who.handler",
        Code={"ZipFile": code.getvalue()},
    )
    return str(created["FunctionArn"])


@dataclass
class Client:
    """A connected client."""

    socket: ClientConnection
    connection_id: str

    def receive(self, patience_seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """The next message."""
        return dict(json.loads(self.socket.recv(timeout=patience_seconds)))

    def is_silent(self) -> bool:
        """Whether nothing comes for a moment."""
        try:
            self.socket.recv(timeout=0.7)
        except TimeoutError:
            return True
        return False

    def leave(self) -> None:
        """Close the socket, and wait for the emulator's next look at it, by which it knows."""
        self.socket.close()
        time.sleep(SOCKET_LOOK_SECONDS + 0.2)

    def event(self, route: str, body: Any = None, kind: str = "MESSAGE", **context: Any) -> dict[str, Any]:
        """The event that API Gateway makes of a frame."""
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        about = {"routeKey": route, "eventType": kind, "connectionId": self.connection_id, **context}
        return {"requestContext": about, "body": text, "isBase64Encoded": False}
