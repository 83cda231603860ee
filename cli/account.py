"""AWS itself, with the operator's own credentials: of a stage's account, or of the emulator on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cli import endpoints
from cli.endpoints import LOCAL_STAGE
from cli.errors import CliError, UnreachableError

PATIENCE = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 4})


class Account:
    """Where a stage is deployed."""

    def __init__(self, file: Path | None, stage: str | None) -> None:
        """Raises CliError when the options name no stage, UnreachableError when there is no local stack."""
        self.stage = stage or LOCAL_STAGE
        self._options: dict[str, Any] = {}
        if self.stage != LOCAL_STAGE:
            return
        where = endpoints.load(file, stage)
        if not where.is_local:
            raise CliError("these endpoints are of a deployment: name its stage as well (--stage)")
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}  # the emulator's well-known keys
        self._options = {"region_name": where.region, "endpoint_url": where.aws, **keys}

    def client(self, service: str, patience: Config = PATIENCE) -> Any:
        """A boto3 client; raises UnreachableError when the shell names no region."""
        with answering(f"{service} of stage {self.stage}"):
            return boto3.client(service, config=patience, **self._options)  # type: ignore[call-overload]


@contextmanager
def answering(what: str) -> Iterator[None]:
    """Raises UnreachableError for what AWS does not answer, or refuses in a way that the block has not foreseen."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise UnreachableError(f"{what}: {error}") from error
