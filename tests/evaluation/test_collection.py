"""Reading judged collections in the forms in which people have them."""

import json
from pathlib import Path

import pytest

from evaluation.collection import Entry, Query, read
from evaluation.lines import MalformedDataError

CORPUS = '{"_id": "d1", "title": "T", "text": "one"}\n{"_id": "d2", "title": "", "text": "two"}\n'
QUERIES = '{"_id": "q1", "text": "first"}\n{"_id": "q2", "text": "of another split"}\n'
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t1\n"


def write(folder: Path, *, corpus: str = CORPUS, queries: str = QUERIES, qrels: str = QRELS) -> Path:
    for name, text in (("corpus.jsonl", corpus), ("queries.jsonl", queries), ("qrels.tsv", qrels)):
        (folder / name).write_text(text, "utf-8")
    return folder


def test_beir_form(tmp_path: Path) -> None:
    collection = read(write(tmp_path))
    assert collection.entries == (Entry("d1", "T", "one"), Entry("d2", "", "two"))
    assert collection.queries == (Query("q1", "first"),)
    assert collection.judgements == {"q1": {"d1": 1}}


@pytest.mark.parametrize(
    "line",
    [
        {"id": "d1", "contents": "one", "title": "T"},  # Anserini
        {"docid": "d1", "text": "one", "title": "T", "url": "ignored"},
        {"_id": 7, "text": "one", "title": "T"},  # numbers as ids
        {"doc_id": "d1", "body": "a\u2028b", "title": None},  # a line separator within a text is no end of line
    ],
)
def test_other_names_of_corpus_fields(tmp_path: Path, line: dict[str, object]) -> None:
    (entry,) = read(write(tmp_path, corpus=json.dumps(line, ensure_ascii=False) + "\r\n")).entries
    assert entry.id in {"d1", "7"} and entry.text in {"one", "a\u2028b"} and entry.title in {"T", ""}


@pytest.mark.parametrize(
    "qrels",
    [
        "q1\td1\t1\n",  # no header
        "q1 0 d1 1\n",  # TREC
        "q1\t0\td1\t1\n",
        "query_id\titeration\tdoc_id\trelevance\nq1\tQ0\td1\t1.0\n\n",
        "\ufeffq1\td1\t1",  # a byte order mark, no end of line
    ],
)
def test_other_forms_of_judgements(tmp_path: Path, qrels: str) -> None:
    assert read(write(tmp_path, qrels=qrels)).judgements == {"q1": {"d1": 1}}


def test_a_judged_document_that_is_not_there_counts_as_missed(tmp_path: Path) -> None:
    assert read(write(tmp_path, qrels="q1\tgone\t1\n")).judgements == {"q1": {"gone": 1}}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"corpus": CORPUS + "{oops\n"}, "corpus.jsonl:3: is not JSON"),
        ({"corpus": "\n[1]\n"}, "corpus.jsonl:2: is not a JSON object"),
        ({"corpus": '{"_id": "d1"}'}, "corpus.jsonl:1: has no text field text or contents"),
        ({"corpus": CORPUS + CORPUS}, "corpus.jsonl:3: the id d1 was used before"),
        ({"queries": '{"text": "q"}'}, "queries.jsonl:1: has no text field _id"),
        ({"qrels": QRELS + "q1\td2\tyes\n"}, "qrels.tsv:3: relevance 'yes' is not a number"),
        ({"qrels": QRELS + "q1\td2\n"}, "qrels.tsv:3: has 2 columns"),
        ({"qrels": "q9\td1\t1\n"}, "no queries with judgements"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(MalformedDataError, match=message):
        read(write(tmp_path, **files))


def test_a_missing_file_and_a_binary_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(MalformedDataError, match=r"corpus\.jsonl: cannot be read: No such file"):
        read(tmp_path)
    write(tmp_path)
    (tmp_path / "queries.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MalformedDataError, match=r"queries\.jsonl: is not UTF-8"):
        read(tmp_path)
