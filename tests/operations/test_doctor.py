"""Doctor: every kind of drift between real stores is found, mended and not found again; health is left alone."""

import time
from dataclasses import replace

import psycopg2
import pytest

from core.blobs import derived_key
from core.cursors import CursorError
from core.status import Status
from operations.doctor import check
from tests.operations.ward import Ward
from websocket.connections import document_topic

SOON = 3600


def assert_mended(ward: Ward, *codes: str, ages: bool = True) -> None:
    """A check finds these, a dry run changes nothing, a repair mends them, and repeating it is harmless."""
    assert ward.codes() == list(codes)
    assert ward.codes() == list(codes), "a check without repair changed something"
    assert ward.codes(doctor_grace_seconds=SOON) == ([] if ages else list(codes)), "what is young was not left alone"
    findings = ward.check(repair=True).findings
    assert findings[0]["code"] == codes[0]
    assert {finding["code"] for finding in findings} <= set(codes)  # one repair may mend what would be found later
    assert all(finding["repaired"] for finding in findings)
    ward.entry_works()
    ward.work_all()
    assert ward.codes() == []
    assert ward.check(repair=True).findings == []


def test_healthy_stores_give_no_finding(ward: Ward) -> None:
    ward.complete("one.txt")
    ward.complete("two.txt", "Another ferry leaves at ten.")
    assert ward.check().findings == []
    assert ward.check().examined >= 10


def test_work_in_progress_is_no_finding(ward: Ward) -> None:
    ward.complete("ferry.txt")
    ward.take_in("ferry.txt", "The ferry leaves at eight from now on.")  # a second version of a finished document
    ward.take_in("queued.txt")
    ward.announce("announced.txt")
    assert ward.codes() == []  # even without grace: jobs wait
    jobs = ward.jobs()
    assert ward.codes(doctor_grace_seconds=SOON) == []
    for job in jobs:
        ward.work(job)
    assert ward.codes() == []
    assert ward.check(repair=True).findings == []


def test_rows_of_a_document_without_a_state(ward: Ward) -> None:
    kept = ward.complete("kept.txt")
    lost = ward.complete("lost.txt")
    ward.dynamodb.delete_item(
        TableName=ward.services.settings.document_status_table, Key={"statusId": {"S": lost.status_id}}
    )
    # the file is still there: it becomes another document
    assert_mended(
        ward,
        "rows_without_document",
        "history_without_document",
        "derived_without_document",
        "parts_without_document",
        "upload_not_taken_in",
    )
    again = ward.services.statuses.get(lost.status_id)
    assert again is not None
    assert (again.status, again.document_id != lost.document_id) == (Status.COMPLETED, True)
    assert len(ward.contents()) == 2
    assert ward.status(kept) == kept


def test_a_deletion_that_stopped_after_its_beginning(ward: Ward) -> None:
    doomed = ward.complete()
    ward.services.statuses.bury(doomed.document_id)
    assert_mended(ward, "deletion_unfinished")
    assert ward.remaining() == {}


def test_a_deletion_that_stopped_before_its_end(ward: Ward) -> None:
    doomed = ward.complete()
    buried = ward.services.statuses.bury(doomed.document_id)
    assert buried is not None
    ward.s3.delete_object(Bucket=ward.uploads, Key=doomed.key)
    ward.dynamodb.delete_item(
        TableName=ward.services.settings.document_status_table, Key={"statusId": {"S": doomed.status_id}}
    )
    found = ward.codes()
    assert {"rows_without_document", "history_without_document", "derived_without_document"} <= set(found)
    ward.check(repair=True)
    assert (ward.remaining(), ward.codes()) == ({}, [])


@pytest.mark.parametrize("table", ["hybrid_dense_embeddings", "hybrid_bm25_index", "document_bm25_metadata"])
def test_rows_of_a_version_that_does_not_exist(ward: Ward, table: str) -> None:
    ward.complete()
    rows = ward.row_counts()
    column, shift = ("version_key", 7) if table == "document_bm25_metadata" else ("chunk_id", 7 << 32)
    ward.run_sql(
        f"CREATE TEMPORARY TABLE stray AS SELECT * FROM {table};"  # noqa: S608  names from above
        f"UPDATE stray SET {column} = {column} + %s; INSERT INTO {table} SELECT * FROM stray",
        shift,
    )
    assert ward.row_counts()[table] == 2 * rows[table] > 0
    assert_mended(ward, "rows_without_version", ages=False)  # a transaction never leaves them, not even for a moment
    assert ward.row_counts() == rows


