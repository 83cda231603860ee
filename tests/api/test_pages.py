"""Pages over HTTP: their routes and reasons, and links to images that only their owner is given."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from api import page_records
from core.blobs import derived_key
from core.database import transaction
from core.status import DocumentStatus
from tests.api.conftest import Caller
from tests.api.ingestion import PAGES, PICTURED, UNREADABLE, UNRENDERED, begin, process, upload_of

LARGE, SMALL = b"large image", b"small image"


@pytest.fixture
def status(caller: Caller) -> DocumentStatus:
    """A finished document whose page 3 has both images."""
    begun = begin(caller)
    process(caller, begun)
    for name, content in (("00003.webp", LARGE), ("00003.small.webp", SMALL)):
        key = derived_key(begun.document_id, begun.generation, f"pages/{name}")
        caller.services.blobs.put_derived(key, content, "image/webp")
    return begun


def listed(caller: Caller, status: DocumentStatus, **query: str) -> dict[str, object]:
    answer = caller.call("GET", f"/v2/documents/{status.document_id}/pages", query=query)
    assert answer.status == HTTPStatus.OK, answer.body
    return dict(answer.body)


def test_every_page_tells_its_route_and_why(caller: Caller, status: DocumentStatus) -> None:
    body = caller.call("GET", f"/v2/documents/{status.document_id}/pages").body
    assert (body["documentId"], body["generation"], body["totalPages"]) == (status.document_id, 1, PAGES)
    pages = {page["page"]: page for page in body["pages"]}
    assert list(pages) == list(range(1, PAGES + 1))
    assert pages[1] == {
        "page": 1,
        "route": "text",
        "reason": "prose: 2000 characters",
        "textLength": 2000,
        "source": "text-layer",
        "image": None,
        "gap": None,
    }
    assert pages[PICTURED] == {
        "page": PICTURED,
        "route": "visual",
        "reason": "slide shape with 90 characters",
        "textLength": 90,
        "source": "text-layer+ocr",
        "image": {"width": 1600, "height": 900},
        "gap": None,
    }
    unread = pages[UNREADABLE]
    assert (unread["textLength"], unread["source"], unread["gap"]) == (0, "", "no text")
    assert [page for page in pages if pages[page]["image"]] == [PICTURED]


def pages_of(caller: Caller, status: DocumentStatus, limit: int) -> Iterator[list[int]]:
    """The numbers on each page of the list."""
    after: int | None = 0
    while after is not None:
        body = caller.call(
            "GET", f"/v2/documents/{status.document_id}/pages", query={"after": str(after), "limit": str(limit)}
        ).body
        yield [page["page"] for page in body["pages"]]
        after = body["nextAfter"]


@pytest.mark.parametrize("limit", [7, PAGES - 1, PAGES, PAGES + 1])
def test_lists_of_pages_have_no_holes_and_end(caller: Caller, status: DocumentStatus, limit: int) -> None:
    found = list(pages_of(caller, status, limit))
    assert [number for numbers in found for number in numbers] == list(range(1, PAGES + 1))
    assert all(len(numbers) == limit for numbers in found[:-1])
    assert found[-1]  # no empty last page


def test_after_the_last_page_there_is_nothing(caller: Caller, status: DocumentStatus) -> None:
    body = listed(caller, status, after="1000000000", limit="1000")
    assert (body["pages"], body["nextAfter"], body["totalPages"]) == ([], None, PAGES)


def test_a_version_in_the_making_shows_no_pages(caller: Caller) -> None:
    status = begin(caller)
    process(caller, status, parts=(0,))
    body = listed(caller, status)
    assert (body["generation"], body["totalPages"], body["pages"], body["nextAfter"]) == (None, 0, [], None)


def test_while_a_new_version_runs_the_pages_are_those_that_searches_see(caller: Caller, status: DocumentStatus) -> None:
    newer = upload_of(caller, version="fedcba9876543210")
    begun = caller.services.statuses.begin(newer, routing={"route": "text"}, total_pages=PAGES, parts=2).status
    assert begun.generation == 2
    process(caller, begun, parts=(0,))
    assert listed(caller, begun)["generation"] == 1
    process(caller, begun, parts=(1,))
    assert listed(caller, begun)["generation"] == 2


def test_a_document_from_before_pages_had_routes_has_pages_all_the_same(caller: Caller, status: DocumentStatus) -> None:
    with transaction(caller.services.database(), [status.owner]) as cursor:
        cursor.execute("DELETE FROM document_pages")
    body = caller.call("GET", f"/v2/documents/{status.document_id}/pages", query={"limit": "1"}).body
    assert (body["totalPages"], body["pages"][0]["route"], body["pages"][0]["reason"]) == (PAGES, None, None)


@pytest.mark.parametrize(
    ("path", "query", "named"),
    [
        ("/pages", {"limit": "0"}, "limit"),
        ("/pages", {"limit": "1001"}, "limit"),
        ("/pages", {"after": "-1"}, "after"),
        ("/pages", {"after": "99999999999"}, "after"),
        ("/pages/0/image", {}, "page"),
        ("/pages/99999999999/image", {}, "page"),
        ("/pages/first/image", {}, "page"),
        ("/pages/3/image", {"size": "huge"}, "size"),
    ],
)
def test_a_wrong_request_is_refused_by_name(
    caller: Caller, status: DocumentStatus, path: str, query: dict[str, str], named: str
) -> None:
    answer = caller.call("GET", f"/v2/documents/{status.document_id}{path}", query=query)
    assert (answer.status, answer.body["code"]) == (400, "invalid_request")
    assert answer.body["error"].startswith(f"{named}: ")


@pytest.mark.parametrize(("query", "content"), [({}, LARGE), ({"size": "large"}, LARGE), ({"size": "small"}, SMALL)])
def test_the_link_to_an_image_works_without_a_token(
    caller: Caller, status: DocumentStatus, query: dict[str, str], content: bytes
) -> None:
    answer = caller.call("GET", f"/v2/documents/{status.document_id}/pages/{PICTURED}/image", query=query)
    assert (answer.status, answer.body["page"], answer.body["documentId"]) == (200, PICTURED, status.document_id)
    assert (answer.body["width"], answer.body["height"], answer.body["expiresInSeconds"]) == (1600, 900, 300)
    image = httpx.get(answer.body["url"])
    assert (image.status_code, image.content, image.headers["content-type"]) == (200, content, "image/webp")


@pytest.mark.parametrize("encoded", [1, 2])
def test_pages_are_found_by_the_alias_too(caller: Caller, status: DocumentStatus, encoded: int) -> None:
    segment = status.status_id
    for _ in range(encoded):
        segment = quote(segment, safe="")
    assert caller.call("GET", f"/v2/documents/{segment}/pages").body["totalPages"] == PAGES
    assert caller.call("GET", f"/v2/documents/{segment}/pages/{PICTURED}/image").body["width"] == 1600


def test_a_link_is_signed_for_one_key_and_a_few_minutes(caller: Caller, status: DocumentStatus) -> None:
    settings = replace(caller.services.settings, page_image_url_seconds=42)
    brief = Caller(replace(caller.services, settings=settings), subject=caller.subject)
    body = brief.call("GET", f"/v2/documents/{status.document_id}/pages/{PICTURED}/image").body
    signed = urlsplit(body["url"])
    query = parse_qs(signed.query)
    assert signed.path.endswith(f"/{status.document_id}/1/pages/00003.webp")
    assert (query["X-Amz-Expires"], query["X-Amz-Algorithm"]) == (["42"], ["AWS4-HMAC-SHA256"])
    assert body["expiresInSeconds"] == 42
    other = body["url"].replace("00003.webp", "00003.small.webp")
    assert httpx.get(other).status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        (1, "Page 1 is kept as text and has no image; only pages on the visual route have one."),
        (UNREADABLE, "Page 7 has no image: no text"),
        (UNRENDERED, "Page 9 could not be made into an image; the document's notices say why."),
        (61, "There is no page 61: the document has 60."),
    ],
)
def test_a_page_without_an_image_says_why(caller: Caller, status: DocumentStatus, page: int, sentence: str) -> None:
    answer = caller.call("GET", f"/v2/documents/{status.document_id}/pages/{page}/image")
    assert (answer.status, answer.body["code"], answer.body["error"]) == (404, "no_page_image", sentence)


def test_before_the_first_version_there_are_no_images(caller: Caller) -> None:
    answer = caller.call("GET", f"/v2/documents/{begin(caller).document_id}/pages/1/image")
    assert (answer.status, answer.body["code"]) == (404, "no_page_image")
    assert "not been processed yet" in answer.body["error"]


def test_nobody_else_gets_a_link(caller: Caller, status: DocumentStatus) -> None:
    stranger = Caller(caller.services, groups=("finance",))
    path = f"/v2/documents/{status.document_id}/pages/{PICTURED}/image"
    refused = stranger.call("GET", path)
    unknown = stranger.call("GET", f"/v2/documents/{uuid.uuid4()}/pages/{PICTURED}/image")
    assert (refused.status, refused.body) == (404, unknown.body)
    assert refused.body["code"] == "document_not_found"
    assert caller.call("GET", path).status == 200


def test_the_database_itself_shows_a_strangers_pages_to_nobody(caller: Caller, status: DocumentStatus) -> None:
    database = caller.services.database()
    seen = page_records.pages(database, [status.owner], status.document_id, after=0, limit=5)
    assert len(seen.pages) == 5
    hidden = page_records.pages(database, ["user:somebody-else"], status.document_id, after=0, limit=5)
    assert hidden == page_records.KnownPages()
