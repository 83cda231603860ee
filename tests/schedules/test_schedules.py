"""Exactly one result, whatever happens in whichever order: invented schedules over the real stores."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.schedules.machine import Schedules
from tests.schedules.stage import Stage

EXAMPLES, STEPS = 6, 12  #: under a minute; benchmarks/schedules.py goes on for as long as is asked for


def test_whatever_happens_each_document_has_exactly_one_result(ready: Stage) -> None:
    run_state_machine_as_test(
        Schedules.on(ready),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert ready.tally.deliveries
    assert ready.tally.kills