def test_a_version_that_came_to_nothing_and_stayed(ward: Ward) -> None:
    begun = ward.take_in("long.txt", "\n".join(f"Line {number} of the log." for number in range(3000)))
    [job, *_] = ward.jobs()
    ward.work(job)
    if ward.status(begun).status is Status.COMPLETED:  # a single part: make it look unfinished
        ward.run_sql("UPDATE document_versions SET state = 'running'")
        ward.run_sql("UPDATE documents SET current_generation = NULL")
        ward.dynamodb.update_item(
            TableName=ward.services.settings.document_status_table,
            Key={"statusId": {"S": begun.status_id}},
            UpdateExpression="SET #status = :cancelled REMOVE currentGeneration",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":cancelled": {"S": "cancelled"}},
        )
    assert_mended(ward, "version_left", "derived_of_old_version")
    assert ward.derived(begun.document_id) == []
    assert ward.contents() == []


def test_a_completed_document_that_searches_do_not_see(ward: Ward) -> None:
    drifted = ward.complete()
    ward.run_sql("DELETE FROM documents")
    for table in ("hybrid_dense_embeddings", "hybrid_bm25_index", "document_bm25_metadata"):
        ward.run_sql(f"DELETE FROM {table}")  # noqa: S608
    assert_mended(ward, "not_searchable")
    assert (ward.status(drifted).generation, len(ward.contents())) == (2, 1)


def test_a_worker_that_ended_between_storing_and_saying_so(ward: Ward) -> None:
    begun = ward.take_in()
    [job] = ward.jobs()
    ward.work(job)
    finished = ward.status(begun)
    table = ward.services.settings.document_status_table
    ward.dynamodb.update_item(
        TableName=table,
        Key={"statusId": {"S": begun.status_id}},
        UpdateExpression="SET #status = :storing, running = :owner, partPermille = :zero, partPages = :zero"
        " REMOVE currentGeneration",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={
            ":storing": {"S": "storing"},
            ":owner": {"S": finished.owner},
            ":zero": {"L": [{"N": "0"}]},
        },
    )
    assert_mended(ward, "finish_missing")
    assert ward.status(begun).status is Status.COMPLETED


def test_a_document_that_stands_still(ward: Ward) -> None:
    begun = ward.take_in()
    assert ward.jobs()  # lost
    assert_mended(ward, "stands_still")
    assert ward.status(begun).status is Status.COMPLETED


def test_derived_objects_of_nothing(ward: Ward) -> None:
    finished = ward.complete()
    for name in (derived_key(finished.document_id, 7, "pages/00001.webp"), derived_key("no-such-document", 1, "a")):
        ward.services.blobs.put_derived(name, b"x", "image/webp")
    before = [key for key in ward.derived(finished.document_id) if "/7/" not in key]
    assert_mended(ward, "derived_of_old_version", "derived_without_document")
    assert ward.derived(finished.document_id) == before != []
    assert ward.keys(ward.derived_bucket) == before


def test_an_upload_whose_event_was_lost(ward: Ward) -> None:
    ward.put("lost.txt")
    ward.s3.put_object(
        Bucket=ward.uploads, Key=f"{ward.owner}/out.txt", Body=b"private", Metadata={"rag_enabled": "false"}
    )
    ward.s3.put_object(Bucket=ward.uploads, Key="no-owner.txt", Body=b"nobody's")
    assert_mended(ward, "upload_not_taken_in")
    assert len(ward.contents()) == 1


