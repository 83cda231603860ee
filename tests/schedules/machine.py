"""Schedules: hypothesis invents what happens in a world, in any order, with crashes at any effect."""

import uuid
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.schedules.clock import Clock
from tests.schedules.faults import Fault, Waiting
from tests.schedules.stage import FILES, Stage
from tests.schedules.verdicts import Verdicts

KEYS = 3
LAST_ROUNDS = 60  #: in which everything that is under way must come to its end

places = st.integers(0, 99)
effects = st.integers(0, 70)
numbers = st.integers(0, 11)  #: of contents


class Schedules(RuleBasedStateMachine):
    """Owners upload, retry, cancel and delete; queues deliver in any order, twice and late; processes end anywhere."""

    ready: Stage  #: of a run, by ``on``

    @classmethod
    def on(cls, ready: Stage) -> "type[Schedules]":
        """The schedules of a stage; each call makes another class, for hypothesis to run."""
        return type(cls.__name__, (cls,), {"ready": ready})

    def __init__(self) -> None:
        super().__init__()
        ready = self._ready = self.ready
        self._clock = Clock()
        self._patch = pytest.MonkeyPatch()
        self._clock.install(self._patch)
        self._world = ready.world(self._clock)
        self._verdicts = Verdicts(self._world, ready.superuser, ready.references)
        owners = [uuid.uuid4().hex, uuid.uuid4().hex]
        self._keys = [f"{owners[number % 2]}/{number}" for number in range(KEYS)]
        self._etags: dict[tuple[str, str], str] = {}  #: key and entity tag → content

    def _put(self, key: str, number: int) -> None:
        name = sorted(self._ready.references)[number % len(self._ready.references)]
        data, metadata = FILES[name]
        self._world.put(key, data, metadata)
        etag = self._world.present(key)
        assert etag is not None
        self._etags[key, etag] = name

    def _take(self, place: int, jobs: bool) -> Waiting:
        found = [each for each in self._world.waiting if bool(each.route) == jobs]
        assume(found)
        return found[place % len(found)]

    def _key(self, place: int) -> str:
        return self._keys[place % KEYS]

    # Rules: what owners do

    @rule(place=places, number=numbers)
    def upload(self, place: int, number: int) -> None:
        """A file arrives and is taken in at once."""
        self._put(self._key(place), number)
        self._world.deliver(self._world.waiting[-1])

    @rule(place=places, number=numbers)
    def store(self, place: int, number: int) -> None:
        """A file arrives; its message waits."""
        self._put(self._key(place), number)

    @rule(place=places, first=numbers, second=numbers, at=st.integers(0, 25))
    def race(self, place: int, first: int, second: int, at: int) -> None:
        """Two files of one key: the later one is stored and taken in while the earlier one is being taken in."""
        key = self._key(place)

        def later() -> None:
            self._put(key, second)
            self._world.deliver(self._world.waiting[-1])

        self._put(key, first)
        self._world.deliver(self._world.waiting[-1], Fault(at, "other", later))

    @rule(place=places)
    def cancel(self, place: int) -> None:
        self._world.cancel(self._key(place))

    @rule(place=places)
    def retry(self, place: int) -> None:
        self._world.retry(self._key(place))

    @rule(place=places, at=st.none() | effects)
    def delete(self, place: int, at: int | None) -> None:
        """A document is deleted; when that is cut short, its owner repeats it by the document's id."""
        key = self._key(place)
        status = self._world.status(key)
        assume(status is not None)
        assert status is not None
        self._verdicts.note(key)
        if self._world.delete(key, None if at is None else Fault(at, "kill")) != "done":
            self._world.delete_by_id(status.document_id)

    # Rules: what queues and processes do

    @precondition(lambda self: any(not each.route for each in self._world.waiting))
    @rule(place=places, at=st.integers(0, 25), kind=st.sampled_from(["none", "kill", "fail"]))
    def enter(self, place: int, at: int, kind: str) -> None:
        """The entry gets a message."""
        self._world.deliver(self._take(place, jobs=False), Fault(at, kind))

    @precondition(lambda self: any(each.route for each in self._world.waiting))
    @rule(place=places, times=st.integers(1, 4))
    def work(self, place: int, times: int) -> None:
        """Workers get messages, and nothing goes wrong."""
        for number in range(times):
            if any(each.route for each in self._world.waiting):
                self._world.deliver(self._take(place + number, jobs=True))

    @precondition(lambda self: any(each.route for each in self._world.waiting))
    @rule(place=places, at=effects, kind=st.sampled_from(["kill", "kill", "fail"]), last=st.booleans())
    def fault(self, place: int, at: int, kind: str, last: bool) -> None:
        """A worker is killed, or one of its calls fails; perhaps on the last delivery."""
        message = self._take(place, jobs=True)
        if last:
            message.receives = self._world.settings.max_receive_count - 1
        self._world.deliver(message, Fault(at, kind))

    @precondition(lambda self: any(each.route for each in self._world.waiting))
    @rule(place=places, at=effects, what=st.sampled_from(["cancel", "delete", "upload", "twin", "health", "retry"]))
    def interrupt(self, place: int, at: int, what: str) -> None:
        """Something else happens in the midst of a worker's work."""
        message = self._take(place, jobs=True)
        key = message.job.key

        def upload() -> None:
            self._put(key, place // KEYS)
            self._world.deliver(self._world.waiting[-1])

        interludes: dict[str, Callable[[], object]] = {
            "cancel": partial(self._world.cancel, key),
            "delete": partial(self._world.delete, key),
            "upload": upload,
            "twin": partial(self._world.deliver_again, message),
            "health": self._world.check_health,
            "retry": partial(self._world.retry, key),
        }
        self._verdicts.note(key)
        self._world.deliver(message, Fault(at, "other", lambda: void(interludes[what]())))

    @precondition(lambda self: any(each.route for each in self._world.waiting))
    @rule(place=places)
    def run_out_of_time(self, place: int) -> None:
        """A worker has no time left, and hands its job on."""
        self._world.deliver(self._take(place, jobs=True), in_time=False)

    @precondition(lambda self: self._world.delivered)
    @rule(place=places, at=effects, kind=st.sampled_from(["none", "none", "kill"]))
    def again(self, place: int, at: int, kind: str) -> None:
        """A job that was done with is delivered once more, however old its version is."""
        delivered = self._world.delivered
        self._world.deliver_again(delivered[place % len(delivered)], Fault(at, kind))

    @precondition(lambda self: any(each.route for each in self._world.waiting))
    @rule(place=places)
    def twice(self, place: int) -> None:
        """A queue delivers a message that it should still hide."""
        self._world.deliver_again(self._take(place, jobs=True))

    # Rules: what the schedule and operators do

    @rule(minutes=st.sampled_from([0, 2, 20]), at=st.none() | st.integers(0, 20))
    def check_health(self, minutes: int, at: int | None) -> None:
        self._clock.ahead += 60 * minutes
        self._world.check_health(None if at is None else Fault(at, "kill"))

    @precondition(lambda self: self._world.resting)
    @rule(place=places)
    def replay(self, place: int) -> None:
        self._world.replay(self._world.resting[place % len(self._world.resting)])

    @invariant()
    def all_is_well(self) -> None:
        for key in self._keys:
            self._verdicts.note(key)
        self._verdicts.at_any_moment()

    def teardown(self) -> None:
        """Nothing goes wrong any more: everything comes to its end."""
        try:
            self._come_to_an_end()
            present = {key: self._world.present(key) for key in self._keys}
            names = {key: self._etags[key, etag] for key, etag in present.items() if etag}
            self._verdicts.at_any_moment()
            self._verdicts.in_the_end({key: self._ready.references[name].version for key, name in names.items()})
        finally:
            self._world.close()
            self._patch.undo()

    def _come_to_an_end(self) -> None:
        for _round in range(LAST_ROUNDS):
            while self._world.waiting:
                self._world.deliver(self._world.waiting[0])
            for message in list(self._world.resting):
                self._world.replay(message)
            self._clock.ahead += 60 * 20
            self._world.check_health()
            for key in self._keys:
                self._verdicts.note(key)
            if not self._world.waiting and not self._is_running():
                return
        raise AssertionError("it goes on for ever")

    def _is_running(self) -> bool:
        states = [self._world.status(key) for key in self._keys]
        return any(state.is_running for state in states if state)


def void(_value: object) -> None:
    """For what is done for its effect."""
