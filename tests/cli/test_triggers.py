"""Operators' switches, in the emulator: the queue of an older system, the emergency brake, flags."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from core.flags import FlagReader
from core.rollout import bucket_of
from tests.cli.triggered import ENTRY_FUNCTION, OLDER_FUNCTION, SETTINGS, Triggered
from tests.emulators import TestEmulator

OFF = {"entry": "Disabled", "text": "Disabled", "visual": "Disabled", "older": "Enabled"}
ON = dict.fromkeys(OFF, "Enabled")


@pytest.fixture(scope="module")
def stage(emulator: TestEmulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triggered]:
    """The stage "local" with an older system beside it."""
    triggered = Triggered(emulator, tmp_path_factory.mktemp("stage"))
    triggered.build()
    pool = emulator.emulator.client("cognito-idp").create_user_pool(PoolName="triggered")["UserPool"]["Id"]
    addresses = {"api": "http://127.0.0.1:1", "websocket": "ws://127.0.0.1:1", "userPoolId": pool, "clientId": "none"}
    endpoints = addresses | {"aws": emulator.emulator.settings.aws_url}
    (triggered.folder / "endpoints.json").write_text(json.dumps(endpoints))
    yield triggered
    triggered.remove()


@pytest.fixture(autouse=True)
def without_flags(stage: Triggered) -> Iterator[None]:
    yield
    stage.ssm.delete_parameters(Names=["/amplify/local/rag/flags", "/amplify/local/rag/takeover"])


def run(stage: Triggered, *arguments: str, exit_code: int = 0) -> Result:
    result = CliRunner().invoke(app, [*arguments, "--endpoints", str(stage.folder / "endpoints.json")])
    assert result.exit_code == exit_code, result.output
    return result


def answer(stage: Triggered, *arguments: str) -> Any:
    return json.loads(run(stage, *arguments, "--json").stdout)


def test_the_queue_is_taken_over_and_given_back_without_losing_an_upload(stage: Triggered) -> None:
    queue = stage.queue_of("older")
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
    assert set(stage.mappings(ENTRY_FUNCTION)) == {stage.queue_of("entry")}
    assert stage.parameter("takeover") is None
    assert stage.taken_by(stage.upload("after.txt")) == "old"
    assert "nothing over" in run(stage, "trigger", "give-back", exit_code=1).stderr


def test_giving_back_restores_what_was_there(stage: Triggered) -> None:
    queue = stage.queue_of("older")
    own = stage.lambdas.create_event_source_mapping(
        FunctionName=ENTRY_FUNCTION, EventSourceArn=queue, Enabled=False, BatchSize=1
    )["UUID"]
    stage.lambdas.update_event_source_mapping(UUID=stage.triggers["older"], Enabled=False)
    run(stage, "trigger", "take", "--from", OLDER_FUNCTION, "--queue", queue.rpartition(":")[2])
    assert stage.mappings(ENTRY_FUNCTION)[queue]["State"] == "Enabled"
    run(stage, "trigger", "give-back")
    restored = stage.mappings(ENTRY_FUNCTION)[queue]
    assert (restored["UUID"], restored["State"], restored["BatchSize"]) == (own, "Disabled", 1)
    assert stage.states()["older"] == "Disabled"
    stage.lambdas.delete_event_source_mapping(UUID=own)
    stage.lambdas.update_event_source_mapping(UUID=stage.triggers["older"], Enabled=True)


def test_a_take_over_that_was_cut_short_is_ended_by_the_next_one(stage: Triggered) -> None:
    run(stage, "trigger", "take", "--from", OLDER_FUNCTION)
    stage.lambdas.delete_event_source_mapping(UUID=stage.mappings(ENTRY_FUNCTION)[stage.queue_of("older")]["UUID"])
    stage.lambdas.update_event_source_mapping(UUID=stage.triggers["older"], Enabled=True)  # as if it had only begun
    run(stage, "trigger", "take", "--from", OLDER_FUNCTION)
    assert stage.states()["older"] == "Disabled"
    run(stage, "trigger", "give-back")
    assert stage.states() == ON
    assert set(stage.mappings(ENTRY_FUNCTION)) == {stage.queue_of("entry")}


@pytest.mark.parametrize(
    ("arguments", "said", "exit_code"),
    [
        (("--from", "nobody"), "nobody", 4),
        (("--from", OLDER_FUNCTION, "--queue", "another"), "no trigger by another", 1),
        (("--from", OLDER_FUNCTION, "--bucket", "unknown"), "does not process uploads to unknown", 1),
    ],
)
def test_what_cannot_be_taken_over_is_left_alone(
    stage: Triggered, arguments: tuple[str, ...], said: str, exit_code: int
) -> None:
    assert said in run(stage, "trigger", "take", *arguments, exit_code=exit_code).stderr
    assert stage.states() == ON
    assert stage.parameter("takeover") is None


def test_a_paused_stage_leaves_jobs_in_their_queues_and_resumes(stage: Triggered) -> None:
    queue = stage.queue_of("entry")
    paused = answer(stage, "pause")
    assert paused["paused"] == ["entry", "text", "visual"]
    assert stage.states() == OFF
    stage.sqs.send_message(QueueUrl=stage.url(queue), MessageBody='{"Event": "s3:TestEvent"}')
    assert stage.waiting(queue) == 1
    read = FlagReader(lambda: stage.ssm, "/amplify/local/rag/flags")()
    assert read.paused == {part: (stage.triggers[part],) for part in ("entry", "text", "visual")}
    assert "resume it first" in run(stage, "trigger", "take", "--from", OLDER_FUNCTION, exit_code=1).stderr

    run(stage, "pause")  # again: what resume will enable is not forgotten
    run(stage, "resume", "--only", "visual")
    assert stage.states() == OFF | {"visual": "Enabled"}
    run(stage, "resume")
    assert stage.states() == ON
    assert stage.parameter("flags") == {}


def test_resuming_leaves_alone_what_was_off_before(stage: Triggered) -> None:
    stage.lambdas.update_event_source_mapping(UUID=stage.triggers["text"], Enabled=False)
    run(stage, "pause", "--only", "text", "--only", "visual")
    run(stage, "resume")
    assert stage.states() == ON | {"text": "Disabled"}
    stage.lambdas.update_event_source_mapping(UUID=stage.triggers["text"], Enabled=True)


def test_the_brake_works_whatever_the_flags_hold(stage: Triggered) -> None:
    stage.ssm.put_parameter(Name="/amplify/local/rag/flags", Value="no json", Type="String", Overwrite=True)
    assert "they were: no json" in run(stage, "pause", "--only", "text").stderr
    assert stage.states()["text"] == "Disabled"
    run(stage, "resume")


def test_flags_are_set_shown_and_unset(stage: Triggered) -> None:
    run(stage, "flags", "set", "rollout.percentage", "20")
    run(stage, "flags", "set", "rollout.users", '["ann@example.com"]')
    run(stage, "flags", "set", "visual", "false")
    shown = answer(stage, "flags", "show")
    assert shown == {"rollout": {"percentage": 20, "users": ["ann@example.com"]}, "visual": False}
    assert "rollout.percentage    20" in run(stage, "flags", "show").stdout
    run(stage, "flags", "unset", "rollout.users")
    run(stage, "flags", "unset", "rollout.users")
    run(stage, "flags", "unset", "visual")
    assert stage.parameter("flags") == {"rollout": {"percentage": 20}}


@pytest.mark.parametrize(
    ("arguments", "said", "exit_code"),
    [
        (("rollout.percentage", "120"), "rollout.percentage must be a number from 0 to 100", 1),
        (("rollout.users", "ann"), "is not JSON", 1),
        (("paused", "{}"), "pause", 2),
    ],
)
def test_a_wrong_flag_is_refused_and_nothing_is_written(
    stage: Triggered, arguments: tuple[str, ...], said: str, exit_code: int
) -> None:
    assert said in run(stage, "flags", "set", *arguments, exit_code=exit_code).stderr
    assert stage.parameter("flags") is None


def test_an_operator_learns_who_goes_where(stage: Triggered) -> None:
    run(
        stage,
        "flags",
        "set",
        "rollout",
        '{"percentage": 22.21, "users": ["b"], "rules": [{"use": "new", "name": "*.key"}]}',
    )
    said = {each["user"]: each for each in answer(stage, "rollout", "check", "a", "b", "foobar")}
    assert {user: (each["use"], each["reason"]) for user, each in said.items()} == {
        "a": ("new", "percentage"),
        "b": ("new", "listed"),
        "foobar": ("old", "percentage"),
    }
    assert "from above 57.2 on" in run(stage, "rollout", "check", "foobar").stdout
    assert "by a rule" in run(stage, "rollout", "check", "foobar", "--file", "talk.key").stdout


def test_a_user_is_known_by_the_address_too(stage: Triggered, emulator: TestEmulator) -> None:
    pools, stacks = (emulator.emulator.client(name) for name in ("cognito-idp", "cloudformation"))
    pool = json.loads((stage.folder / "endpoints.json").read_text())["userPoolId"]
    declared = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}, "Outputs": {"UserPoolId": {"Value": pool}}}
    stacks.create_stack(StackName="amplify-rag-async-local", TemplateBody=json.dumps(declared))
    stacks.get_waiter("stack_create_complete").wait(StackName="amplify-rag-async-local")
    stage.undo.append(lambda: stacks.delete_stack(StackName="amplify-rag-async-local"))
    email = {"Name": "email", "Value": "ann@example.com"}
    made = pools.admin_create_user(UserPoolId=pool, Username="ann@example.com", UserAttributes=[email])["User"]
    [subject] = [each["Value"] for each in made["Attributes"] if each["Name"] == "sub"]
    [said] = answer(stage, "rollout", "check", "ann@example.com")
    assert (said["use"], said["bucket"]) == ("old", bucket_of(subject))
    run(stage, "flags", "set", "rollout.users", '["Ann@example.com"]')
    [said] = answer(stage, "rollout", "check", "ann@example.com")
    assert (said["use"], said["reason"]) == ("new", "listed")
    assert "no user" in run(stage, "rollout", "check", "bob@example.com", exit_code=1).stderr
