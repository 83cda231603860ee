"""File names: one rule for whoever asks for one, and what is kept of a name that is there already."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.file_names import cleaned, is_plain_segment, plain
from core.http import HttpError

HOSTILE = "\x1b]0;PWNED\x1b\\\x1b[31m\r\n../../\u202eevil"


@pytest.mark.parametrize("name", ["a.pdf", "reports/2026/Q3.pdf", "報告.pdf", "می\u200cخواهم.txt", "👨\u200d👩.png"])
def test_a_relative_path_in_any_script_is_kept(name: str) -> None:
    assert plain(name) == name


def test_a_name_is_composed() -> None:
    assert plain("e\u0301te\u0301.txt") == "\xe9t\xe9.txt"


@pytest.mark.parametrize("name", [HOSTILE, "", "..", "a/../b", "a\\b", "${filename}", *"\x1b\x9b\n\u202e\u2028\ud800"])
def test_what_could_mean_something_else_is_refused(name: str) -> None:
    with pytest.raises(HttpError) as refused:
        plain(name)
    assert (refused.value.status, refused.value.code) == (400, "invalid_file_name")


@pytest.mark.parametrize("character", "\u200b\u200e\u200f\u061c\u2060\ufeff\xad\U000e0041")
def test_so_is_what_nobody_sees(character: str) -> None:
    with pytest.raises(HttpError):
        plain(f"report{character}.pdf")


def test_a_name_that_is_there_already_keeps_what_can_be_read_of_it() -> None:
    assert cleaned("\x1b[31m\r\n..\\\u202eevil.pdf") == "\ufffd[31m\ufffd\ufffd..\ufffd\ufffdevil.pdf"
    assert cleaned("été 報告.pdf") == "été 報告.pdf"


@given(st.text(alphabet=st.characters(), min_size=1, max_size=20))
def test_a_cleaned_name_is_a_plain_one(name: str) -> None:
    assert is_plain_segment(cleaned(name)) or name.strip() in {"", ".", ".."}
    assert len(cleaned(name)) == len(name)


@given(st.text(max_size=20))
def test_a_plain_name_is_kept_as_it_is(name: str) -> None:
    try:
        asked = plain(name)
    except HttpError:
        return
    assert plain(asked) == asked == unicodedata.normalize("NFC", name)
    assert [cleaned(segment) for segment in asked.split("/")] == asked.split("/")
