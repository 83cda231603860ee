"""Repairs of extracted text."""

import pytest

from rag.cleanup import HYPHEN, clean, join_divided, paragraphs, vocabulary


@pytest.mark.parametrize(
    ("raw", "repaired"),
    [
        ("e\ufb03cient \ufb02oat", "efficient float"),
        ("M¨uller, Jos´e, na¨ıve", "Müller, José, naïve"),
        ("5 ¨ x", "5 ¨ x"),
        ("soft\xadhyphen, a\xa0blank, nul\x00", "softhyphen, a blank, nul"),
        ("a form\x0cfeed", "a form feed"),
        ("½ and ² and ™ stay", "½ and ² and ™ stay"),
    ],
)
def test_clean(raw: str, repaired: str) -> None:
    assert clean(raw) == repaired


def test_divided_words_are_made_whole_and_compounds_keep_their_hyphen() -> None:
    known = vocabulary(["Packages of non-free software", "the international route"])
    assert join_divided(f"inter{HYPHEN}national", known) == "international"
    assert join_divided(f"non{HYPHEN}free", known) == "non-free"
    assert join_divided(f"un{HYPHEN}known", known) == "unknown"
    assert join_divided(f"x {HYPHEN} y", known) == "x - y"


def test_printed_lines_become_paragraphs() -> None:
    assert paragraphs("The fer-\nry leaves\nat nine.\n\n\nDogs\n") == "The ferry leaves at nine.\n\nDogs"
