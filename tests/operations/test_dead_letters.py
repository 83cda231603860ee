"""A look at real dead-letter queues takes everything and gives it back at once."""

import time

import pytest
from botocore.exceptions import EndpointConnectionError

from core.errors import TransientError
from operations.dead_letters import DeadLetterQueues, Limits
from operations.letters import QueueName
from tests.core.statuses import JOB
from tests.operations.desk import Desk


def fill(desk: Desk, number: int, name: QueueName = QueueName.TEXT_RAG) -> None:
    for start in range(0, number, 10):
        entries = [{"Id": str(n), "MessageBody": f"letter {n}"} for n in range(start, min(number, start + 10))]
        desk.sqs.send_message_batch(QueueUrl=desk.dead[name], Entries=entries)


def test_a_message_that_was_received_too_often_is_seen_again_and_again(desk: Desk) -> None:
    desk.die(JOB.to_json(), QueueName.VDR)
    [first], [second] = desk.letters(), desk.letters()
    assert (first.queue, first.job) == (QueueName.VDR, JOB)
    assert (second.id, second.receive_count) == (first.id, first.receive_count + 1)
    assert time.time() - 60 < first.sent_at < time.time()


def test_a_look_goes_through_all_pages_of_all_queues(desk: Desk) -> None:
    for name, number in ((QueueName.TEXT_RAG, 25), (QueueName.VDR, 3), (QueueName.DOCUMENT_INDEX, 1)):
        fill(desk, number, name)
    with desk.dead_letters.look() as look:
        letters = list(look)
    assert (len({letter.id for letter in letters}), look.complete) == (29, True)
    with desk.dead_letters.look([QueueName.VDR]) as look:
        assert {letter.queue for letter in look} == {QueueName.VDR}


def test_only_what_is_removed_is_gone(desk: Desk) -> None:
    fill(desk, 12)
    with desk.dead_letters.look() as look:
        for letter in look:
            if letter.body.endswith(("3", "7")):
                look.remove(letter)
    assert {letter.body for letter in desk.letters()} == {f"letter {n}" for n in range(12)} - {"letter 3", "letter 7"}


def test_what_is_held_is_given_back_when_the_work_breaks(desk: Desk) -> None:
    fill(desk, 12)
    with pytest.raises(ZeroDivisionError), desk.dead_letters.look() as look:
        for letter in look:
            look.remove(letter)
            raise ZeroDivisionError
    assert len(desk.letters()) == 11


def test_a_look_is_bounded_and_says_so(desk: Desk) -> None:
    fill(desk, 25)
    few = DeadLetterQueues(desk.sqs, desk.dead, Limits(letters=10, wait_seconds=0))
    with few.look() as look:
        assert (len(list(look)), look.complete) == (10, False)
    quick = DeadLetterQueues(desk.sqs, desk.dead, Limits(seconds=0, wait_seconds=0))
    with quick.look() as look:
        assert (list(look), look.complete, look.is_over) == ([], False, True)
    assert len(desk.letters()) == 25


def test_two_looks_at_a_time_share_the_letters_and_say_so(desk: Desk) -> None:
    fill(desk, 15)
    with desk.dead_letters.look() as first, desk.dead_letters.look() as second:
        taken = next(iter(first))
        seen = list(second)
        assert (len(seen), second.complete) == (5, False)
        assert taken.id not in {letter.id for letter in seen}
    assert len(desk.letters()) == 15


def test_an_outage_is_told_and_loses_nothing(desk: Desk) -> None:
    fill(desk, 3)
    missing = DeadLetterQueues(desk.sqs, {name: f"{url}-gone" for name, url in desk.dead.items()}, Limits())
    with pytest.raises(Exception, match="NonExistentQueue"), missing.look() as look:
        list(look)
    unreachable = desk.emulator.client("sqs")
    unreachable.meta.events.register("before-send", _no_network)
    with pytest.raises(TransientError), DeadLetterQueues(unreachable, desk.dead).look() as look:
        list(look)
    assert len(desk.letters()) == 3


def _no_network(**_request: object) -> None:
    raise EndpointConnectionError(endpoint_url="http://nowhere")
