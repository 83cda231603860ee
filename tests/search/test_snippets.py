"""Snippets: the sentence that fits, marked and safe to show."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.snippets import MAX_CHARACTERS, snippets

LEAVE = "Welcome to the handbook. Parental leave lasts twelve weeks. Ask your manager about holidays."


@pytest.mark.parametrize(
    ("query", "passage", "language", "expected"),
    [
        ("how long is parental leave", LEAVE, "en", "<mark>Parental</mark> <mark>leave</mark> lasts twelve weeks."),
        ("holiday", LEAVE, "en", "Ask your manager about <mark>holidays</mark>."),  # by its stem
        ("unicorns", LEAVE, "en", "Welcome to the handbook."),  # no word of it: the beginning
        ("防守", "黑豹队赢了。他们的防守很强。", "zh", "他们的<mark>防守</mark>很强。"),
        ("C++", "Use C++ & <b>C</b>.", "en", "Use <mark>C++</mark> &amp; &lt;b&gt;C&lt;/b&gt;."),
        ("script", "<script>alert(1)</script>", "en",
         "&lt;<mark>script</mark>&gt;alert(1)&lt;/<mark>script</mark>&gt;"),
        ("anything", "", "en", ""),
        ("bees on board", "# Bees\n\nHives travel at the stern.\nBees need shade.", "en",
         "<mark>Bees</mark> need shade."),  # not the heading
        ("rafts", "| Ship | Rafts |\n| --- | --- |\n| Dunlin | two rafts of ten |", "en",
         "Dunlin | two <mark>rafts</mark> of ten"),
    ],
)  # fmt: skip
def test_snippet(query: str, passage: str, language: str, expected: str) -> None:
    assert snippets(query, [(passage, language)]) == [expected]


def test_each_passage_has_its_own() -> None:
    found = snippets("leave", [(LEAVE, "en"), ("", "en"), ("They leave. They stay.", "en")])
    assert [("<mark>" in snippet) for snippet in found] == [True, False, True]
    assert snippets("leave", []) == []


def test_a_long_sentence_is_cut_around_the_first_word() -> None:
    passage = "word " * 200 + "needle " + "word " * 200
    (found,) = snippets("needle", [(passage, "en")])
    assert "<mark>needle</mark>" in found
    assert found.startswith("…")
    assert found.endswith("…")
    assert len(found) < MAX_CHARACTERS + 40


@given(st.text(alphabet="ab <>&\"'.防守ไทย\n", max_size=400), st.text(alphabet="ab <>防守ไทย", max_size=10))
def test_a_snippet_is_a_piece_of_its_passage(passage: str, query: str) -> None:
    (found,) = snippets(query, [(passage, "en")])
    plain = html.unescape(re.sub(r"</?mark>", "", found)).strip("…")
    assert plain in passage
    assert "<" not in re.sub(r"</?mark>", "", found)
