"""Terms: what BM25 counts as a word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.stop_words import STOP_WORDS
from rag.terms import STEMMERS, term_hash, terms


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("The AI results in Q3; R2 and 5G", "en", ["ai", "result", "q3", "r2", "5g"]),  # short ones survive
        ("C++, C# and a+b", "en", ["c++", "c#", "a", "b"]),
        ("IT and WHO did it", "en", ["it", "who"]),  # capitals make a name of a stop word
        ("foo_bar/baz-qux 3.14 100%", "en", ["foo", "bar", "baz", "qux", "3", "14", "100"]),
        ("Ｆｕｌｌ ｗｉｄｔｈ ﬁles m²", "en", ["full", "width", "file", "m2"]),  # NFKC
        ("running runs ran", "en", ["run", "run", "ran"]),
        ("los perros corriendo", "es", ["perr", "corr"]),
        ("die Häuser", "de", ["haus"]),
        ("IŞIK İstanbul", "tr", ["ışık", "istanbul"]),  # Turkish dotted and dotless i
        ("用Python写2015年的代码", "zh", ["用", "python", "写", "2015", "年的", "的代", "代码"]),
        ("東京タワー", "ja", ["東京", "京タ", "タワ", "ワー"]),
        ("대한민국의 수도", "ko", ["대한", "한민", "민국", "국의", "수도"]),
        ("ภาษาไทย", "th", ["ภาษ", "าษา", "ษาไ", "าไท", "ไทย"]),
        ("हिन्दी भाषा", "hi", ["हिन्द", "भाष"]),  # vowel signs are marks, not word ends
        ("word", "xx", ["word"]),  # an unknown language keeps words as they are
        ("… — + # !", "en", []),
        ("", "en", []),
    ],
)
def test_terms(text: str, language: str, expected: list[str]) -> None:
    assert terms(text, language) == expected


def test_hash_is_the_same_on_every_machine() -> None:
    # `echo -n haus | b2sum -l 64` prints eee51c6c744b2253; another hash would find nothing in what is stored already
    assert term_hash("haus") == 0xEEE51C6C744B2253 - 2**64


@given(st.text(), st.sampled_from([*sorted(STEMMERS), "zh", "xx"]))
def test_any_text_has_terms_that_postgres_can_hold(text: str, language: str) -> None:
    for term in terms(text, language):
        assert term.strip() == term != ""
        assert -(2**63) <= term_hash(term) < 2**63


@given(st.text(alphabet="abc DEF 12", max_size=40), st.text(alphabet="abc DEF 12", max_size=40))
def test_terms_of_a_text_are_those_of_its_parts(first: str, second: str) -> None:
    assert terms(f"{first} {second}", "en") == terms(first, "en") + terms(second, "en")


@pytest.mark.parametrize("language", sorted(STOP_WORDS))
def test_stop_words_leave_no_term(language: str) -> None:
    assert terms(" ".join(sorted(STOP_WORDS[language])), language) == []
