import hashlib
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.service import Service


@pytest.fixture
def papers(logged_in: Path) -> Path:
    """A folder with two documents."""
    folder = logged_in / "papers"
    folder.mkdir()
    (folder / "a.pdf").write_text("first")
    (folder / "b [x].pdf").write_text("second")
    return folder


def test_a_folder_is_uploaded_and_watched_to_the_end(service: Service, papers: Path, run: Run) -> None:
    result = run("upload", papers)
    assert result.exit_code == 0, result.output
    assert result.stdout == "2 documents: 2 ready\n"
    assert "papers/b [x].pdf: extracting_text" in result.stderr
    assert "papers/a.pdf: 3 pages, 7 chunks" in result.stderr
    assert {name: doc.content for name, doc in service.documents.items()} == {
        "papers/a.pdf": b"first",
        "papers/b [x].pdf": b"second",
    }


def test_the_subscription_comes_before_the_bytes(service: Service, papers: Path, run: Run) -> None:
    run("upload", papers / "a.pdf")
    posts = [path for method, path, _ in service.requests if method == "POST"]
    assert posts == ["/v2/uploads", "/uploads"]
    assert len(service.subscriptions) == 1


def test_one_failed_document_fails_the_command_and_not_the_others(service: Service, papers: Path, run: Run) -> None:
    service.faults.broken = {"papers/a.pdf": "The file is encrypted."}
    result = run("upload", papers)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == "2 documents: 1 ready, 1 failed"
    assert "failed: The file is encrypted." in result.stdout


def test_files_that_the_store_or_the_service_refuse_fail_alone(service: Service, papers: Path, run: Run) -> None:
    (papers / "empty.pdf").write_text("")
    (papers / "refuse.pdf").write_text("refuse")
    result = run("upload", papers, "--json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    errors = {Path(each["file"]).name: each.get("error") for each in answer["documents"]}
    assert errors == {
        "a.pdf": None,
        "b [x].pdf": None,
        "empty.pdf": "the file is empty",
        "refuse.pdf": "the store refused the file: EntityTooLarge",
    }
    assert answer["failed"] == 2


def test_unchanged_bytes_are_said_to_be_unchanged(service: Service, papers: Path, run: Run) -> None:
    run("upload", papers / "a.pdf")
    result = run("upload", papers / "a.pdf")
    assert (result.exit_code, result.stdout) == (0, "1 document: 1 unchanged\n")
    assert service.documents["a.pdf"].generation == 1


def test_changed_bytes_make_a_new_version(service: Service, papers: Path, run: Run) -> None:
    run("upload", papers / "a.pdf")
    service.documents["a.pdf"].size = 7
    (papers / "a.pdf").write_text("changed")
    result = run("upload", papers / "a.pdf")
    assert (result.exit_code, result.stdout) == (0, "1 document: 1 ready\n")
    assert service.documents["a.pdf"].generation == 2


def test_the_end_of_an_older_version_is_not_the_end(service: Service, papers: Path, run: Run) -> None:
    service.pace = 0.5
    run("upload", papers / "a.pdf", "--no-wait")
    service.pace = 0.1
    service.faults.ends_on_upload = True
    (papers / "a.pdf").write_text("other")
    result = run("upload", papers / "a.pdf", "--json")
    [document] = json.loads(result.stdout)["documents"]
    assert (document["metadata"]["generation"], document["status"]) == (2, "completed")


def test_force_processes_unchanged_bytes_again(service: Service, papers: Path, run: Run) -> None:
    run("upload", papers / "a.pdf")
    result = run("upload", papers / "a.pdf", "--force", "--json")
    assert result.exit_code == 0
    [document] = json.loads(result.stdout)["documents"]
    assert (document["unchanged"], document["metadata"]["generation"], document["status"]) == (False, 2, "completed")


def test_without_waiting_the_ids_are_printed(service: Service, papers: Path, run: Run) -> None:
    service.pace = 1
    result = run("upload", papers / "a.pdf", "--no-wait", "--json")
    assert result.exit_code == 0
    [document] = json.loads(result.stdout)["documents"]
    assert document["documentId"] == service.documents["a.pdf"].id
    assert "status" not in document
    assert service.connections == 0


def test_a_socket_that_fails_does_not_fail_the_upload(service: Service, papers: Path, run: Run) -> None:
    service.faults.no_sockets = True
    result = run("upload", papers)
    assert (result.exit_code, result.stdout) == (0, "2 documents: 2 ready\n")


def test_wrong_usage_and_missing_files(run: Run) -> None:
    assert run("upload").exit_code == 2
    result = run("upload", "absent.pdf")
    assert (result.exit_code, result.stderr) == (1, "error: absent.pdf: no such file or folder\n")


def test_as_a_program_output_and_progress_are_apart(service: Service, papers: Path, logged_in: Path) -> None:
    repository = Path(__file__).parents[2]
    result = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-m", "cli", "upload", str(papers), "--json"],
        cwd=logged_in,
        env={"PATH": "/usr/bin", "XDG_CONFIG_HOME": str(logged_in / "config"), "PYTHONPATH": str(repository)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert [each["status"] for each in json.loads(result.stdout)["documents"]] == ["completed", "completed"]
    assert "papers/a.pdf: uploading" in result.stderr
    kept = logged_in / "config" / "amplify-rag" / "sessions.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_forced_route_is_announced(service: Service, papers: Path, run: Run) -> None:
    assert run("upload", papers / "a.pdf", "--route", "visual").exit_code == 0
    assert service.documents["a.pdf"].route == "visual"
    assert run("upload", papers / "b [x].pdf").exit_code == 0
    assert service.documents["b [x].pdf"].route is None
    assert run("upload", papers / "a.pdf", "--route", "fastest").exit_code == 2


def test_the_digest_of_the_bytes_is_announced(service: Service, papers: Path, run: Run) -> None:
    assert run("upload", papers).exit_code == 0
    digests = {name: document.sha256 for name, document in service.documents.items()}
    assert digests == {
        "papers/a.pdf": hashlib.sha256(b"first").hexdigest(),
        "papers/b [x].pdf": hashlib.sha256(b"second").hexdigest(),
    }


def test_a_group_is_announced_as_the_owner(service: Service, papers: Path, run: Run) -> None:
    assert run("upload", papers / "a.pdf", "--group", "finance").exit_code == 0
    assert service.documents["a.pdf"].owner == "group:finance"
    assert run("upload", papers / "b [x].pdf").exit_code == 0
    assert service.documents["b [x].pdf"].owner is None


def test_what_was_left_out_is_said_at_the_end(service: Service, papers: Path, run: Run) -> None:
    service.facts = {"notices": [{"code": "no_office", "message": "Install LibreOffice to have [page] images."}]}
    result = run("upload", papers / "a.pdf")
    assert result.exit_code == 0
    assert f"  {papers / 'a.pdf'}: Install LibreOffice to have [page] images." in result.stdout
