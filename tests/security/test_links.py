"""Links to page images work without a token, so each is for one image and for a short while."""

import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import httpx
import pytest
from psycopg2.extensions import connection

from core import aws
from core.blobs import page_image_key
from tests.emulators import DERIVED, UPLOADS
from tests.security.tenants import IMAGE, Document, Tenant, put_document

NewTenant = Callable[..., Tenant]


@pytest.fixture
def ann(new_tenant: NewTenant) -> Tenant:
    return new_tenant()


@pytest.fixture
def mine(ann: Tenant, opened: connection) -> Document:
    return put_document(opened, ann.principal, "mine.pdf", "Harbour dues.")


@pytest.fixture
def theirs(new_tenant: NewTenant, opened: connection) -> Document:
    return put_document(opened, new_tenant().principal, "theirs.pdf", "Harbour dues.")


def link_of(ann: Tenant, mine: Document) -> str:
    answer = ann.call("GET", f"/v2/documents/{mine.document_id}/pages/1/image")
    assert answer.status == 200
    return str(answer.body["url"])


def changed(link: str, *, path: str = "", **query: str) -> str:
    """The link with another path or other parameters."""
    parts = urlsplit(link)
    known = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return urlunsplit(parts._replace(path=path or parts.path, query=urlencode(known | query)))


def test_a_link_is_for_one_image(ann: Tenant, mine: Document, theirs: Document, tried: Callable[[str], None]) -> None:
    link = link_of(ann, mine)
    assert httpx.get(link).content == IMAGE
    path = urlsplit(link).path
    own, other = page_image_key(mine.document_id, 1, 1), page_image_key(theirs.document_id, 1, 1)
    assert own in path
    # An incomplete signature is not among these: S3 refuses it, the emulator does not look.
    for tampered in (
        changed(link, path=path.replace(own, other)),
        changed(link, path=path.replace(own, page_image_key(mine.document_id, 1, 2))),
        changed(link, path=path.replace(own, f"{own}/../../../../{other}")),
        changed(link, path=path.replace(f"{DERIVED}/{own}", f"{UPLOADS}/{theirs.key}")),
        changed(link, path=path.replace(own, "")),
        changed(link, **{"X-Amz-Expires": "604800"}),
        changed(link, **{"X-Amz-Date": "20990101T000000Z"}),
        changed(link, **{"X-Amz-Signature": "0" * 64}),
        changed(link, **{"response-content-type": "text/html"}),
        urlunsplit(urlsplit(link)._replace(query="")),
    ):
        assert httpx.get(tampered).status_code in {400, 403}, tampered
        tried("links to page images tampered with")
    for method in ("PUT", "DELETE", "POST"):
        assert httpx.request(method, link, content=b"x").status_code in {400, 403, 405}
        tried("links to page images tampered with")
    assert httpx.get(link).content == IMAGE


def test_a_link_ends(ann: Tenant, mine: Document) -> None:
    lasting = ann.call("GET", f"/v2/documents/{mine.document_id}/pages/1/image").body["expiresInSeconds"]
    assert lasting <= 900
    key = page_image_key(mine.document_id, 1, 1)
    short, long = (aws.blobs().derived_url(key, seconds) for seconds in (1, 600))
    time.sleep(2.1)
    assert httpx.get(short).status_code == 403
    assert httpx.get(long).status_code == 200


def test_a_link_is_not_signed_for_a_page_that_is_not_ones_own(ann: Tenant, theirs: Document) -> None:
    answer = ann.call("GET", f"/v2/documents/{theirs.document_id}/pages/1/image")
    assert (answer.status, answer.body["code"]) == (404, "document_not_found")
