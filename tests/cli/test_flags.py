"""`amplify-rag flags` and `rollout check`, in the emulator."""

import json

import pytest

from core.rollout import bucket_of
from tests.cli.triggered import Triggered, answer, run
from tests.emulators import TestEmulator


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
    assert "No flag is set" in run(stage, "flags", "unset", "rollout.percentage").stdout
    assert "No flag is set" in run(stage, "flags", "set", "rollout", "{}").stdout
    assert stage.parameter("flags") == {}


def test_malformed_flags_are_reset(stage: Triggered) -> None:
    stage.put("flags", "{oops")
    assert "`flags reset`" in run(stage, "flags", "show", exit_code=1).stderr
    assert "they were: {oops" in run(stage, "flags", "reset").stderr
    assert answer(stage, "flags", "show") == {}


def test_a_reset_leaves_paused_what_is_paused(stage: Triggered) -> None:
    stage.put("flags", '{"visual": false, "paused": {"text": ["1"]}}')
    assert answer(stage, "flags", "reset") == {"paused": {"text": ["1"]}}


def test_flags_leave_room_for_the_brake(stage: Triggered) -> None:
    users = [f"{number:036}" for number in range(200)]
    assert "3,584 fit" in run(stage, "flags", "set", "rollout.users", json.dumps(users), exit_code=1).stderr
    run(stage, "flags", "set", "rollout.users", json.dumps(users[:85]))
    run(stage, "pause")
    run(stage, "resume")
    assert stage.parameter("flags") == {"rollout": {"users": users[:85]}}


@pytest.mark.parametrize(
    ("arguments", "said", "exit_code"),
    [
        (("rollout.percentage", "120"), "rollout.percentage must be a number from 0 to 100", 1),
        (("rollout.rules", '[{"use": "new", "largerThanMb": 1e999}]'), "largerThanMb must be a number", 1),
        (("rollout.percentage", "NaN"), "rollout.percentage must be a number", 1),
        (("rollout.users", "ann"), "is not JSON", 1),
        (("rollout.rules", "[" * 100_000), "is not JSON", 1),
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
    checked = run(stage, "rollout", "check", "bob@example.com", "ann@example.com", "abc", exit_code=1)
    assert "no user of the pool has the address bob@example.com" in checked.stderr
    assert [line.split()[:2] for line in checked.stdout.splitlines()] == [["ann@example.com", "new"], ["abc", "old"]]
