"""Plans: every part gets its turn exactly once whatever order the workers end in, and lost jobs are made again."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.jobs import Job
from core.parts import Part
from core.plans import PartRecord, Plan, plan_of
from core.routing import Route
from tests.core.statuses import JOB

NOW = 1000.0


def parts_of(count: int) -> list[Part]:
    routes: list[Route] = ["text", "text", "visual"]
    return [Part(routes[number % 3], number * 5 + 1, number * 5 + 5, "t?tvv") for number in range(count)]


def plan(count: int, window: int = 4) -> Plan:
    return plan_of(JOB, parts_of(count), window)


def test_a_plan_survives_its_storage() -> None:
    assert Plan.from_bytes(plan(7).to_bytes()) == plan(7)


def test_ten_thousand_pages_fit_an_item() -> None:
    letters = random.Random(1)  # noqa: S311  not a secret
    runs = [
        Part("visual", number * 8 + 1, number * 8 + 8, "".join(letters.choice("tv?") for _ in range(8)))
        for number in range(1250)
    ]
    assert len(plan_of(JOB, runs, 20).to_bytes()) < 100_000  # of 400 KB


def test_jobs_differ_in_their_part_only() -> None:
    job = plan(7).job(5)
    assert (job.part, job.first_page, job.last_page, job.route) == (5, 26, 30, "visual")
    assert (job.document_id, job.parts) == (JOB.document_id, JOB.parts)


@given(count=st.integers(1, 60), window=st.integers(1, 25), seed=st.randoms(use_true_random=False))
def test_every_part_is_sent_once_and_never_more_than_a_window_at_a_time(
    count: int, window: int, seed: random.Random
) -> None:
    whole = plan(count, window)
    under_way, records = whole.opening(), dict[int, PartRecord]()
    sent = [job.part for job in under_way]
    while under_way:
        assert len(under_way) <= window
        ended = under_way.pop(seed.randrange(len(under_way)))
        records[ended.part] = PartRecord(ended.part, done=True)
        following = whole.successor(records[ended.part], records)
        if following:
            under_way.append(following)
            sent.append(following.part)
    assert sorted(sent) == list(range(count))


@given(
    counts=st.lists(st.integers(0, 9), min_size=1, max_size=30),
    window=st.integers(1, 12),
    seed=st.randoms(use_true_random=False),
)
def test_parts_that_are_handed_over_take_turns_too_and_are_all_sent(
    counts: list[int], window: int, seed: random.Random
) -> None:
    """``counts``: how many parts the worker of each part hands over, in the midst of its work."""
    whole = plan(len(counts), window)
    under_way, records = whole.opening(), dict[int, PartRecord]()
    sent = [job.part for job in under_way]

    def hand_over(parent: Job) -> None:
        first = len(counts) + 10 * parent.part
        children = [replace(JOB, part=first + number, parent=parent.part) for number in range(counts[parent.part])]
        records.update({job.part: PartRecord(job.part, job=job) for job in children})
        records[parent.part] = PartRecord(parent.part, children=range(first, first + len(children)))
        send(whole.first_children(records[parent.part], records))

    def send(jobs: list[Job]) -> None:
        under_way.extend(jobs)
        sent.extend(job.part for job in jobs)

    while under_way:
        job = under_way[seed.randrange(len(under_way))]
        if job.parent < 0 and job.part not in records:
            hand_over(job)
            continue
        due = {other.part for other in whole.due(records, NOW)}
        assert due == {other.part for other in under_way}  # what is lost is known to be so, and no more than that
        assert sum(other.parent < 0 for other in under_way) <= window
        assert sum(other.parent >= 0 for other in under_way) <= window
        under_way.remove(job)
        records[job.part] = replace(records[job.part], done=True)
        parent = records[job.status_part]
        sibling = whole.sibling(job, parent)
        following = whole.successor(parent, records) if sibling is None else records[sibling].job
        send([following] if following else [])
    assert sorted(sent) == sorted({*range(len(counts)), *records})


def test_due_is_what_has_its_turn_and_no_living_worker() -> None:
    records = {
        0: PartRecord(0, done=True),
        1: PartRecord(1, lease_until=NOW + 10),
        2: PartRecord(2, lease_until=NOW - 1, claims=1),
    }
    assert [job.part for job in plan(9, window=4).due(records, NOW)] == [2, 3, 4]


def test_a_part_that_was_handed_over_is_due_until_it_is_done() -> None:
    other = Job(**{**JOB.__dict__, "part": 17, "parent": 0})
    waiting = {0: PartRecord(0, done=True), 17: PartRecord(17, job=other)}
    assert [job.part for job in plan(1).due(waiting, NOW)] == [17]
    assert plan(1).due(waiting | {17: PartRecord(17, done=True, job=other)}, NOW) == []


def test_what_a_release_handed_over_that_sent_all_at_once_is_due_and_followed_by_nothing() -> None:
    other = Job(**{**JOB.__dict__, "part": 17, "parent": 0})
    records = {0: PartRecord(0), 17: PartRecord(17, job=other)}
    assert [job.part for job in plan(6, window=4).due(records, NOW)][-1] == 17
    assert plan(6, window=4).sibling(other, records[0]) is None
    assert plan(6, window=4).successor(records[0], records) is None


def test_what_is_handed_over_anew_goes_on_where_it_stood_and_leaves_out_what_is_no_longer_meant() -> None:
    children = {number: replace(JOB, part=number, parent=0) for number in range(10, 16)}
    records = {number: PartRecord(number, done=number < 12, job=job) for number, job in children.items()}
    records[0] = PartRecord(0, children=range(10, 14))  # the try before handed over two more
    assert plan(6, window=4).first_children(records[0], records) == [children[12]]
    assert plan(2, window=4).first_children(records[0], records) == [children[12], children[13]]
    due = plan(2, window=4).due(records, NOW)
    assert [job.part for job in due if job.parent >= 0] == [12, 13]


@pytest.mark.parametrize(("count", "window"), [(0, 4), (3, 0)])
def test_a_plan_without_parts_or_without_a_window_is_refused(count: int, window: int) -> None:
    with pytest.raises(ValueError, match="plan"):
        plan(count, window)
