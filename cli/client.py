"""The service's HTTP API: one method a request, with timeouts, patience and clear errors."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx

from cli.endpoints import Endpoints
from cli.errors import NotLoggedInError, RefusedError, ServiceError, UnreachableError
from cli.session import Tokens
from cli.updates import Update

TIMEOUT = httpx.Timeout(35, connect=5)  # the API's own limit is 29 seconds
BUSY = {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE}
ATTEMPTS = 5
LONGEST_WAIT_SECONDS = 60.0
DEAD_LETTERS = "/v2/operations/dead-letters"

Json = dict[str, Any]


@dataclass(frozen=True)
class Announced:
    """An upload the service waits for: its ids, and the form to post the bytes with."""

    document_id: str
    status_id: str
    url: str
    fields: Mapping[str, str]


class Client:
    """Talks to one deployment as the user who is logged in; use it as an asynchronous context manager.

    Methods raise RefusedError, NotLoggedInError, UnreachableError or ServiceError.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        tokens: Tokens,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.endpoints = endpoints
        self.tokens = tokens
        self._sleep = sleep
        self._http = httpx.AsyncClient(timeout=TIMEOUT)

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def announce(
        self,
        file_name: str,
        content_type: str,
        size: int,
        *,
        sha256: str | None = None,
        route: str | None = None,
        owner: str | None = None,
    ) -> Announced:
        """Reserves a document for a file; file_name is its path relative to its owner's folder.

        With a digest, S3 refuses other bytes, and known ones are known again in whatever way they came before. With a
        route, ``text`` or ``visual``, all pages take it. The owner is the user, or one of the user's groups.
        """
        request = {"fileName": file_name, "contentType": content_type, "size": size}
        wishes = {"sha256": sha256, "route": route, "owner": owner}
        request |= {name: value for name, value in wishes.items() if value}
        answer = await self._call("POST", "/v2/uploads", json=request)
        form = answer["upload"]
        return Announced(answer["documentId"], answer["statusId"], form["url"], form["fields"])

    async def process(self, status_id: str, *, force: bool) -> Json:
        """Has an object that is already stored processed; force: even when nothing has changed."""
        bucket, _, key = status_id.partition("#")
        return await self._call("POST", "/v2/process-document", json={"bucket": bucket, "key": key, "force": force})

    async def status(self, document: str) -> Update:
        """The present state of a document, by either of its ids."""
        return Update.of(await self._call("GET", f"{_path(document)}/status"))

    async def events(self, document: str, *, after: int = 0) -> list[Update]:
        """Every state the document has been in after a sequence number, the oldest first."""
        updates: list[Update] = []
        following: int | None = after
        while following is not None:
            path = f"{_path(document)}/events"
            answer = await self._call("GET", path, params={"after": following})
            updates += map(Update.of, answer["events"])
            following = answer.get("nextAfter")
        return updates

    async def documents(self, *, status: str | None = None, limit: int = 50, cursor: str | None = None) -> Json:
        """One page of the user's documents: ``{documents, nextCursor}``."""
        params = {"status": status, "limit": limit, "cursor": cursor}
        given = {name: value for name, value in params.items() if value is not None}
        return await self._call("GET", "/v2/documents", params=given)

    async def pages(self, document: str) -> Json:
        """All pages of a document, ``{documentId, generation, totalPages, pages}``, as searches see them."""
        pages: list[Json] = []
        after: int | None = 0
        while after is not None:
            answer = await self._call("GET", f"{_path(document)}/pages", params={"after": after, "limit": 1000})
            pages += answer["pages"]
            after = answer.pop("nextAfter")
        return {**answer, "pages": pages}

    async def page_image(self, document: str, page: int, *, size: str = "large") -> Json:
        """A short-lived link to a page's image: ``{url, expiresInSeconds, width, height, …}``."""
        return await self._call("GET", f"{_path(document)}/pages/{page}/image", params={"size": size})

    async def document_cost(self, document: str) -> Json:
        """What a document has cost, by function, version and month."""
        return await self._call("GET", f"{_path(document)}/cost")

    async def costs(self, *, month: str | None, cursor: str | None, everybody: bool) -> Json:
        """A page of the sums of a month, ``{month, owners, nextCursor, prices}``; of all owners for operators."""
        given = {name: value for name, value in {"month": month, "cursor": cursor}.items() if value is not None}
        return await self._call("GET", "/v2/operations/cost" if everybody else "/v2/cost", params=given)

    async def retry(self, document: str) -> Json:
        """Tries a document again; its state after that."""
        return await self._call("POST", f"{_path(document)}/retry")

    async def cancel(self, document: str) -> Json:
        """Stops the running version of a document; its state after that."""
        return await self._call("POST", f"{_path(document)}/cancel")

    async def dead_letters(self, **wanted: Any) -> Json:
        """The latest dead letters, ``{deadLetters, total, complete}``; by queue, documentId, code, up to a limit."""
        given = {name: value for name, value in wanted.items() if value is not None}
        return await self._call("GET", DEAD_LETTERS, params=given)

    async def dead_letter(self, letter: str) -> Json:
        """One dead letter."""
        return await self._call("GET", f"{DEAD_LETTERS}/{quote(letter, safe='')}")

    async def sort_out(self, action: str, selection: Json) -> Json:
        """Has dead letters sent again (``replay``) or removed (``discard``); counts of what became of them."""
        return await self._call("POST", f"{DEAD_LETTERS}/{action}", json=selection)

    async def delete(self, document: str) -> Json:
        """Removes a document for good; answers with a receipt."""
        return await self._call("DELETE", _path(document))

    async def check_stores(self, *, repair: bool, cursor: str | None) -> Json:
        """A slice of a check of all stores: ``{findings, cursor, examined}``; for operators."""
        return await self._call("POST", "/v2/operations/doctor", json={"repair": repair, "cursor": cursor})

    async def query(self, request: Json) -> Json:
        """The hits of a query."""
        return await self._call("POST", "/v2/query", json=request)

    async def _call(self, method: str, path: str, **request: Any) -> Json:
        """Sends a request until it is answered; busy answers are waited out as the service asks."""
        renewed = False
        for attempt in range(ATTEMPTS):
            answer = await self._send(method, path, **request)
            if answer.status_code == httpx.codes.UNAUTHORIZED and not renewed:
                self.tokens.renewed()
                renewed = True
            elif _will_pass(answer) and attempt < ATTEMPTS - 1:
                await self._sleep(wait_seconds(answer.headers.get("retry-after"), attempt))
            else:
                return _content(answer)
        return _content(answer)

    async def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Sends a request; a connection that fails is tried again, since no request here does harm when repeated."""
        for attempt in range(3):
            headers = {"authorization": f"Bearer {self.tokens.current()}"}
            try:
                return await self._http.request(method, self.endpoints.api + path, headers=headers, **request)
            except (httpx.TransportError, httpx.InvalidURL) as error:
                cause: Exception = error
                await self._sleep(wait_seconds(None, attempt))
        hint = "; is the local stack up? (make up)" if self.endpoints.is_local else ""
        raise UnreachableError(f"cannot reach {self.endpoints.api}{hint}") from cause


def _path(document: str) -> str:
    """The path of a document; a statusId is encoded twice, as gateways decode once before they look for slashes."""
    return f"/v2/documents/{quote(quote(document, safe=''), safe='')}"


def _will_pass(answer: httpx.Response) -> bool:
    """Whether the service is busy for so short a time that waiting is worth it: a quota may last until tomorrow."""
    asked = answer.headers.get("retry-after", "")
    return answer.status_code in BUSY and not (asked.isdigit() and int(asked) > LONGEST_WAIT_SECONDS)


def wait_seconds(retry_after: str | None, attempt: int) -> float:
    """How long to wait before trying again: as long as the service asks, else twice as long each time."""
    if retry_after is not None and retry_after.isdigit():
        return min(float(retry_after), LONGEST_WAIT_SECONDS)
    return float(min(0.25 * 2**attempt * random.uniform(1, 1.5), LONGEST_WAIT_SECONDS))  # noqa: S311  jitter


def _content(answer: httpx.Response) -> Json:
    """The JSON of a good answer; raises the error that another answer stands for."""
    try:
        content = answer.json()
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ServiceError(f"the service answered {answer.status_code} without JSON")
    if answer.is_success:
        return content
    message = str(content.get("error") or content.get("message") or f"HTTP {answer.status_code}")
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise NotLoggedInError("the service does not take your log-in: amplify-rag login")
    if answer.is_client_error and answer.status_code not in BUSY:
        raise RefusedError(message, str(content.get("code", "")))
    raise ServiceError(f"{message} (request {content.get('requestId', 'unknown')})")
