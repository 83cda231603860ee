"""`amplify-rag trigger`, in the emulator: the queue of an older system is taken over and given back."""

import json
from dataclasses import asdict

import pytest

from cli.takeover import Takeover
from tests.cli.triggered import ENTRY_FUNCTION, OLDER_FUNCTION, ON, SETTINGS, TEXT_FUNCTION, Triggered, answer, run
from tests.emulators import UPLOADS


def test_the_queue_is_taken_over_and_given_back_without_losing_an_upload(stage: Triggered) -> None:
    queue = stage.queues["older"]
    assert stage.taken_by(stage.upload("before.txt")) == "old"

    assert "would disable" in run(stage, "trigger", "take", "--from", OLDER_FUNCTION, "--dry-run").stdout
    assert stage.states() == ON
    assert stage.parameter("takeover") is None

    run(stage, "trigger", "take", "--from", OLDER_FUNCTION)
    assert stage.states()["older"] == "Disabled"
    ours = stage.mappings(ENTRY_FUNCTION)[queue]
    assert {name: ours[name] for name in SETTINGS} == SETTINGS
    assert stage.taken_by(stage.upload("during.txt")) == "new"

    recorded = stage.parameter("takeover")
    run(stage, "trigger", "take", "--from", OLDER_FUNCTION)  # again: nothing changes
    assert stage.parameter("takeover") == recorded
    assert stage.mappings(ENTRY_FUNCTION)[queue]["UUID"] == ours["UUID"]
    assert answer(stage, "trigger", "show")["takeover"] == recorded

    run(stage, "trigger", "give-back", "--dry-run")
    assert stage.states()["older"] == "Disabled"
    run(stage, "trigger", "give-back")
    assert stage.states() == ON
    assert set(stage.mappings(ENTRY_FUNCTION)) == {stage.queues["entry"]}
    assert stage.parameter("takeover") is None
    assert stage.taken_by(stage.upload("after.txt")) == "old"
    for more in ((), ("--dry-run",)):
        assert "nothing over" in run(stage, "trigger", "give-back", *more, exit_code=1).stderr


def test_giving_back_restores_what_was_there(stage: Triggered) -> None:
    queue = stage.queues["older"]
    own = stage.make_trigger(ENTRY_FUNCTION, queue, Enabled=False, BatchSize=1)
    stage.turn("older", on=False)
    run(stage, "trigger", "take", "--from", OLDER_FUNCTION, "--queue", queue.rpartition(":")[2])
    assert stage.mappings(ENTRY_FUNCTION)[queue]["State"] == "Enabled"
    run(stage, "trigger", "give-back")
    restored = stage.mappings(ENTRY_FUNCTION)[queue]
    assert (restored["UUID"], restored["State"], restored["BatchSize"]) == (own, "Disabled", 1)
    assert stage.states()["older"] == "Disabled"
    stage.lambdas.delete_event_source_mapping(UUID=own)
    stage.turn("older", on=True)


def test_a_take_over_that_was_cut_short_is_ended_by_the_next_one(stage: Triggered) -> None:
    run(stage, "trigger", "take", "--from", OLDER_FUNCTION)
    stage.lambdas.delete_event_source_mapping(UUID=stage.mappings(ENTRY_FUNCTION)[stage.queues["older"]]["UUID"])
    stage.turn("older", on=True)  # as if it had only begun
    run(stage, "trigger", "take", "--from", OLDER_FUNCTION)
    assert stage.states()["older"] == "Disabled"
    run(stage, "trigger", "give-back")
    assert stage.states() == ON
    assert set(stage.mappings(ENTRY_FUNCTION)) == {stage.queues["entry"]}


@pytest.mark.parametrize(
    ("arguments", "said", "exit_code"),
    [
        (("--from", "nobody"), "nobody", 4),
        (("--from", OLDER_FUNCTION, "--queue", "another"), "no trigger by another", 1),
        (("--from", OLDER_FUNCTION, "--bucket", "unknown"), "does not process uploads to unknown", 1),
        (("--from", ENTRY_FUNCTION, "--bucket", UPLOADS), "belongs to stage local itself", 1),
        (("--from", TEXT_FUNCTION, "--bucket", UPLOADS), "belongs to stage local itself", 1),
    ],
)
def test_what_cannot_be_taken_over_is_left_alone(
    stage: Triggered, arguments: tuple[str, ...], said: str, exit_code: int
) -> None:
    assert said in run(stage, "trigger", "take", *arguments, exit_code=exit_code).stderr
    assert stage.states() == ON
    assert stage.parameter("takeover") is None


def test_a_queue_of_the_stage_is_not_taken_over(stage: Triggered) -> None:
    queue = stage.queues["visual"]
    stray = stage.make_trigger(OLDER_FUNCTION, queue, Enabled=False)
    arguments = ("--from", OLDER_FUNCTION, "--queue", queue, "--bucket", UPLOADS)
    assert "belongs to stage local itself" in run(stage, "trigger", "take", *arguments, exit_code=1).stderr
    stage.lambdas.delete_event_source_mapping(UUID=stray)


def test_one_queue_at_a_time_is_taken_over(stage: Triggered) -> None:
    other = Takeover(function="another", queue="arn:aws:sqs:::another", trigger="1", was_enabled=True)
    stage.put("takeover", json.dumps(asdict(other)))
    for more in ((), ("--dry-run",)):
        refused = run(stage, "trigger", "take", "--from", OLDER_FUNCTION, *more, exit_code=1)
        assert "give it back first" in refused.stderr
    assert stage.states() == ON
