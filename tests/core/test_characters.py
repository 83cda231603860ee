"""Characters that act: what is found to be one, in any script."""

import pytest

from core.characters import acts


@pytest.mark.parametrize("character", "\x00\x1b\n\r\x7f\x85\x9b\xad\u061c\u200b\u200e\u200f\u2028\u2029\u202e\u2060")
def test_what_moves_or_hides_acts(character: str) -> None:
    assert acts(character)


@pytest.mark.parametrize("character", "\ud800\u2066\u2069\ufeff\ufff9\U0001d173\U000e0041")
def test_so_does_what_is_seldom_met(character: str) -> None:
    assert acts(character)


@pytest.mark.parametrize("character", "a \xa0é報\u0301\u064e\u200c\u200d\ufe0f\ufffd🛥")
def test_letters_marks_and_joiners_do_not(character: str) -> None:
    assert not acts(character)
