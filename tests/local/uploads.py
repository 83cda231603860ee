"""Uploads to the running stack as users make them, watched on a socket."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from local.emulator import ACCESS_KEY, SECRET_KEY
from local.settings import REGION
from tests.stacks import RunningStack, User

FINAL = {"completed", "completed_with_gaps", "failed", "cancelled"}
PATIENCE_SECONDS = 240  #: for one file, on a machine that is busy with other tests


def aws_s3_cp(stack: RunningStack, file: Path, key: str) -> None:
    """Upload as users do."""
    target = f"s3://{stack.endpoints.uploadsBucket}/{key}"
    subprocess.run(  # noqa: S603
        [Path(sys.executable).with_name("aws"), "s3", "cp", "--quiet", file, target],
        env={
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": stack.endpoints.aws,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
        },
        check=True,
        timeout=60,
    )


def watch(stack: RunningStack, user: User, upload: Any) -> list[dict[str, Any]]:
    """Every message that a socket gets which subscribed to all of the user's documents before the upload."""
    messages: list[dict[str, Any]] = []
    with connect(f"{stack.endpoints.websocket}?token={user.token}", open_timeout=60) as socket:
        socket.send(json.dumps({"action": "subscribe", "all": True}))
        messages.append(json.loads(socket.recv(timeout=60)))
        upload()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while messages[-1].get("status") not in FINAL:
            messages.append(json.loads(socket.recv(timeout=deadline - time.monotonic())))
    return messages
