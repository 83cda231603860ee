"""Documents of an older system become documents here: whole, once, however often a run is cut short."""

import json
from pathlib import Path

import numpy as np
import pytest

from core.database import transaction
from core.status import Status
from rag.embed import text_embedder
from search.hybrid import Question, search
from tests.emulators import TestEmulator
from tests.operations.legacy import DOCUMENTS, PASSAGES, OldSystem
from tests.operations.ward import ROWS, Ward

ANN, BEN = "user:ann", "user:ben"

THERE = "SELECT src, content FROM embeddings ORDER BY src, char_index"
HERE = """
SELECT key, content FROM hybrid_dense_embeddings JOIN documents USING (document_id)
JOIN document_versions USING (version_key) WHERE state = 'current' ORDER BY key, chunk_id
"""
#: All that is stored of the chunks of a document, but for the numbers that stand for it
INDEXED = """
SELECT content, language, heading, token_count, page, embedding::real[], term, tf, dl
FROM hybrid_dense_embeddings LEFT JOIN hybrid_bm25_index USING (chunk_id) JOIN documents USING (document_id)
WHERE file_name = %s ORDER BY chunk_id, term
"""


@pytest.fixture
def old(ward: Ward, emulator: TestEmulator) -> OldSystem:
    return OldSystem(ward, emulator.variables)


def listed(ward: Ward, owner: str) -> dict[str, Status]:
    found, _ = ward.services.statuses.list([owner], limit=200)
    return {status.key: status.status for status in found}


def test_a_killed_run_is_repeated_without_a_hole_or_a_duplicate(ward: Ward, old: OldSystem) -> None:
    old.fill()
    for kill_at in (10, 25):
        process = old.start("--batch-size", "5")
        assert process.stderr is not None
        reached = next(line for line in process.stderr if line.startswith(f"{kill_at} of {DOCUMENTS} documents"))
        process.kill()
        process.communicate()
        assert reached
        assert kill_at <= ward.row_counts()["documents"] < DOCUMENTS
    done = old.run("--batch-size", "30")
    assert done.returncode == 0, done.stderr
    assert f"{DOCUMENTS} of {DOCUMENTS} documents" in done.stderr
    assert old.rows_of(HERE) == old.rows_of(THERE)
    assert ward.row_counts() | {"hybrid_bm25_index": 0} == dict.fromkeys(ROWS, DOCUMENTS) | {
        "hybrid_dense_embeddings": DOCUMENTS * PASSAGES,
        "hybrid_bm25_index": 0,
        "document_pages": 2 * DOCUMENTS,
        "document_vdr_pages": 0,
    }
    for owner in (ANN, BEN):
        assert set(listed(ward, owner).values()) == {Status.COMPLETED}
        assert len(listed(ward, owner)) == DOCUMENTS / 2
    assert ward.codes() == []
    verified = old.run("--verify", "--sample", "20")
    assert (verified.returncode, verified.stdout) == (
        0,
        f"{DOCUMENTS} documents: {DOCUMENTS} compared, 20 of them word by word, 0 left out, 0 differences\n",
    )
    again = old.run()
    assert f"{DOCUMENTS}  unchanged" in again.stdout


