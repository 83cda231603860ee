"""The AWS emulator: ministack, run with this project's interpreter, which therefore runs the functions too."""

import os
import signal
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local import ports
from local.server import Server
from local.settings import AWS_PORT_VARIABLE, REGION, ROOT, StackSettings

ACCESS_KEY = SECRET_KEY = "test"  # noqa: S105 - the emulator's well-known operator


@dataclass(frozen=True)
class Emulator:
    """The AWS services of one local stack."""

    settings: StackSettings

    @property
    def server(self) -> Server:
        return Server(
            name="The AWS emulator",
            lock_file=self.settings.state / "aws.lock",
            log_file=self.settings.logs / "aws.log",
            stop_signal=signal.SIGTERM,  # it saves its state before it ends
            grace_seconds=15,
        )

    def start(self) -> None:
        """Start it with the state that it had. Harmless when it runs already."""
        if not self.server.settle(self._answers):
            self.require_port()
            for folder in ("aws", "s3", "tmp"):
                (self.settings.state / folder).mkdir(parents=True, exist_ok=True)
            self.server.start([sys.executable, "-m", "local.emulator_process"], self._environment(), directory=ROOT)
            self.server.wait_until(self._answers)

    def require_port(self) -> None:
        """Raises PortTakenError when another program listens where the emulator belongs."""
        if not self.server.pid():
            ports.require_free(self.settings.aws_port, AWS_PORT_VARIABLE)

    def stop(self) -> None:
        self.server.stop()

    def client(self, service: str) -> Any:
        """A boto3 client of the emulator, with its operator's rights."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.settings.aws_url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 2}),
        )

    def _environment(self) -> dict[str, str]:
        """All of it leaks into the functions, so it holds no more than it must."""
        state = self.settings.state
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "HOME": str(state / "tmp"),
            "TMPDIR": str(state / "tmp"),
            "LC_ALL": "C.UTF-8",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.settings.aws_port),
            "AUTH": "true",  # roles, queue policies and signatures are enforced
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "PERSIST_STATE": "1",
            "STATE_DIR": str(state / "aws"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(state / "s3"),
            "LAMBDA_WARM_TTL_SECONDS": "60",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
        }

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.settings.aws_url}/_ministack/health", timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
