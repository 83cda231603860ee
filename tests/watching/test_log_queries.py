"""The saved queries of the stack, run over what the pipelines really log, find what they promise."""

import json
from typing import Any

import pytest

from tests.declarations import ROOT, declared
from tests.watching.conftest import TRIES
from tests.watching.insights import Record, run
from tests.watching.stack import watching

QUERIES = {
    name: item["Properties"]["QueryString"]
    for name, item in declared("serverless", "log_queries.yml")["Resources"].items()
}
MESSAGES = (
    "Status updated",
    "Processing completed",
    "Text stage finished",
    "VDR stage finished",
    "Job comes again",
)
FIELDS = ("status", "stage", "duration_ms", "statusId")


def names(found: list[Record]) -> list[str]:
    """The files that found lines are about, in the order found."""
    return [json.loads(record["@message"])["statusId"].rpartition("/")[2] for record in found]


def test_failed_documents_are_found_newest_first(log_lines: list[str]) -> None:
    assert names(run(QUERIES["FailedDocumentsQuery"], log_lines)) == ["late.txt", "blank.pdf", "empty.txt"]


def test_failures_are_counted_by_reason(log_lines: list[str]) -> None:
    found = run(QUERIES["FailureReasonsQuery"], log_lines)
    assert {(each["code"], each["documents"]) for each in found} == {("unavailable", 1), ("no_text", 1), ("empty", 1)}


def test_times_are_averaged_by_pipeline(log_lines: list[str]) -> None:
    found = run(QUERIES["PipelineDurationQuery"], log_lines)
    assert [each["pipeline_type"] for each in found] == ["text_rag", "vdr"]
    assert all(each["avg(duration_ms)"] > 0 for each in found)


def test_the_stages_of_pages_as_pictures_are_told_apart(log_lines: list[str]) -> None:
    stages = {each["stage"] for each in run(QUERIES["VdrStagesQuery"], log_lines)}
    assert {"converting_pages", "extracting_text", "embedding", "embedding_pages", "storing"} <= stages


def test_both_pipelines_have_stages(log_lines: list[str]) -> None:
    found = run(QUERIES["StagesQuery"], log_lines)
    assert {each["pipeline_type"] for each in found} == {"text_rag", "vdr"}
    assert all(0 <= each["avg(duration_ms)"] <= each["max(duration_ms)"] for each in found)


def test_the_slowest_documents_come_first(log_lines: list[str]) -> None:
    found = run(QUERIES["SlowestDocumentsQuery"], log_lines)
    assert sorted(names(found)) == ["ferry.txt", "timetable.pdf"]
    assert found[0]["duration_ms"] >= found[1]["duration_ms"]


def test_messages_that_failed_are_counted_by_cause(log_lines: list[str]) -> None:
    [found] = run(QUERIES["FailedMessagesQuery"], log_lines)
    assert (found["error_type"], found["deliveries"]) == ("DatabaseUnavailableError", TRIES)
    assert found["max(receiveCount)"] == TRIES


def test_every_query_is_tried() -> None:
    tried = ROOT.joinpath("tests", "watching", "test_log_queries.py").read_text()
    assert [name for name in QUERIES if f'QUERIES["{name}"]' not in tried] == []


def test_the_dashboard_asks_what_a_saved_query_asks() -> None:
    dashboard, _alarms = watching("dev")
    asked = [widget["properties"]["query"] for widget in dashboard["widgets"] if widget["type"] == "log"]
    saved = {query.replace("\n", " ") for query in QUERIES.values()}
    assert asked
    for query in asked:
        assert query[query.index("fields ") :] in saved


@pytest.mark.parametrize("message", MESSAGES)
def test_a_line_says_what_it_is_about(log_lines: list[str], message: str) -> None:
    lines: list[dict[str, Any]] = [json.loads(line) for line in log_lines]
    about = [line for line in lines if line["message"] == message]
    assert about
    for line in about:
        assert [field for field in FIELDS if line.get(field) is None] == []
        assert "pipeline_type" in line or line["code"] == "empty"  # of a file that cannot be read nobody knows it
