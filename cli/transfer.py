"""Uploads from the first byte to the last state: announce, subscribe, post, and see it through."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from cli.client import Announced, Client
from cli.errors import RefusedError, ServiceError
from cli.files import LocalFile
from cli.live import Live
from cli.posting import post_file
from cli.updates import Update
from core.status import Status

#: Files on their way to the store at a time; processing goes on beside them
UPLOADS_AT_A_TIME = 4


class Board(Protocol):
    """Shows how far each file is."""

    def sending(self, file: LocalFile, sent: int) -> None:
        """So many bytes of the file have gone to the store."""

    def show(self, file: LocalFile, update: Update) -> None:
        """The document of the file is in this state."""

    def finish(self, outcome: "Outcome") -> None:
        """Nothing more will happen to this file."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What is wanted of an upload besides that it is done."""

    force: bool = False  #: process known bytes again
    route: str | None = None  #: ``text`` or ``visual``, for all pages; otherwise each page's content decides
    owner: str | None = None  #: the group that shall own the documents; otherwise the user does


@dataclass(frozen=True)
class Outcome:
    """How an upload ended; without a last state where nobody waited or the file was refused."""

    file: LocalFile
    announced: Announced | None = None
    last: Update | None = None
    unchanged: bool = False  #: the same bytes had been processed before, so there was nothing to do
    error: str = ""

    @property
    def failed(self) -> bool:
        """Whether the file was refused, or its document cannot be searched."""
        return bool(self.error) or (self.last is not None and self.last.failed)


async def upload(
    client: Client,
    live: Live | None,
    files: Sequence[LocalFile],
    board: Board,
    wishes: Wishes,
) -> list[Outcome]:
    """Uploads the files and waits until each has been processed, showing every state on the way.

    Without ``live`` nobody waits. What one file's refusal does to it, it does not do to the others.
    """
    doors = asyncio.Semaphore(UPLOADS_AT_A_TIME)

    async def one(file: LocalFile) -> Outcome:
        try:
            if live is None:
                outcome = await _send(client, file, board, doors, wishes)
            else:
                outcome = await _see_through(client, live, file, board, doors, wishes=wishes)
        except (RefusedError, ServiceError) as error:
            outcome = Outcome(file, error=str(error))
        board.finish(outcome)
        return outcome

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(file)) for file in files]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


async def _send(client: Client, file: LocalFile, board: Board, doors: asyncio.Semaphore, wishes: Wishes) -> Outcome:
    async with doors:
        announced = await _announce(client, file, wishes)
        await post_file(announced, file.path, lambda sent: board.sending(file, sent))
        if wishes.force:
            await client.process(announced.status_id, force=True)
    return Outcome(file, announced)


async def _see_through(
    client: Client,
    live: Live,
    file: LocalFile,
    board: Board,
    doors: asyncio.Semaphore,
    *,
    wishes: Wishes,
) -> Outcome:
    """Uploads a file and follows its document to the end of this upload's work."""
    async with doors:
        announced = await _announce(client, file, wishes)
        states = await live.follow(announced.document_id)
        before = await anext(states)  # subscribed: from here on nothing can be missed
        await post_file(announced, file.path, lambda sent: board.sending(file, sent))
        begun = await _begun(client, announced, before, force=wishes.force)
    last = begun
    while not (last.is_final and last.generation >= begun.generation):
        last = await anext(states)
        board.show(file, last)
    await live.unfollow(announced.document_id)
    return Outcome(file, announced, last, unchanged=last.sequence == before.sequence)


async def _begun(client: Client, announced: Announced, before: Update, *, force: bool) -> Update:
    """A state of the version that the posted bytes became, or that they already were.

    The store tells the service of every upload, but of bytes that are known nothing is ever reported, so a document
    that was there before has to be asked for.
    """
    if before.status == Status.AWAITING_UPLOAD:
        return replace(before, metadata={**before.metadata, "generation": before.generation + 1})
    await client.process(announced.status_id, force=False)
    state = await client.status(announced.document_id)
    if force and state.sequence == before.sequence:
        await client.process(announced.status_id, force=True)
        state = await client.status(announced.document_id)
    return state


async def _announce(client: Client, file: LocalFile, wishes: Wishes) -> Announced:
    if file.size == 0:
        raise RefusedError("the file is empty", "empty")
    sha256 = await asyncio.to_thread(file.sha256)
    return await client.announce(
        file.name, file.media_type, file.size, sha256=sha256, route=wishes.route, owner=wishes.owner
    )
