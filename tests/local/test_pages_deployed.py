"""Real documents whose pages are pictures: through S3, the queues and both workers, watched on a socket, then found."""

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.evaluation_data import folder
from tests.local.uploads import aws_s3_cp, watch
from tests.stacks import RunningStack, User

#: Where it lies, pages, most and least of them that must be visual, a question, pages that answer it
DOCUMENTS = {
    "deck": ("pages/pdf/keeping-it-small-slm.pdf", 24, (24, 24), "pre- and post-processing to simplify the task", {10}),
    "scan": ("ocr/linn.pdf", 1, (1, 1), "32 track MIDI sequence recorder", {1}),
    "mixed report": ("routing/vector-pdf.pdf", 30, (1, 10), "", set()),
}


@pytest.fixture(scope="module")
def user(stack: RunningStack) -> User:
    return stack.new_user()


def pages_of(stack: RunningStack, user: User, document_id: str) -> list[dict[str, Any]]:
    answer = stack.call("GET", f"/v2/documents/{document_id}/pages", token=user.token)
    assert answer.status == 200
    return list(answer.body["pages"])


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_real_document_is_watched_found_and_shown(stack: RunningStack, user: User, kind: str) -> None:
    place, count, (least, most), question, answers = DOCUMENTS[kind]
    file = folder(*place.split("/"))
    messages = watch(stack, user, lambda: aws_s3_cp(stack, file, f"{user.sub}/{file.name}"))
    final = messages[-1]
    assert final["status"] in {"completed", "completed_with_gaps"}, final
    assert {gap["page"] for gap in final["metadata"]["gaps"]}.isdisjoint(answers)
    progress = [message["metadata"]["progress"] for message in messages[1:]]
    assert (progress, progress[-1]) == (sorted(progress), 100)
    assert final["metadata"]["pageModel"].startswith("text-proxy")

    pages = pages_of(stack, user, final["documentId"])
    visual = [page for page in pages if page["route"] == "visual"]
    assert len(pages) == count
    assert least <= len(visual) <= most
    assert all(page["image"] and page["reason"] for page in visual)
    if kind == "mixed report":
        routes = final["metadata"]["routes"]
        assert (routes["textPages"], routes["visualPages"]) == (count - len(visual), len(visual))
        return
    asked = {"query": question, "search_mode": "hybrid_vdr_text", "document_ids": [final["documentId"]], "top_k": 3}
    hits = stack.call("POST", "/v2/query", token=user.token, body=asked).body["results"]
    [hit] = [hit for hit in hits if hit["page"] in answers]
    picture = Image.open(io.BytesIO(httpx.get(hit["page_image_url"]).content))
    assert picture.format == "WEBP"
    assert max(picture.size) <= 1600


def test_only_the_owner_gets_a_page_image(stack: RunningStack, user: User) -> None:
    file = folder("ocr", "ocr_test.pdf")
    final = watch(stack, user, lambda: aws_s3_cp(stack, file, f"{user.sub}/{file.name}"))[-1]
    path = f"/v2/documents/{final['documentId']}/pages/1/image"
    mine = stack.call("GET", path, token=user.token)
    assert mine.status == 200
    assert httpx.get(mine.body["url"]).status_code == 200
    assert httpx.get(mine.body["url"].split("?")[0]).status_code == 403
    assert stack.call("GET", path, token=stack.new_user().token).status == 404
