"""What cannot become a document here is left out and named, and what cannot be done is said in a line."""

import signal

import pytest

from tests.emulators import TestEmulator
from tests.operations.legacy import DOCUMENTS, OldSystem
from tests.operations.ward import Ward

KEPT = """
SELECT key, content FROM hybrid_dense_embeddings JOIN documents USING (document_id)
JOIN document_versions USING (version_key) WHERE state = 'current' ORDER BY key
"""


@pytest.fixture
def old(ward: Ward, emulator: TestEmulator) -> OldSystem:
    return OldSystem(ward, emulator.variables)


def keys(old: OldSystem) -> list[str]:
    return [key for key, _ in old.rows_of(KEPT)]


def test_documents_that_would_share_a_key_are_all_left_out_and_named(ward: Ward, old: OldSystem) -> None:
    for owner in ("ann", "ben"):
        old.insert(old.rows("shared/plan.pdf", owner, [f"What {owner} plans."]))
    old.insert(old.rows("x.pdf", "ann", ["One."]) + old.rows("ann/x.pdf", "ann", ["Another."]))
    alone = old.run("--batch-size", "1")
    assert (alone.returncode, alone.stdout.count("2 documents would be 'ann/x.pdf'")) == (1, 2), alone.stderr
    kept = [("ann/shared/plan.pdf", "What ann plans."), ("ben/shared/plan.pdf", "What ben plans.")]
    assert old.rows_of(KEPT) == kept

    for options in (["--dry-run"], ["--batch-size", "1"], []):
        merged = old.run("--owner", "group:crew", *options)
        assert merged.returncode == 1
        assert (
            merged.stdout.count("left out: 'shared/plan.pdf': 2 documents would be 'group:crew/shared/plan.pdf'") == 2
        )
    assert old.rows_of("SELECT key, generation FROM documents WHERE key LIKE 'group:crew/%%' ORDER BY key") == [
        ("group:crew/ann/x.pdf", 1),
        ("group:crew/x.pdf", 1),
    ]
    verified = old.run("--verify", "--owner", "group:crew")
    assert (verified.returncode, "2 left out, 0 differences" in verified.stdout) == (0, True)

    ward.run_sql(
        "CREATE VIEW renamed AS SELECT owner_email || '/' || src AS src, content, char_index FROM embeddings;"
        " GRANT SELECT ON renamed TO rag_app"
    )
    assert old.run("--owner", "group:crew", "--table", "renamed").returncode == 0
    assert {(f"group:crew/{key}", text) for key, text in kept} <= set(old.rows_of(KEPT))


def test_nobody_gets_a_document_who_could_never_log_in(ward: Ward, old: OldSystem) -> None:
    old.insert(old.rows("a.txt", "ann@example.com", ["Hers."]))
    old.insert(old.rows("s3://old-bucket/ann/z.txt", None, ["Hers as well."]))
    done = old.run()
    assert done.returncode == 1
    assert "left out: 'a.txt': its owner 'ann@example.com' is not user:<sub> or group:<name>" in done.stdout
    assert keys(old) == ["ann/z.txt"]
    refused = old.run("--owner", "ann@example.com")
    assert (refused.returncode, "--owner ann@example.com: user:<sub> or group:<name>" in refused.stderr) == (2, True)


def test_names_that_no_upload_could_have_are_left_out_and_named(ward: Ward, old: OldSystem) -> None:
    ward.run_sql("ALTER TABLE embeddings ALTER src TYPE text")
    for name in ("", "   ", "../../etc/passwd", f"{'long' * 600}.txt", "plain.txt"):
        old.insert(old.rows(name, "ann", ["A text."]))
    done = old.run()
    assert (done.returncode, "1  migrated" in done.stdout, "4  left out" in done.stdout) == (1, True, True), done.stderr
    for shown in ("''", "'   '", "'../../etc/passwd'", f"'{'long' * 30}…'"):
        assert f"left out: {shown}: an upload may not be called that" in done.stdout
    assert keys(old) == ["ann/plain.txt"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--db-secret", "nosuch"], "error: --db-secret nosuch: An error occurred (ResourceNotFoundException)"),
        (["--status-table", "", "--stage", "nosuch"], "amplify-rag-async-nosuch-document-status (--stage, --status"),
        (["--bucket", ""], "error: --bucket (or UPLOAD_BUCKETS) must name one"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(old: OldSystem, options: list[str], message: str) -> None:
    refused = old.run(*options)
    assert (refused.returncode, message in refused.stderr) == (2, True), refused.stderr
    assert refused.stderr.count("error: ") == 1
    assert "Traceback" not in refused.stderr


def test_an_interrupted_run_says_so(old: OldSystem) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # children of a shell's background job would ignore it
    old.fill()
    process = old.start("--batch-size", "1")
    assert process.stderr is not None
    assert next(line for line in process.stderr if line.startswith(f"1 of {DOCUMENTS} documents"))
    process.send_signal(signal.SIGINT)
    assert process.communicate()[1].endswith("stopped; the same command goes on from here\n")
    assert process.returncode == 130
