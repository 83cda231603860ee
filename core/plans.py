"""Plans: how a version is cut into parts, kept so that any of its jobs can be made again. Pure.

Only ``window`` parts of a version are under way at a time, and whoever finishes a part sends the one that is ``window``
places behind it. Parts that a worker hands over come in between: the one behind waits until they are done, and they
take turns in the same way. So a long document never stands in a queue before a short one with more than a window of
jobs, and nobody needs to count.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Self

from core.jobs import Job
from core.parts import Part

POSTPONED_GRACE_SECONDS = 60  #: so late may a message come that was to come again at a certain time


@dataclass(frozen=True)
class PartRecord:
    """What is known of the work on a part; one that no worker has taken yet has no record."""

    part: int
    done: bool = False
    holder: str = ""  #: which worker has it, as that one calls itself
    lease_until: float = 0.0  #: epoch seconds; its worker is alive at least until then
    claims: int = 0  #: how often a worker has begun it, but for the tries that an outage ended
    resent: int = 0  #: how often its job was sent again because it seemed lost
    handed_on: int = 0  #: how often a worker's time was too short for it
    again_at: float = 0.0  #: epoch seconds; when the message of a try that failed comes again
    job: Job | None = None  #: of a part that another part's worker handed over
    children: range = range(0)  #: numbers of the parts that its worker handed over
    #: The worker that had it before the present one and neither finished it nor gave it back; empty: none did so
    lost_holder: str = ""
    lost_from: float = 0.0  #: epoch seconds; when that one took it
    lost_until: float = 0.0  #: epoch seconds; when its lease ended

    def is_worked_on(self, now: float) -> bool:
        """Whether a worker that is alive has it."""
        return not self.done and self.lease_until > now

    @property
    def is_begun(self) -> bool:
        """Whether a worker has had it, and it need not be sent for the first time."""
        return self.done or bool(self.holder) or self.claims > 0

    def is_postponed(self, now: float) -> bool:
        """Whether its message is not lost, but comes again at a time that is not long past."""
        return now < self.again_at + POSTPONED_GRACE_SECONDS


@dataclass(frozen=True)
class Plan:
    """The parts that the entry cut."""

    first: Job  #: the job of part 0; the others differ in their pages and route only
    parts: tuple[Part, ...]
    window: int  #: how many parts may be under way at a time

    def job(self, number: int) -> Job:
        """The job of a part."""
        part = self.parts[number]
        return replace(
            self.first,
            part=number,
            first_page=part.first_page,
            last_page=part.last_page,
            page_routes=part.page_routes,
            route=part.route,
        )

    def opening(self) -> list[Job]:
        """The jobs to begin with."""
        return [self.job(number) for number in range(min(self.window, len(self.parts)))]

    @property
    def children_at_a_time(self) -> int:
        """How many of the parts that one worker handed over may be under way at a time."""
        return max(1, self.window // min(self.window, len(self.parts)))

    def first_children(self, parent: PartRecord, children: Mapping[int, PartRecord]) -> list[Job]:
        """The jobs to begin, or to go on, with of those that a part's worker has handed over."""
        first: dict[int, Job | None] = {}
        for number in parent.children:
            if number in children and not children[number].done:
                first.setdefault(number % self.children_at_a_time, children[number].job)
        return [job for job in first.values() if job]

    def sibling(self, job: Job, parent: PartRecord) -> int | None:
        """Which part is sent when this one is done, of those that were handed over together; None after the last."""
        number = job.part + self.children_at_a_time
        return number if job.parent >= 0 and number in parent.children else None

    def successor(self, part: PartRecord, children: Mapping[int, PartRecord]) -> Job | None:
        """The job that is sent when a part that the entry cut is done with all that its worker handed over.

        None while some of that is not done.
        """
        following = part.part + self.window
        return self.job(following) if following < len(self.parts) and _is_over(part, children) else None

    def due(self, records: Mapping[int, PartRecord], now: float) -> list[Job]:
        """The jobs that should be under way and that no living worker has, in order.

        Some of them may be waiting in a queue: only a worker's record tells.
        """
        cut = [self.job(number) for number in range(len(self.parts)) if self._has_its_turn(number, records)]
        handed_over = [record.job for _number, record in sorted(records.items()) if record.job]
        let = [job for job in handed_over if self._is_let(job, records)]
        return [job for job in [*cut, *let] if not _is_taken(records.get(job.part), now)]

    def _has_its_turn(self, number: int, records: Mapping[int, PartRecord]) -> bool:
        before = number - self.window
        return before < 0 or (before in records and _is_over(records[before], records))

    def _is_let(self, job: Job, records: Mapping[int, PartRecord]) -> bool:
        """Whether a part that was handed over has its turn; those of an earlier try of its parent never have."""
        siblings = records[job.parent].children if job.parent in records else range(0)
        before = job.part - self.children_at_a_time
        if siblings and job.part not in siblings:
            return False
        return before not in siblings or (before in records and records[before].done)

    def to_bytes(self) -> bytes:
        """The plan in as few bytes as a database item of 10,000 pages needs."""
        content = {"first": asdict(self.first), "window": self.window, "parts": [asdict(part) for part in self.parts]}
        return zlib.compress(json.dumps(content, separators=(",", ":")).encode())

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The plan that ``to_bytes`` wrote; raises JobSchemaError when its jobs are of another schema."""
        content = json.loads(zlib.decompress(data))
        first = Job.from_json(json.dumps(content["first"]))
        return cls(first, tuple(Part(**part) for part in content["parts"]), content["window"])


def plan_of(first: Job, parts: Sequence[Part], window: int) -> Plan:
    """The plan for a version whose first job would be ``first`` but for its pages; raises ValueError without parts."""
    if not parts or window < 1:
        raise ValueError("a plan has parts, and at least one of them is under way")
    whole = Plan(first, tuple(parts), window)
    return replace(whole, first=whole.job(0))


def _is_over(part: PartRecord, records: Mapping[int, PartRecord]) -> bool:
    """Whether a part is done with all that its worker handed over."""
    return part.done and all(child in records and records[child].done for child in part.children)


def _is_taken(record: PartRecord | None, now: float) -> bool:
    return record is not None and (record.done or record.is_worked_on(now))
