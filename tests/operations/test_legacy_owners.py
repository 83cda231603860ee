"""Owners of an older system are principals here as the operator says, and as nobody could be by mistake."""

from pathlib import Path

import pytest

from operations.legacy_owners import NotPlacedError, Owners, OwnersError, given
from operations.legacy_rows import LegacyDocument

SUB = "5b1e0c9a-7d43-4f0e-9a41-3f2f6f0f8f11"


@pytest.fixture
def names(tmp_path: Path) -> Path:
    return tmp_path / "owners.csv"


def test_a_file_of_a_spreadsheet(names: Path) -> None:
    names.write_bytes(f"\ufeffann@example.com,user:{SUB}\r\n\r\n ,\r\nlaw , group:law\r\n".encode())
    assert given("", names).renamed == {"ann@example.com": f"user:{SUB}", "law": "group:law"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ann,user:a\n\nben\n", "line 3: two columns are wanted"),
        ("ann,user:a,b\n", "line 1: two columns are wanted"),
        (",user:a\n", "line 1: two columns are wanted"),
        ("ann,ann@example.com\n", "line 1: 'ann@example.com' is not user:<sub> or group:<name>"),
        ("ann,\n", "line 1: '' is not"),
        ("ann,user:a\nann,user:b\n", "line 2: ann has another principal further up"),
    ],
)
def test_a_wrong_line_is_named(names: Path, text: str, message: str) -> None:
    names.write_text(text)
    with pytest.raises(OwnersError, match=message):
        given("", names)


def test_a_file_that_cannot_be_read_is_named(names: Path) -> None:
    with pytest.raises(OwnersError, match=r"owners\.csv cannot be read"):
        given("", names)
    names.write_bytes(b"ann\xe9,user:a")
    with pytest.raises(OwnersError, match=r"owners\.csv cannot be read"):
        given("", names)


@pytest.mark.parametrize(
    "principal",
    ["ann", "user:", "user:ann@example.com", "user:..", "user:a b", "user:s3:", "user:group:a", "group:", "group:a/b"],
)
def test_what_nobody_can_be_gets_nothing(principal: str) -> None:
    with pytest.raises(OwnersError, match="--owner"):
        given(principal, None)


@pytest.mark.parametrize("principal", [f"user:{SUB}", "group:law", "group:law@example.com"])
def test_users_and_groups_can_get_everything(principal: str) -> None:
    assert given(principal, None).of(LegacyDocument("a.txt", "somebody else", 1)) == principal


@pytest.mark.parametrize(
    ("name", "owner", "principal"),
    [
        ("ben/a.txt", "ann", "user:ann"),
        ("ben/a.txt", " ", "user:ben"),
        ("group:law/a.txt", "", "group:law"),
        ("s3://old-bucket/ben/a.txt", "", "user:ben"),
        ("a.txt", "the lawyers", "group:law"),
    ],
)
def test_the_owner_of_a_document(name: str, owner: str, principal: str) -> None:
    assert Owners(renamed={"the lawyers": "group:law"}).of(LegacyDocument(name, owner, 1)) == principal


@pytest.mark.parametrize(("name", "owner"), [("a.txt", ""), ("/a.txt", ""), ("https://old/a.txt", ""), ("a/b", "a@b")])
def test_a_document_of_nobody(name: str, owner: str) -> None:
    with pytest.raises(NotPlacedError):
        Owners().of(LegacyDocument(name, owner, 1))
