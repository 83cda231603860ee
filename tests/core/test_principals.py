"""Principals come from verified claims; owners from metadata or the key."""

import pytest

from core import principals


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (None, ("user:u1",)),
        (["a", "b"], ("user:u1", "group:a", "group:b")),
        ("[a b]", ("user:u1", "group:a", "group:b")),  # as API Gateway writes list claims
        ("[a,b]", ("user:u1", "group:a,b")),  # one group, of neither a nor b
        ("[[a] b]", ("user:u1", "group:[a]", "group:b")),
        ("[]", ("user:u1",)),
        ("a", ("user:u1", "group:a")),
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
        ("group:finance/report.pdf", {}, "group:finance"),
        ("u1/../u2/report.pdf", {}, None),
        ("./u2/report.pdf", {}, None),
        ("u1/", {}, "user:u1"),
    ],
)
def test_owner_of(key: str, metadata: dict[str, str], owner: str | None) -> None:
    assert principals.owner_of(key, metadata) == owner


@pytest.mark.parametrize("principal", ["user:u1", "group:finance", "group:a,[b]"])
def test_the_folder_tells_the_owner_again(principal: str) -> None:
    assert principals.owner_of(f"{principals.folder_of(principal)}/a.pdf", {}) == principal


@pytest.mark.parametrize("claims", [{}, {"sub": ""}, {"sub": None}, {"cognito:groups": "[a]"}])
def test_claims_that_name_nobody_are_nobody(claims: dict[str, str]) -> None:
    with pytest.raises(KeyError):
        principals.from_claims(claims)
