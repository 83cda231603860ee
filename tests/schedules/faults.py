"""Faults: what goes wrong, or comes in between, at one effect of a call; and the tally of what has happened."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from core.errors import TransientError
from core.jobs import Job
from tests.schedules.effects import Act, Effects, Killed

Interlude = Callable[[], None]


@dataclass(frozen=True)
class Fault:
    """What happens at the n-th effect (from 0) of a call: ``kill``, ``fail``, or something else in between."""

    at: int
    kind: str
    interlude: Interlude | None = None


@dataclass(eq=False)
class Waiting:
    """A message that its queue will deliver (again)."""

    body: str
    route: str  #: of a job; empty: an upload
    visible_at: float = 0.0
    receives: int = 0

    @property
    def job(self) -> Job:
        return Job.from_json(self.body)


@dataclass
class Tally:
    """What has happened, for a report."""

    deliveries: int = 0
    duplicates: int = 0
    kills: int = 0
    failures: int = 0
    interludes: int = 0
    interlude_at: int = 0  #: number of the effect at which the last one happened, as of a fault
    actions: Counter[str] = field(default_factory=Counter)
    effects: Counter[str] = field(default_factory=Counter)  #: at which kills happened


def acting(fault: Fault | None, effects: Effects, tally: Tally) -> Act | None:
    """What happens at each effect of a process that has this fault."""
    if fault is None:
        return None
    numbers, happened = count(), list[str]()

    def act(effect: str) -> None:
        if happened and fault.kind == "kill":  # a process that has ended does nothing any more
            raise Killed
        number = next(numbers)
        if number < fault.at or happened:
            return
        if fault.kind == "kill":
            happened.append(effect)
            tally.effects[effect] += 1
            raise Killed
        if fault.kind == "fail":
            happened.append(effect)
            raise TransientError(f"nothing works at {effect}")
        if fault.interlude and _is_between_transactions(effect):
            happened.append(effect)
            tally.interludes += 1
            tally.interlude_at = number
            with effects.armed(None):
                fault.interlude()

    return act


def _is_between_transactions(effect: str) -> bool:
    return not effect.startswith("postgres.") or effect == "postgres.commit after"
