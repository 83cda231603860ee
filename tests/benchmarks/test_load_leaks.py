"""When a load is said to have left something behind."""

import pytest

from benchmarks.load_leaks import ALLOWED_MORE, LEAST_SAMPLES, grown, kept
from benchmarks.stack import DATABASE_PROCESSES, OPEN_FILES, SOCKET_RECORDS

BEFORE = {OPEN_FILES: 12, SOCKET_RECORDS: 0, DATABASE_PROCESSES: 8}


def test_what_the_measured_runs_left_open_is_no_leak() -> None:
    assert kept(BEFORE, {OPEN_FILES: 44, SOCKET_RECORDS: 0, DATABASE_PROCESSES: 12}) == []


@pytest.mark.parametrize("name", list(BEFORE))
def test_one_more_than_allowed_is(name: str) -> None:
    most = BEFORE | {name: BEFORE[name] + ALLOWED_MORE[name]}
    assert kept(BEFORE, most) == []
    over = most | {name: most[name] + 1}
    assert kept(BEFORE, over) == [f"{name}: {over[name]} when idle, {BEFORE[name]} before"]


def test_a_record_of_a_socket_that_was_there_before_is_not_held_against_the_load() -> None:
    assert kept(BEFORE | {SOCKET_RECORDS: 3}, BEFORE | {SOCKET_RECORDS: 3}) == []


def test_memory_may_grow_while_functions_start_and_not_later() -> None:
    starting, steady = [500.0] * LEAST_SAMPLES, [3000.0] * LEAST_SAMPLES
    assert grown(starting + steady + steady) == []
    assert grown(starting + steady + [3740.0] * LEAST_SAMPLES) == []
    [said] = grown(starting + steady + [3760.0] * LEAST_SAMPLES)
    assert said == "memory grew from 3000 MB in the middle third of the time to 3760"


def test_one_peak_is_no_growth() -> None:
    steady = [3000.0] * LEAST_SAMPLES
    assert grown(steady + steady + [*steady[1:], 9000.0]) == []


@pytest.mark.parametrize("samples", [0, 1, 2, 5])
def test_too_few_samples_say_nothing(samples: int) -> None:
    assert grown([float(10**number) for number in range(samples)]) == []