def test_an_announced_upload_whose_event_was_lost(ward: Ward) -> None:
    announced = ward.announce("announced.txt")
    assert ward.codes() == [], "nothing has arrived"
    ward.put("announced.txt")
    [finding] = ward.check().findings
    assert finding["documentId"] == announced.document_id
    assert_mended(ward, "upload_not_taken_in")
    assert ward.status(announced).status is Status.COMPLETED


def test_a_file_that_is_gone_is_for_people(ward: Ward) -> None:
    finished = ward.complete()
    ward.s3.delete_object(Bucket=ward.uploads, Key=finished.key)
    [finding] = ward.check(repair=True).findings
    assert (finding["code"], finding["repair"], finding["repaired"]) == ("upload_missing", None, False)
    assert ward.status(finished) == finished


def test_parts_and_histories_of_nothing(ward: Ward) -> None:
    begun = ward.take_in()
    [job] = ward.jobs()
    ward.work(job)
    ward.delete(begun)
    ward.services.parts.register(job, [job])  # a worker that was late
    assert_mended(ward, "parts_without_document")
    assert ward.remaining() == {}


def test_a_history_that_is_kept_is_no_finding(ward: Ward) -> None:
    doomed = ward.complete()
    keeping = replace(ward.services, settings=replace(ward.services.settings, audit_after_deletion="keep"))
    ward.services = keeping
    ward.delete(doomed)
    assert ward.codes(audit_after_deletion="keep") == []
    assert ward.codes() == ["history_without_document"]  # the operator changed her mind
    ward.check(repair=True)
    assert ward.remaining() == {}


def test_subscriptions_of_nothing(ward: Ward) -> None:
    finished = ward.complete()
    late = int(time.time()) + SOON
    topic, gone = document_topic(finished.document_id), document_topic("no-such-document")
    for name, expires, topics in (("alive", late, [topic]), ("expired", 1, [topic]), ("stale", late, [gone])):
        ward.connections.open(name, [finished.owner], expires)
        ward.connections.subscribe(name, topics, expires)
    assert ward.codes() == ["subscription_left"] * 3  # of the expired one the record, too
    ward.check(repair=True)
    assert ward.codes() == []
    assert list(ward.connections.subscribers(topic)) == ["alive"]
    assert ward.connections.get("stale").topics == frozenset()


def test_dead_letters_of_deleted_documents(ward: Ward) -> None:
    gone, kept = ward.take_in("gone.txt"), ward.take_in("kept.txt")
    for job in ward.jobs():
        ward.die(job.to_json())
    ward.delete(gone)
    assert ward.codes(doctor_grace_seconds=SOON) == []
    found = [each for each in ward.check().findings if each["code"] == "dead_letter_left"]
    assert [each["documentId"] for each in found] == [gone.document_id]
    ward.check(repair=True)
    until = time.monotonic() + 10
    while not (letters := ward.letters()) and time.monotonic() < until:
        time.sleep(0.2)  # a letter that was given back may not be there at once
    assert [letter.job.document_id for letter in letters if letter.job] == [kept.document_id]
    assert "dead_letter_left" not in ward.codes()


def test_the_role_that_reads_states_sees_no_content_and_writes_nothing(ward: Ward) -> None:
    ward.complete()
    refused = pytest.raises(psycopg2.errors.InsufficientPrivilege)
    for statement in (
        "SELECT content FROM hybrid_dense_embeddings",
        "SELECT embedding FROM hybrid_dense_embeddings",
        "SELECT term FROM hybrid_bm25_index",
        "SELECT file_name FROM documents",
        "SELECT key FROM documents",
        "SELECT reason FROM document_pages",
        "SELECT embedding_vectors FROM document_vdr_pages",
        "SELECT gaps FROM document_parts",
        "DELETE FROM documents",
        "UPDATE documents SET generation = 7",
        "INSERT INTO owners (principal) VALUES ('user:me')",
    ):
        with refused, ward.reading, ward.reading.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize("cursor", ["?", "W10=", "WyJub25lIiwgbnVsbF0=", "WyJzdGF0dXNlcyIsIDdd"])
def test_a_cursor_that_was_not_given_out(ward: Ward, cursor: str) -> None:
    with pytest.raises(CursorError):
        check(ward.doctor, cursor=cursor)
