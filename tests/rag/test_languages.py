"""Languages: told apart where a text is long enough, else as its neighbours."""

import pytest

from rag.languages import detect_language, languages_of

ENGLISH = "The committee approved the annual budget for the coming year."
GERMAN = "Der Ausschuss hat den Jahreshaushalt für das kommende Jahr genehmigt."
CHINESE = "委员会批准了明年的年度预算，并要求提交一份详细的报告。"


@pytest.mark.parametrize(
    ("text", "language"),
    [(ENGLISH, "en"), (GERMAN, "de"), (CHINESE, "zh"), ("Q3 12.5 %", "en"), ("", "en")],
)
def test_detect_language(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_a_short_chunk_is_in_the_language_of_its_document() -> None:
    assert languages_of([GERMAN, "Tab. 1", GERMAN, ENGLISH]) == ["de", "de", "de", "en"]


def test_a_document_of_numbers_is_taken_as_english() -> None:
    assert languages_of(["1 2 3", "4 5 6"]) == ["en", "en"]
