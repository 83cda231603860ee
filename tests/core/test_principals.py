"""Principals come from verified claims; owners from metadata or the key."""

import pytest

from core import principals


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (None, ("user:u1",)),
        (["a", "b"], ("user:u1", "group:a", "group:b")),
        ("[a b]", ("user:u1", "group:a", "group:b")),  # as API Gateway writes list claims
        ("a,b", ("user:u1", "group:a", "group:b")),
    ],
)
def test_from_claims(groups: object, expected: tuple[str, ...]) -> None:
    claims = {"sub": "u1"} if groups is None else {"sub": "u1", "cognito:groups": groups}
    assert principals.from_claims(claims) == expected


@pytest.mark.parametrize(
    ("key", "metadata", "owner"),
    [
        ("u1/report.pdf", {}, "user:u1"),
        ("u1/report.pdf", {"owner": "group:finance"}, "group:finance"),
        ("inbox/report.pdf", {"owner": "u2"}, "user:u2"),
        ("report.pdf", {}, None),
        ("/report.pdf", {}, None),
    ],
)
def test_owner_of(key: str, metadata: dict[str, str], owner: str | None) -> None:
    assert principals.owner_of(key, metadata) == owner
