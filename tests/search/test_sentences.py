"""Sentences: where they end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.sentences import sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two? Three!", ["One.", "Two?", "Three!"]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("Version 3.14 is out. Yes", ["Version 3.14 is out.", "Yes"]),
        ("第一句。第二句！第三", ["第一句。", "第二句！", "第三"]),
        ("A heading\n\nA paragraph\nof two lines.", ["A heading", "A paragraph\nof two lines."]),
        ("Why it fell\nThe pier was closed", ["Why it fell", "The pier was closed"]),  # lines of a slide
        ("- one\n- two\n", ["- one", "- two"]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(alphabet="ab .!?。\n"))
def test_nothing_is_lost(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())
