"""AWS itself, with the operator's own credentials: of a stage's account, or of the emulator on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli import endpoints
from cli.endpoints import LOCAL_STAGE
from cli.errors import CliError, UnreachableError


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

    def client(self, service: str, *, answer_seconds: int = 30, attempts: int = 4) -> Any:
        """A boto3 client that waits so long for an answer; raises UnreachableError when the shell names no region."""
        import boto3  # noqa: PLC0415  it takes long to import and other commands do without
        from botocore.config import Config  # noqa: PLC0415  as above

        retries: Any = {"mode": "standard", "total_max_attempts": attempts}
        patience = Config(connect_timeout=5, read_timeout=answer_seconds, retries=retries)
        with answering(f"{service} of stage {self.stage}"):
            return boto3.client(service, config=patience, **self._options)  # type: ignore[call-overload]


@contextmanager
def answering(what: str) -> Iterator[None]:
    """Raises UnreachableError for what AWS does not answer, or refuses in a way that the block has not foreseen."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  as above

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise UnreachableError(f"{what}: {error}") from error
