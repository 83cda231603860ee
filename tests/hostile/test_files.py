"""Every hostile file through the entry and both pipelines: an honest end within bounds, and work goes on."""

import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.peak_memory import PeakMemory
from core.errors import DocumentError
from core.status import FINAL, DocumentStatus, Status
from tests.databases import TestDatabase
from tests.emulators import UPLOADS, TestEmulator
from tests.hostile.corpus import HostileFile, files
from tests.pipelines import Bench

MOST_SECONDS = 60  #: of a processor, so that a busy machine changes nothing; a hang ends by the test's own timeout
MOST_KILOBYTES = 1_000_000  #: resident, of any process that read the file
READ = {Status.COMPLETED, Status.COMPLETED_WITH_GAPS}
#: Files to be processed that hold nothing to index: their owners are told so. The last is a scan in Han script
WITHOUT_TEXT = {"blank_page.pdf", "only_spaces.txt", "js_action.pdf", "pdfjs_doc_actions.pdf", "malformed_issue932.pdf"}
#: Files to be rejected that our reader repairs: their text is indexed
REPAIRED = {"qpdf_object-stream-self-ref.pdf"}


@pytest.fixture
def bench(
    emulator: TestEmulator, database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    temporary = tmp_path / "one" / "two" / "temporary"
    temporary.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    opened = database.connect()
    yield Bench(emulator, database, opened)
    opened.close()


def end_of(bench: Bench, data: bytes, name: str) -> DocumentStatus:
    """The state that a file's document comes to."""
    try:
        begun = bench.upload(data, name)
    except DocumentError:
        refused = bench.services.statuses.get(f"{UPLOADS}#{bench.owner}/{name}")
        assert refused is not None
        return refused
    bench.work_all()
    return bench.status(begun)


@pytest.mark.parametrize("file", files() or [None], ids=lambda file: file.name if file else "no evaluation data")
def test_a_hostile_file_ends_honestly_and_work_goes_on(file: HostileFile | None, bench: Bench, tmp_path: Path) -> None:
    if file is None:
        pytest.skip("RAG_EVAL_DATA does not name the evaluation data")
    data, before = file.path.read_bytes(), list(tmp_path.rglob("*"))
    started = processor_seconds()
    with PeakMemory() as peak:
        status = end_of(bench, data, file.name)
    assert processor_seconds() - started < MOST_SECONDS
    assert peak.kilobytes < MOST_KILOBYTES
    assert_honest(status, file)
    assert list(tmp_path.rglob("*")) == before  # nothing is left, and nothing lies beside the folder for it
    ordinary = end_of(bench, b"The ferry leaves at nine.", "ordinary.txt")
    assert ordinary.status == Status.COMPLETED


def assert_honest(status: DocumentStatus, file: HostileFile) -> None:
    """The state is the one that the file's class asks for, and says what its owner needs to know."""
    assert status.status in FINAL
    if status.status == Status.FAILED:
        assert status.metadata["retryable"] is False
        assert status.metadata["code"] not in {"", "gave_up"}
        assert str(status.metadata["error"]).endswith(".")
    without_text = file.name in WITHOUT_TEXT and status.metadata.get("code") == "no_text"
    if file.expected == "rejected-with-clear-error":
        assert status.status == Status.FAILED or file.name in REPAIRED
    elif file.expected == "processed-with-warning":
        assert status.status in READ or without_text


def processor_seconds() -> float:
    """What this process and those that it started and has waited for took so far."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
