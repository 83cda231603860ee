"""The re-index check: documents that another pipeline made are counted and named, and nothing is done to them."""

from dataclasses import replace

import pytest

from core.versions import pipeline_digest
from operations import reindex
from operations.check_reindex import check_reindex
from tests.operations.ward import Ward


def test_documents_of_another_pipeline_are_counted_and_named(ward: Ward, capsys: pytest.CaptureFixture[str]) -> None:
    settings = ward.services.settings
    first, second = ward.complete("one.txt"), ward.complete("two.txt", "Another ferry leaves at ten.")
    today = pipeline_digest(settings)
    found = reindex.check(ward.doctor.stored, settings)
    assert found == {
        "pipeline": today,
        "documents": 2,
        "outdated": 0,
        "pipelines": {today: 2},
        "ids": [],
        "after": None,
    }
    changed = replace(settings, chunk_tokens=128)
    found = reindex.check(ward.doctor.stored, changed)
    assert (found["outdated"], found["pipelines"]) == (2, {today: 2})
    assert found["ids"] == sorted([first.document_id, second.document_id])
    assert '"OutdatedDocuments": 2' in capsys.readouterr().out


def test_a_running_version_is_not_counted_and_one_of_an_earlier_release_is(ward: Ward) -> None:
    old = ward.complete("old.txt")
    ward.run_sql("UPDATE document_versions SET version = '0123456789abcdef'")
    ward.take_in("running.txt", "This is not finished.")
    found = reindex.check(ward.doctor.stored, ward.services.settings)
    assert (found["pipelines"], found["ids"]) == ({"": 1}, [old.document_id])


def test_pages_of_ids_follow_each_other(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = sorted(ward.complete(f"{name}.txt", f"Ferry {name}.").document_id for name in ("one", "two", "three"))
    monkeypatch.setattr(reindex, "MOST_IDS", 2)
    changed = replace(ward.services.settings, chunk_tokens=128)
    page = reindex.check(ward.doctor.stored, changed)
    assert (page["ids"], page["after"]) == (ids[:2], ids[1])
    page = reindex.check(ward.doctor.stored, changed, page["after"])
    assert (page["ids"], page["after"]) == (ids[2:], None)


@pytest.mark.parametrize("after", ["", "1; DROP TABLE documents", 7])
def test_a_place_that_was_not_given_out_is_refused(after: object) -> None:
    assert check_reindex({"after": after}, None) == {"error": "invalid_cursor"}
