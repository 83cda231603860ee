"""The rollout: who uses which system, the same here and in a web page, and never back as the percentage rises."""

import json
import random
import uuid
from pathlib import Path
from typing import Any

import pytest

from core import rollout
from core.rollout import BUCKETS, File, Rollout, RolloutError, User, choose

VECTORS = json.loads(Path(__file__).with_name("rollout.json").read_text("utf-8"))
#: The rules that the first deployment guide gives as an example
SEED_RULES = [
    {"use": "new", "largerThanMb": 5},
    *({"use": "new", "name": f"*.{kind}"} for kind in ("pptx", "ppt", "key")),
]


@pytest.mark.parametrize("vector", VECTORS["hashes"], ids=lambda vector: vector["text"])
def test_ids_hash_as_the_algorithm_says_whatever_their_script(vector: dict[str, Any]) -> None:
    assert rollout.fnv1a(vector["text"]) == vector["hash"]


@pytest.mark.parametrize("vector", VECTORS["choices"])
def test_a_choice_is_the_same_in_both_languages(vector: dict[str, Any]) -> None:
    told = dict(vector["rollout"])
    paused = told.pop("paused", False)
    document = vector.get("document")
    file = document and File(document["name"], document["type"], document["size"])
    choice = choose(rollout.parse(told), User(**vector["user"]), file, paused=paused)
    assert (choice.use, choice.reason) == (vector["use"], vector["reason"])


def test_a_raised_percentage_moves_nobody_back_and_takes_its_share() -> None:
    chance = random.Random(5)  # noqa: S311
    users = [User(str(uuid.UUID(int=chance.getrandbits(128), version=4))) for _ in range(10_000)]
    users += [User(f"user{number}@example.com") for number in range(10_000)]
    before: set[str] = set()
    for percentage in (0, 0.5, 5, 20, 50, 99.9, 100):
        now = {user.id for user in users if choose(Rollout(percentage=percentage), user).use == "new"}
        assert before <= now
        assert len(now) / len(users) * 100 == pytest.approx(percentage, abs=1.1)  # three standard deviations, at most
        before = now
    assert before == {user.id for user in users}
    assert all(0 <= rollout.bucket_of(user.id) < BUCKETS for user in users)


def test_the_rules_of_the_guide_can_be_said() -> None:
    chosen = rollout.parse({"rules": SEED_RULES})
    for name, size, use in (
        ("a.pdf", 6 << 20, "new"),
        ("a.pdf", 5 << 20, "old"),
        ("Talk.PPTX", 1, "new"),
        ("talk.key", 1, "new"),
        ("keynotes.txt", 1, "old"),
    ):
        assert choose(chosen, User("somebody"), File(name, "", size)).use == use


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ([], "rollout must"),
        ({"percent": 5}, "no percent"),
        ({"percentage": 101}, "rollout.percentage"),
        ({"percentage": True}, "rollout.percentage"),
        ({"percentage": "5"}, "rollout.percentage"),
        ({"percentage": float("nan")}, "rollout.percentage"),
        ({"rules": [{"use": "new", "largerThanMb": float("inf")}]}, r"rollout.rules\[0\].largerThanMb"),
        ({"rules": [{"use": "new", "largerThanMb": 10**400}]}, r"rollout.rules\[0\].largerThanMb"),
        ({"users": "ann"}, "rollout.users"),
        ({"users": [""]}, "rollout.users"),
        ({"rules": {}}, "rollout.rules"),
        ({"rules": [{"name": "*"}]}, r"rollout.rules\[0\].use"),
        ({"rules": [{"use": "new"}, {"use": "new", "size": 5}]}, r"rollout.rules\[1\] .* no size"),
        ({"rules": [{"use": "new", "name": 5}]}, r"rollout.rules\[0\].name"),
        ({"rules": [{"use": "new", "largerThanMb": -1}]}, r"rollout.rules\[0\].largerThanMb"),
    ],
)
def test_a_malformed_rollout_is_refused_by_the_field_at_fault(content: Any, field: str) -> None:
    with pytest.raises(RolloutError, match=field):
        rollout.parse(content)
