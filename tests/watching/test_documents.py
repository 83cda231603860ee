"""What becomes of documents is counted, once each, in metrics that CloudWatch can take."""

from collections import Counter
from typing import Any

import pytest

from core.metrics import NAMESPACE, UNITS
from core.progress import SupersededError
from rag.index_text import counting_failures
from tests.watching.conftest import TRIES


def total(lines: list[dict[str, Any]], name: str, **dimensions: str) -> float:
    """The sum of a metric over the lines with these dimensions."""
    return sum(float(line[name]) for line in lines if name in line and dimensions.items() <= line.items())


def test_each_document_ends_once(metric_lines: list[dict[str, Any]]) -> None:
    ends = ("IngestedDocuments", "FailedDocuments", "RefusedDocuments")
    assert Counter({name: total(metric_lines, name) for name in ends}) == {
        "IngestedDocuments": 2,
        "FailedDocuments": 1,
        "RefusedDocuments": 2,
    }
    assert total(metric_lines, "AcceptedDocuments") == 4  # all but the empty file
    for pipeline in ("text_rag", "vdr"):
        assert total(metric_lines, "IngestedDocuments", pipeline_type=pipeline) == 1
        assert total(metric_lines, "IngestedPages", pipeline_type=pipeline) == 1
        assert total(metric_lines, "ProcessingDuration", pipeline_type=pipeline) > 0
        assert total(metric_lines, "PartDuration", pipeline_type=pipeline) > 0


def test_what_an_outage_does_is_counted(metric_lines: list[dict[str, Any]]) -> None:
    assert total(metric_lines, "FailedDeliveries", QueueName="test-text-rag-queue") == TRIES
    assert total(metric_lines, "DatabaseErrors") >= TRIES


def test_lines_are_in_the_embedded_metric_format(metric_lines: list[dict[str, Any]]) -> None:
    for line in metric_lines:
        [described] = line["_aws"]["CloudWatchMetrics"]
        assert described["Namespace"] == NAMESPACE
        [dimensions] = described["Dimensions"]
        assert all(isinstance(line[name], str) and line[name] for name in dimensions)
        for metric in described["Metrics"]:
            assert metric["Unit"] == UNITS[metric["Name"]]
            assert isinstance(line[metric["Name"]], int | float)
        assert line["_aws"]["Timestamp"] > 1_600_000_000_000


@pytest.mark.parametrize(("error", "counted"), [(MemoryError(), True), (SupersededError("a newer one came"), False)])
def test_chunks_fail_with_what_is_not_foreseen(
    error: Exception, counted: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(type(error)), counting_failures(3):
        raise error
    assert ('"FailedChunks": 3' in capsys.readouterr().out) is counted
