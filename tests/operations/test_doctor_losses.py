"""Doctor after a loss: what is gone from under a finished document is noticed, and the rest of it kept."""

import pytest

from tests.operations.test_doctor import assert_mended
from tests.operations.ward import Ward


def test_a_current_version_whose_row_is_gone(ward: Ward) -> None:
    kept, torn = ward.complete("kept.txt"), ward.complete("torn.txt")
    ward.run_sql("DELETE FROM document_versions WHERE document_id = %s", torn.document_id)
    rows = ward.row_counts()
    [finding] = ward.check().findings
    assert (finding["code"], finding["documentId"]) == ("not_searchable", torn.document_id)
    assert [each["code"] for each in ward.check(repair=True).findings] == ["not_searchable"]
    assert ward.row_counts() == rows, "rows of the current generation were removed as strays"
    ward.entry_works()
    ward.work_all()
    assert (ward.status(torn).generation, ward.status(kept)) == (2, kept)
    assert_mended(ward, *["rows_without_version"] * 3, ages=False)  # now that another version is searched
    assert {row[0] for row in ward.rows("SELECT document_id::text FROM hybrid_dense_embeddings")} == {
        kept.document_id,
        torn.document_id,
    }


@pytest.mark.parametrize(
    ("lost", "name"),
    [
        ("document_parts", "parts"),
        ("document_bm25_metadata", "lengths"),
        ("document_pages", "pages"),
        ("hybrid_bm25_index", "postings"),
        ("hybrid_dense_embeddings", "chunks"),
        ("hybrid_dense_embeddings WHERE chunk_id = (SELECT max(chunk_id) FROM hybrid_dense_embeddings)", "chunks"),
    ],
)
def test_rows_of_a_current_version_that_are_gone(ward: Ward, lost: str, name: str) -> None:
    torn = ward.complete("long.txt", "\n".join(f"Line {number} of the log." for number in range(300)))
    [(chunks,)] = ward.rows("SELECT count(*) FROM hybrid_dense_embeddings")
    assert chunks > 1
    ward.run_sql(f"DELETE FROM {lost}")  # noqa: S608  names from above
    [finding] = ward.check().findings
    assert finding["found"] == f"rows of generation 1 are missing: {name}"
    assert_mended(ward, "not_searchable")
    assert ward.status(torn).generation == 2
    assert ward.rows("SELECT count(*) FROM hybrid_dense_embeddings") == [(chunks,)]


def test_a_part_that_was_handed_over_and_is_gone(ward: Ward) -> None:
    ward.complete()
    ward.run_sql("UPDATE document_parts SET handed_over = '[7]'")
    [finding] = ward.check().findings
    assert (finding["code"], finding["found"]) == ("not_searchable", "rows of generation 1 are missing: parts")


def test_an_older_version_that_searches_are_to_see_and_whose_row_is_gone(ward: Ward) -> None:
    cancelled = ward.complete()
    ward.run_sql("DELETE FROM document_versions")
    ward.dynamodb.update_item(
        TableName=ward.services.settings.document_status_table,
        Key={"statusId": {"S": cancelled.status_id}},
        UpdateExpression="SET #status = :cancelled, generation = :next",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":cancelled": {"S": "cancelled"}, ":next": {"N": "2"}},
    )
    assert ward.codes() == ["generation_differs"]


def test_a_history_that_is_gone_is_for_people(ward: Ward) -> None:
    kept, torn = ward.complete("kept.txt"), ward.complete("torn.txt")
    for item in ward.items("document_audit_table"):
        if item["documentId"] == {"S": torn.document_id}:
            key = {name: item[name] for name in ("documentId", "sequence")}
            ward.dynamodb.delete_item(TableName=ward.services.settings.document_audit_table, Key=key)
    assert ward.status(torn) == torn
    assert ward.codes(doctor_grace_seconds=3600) == []
    [finding] = ward.check(repair=True).findings
    assert (finding["code"], finding["documentId"]) == ("history_missing", torn.document_id)
    assert (finding["repair"], finding["repaired"]) == (None, False)
    assert ward.codes(audit_days=0) == [], "what has expired is not missing"
    assert ward.status(kept) == kept
