"""What a push costs: messages to open sockets, by boto3's client and by ours, side by side.

    python -m benchmarks.push [--sockets 50] [--messages 2000]

(after `make up`.) The same messages go to the same sockets by the same number of threads, the two clients in turn,
three rounds each. Processor time is that of this process, so of the client alone; the rate is bounded by the emulator
as well. Sends to this machine only.
"""

import argparse
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import cycle, islice
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import boto3
import botocore.session
import numpy as np
from botocore.config import Config
from websockets.sync.client import connect

from benchmarks import machine
from benchmarks.stack import subject_of
from cli import endpoints, login
from cli.endpoints import Endpoints
from core.principals import USER
from core.socket_client import SocketClient
from local.emulator import ACCESS_KEY, SECRET_KEY
from local.settings import REGION, SERVICE
from local.stack import LocalStack
from websocket.connections import Connections, owner_topic
from websocket.protocol import encode
from websocket.push import SENDERS

ROUNDS = 3
MESSAGE = encode(
    {
        "type": "document_status_update",
        "statusId": f"uploads#{uuid4()}/report.pdf",
        "documentId": str(uuid4()),
        "sequence": 7,
        "status": "embedding",
        "metadata": {"progress": 62, "message": "Embedding", "totalPages": 40, "pagesDone": 25},
        "timestamp": "2026-01-01T00:00:00.000+00:00",
    }
)


def clients(endpoint: str) -> dict[str, Any]:
    """Both clients of the ``@connections`` API, by name."""
    session = botocore.session.get_session()
    session.set_credentials(ACCESS_KEY, SECRET_KEY)
    config = Config(retries={"mode": "standard", "max_attempts": 1}, max_pool_connections=SENDERS)
    plain = boto3.Session(botocore_session=session, region_name=REGION).client(
        "apigatewaymanagementapi", endpoint_url=endpoint, config=config
    )
    return {"boto3": plain, "SocketClient": SocketClient(plain, session)}


def open_sockets(stack: LocalStack, where: Endpoints, count: int, until: ExitStack) -> list[str]:
    """The ids of so many connections that are open until then."""
    token = login.log_in_locally(where, f"push-{uuid4().hex[:8]}@example.com").id_token
    for _ in range(count):
        address = f"{where.websocket}?{urlencode({'token': token})}"
        socket = until.enter_context(connect(address, open_timeout=60, ping_interval=None, max_queue=None))
        socket.send(json.dumps({"action": "subscribe", "all": True}))
        socket.recv(timeout=60)
    table = Connections(stack.emulator.client("dynamodb"), f"{SERVICE}-local-websocket-connections")
    return list(table.subscribers(owner_topic(USER + subject_of(token))))


def measure(post: Callable[..., Any], connections: list[str], messages: int) -> tuple[float, float]:
    """Messages a second, and milliseconds of this process's processor time for each."""
    started, processor = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(SENDERS) as senders:
        for _ in senders.map(lambda each: post(ConnectionId=each, Data=MESSAGE), islice(cycle(connections), messages)):
            pass
    return messages / (time.perf_counter() - started), 1000 * (time.process_time() - processor) / messages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockets", type=int, default=50)
    parser.add_argument("--messages", type=int, default=2000)
    options = parser.parse_args()
    stack = LocalStack()
    if stack.status().endpoints is None:
        raise SystemExit("the local stack does not run: make up")
    about, where = machine.describe(), endpoints.load(stack.settings.endpoints_file, None)
    if urlsplit(where.websocket).hostname != "127.0.0.1":
        raise SystemExit("a load is for this machine only")
    with ExitStack() as until:
        connections = open_sockets(stack, where, options.sockets, until)
        found: dict[str, list[tuple[float, float]]] = {}
        for _ in range(ROUNDS):
            for name, client in clients(where.websocket.replace("ws://", "http://", 1)).items():
                result = measure(client.post_to_connection, connections, options.messages)
                found.setdefault(name, []).append(result)
    figures = {name: np.median(rounds, axis=0) for name, rounds in found.items()}  # name → (a second, ms)
    rows = [[name, f"{rate:.0f}", f"{milliseconds:.2f}"] for name, (rate, milliseconds) in figures.items()]
    ratio = figures["boto3"] / figures["SocketClient"]
    note = f"SocketClient: {1 / ratio[0]:.1f} times the messages, {1 / ratio[1]:.2f} of the processor time"
    machine.show("A message to a socket", about, ["client", "a second", "client's ms of processor"], rows, [note])


if __name__ == "__main__":
    main()
