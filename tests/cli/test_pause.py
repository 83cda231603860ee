"""`amplify-rag pause` and `resume`, in the emulator: nothing stays off unnoticed."""

from core.flags import FlagReader
from tests.cli.triggered import ENTRY_FUNCTION, OFF, OLDER_FUNCTION, ON, Triggered, answer, run


def test_a_paused_stage_leaves_jobs_in_their_queues_and_resumes(stage: Triggered) -> None:
    queue = stage.queues["entry"]
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


def test_the_brake_works_whatever_the_flags_hold(stage: Triggered) -> None:
    stage.put("flags", "no json")
    assert "they were: no json" in run(stage, "pause", "--only", "text").stderr
    assert stage.states()["text"] == "Disabled"
    run(stage, "resume")
    assert stage.states() == ON


def test_a_worker_is_resumed_though_the_flags_have_lost_it(stage: Triggered) -> None:
    run(stage, "pause", "--only", "visual")
    stage.put("flags", "{oops")
    run(stage, "pause", "--only", "visual")  # records nothing: the worker is off already
    assert stage.parameter("flags") == {"paused": {"visual": []}}
    run(stage, "resume")
    assert stage.states() == ON

    run(stage, "pause", "--only", "text")
    stage.put("flags", "{oops")
    assert "they were: {oops" in run(stage, "resume").stderr
    assert stage.states() == ON
    assert stage.parameter("flags") == {}


def test_resuming_leaves_alone_a_queue_that_is_not_the_stages(stage: Triggered) -> None:
    queue = stage.queues["older"]
    spare = stage.make_trigger(ENTRY_FUNCTION, queue, Enabled=False)
    run(stage, "pause")
    run(stage, "resume")
    assert stage.mappings(ENTRY_FUNCTION)[queue]["State"] == "Disabled"

    run(stage, "trigger", "take", "--from", OLDER_FUNCTION)
    run(stage, "pause")
    run(stage, "trigger", "give-back")
    run(stage, "resume")
    assert stage.mappings(ENTRY_FUNCTION)[queue]["State"] == "Disabled"
    assert stage.states() == ON
    stage.lambdas.delete_event_source_mapping(UUID=spare)


def test_a_queue_that_is_taken_over_is_resumed_or_named(stage: Triggered) -> None:
    queue = stage.queues["older"]
    run(stage, "trigger", "take", "--from", OLDER_FUNCTION)
    run(stage, "pause")
    run(stage, "resume")
    assert stage.mappings(ENTRY_FUNCTION)[queue]["State"] == "Enabled"

    run(stage, "pause")
    stage.put("flags", "{oops")
    repeat = f"trigger take --from {OLDER_FUNCTION}"
    assert repeat in run(stage, "resume", exit_code=1).stderr
    assert stage.states() == ON | {"older": "Disabled"}
    run(stage, *repeat.split())
    run(stage, "resume")
    assert stage.mappings(ENTRY_FUNCTION)[queue]["State"] == "Enabled"
    run(stage, "trigger", "give-back")
    assert stage.states() == ON
