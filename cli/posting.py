"""The bytes of an upload go straight to S3, by the form that the service has signed."""

import asyncio
import io
import re
from collections.abc import Callable
from pathlib import Path

import httpx

from cli.client import Announced, wait_seconds
from cli.errors import RefusedError, UnreachableError

TIMEOUT = httpx.Timeout(60, connect=5)
ATTEMPTS = 4


async def post_file(announced: Announced, path: Path, sent: Callable[[int], None]) -> None:
    """Posts the file; ``sent`` is told how many bytes have gone so far.

    Raises RefusedError when S3 does not want it, UnreachableError when it can't be reached after several tries.
    """
    async with httpx.AsyncClient(timeout=TIMEOUT) as http:
        for attempt in range(ATTEMPTS):
            try:
                answer = await _post(http, announced, path, sent)
            except httpx.TransportError as error:
                cause: Exception = error
            else:
                if not answer.is_server_error:
                    return _check(answer)
                cause = RefusedError(f"the store answered {answer.status_code}")
            await asyncio.sleep(wait_seconds(None, attempt))
    raise UnreachableError(f"cannot upload to {httpx.URL(announced.url).host}") from cause


async def _post(
    http: httpx.AsyncClient, announced: Announced, path: Path, sent: Callable[[int], None]
) -> httpx.Response:
    with _CountedFile(path, sent) as file:
        return await http.post(announced.url, data=dict(announced.fields), files={"file": (path.name, file)})


def _check(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    code = re.search(r"<Code>(\w+)</Code>", answer.text)
    raise RefusedError(f"the store refused the file: {code[1] if code else answer.status_code}")


class _CountedFile(io.FileIO):
    """A file that tells how far it has been read."""

    def __init__(self, path: Path, sent: Callable[[int], None]) -> None:
        super().__init__(path)
        self._sent = sent

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(-1 if size is None else size)
        self._sent(self.tell())
        return data or b""
