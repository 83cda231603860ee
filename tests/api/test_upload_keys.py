"""Keys of uploads: a name never leads out of its owner's folder, nor into another spelling of itself."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.upload_keys import MAX_KEY_BYTES, object_key
from core.http import HttpError
from core.principals import owner_of

SUBJECT = "5b1e0c9a-7d43-4f0e-9a41-3f2f6f0f8f11"
OWNER = f"user:{SUBJECT}"


@pytest.mark.parametrize("name", ["a.pdf", "reports/2026/Q3.pdf", "été.txt", "報告.pdf", "a b+c%20#?.txt", "...", ".x"])
def test_a_relative_path_is_kept(name: str) -> None:
    assert object_key(OWNER, name) == f"{SUBJECT}/{name}"


def test_a_decomposed_name_is_the_same_document_as_a_composed_one() -> None:
    assert object_key(OWNER, "e\u0301te\u0301.txt") == object_key(OWNER, "été.txt") == f"{SUBJECT}/\xe9t\xe9.txt"


@pytest.mark.parametrize(
    "name",
    [
        "../a.pdf",  # leads out
        "a/../../b.pdf",
        "a/./b.pdf",
        " .. /b.pdf",  # trimmed by some file systems
        "/etc/passwd",  # absolute: an empty first segment
        "a//b.pdf",
        "a/",
        "a\\b.pdf",  # a separator elsewhere
        "a\x00.pdf",
        "a\nb.pdf",
        "a\x7f.pdf",
        "a\u2028.pdf",
        "fdp.\u202egnp",  # reads as another type
        "fdp.\u200fgnp",
        "a\u200b.pdf",  # reads as a.pdf
        "\ud800.pdf",  # not encodable
        "",
        " ",
        "${filename}",  # S3 would let the form's user choose
        "a/${filename}.pdf",
    ],
)
def test_a_name_that_is_no_plain_path_is_refused(name: str) -> None:
    with pytest.raises(HttpError) as refused:
        object_key(OWNER, name)
    assert (refused.value.status, refused.value.code) == (400, "invalid_file_name")


def test_the_limit_is_in_bytes_of_the_whole_key() -> None:
    room = MAX_KEY_BYTES - len(SUBJECT) - 1
    assert len(object_key(OWNER, "é" * (room // 2)).encode()) <= MAX_KEY_BYTES
    with pytest.raises(HttpError):
        object_key(OWNER, "é" * (room // 2 + 1))


@pytest.mark.parametrize(
    "owner", ["user:a/b", "user:..", "user:", "user:a\\b", "group:a/b", "user:group:a", "user:user:a", "a", ""]
)
def test_an_owner_that_is_no_folder_of_its_own_is_refused(owner: str) -> None:
    with pytest.raises(HttpError) as refused:
        object_key(owner, "a.pdf")
    assert (refused.value.status, refused.value.code) == (403, "unusable_owner")


def test_a_group_has_a_folder_of_its_own() -> None:
    assert object_key("group:law", "a.pdf") == "group:law/a.pdf"


@given(st.text(max_size=40))
def test_whatever_is_accepted_belongs_to_the_subject(name: str) -> None:
    try:
        key = object_key(OWNER, name)
    except HttpError:
        return
    assert owner_of(key, {}) == f"user:{SUBJECT}"
    assert not {"", ".", ".."} & set(key.split("/"))
    assert unicodedata.is_normalized("NFC", key)
    assert object_key(OWNER, key.removeprefix(f"{SUBJECT}/")) == key
