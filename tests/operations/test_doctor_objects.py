"""Doctor on derived objects: what a version that searches see needs is noticed when it is gone, whole or in part."""

import io
from collections.abc import Collection

import pytest
from reportlab.pdfgen.canvas import Canvas

from core.entry import Request, accept
from core.status import DocumentStatus, Status
from operations.needed_objects import MOST_NAMED, NeededObjects
from tests.operations.ward import Ward

NEEDED = NeededObjects(document_id="d", generation=3, parts=(0, 2), pages=(7, 8))
WHOLE = {f"text/0000{part}.json.gz" for part in NEEDED.parts} | {
    f"pages/0000{page}{ending}" for page in NEEDED.pages for ending in (".webp", ".small.webp")
}


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ({"text/00002.json.gz"}, "the text of part 2"),
        ({"pages/00007.webp"}, "images of page 7"),
        ({"pages/00008.small.webp"}, "images of page 8"),
        (WHOLE, "the text of parts 0, 2 and images of pages 7, 8"),
        (set(), ""),
    ],
)
def test_what_is_gone_is_named(gone: Collection[str], said: str) -> None:
    assert NEEDED.missing(WHOLE.difference(gone)) == said
    assert NEEDED.missing(WHOLE.difference(gone) | {"pages.pdf", "stages/00000/x.jsonl.gz"}) == said


def test_of_many_some_are_named() -> None:
    many = NeededObjects(document_id="d", generation=3, parts=range(MOST_NAMED + 5), pages=())
    assert many.missing(()) == "the text of parts 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 5 more"


def deck(ward: Ward, name: str = "deck.pdf") -> DocumentStatus:
    """Two slides, finished."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(960.0, 540.0))
    for page in (1, 2):
        canvas.setFont("Helvetica", 40)
        canvas.drawString(60, 440, f"Ferry passengers in year {page}")
        for bar in range(6):
            canvas.rect(80 + 130 * bar, 80, 90, 40 + 45 * bar, fill=1)
        canvas.showPage()
    canvas.save()
    key = f"{ward.owner}/{name}"
    ward.s3.put_object(Bucket=ward.uploads, Key=key, Body=file.getvalue())
    begun = accept(Request(bucket=ward.uploads, key=key), ward.services)
    ward.work_all()
    return ward.status(begun)


def lose(ward: Ward, key: str) -> None:
    ward.s3.delete_object(Bucket=ward.derived_bucket, Key=key)


def test_a_text_that_is_gone(ward: Ward) -> None:
    kept, torn = ward.complete("kept.txt"), ward.complete("torn.txt")
    lose(ward, f"{torn.document_id}/1/text/00000.json.gz")
    [finding] = ward.check(repair=True).findings
    assert (finding["code"], finding["store"], finding["documentId"]) == (
        "derived_missing",
        "derived",
        torn.document_id,
    )
    assert finding["found"] == "generation 1 lacks the text of part 0; process its file again with force"
    assert (finding["repair"], finding["repaired"]) == (None, False)
    assert ward.codes(doctor_grace_seconds=3600) == [], "what is young was not left alone"
    assert ward.status(kept) == kept


def test_images_that_are_gone_and_come_again_with_force(ward: Ward) -> None:
    torn = deck(ward)
    images = [key for key in ward.derived(torn.document_id) if key.endswith("2.webp") or key.endswith("1.small.webp")]
    assert len(images) == 2
    assert ward.codes() == []
    for key in images:
        lose(ward, key)
    [finding] = ward.check().findings
    assert finding["found"].startswith("generation 1 lacks images of pages 1, 2;")
    accept(Request(bucket=torn.bucket, key=torn.key, force=True), ward.services)
    ward.work_all()
    assert (ward.status(torn).status, ward.status(torn).generation) == (Status.COMPLETED, 2)
    assert ward.codes() == []


def test_all_objects_of_a_document_that_are_gone(ward: Ward) -> None:
    torn = deck(ward)
    for key in ward.derived(torn.document_id):
        lose(ward, key)
    assert ward.codes() == ["derived_missing"]


def test_a_page_without_an_image_needs_none(ward: Ward) -> None:
    plain = deck(ward)
    ward.run_sql("UPDATE document_vdr_pages SET image_width = 0, image_height = 0 WHERE page_num = 2")
    for key in ward.derived(plain.document_id):
        if "/pages/00002" in key:
            lose(ward, key)
    assert ward.codes() == []


def test_a_text_that_was_carried_over_has_no_objects(ward: Ward) -> None:
    carried = ward.complete()
    ward.run_sql("UPDATE document_versions SET version = 'legacy-' || version")
    for key in ward.derived(carried.document_id):
        lose(ward, key)
    assert ward.codes() == []


def test_a_running_version_is_not_asked_for_its_objects(ward: Ward) -> None:
    ward.complete("ferry.txt")
    begun = ward.take_in("ferry.txt", "The ferry leaves at eight from now on.")
    assert ward.codes() == []
    ward.work_all()
    assert ward.status(begun).generation == 2
    assert ward.codes() == []
