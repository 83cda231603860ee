from hypothesis import given
from hypothesis import strategies as st

from cli.updates import Reordering, Update, message_of


def update(sequence: int, status: str = "embedding", **metadata: object) -> Update:
    return Update("d", "b#k", sequence, status, metadata, {})


def numbers(updates: list[Update]) -> list[int]:
    return [each.sequence for each in updates]


@given(st.integers(1, 12).flatmap(lambda count: st.permutations([*range(1, count + 1)] * 2)))
def test_whatever_the_order_each_comes_out_once_and_in_order(arrivals: list[int]) -> None:
    order = Reordering(after=0)
    given_out = [n for sequence in arrivals for n in numbers(order.offer(update(sequence)))]
    assert given_out == list(range(1, max(arrivals) + 1))
    assert not order.has_gap


def test_the_snapshot_sets_the_beginning() -> None:
    order = Reordering()
    assert numbers(order.offer(update(7))) == [7]
    assert numbers(order.offer(update(6))) == []  # older than the snapshot
    assert numbers(order.offer(update(8))) == [8]


def test_what_never_comes_can_be_given_up() -> None:
    order = Reordering(after=2)
    assert numbers(order.offer(update(6))) == []
    assert numbers(order.offer(update(4))) == []
    assert order.has_gap
    assert numbers(order.skip()) == [4, 6]
    assert not order.has_gap
    assert numbers(order.offer(update(5))) == []  # too late
    assert numbers(order.offer(update(7))) == [7]


def test_progress_and_endings() -> None:
    assert update(1, "embedding", progress=40).progress == 40
    assert update(1, "completed").progress == 100
    assert not update(1, "awaiting_upload").is_final
    assert [update(1, status).failed for status in ("failed", "cancelled", "completed", "completed_with_gaps")] == [
        True,
        True,
        False,
        False,
    ]
    assert update(1, "failed", error="The file is encrypted.", message="x").message == "The file is encrypted."


def test_a_frame_that_is_no_message_is_nothing() -> None:
    """A gateway whose function timed out may say so in words of its own."""
    assert [message_of(frame) for frame in ("Endpoint request timed out", b"\xff", "[1]", "null", "")] == [{}] * 5
    assert message_of('{"type": "pong"}') == {"type": "pong"}
