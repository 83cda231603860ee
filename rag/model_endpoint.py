"""An endpoint that speaks OpenAI's protocol: JSON is posted and JSON comes back, or the error that tells what to do."""

import json
import random
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import urllib3

from core.cost import consumption
from core.cost.costs import Quantity
from core.errors import SettingsError, TransientError
from rag.api_keys import ApiKey

CONNECT_SECONDS = 5
LONGEST_WAIT_SECONDS = 30.0  #: however long a Retry-After asks for: the queue repeats the job later anyway
LARGEST_ANSWER_BYTES = 64_000_000
MOST_TOKENS = 10_000_000  #: of one answer; more is no count of tokens
WORTH_REPEATING = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
NO_ANSWER = 0
_PIECE_BYTES = 65_536


@dataclass(frozen=True)
class Patience:
    """How often and for how long an endpoint is asked."""

    seconds: float  #: for one try, however slowly its answer comes
    repeats: int  #: after the first try
    within: float  #: seconds for all tries and the pauses between them


@dataclass(frozen=True)
class _Answer:
    """What came of one try."""

    status: int  #: NO_ANSWER when there was none
    data: bytes = b""
    retry_after: float | None = None  #: seconds
    failure: str = ""  #: why there was none


class ModelEndpoint:
    """One address of a model; ``called`` is what messages call it, ``setting`` is the setting that names it."""

    def __init__(
        self,
        url: str,
        *,
        called: str,
        setting: str,
        api_key: ApiKey | None = None,
        backoff_seconds: float = 0.5,
        pool: int = 1,
        billed: Mapping[str, Quantity] | None = None,
    ) -> None:
        """``billed``: which numbers of the answer's ``usage`` cost money, and what they are counted as."""
        if not url.startswith(("http://", "https://")):
            raise SettingsError(f"setting {setting} must be an http or https address")
        self._url = url
        self._called = called
        self._setting = setting
        self._key = api_key or ApiKey()
        self._backoff_seconds = backoff_seconds
        self._billed = billed or {}
        self._http = urllib3.PoolManager(maxsize=pool, retries=False)

    def post(self, body: dict[str, Any], patience: Patience, *, hopeless: Collection[int]) -> Any:
        """What is answered to ``body``; what may pass is tried again, as the endpoint asks for or ever later.

        Raises SettingsError for a status in ``hopeless``, which no waiting will change, and TransientError for any
        other failure that stays.
        """
        deadline = time.monotonic() + patience.within
        payload = json.dumps(body).encode()
        attempt = 0
        while True:
            answer = self._try(payload, min(patience.seconds, max(0.1, deadline - time.monotonic())))
            if answer.status in REFUSED and attempt == 0 and self._key.is_renewed():
                answer = self._try(payload, patience.seconds)
            pause = self._pause(answer, attempt)
            attempt += 1
            passing = answer.status in WORTH_REPEATING or answer.status == NO_ANSWER
            if not passing or attempt > patience.repeats or time.monotonic() + pause > deadline:
                return self._content(answer, hopeless)
            time.sleep(pause)

    def _try(self, payload: bytes, seconds: float) -> _Answer:
        try:
            response = self._http.request(
                "POST",
                self._url,
                body=payload,
                headers={"Content-Type": "application/json", **self._key.headers()},
                timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, seconds), read=seconds),
                redirect=False,
                preload_content=False,
            )
            data = _read(response, time.monotonic() + seconds)
        except (urllib3.exceptions.HTTPError, TimeoutError) as error:
            return _Answer(NO_ANSWER, failure=type(error).__name__)
        return _Answer(response.status, data, _retry_after(response))

    def _pause(self, answer: _Answer, attempt: int) -> float:
        if answer.retry_after is not None:
            return min(answer.retry_after, LONGEST_WAIT_SECONDS)
        longest = min(self._backoff_seconds * 2**attempt, LONGEST_WAIT_SECONDS)
        return random.uniform(longest / 2, longest)  # noqa: S311  jitter

    def _content(self, answer: _Answer, hopeless: Collection[int]) -> Any:
        if answer.status == NO_ANSWER:
            raise TransientError(f"the {self._called} endpoint cannot be reached: {answer.failure}")
        if answer.status in hopeless:
            raise SettingsError(f"setting {self._setting}: requests are refused with status {answer.status}")
        if answer.status != HTTPStatus.OK:
            raise TransientError(f"the {self._called} endpoint answers with status {answer.status}")
        try:
            content = json.loads(answer.data)
        except (ValueError, RecursionError) as error:
            raise TransientError(f"the {self._called} endpoint's answer is not JSON") from error
        self._count(content)
        return content

    def _count(self, content: Any) -> None:
        """Count the tokens that the answer says it took; not every endpoint says so."""
        usage = content.get("usage") if isinstance(content, dict) else None
        for name, quantity in self._billed.items():
            amount = usage.get(name) if isinstance(usage, dict) else None
            if type(amount) is int and 0 < amount <= MOST_TOKENS:
                consumption.count(quantity, amount)


def _read(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    """The body, until the deadline: a read timeout alone would let it come a byte at a time for ever."""
    data = bytearray()
    whole = False
    try:
        while piece := response.read1(_PIECE_BYTES):
            data += piece
            if time.monotonic() > deadline or len(data) > LARGEST_ANSWER_BYTES:
                raise TimeoutError
        whole = True
    finally:
        if whole:
            response.release_conn()
        else:
            response.close()
    return bytes(data)


def _retry_after(response: urllib3.BaseHTTPResponse) -> float | None:
    """How long the endpoint asks to wait, by a number of seconds or a date."""
    asked = response.headers.get("Retry-After")
    try:
        return None if asked is None else urllib3.Retry().parse_retry_after(asked)
    except urllib3.exceptions.InvalidHeader:
        return None
