"""Flags: read from SSM, not at every turn, and no reason to stop when they cannot be read."""

import uuid

import pytest

from core.flags import SECONDS, FlagReader, Flags, FlagsError, parse
from tests.emulators import TestEmulator


class Clock:
    """Time that a test makes pass."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A parameter of a test's own, and a process that reads it."""

    def __init__(self, emulator: TestEmulator) -> None:
        self.name = f"/amplify/{uuid.uuid4().hex}/rag/flags"
        self.ssm = emulator.emulator.client("ssm")
        self.clock = Clock()
        self.flags = FlagReader(lambda: self.ssm, self.name, self.clock)

    def put(self, text: str) -> None:
        self.ssm.put_parameter(Name=self.name, Value=text, Type="String", Overwrite=True)


@pytest.fixture
def bench(emulator: TestEmulator) -> Bench:
    return Bench(emulator)


def test_flags_are_read_and_read_again_after_a_while(bench: Bench) -> None:
    bench.put('{"rollout": {"percentage": 5}, "visual": false, "paused": {"text": ["1"]}}')
    assert bench.flags().rollout.percentage == 5
    assert bench.flags().visual is False
    assert bench.flags().paused == {"text": ("1",)}
    bench.put("{}")
    bench.clock.now = SECONDS - 1
    assert bench.flags().visual is False
    bench.clock.now = SECONDS
    assert bench.flags() == Flags()


@pytest.mark.parametrize("text", ["no json", "[]", '{"vdr": true}', '{"visual": 1}'])
def test_malformed_flags_leave_all_as_it_was_and_are_warned_of(
    bench: Bench, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    bench.put('{"visual": false}')
    assert bench.flags().visual is False
    bench.put(text)
    bench.clock.now += SECONDS
    assert bench.flags().visual is False
    [warning] = caplog.records
    assert (warning.levelname, vars(warning)["parameter"]) == ("WARNING", bench.name)
    assert FlagReader(lambda: bench.ssm, bench.name)() == Flags()


def test_missing_flags_are_at_their_defaults_and_warned_of_once_a_while(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    assert bench.flags() == bench.flags() == Flags()
    [warning] = caplog.records
    assert vars(warning)["reason"] == "ParameterNotFound"


def test_without_a_parameter_nothing_is_asked(caplog: pytest.LogCaptureFixture) -> None:
    assert FlagReader(lambda: pytest.fail("asked"), "")() == Flags()
    assert not caplog.records


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ('{"rollout": {"percentage": 200}}', "rollout.percentage"),
        ('{"rollout": {"rules": [{"use": "new", "largerThanMb": 1e999}]}}', "largerThanMb"),
        ('{"paused": ["text"]}', "paused"),
        ('{"paused": {"query": []}}', "paused"),
        ('{"paused": {"text": "1"}}', "paused.text"),
    ],
)
def test_the_flag_at_fault_is_named(text: str, flag: str) -> None:
    with pytest.raises(FlagsError, match=flag):
        parse(text)
