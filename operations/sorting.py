"""Sorting dead letters out: listed with what has become of their documents, sent again, or discarded."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial

from core import recovery
from core.status import DocumentStatus
from operations.dead_letters import Look
from operations.letters import Letter, QueueName, Selection
from operations.services import OperationsServices

State = Callable[[Letter], DocumentStatus | None]  #: the present state of what has the name of a letter's document


@dataclass(frozen=True)
class Found:
    """A letter and the present state of its document, if that is known."""

    letter: Letter
    status: DocumentStatus | None


@dataclass
class Sorted:
    """What became of the letters that were meant."""

    replayed: int = 0
    discarded: int = 0
    not_wanted: int = 0  #: of documents that were deleted, superseded or finished meanwhile: what they left is removed
    not_replayable: int = 0  #: kept, as they ask for nothing that is known
    not_found: int = 0  #: ids that no letter had
    left: int = 0  #: there was no time for
    complete: bool = True  #: whether all that there is was looked at


@dataclass
class Listed:
    """The letters that were asked for, the latest first, and how many fit."""

    letters: list[Found] = field(default_factory=list)
    total: int = 0
    complete: bool = True


def find(queues: Sequence[QueueName], selection: Selection, limit: int, services: OperationsServices) -> Listed:
    """The latest ``limit`` letters that are meant; all of them stay where they are."""
    state = _states(services)
    with services.dead_letters.look(queues) as look:
        meant = [letter for letter in look if _is_meant(letter, selection, state)]
    meant.sort(key=lambda letter: letter.sent_at, reverse=True)
    return Listed([Found(letter, state(letter)) for letter in meant[:limit]], len(meant), look.complete)


def get(letter_id: str, services: OperationsServices) -> Found | None:
    """One letter, or None."""
    with services.dead_letters.look() as look:
        letter = next((letter for letter in look if letter.id == letter_id), None)
    return Found(letter, _states(services)(letter)) if letter else None


def replay(queues: Sequence[QueueName], selection: Selection, services: OperationsServices) -> Sorted:
    """Send the letters that are meant again, each before it is removed; so a crash in between sends one twice.

    That is harmless, as a part that is done or that a worker has is not worked on, nor a file taken in twice.
    """
    return _sort_out(queues, selection, services, partial(_replay, services))


def discard(queues: Sequence[QueueName], selection: Selection, services: OperationsServices) -> Sorted:
    """Remove the letters that are meant; their documents stay as they are."""
    return _sort_out(queues, selection, services, _discard)


def _sort_out(
    queues: Sequence[QueueName],
    selection: Selection,
    services: OperationsServices,
    handle: Callable[[Letter, Look, Sorted], None],
) -> Sorted:
    counts, missing = Sorted(), set(selection.ids or ())
    with services.dead_letters.look(queues) as look:
        for letter in _meant(look, selection, _states(services)):
            missing.discard(letter.id)
            if look.is_over:
                counts.left += 1
            else:
                handle(letter, look, counts)
            if selection.ids is not None and not missing:
                break
    counts.not_found, counts.complete = len(missing), look.complete
    return counts


def _replay(services: OperationsServices, letter: Letter, look: Look, counts: Sorted) -> None:
    if letter.job:
        wanted = recovery.replay(letter.job, services)
    elif letter.upload:
        services.queues.announce_again(letter.body)
        wanted = True
    else:
        counts.not_replayable += 1
        return
    look.remove(letter)
    counts.replayed += wanted
    counts.not_wanted += not wanted


def _discard(letter: Letter, look: Look, counts: Sorted) -> None:
    look.remove(letter)
    counts.discarded += 1


def _meant(look: Look, selection: Selection, state: State) -> Iterator[Letter]:
    return (letter for letter in look if _is_meant(letter, selection, state))


def _is_meant(letter: Letter, selection: Selection, state: State) -> bool:
    if not selection.may_take(letter):
        return False
    return not selection.needs_state or selection.takes(letter, state(letter))


def _states(services: OperationsServices) -> State:
    """Looks each document up once."""
    known = cache(services.statuses.get)
    return lambda letter: known(letter.status_id) if letter.status_id else None