def test_a_dry_run_writes_nothing(ward: Ward, old: OldSystem) -> None:
    old.fill(10)
    before = ward.row_counts()
    dry = old.run("--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "10  would be migrated" in dry.stdout
    assert ward.row_counts() == before == dict.fromkeys(ROWS, 0)
    assert old.rows_of("SELECT FROM owners") == []
    assert listed(ward, ANN) == {}


def test_what_is_stored_is_what_a_fresh_upload_of_the_text_gives(ward: Ward, old: OldSystem) -> None:
    text = "Die Fähre legt um neun Uhr ab. Bei Sturm bleibt sie im Hafen, und der Fahrpreis wird erstattet."
    ward.complete("fresh.txt", text)
    old.insert(old.rows("ann/carried.txt", "ann", [text]))
    assert old.run(listed=False).returncode == 0
    assert old.rows_of(INDEXED, "carried.txt") == old.rows_of(INDEXED, "fresh.txt")
    assert len(old.rows_of(INDEXED, "carried.txt")) > 5


def test_documents_are_found_by_their_owner_listed_and_deleted_for_good(ward: Ward, old: OldSystem) -> None:
    old.fill(2)
    old.insert(old.rows("ann/dues.txt", "ann", ["The quay master collects mooring fees."]))
    assert old.run().returncode == 0
    settings = ward.services.settings
    question = Question(text="mooring fees", mode="hybrid", limit=3)
    embedder = text_embedder(settings)
    best, *_ = search(ward.database, [ANN], question, embedder, settings)
    assert best.passage.content == "The quay master collects mooring fees."
    others = search(ward.database, [BEN], question, embedder, settings)
    assert others
    assert best.passage.content not in {hit.passage.content for hit in others}

    status = ward.services.statuses.get(f"{ward.uploads}#ann/dues.txt")
    assert status is not None
    assert status.metadata["chunks"] == 1
    assert ward.delete(status).deleted.postgres["documents"] == 1
    again = old.run()
    assert "1  deleted here" in again.stdout
    assert listed(ward, ANN).keys() == {"ann/2025-03-01/000.pdf"}


def test_what_changed_there_becomes_the_next_version_and_what_was_uploaded_here_stays(
    ward: Ward, old: OldSystem
) -> None:
    old.insert(old.rows("changing.txt", "ann", ["As it was.", "As it stays."]))
    old.insert(old.rows("mine.txt", ward.owner, ["From the older system."]))
    ward.complete("mine.txt", "Uploaded here.")
    first = old.run(listed=False)
    assert "1  uploaded here" in first.stdout, first.stderr
    ward.run_sql("UPDATE embeddings SET content = 'As it is now.' WHERE content = 'As it was.'")
    assert old.run("--verify", listed=False).returncode == 1
    assert old.run().returncode == 0  # from now on with states
    kept = [("ann/changing.txt", "As it is now."), ("ann/changing.txt", "As it stays.")]
    assert old.rows_of(HERE) == sorted([*kept, (f"{ward.owner}/mine.txt", "Uploaded here.")])
    assert listed(ward, ANN) == {"ann/changing.txt": Status.COMPLETED}
    assert ward.codes() == []


def test_vectors_of_the_model_that_searches_use_are_kept_and_others_are_not(ward: Ward, old: OldSystem) -> None:
    long = " ".join([old.sentences() for _ in range(20)])
    rows = old.rows("ann/long.txt", None, [long, "A short one."])
    old.insert(rows)
    space = text_embedder(ward.services.settings).space
    assert old.run("--embedding-model", space).returncode == 0
    vectors = "SELECT embedding::real[] FROM hybrid_dense_embeddings ORDER BY chunk_id"
    given = np.array([json.loads(row[-1]) for row in rows])  # (2, 384)
    kept = np.array([vector for (vector,) in old.rows_of(vectors)])
    np.testing.assert_allclose(kept, given / np.linalg.norm(given, axis=1, keepdims=True), atol=1e-3)

    assert old.run("--embedding-model", "another-model/fp32").returncode == 0
    anew = old.rows_of("SELECT content, token_count FROM hybrid_dense_embeddings ORDER BY chunk_id")
    assert len(anew) > 2  # cut, so that the model reads all of it
    assert max(tokens for _, tokens in anew) <= ward.services.settings.chunk_tokens
    assert old.rows_of("SELECT generation, current_generation FROM documents") == [(2, 2)]


def test_owners_are_mapped_and_documents_without_one_are_named(ward: Ward, old: OldSystem, tmp_path: Path) -> None:
    old.insert(old.rows("ann@example.com/a.txt", "ann@example.com", ["Hers."]))
    old.insert(old.rows("b.txt", None, ["Nobody's."]))
    old.insert(old.rows("c.txt", "crew", [" "]))
    names = tmp_path / "owners.csv"
    names.write_text("ann@example.com,user:5b1e0c9a\n")
    done = old.run("--owners", str(names))
    assert done.returncode == 1
    assert "left out: 'b.txt': no owner" in done.stdout
    assert "owner: user:5b1e0c9a: 1 documents" in done.stdout
    assert "1  without text" in done.stdout
    assert old.rows_of("SELECT principal, key FROM owners JOIN documents USING (owner_id)") == [
        ("user:5b1e0c9a", "5b1e0c9a/ann@example.com/a.txt")
    ]
    assert old.run("--owner", "group:crew").returncode == 0
    assert listed(ward, "group:crew").keys() == {"group:crew/ann@example.com/a.txt", "group:crew/b.txt"}


def test_a_comparison_finds_what_is_lost_or_altered(ward: Ward, old: OldSystem) -> None:
    old.fill(4)
    assert old.run("--verify", listed=False).stdout.count("not migrated") == 4
    assert old.run(listed=False).returncode == 0
    unlisted = old.run("--verify")
    assert unlisted.stdout.count("searched, and not listed") == 4
    ward.run_sql(
        "DELETE FROM hybrid_dense_embeddings WHERE chunk_id = (SELECT min(chunk_id) FROM hybrid_dense_embeddings)"
    )
    ward.run_sql(
        "UPDATE hybrid_dense_embeddings SET content = 'Altered.'"
        " WHERE chunk_id = (SELECT max(chunk_id) FROM hybrid_dense_embeddings)"
    )
    found = old.run("--verify", listed=False)
    assert found.returncode == 1
    assert "3 chunks in place of 4" in found.stdout
    assert found.stdout.count("its content differs") == 2


def test_two_runs_at_a_time_are_one_too_many(ward: Ward, old: OldSystem) -> None:
    with transaction(ward.database, []) as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended('amplify-rag legacy documents', 0))")
    refused = old.run()
    assert (refused.returncode, "another run carries documents over just now" in refused.stderr) == (2, True)
