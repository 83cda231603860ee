"""Pages: the route that each took and why, and links to their images."""

from enum import StrEnum
from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api import call, page_records
from api.identity import DocumentId
from api.page_models import ImageSize, Page, PageImageLink, PageList
from api.page_records import KnownPages
from core.blobs import page_image_key
from core.database_retry import connected
from core.http import HttpError
from core.status import FINAL, DocumentStatus

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

TAGS = ["pages"]
DEFAULT_LIMIT = 100
LARGEST_LIMIT = 1000
LAST_PAGE = 1_000_000_000  #: no document has more, and the database's numbers end above it


class Size(StrEnum):
    """The images that are kept of a page."""

    LARGE = "large"
    SMALL = "small"


@router.get("/v2/documents/<documentId>/pages", tags=TAGS, summary="List a document's pages", operation_id="listPages")
def list_pages(
    document_id: DocumentId,
    after: Annotated[int, Query(ge=0, le=LAST_PAGE, description="Only pages with a higher number")] = 0,
    limit: Annotated[int, Query(ge=1, le=LARGEST_LIMIT)] = DEFAULT_LIMIT,
) -> PageList:
    """The pages that searches see: the route that each took and why, the length of its text, and its image.

    While a first version is being processed there are none yet.
    """
    status = call.current(router).document(document_id)
    known = _pages(status, after=after, limit=limit)
    last = known.pages[-1].page if known.pages else known.total
    return PageList(
        document_id=status.document_id,
        generation=known.generation,
        total_pages=known.total,
        pages=list(known.pages),
        next_after=last if last < known.total else None,
    )


@router.get(
    "/v2/documents/<documentId>/pages/<page>/image",
    tags=TAGS,
    summary="Get a link to a page's image",
    operation_id="getPageImage",
)
def get_page_image(
    document_id: DocumentId,
    page: Annotated[int, Path(ge=1, le=LAST_PAGE, description="From 1")],
    size: Annotated[Size, Query(description="The thumbnail, or the image to read")] = Size.LARGE,
) -> PageImageLink:
    """A short-lived link to the image of one page, which works without a token, as in an `img` element.

    It is JSON and no redirect, because a browser cannot send the token with an image. Pages on the visual route have
    images; for another page the answer is 404 with the code `no_page_image` and a sentence that says why.
    """
    caller = call.current(router)
    status = caller.document(document_id)
    known = _pages(status, after=page - 1, limit=1)
    image = _image(status, known, page)
    seconds = caller.services.settings.page_image_url_seconds
    key = page_image_key(status.document_id, known.generation or 0, page, size.value)
    return PageImageLink(
        document_id=status.document_id,
        page=page,
        url=caller.services.blobs.derived_url(key, seconds),
        expires_in_seconds=seconds,
        width=image.width,
        height=image.height,
    )


def _pages(status: DocumentStatus, *, after: int, limit: int) -> KnownPages:
    """Pages of a document that is known to be the caller's."""
    return connected(
        call.current(router).services.database,
        lambda database: page_records.pages(database, [status.owner], status.document_id, after=after, limit=limit),
    )


def _image(status: DocumentStatus, known: KnownPages, page: int) -> ImageSize:
    """The image of the one page that was asked for; raises HttpError that says why there is none."""
    if known.pages and known.pages[0].image:
        return known.pages[0].image
    raise HttpError(HTTPStatus.NOT_FOUND, "no_page_image", _why_no_image(status, known, page))


def _why_no_image(status: DocumentStatus, known: KnownPages, page: int) -> str:
    if known.generation is None and status.status in FINAL:
        return f"The document has no pages to show: {status.metadata.get('message', status.status.sentence)}"
    if known.generation is None:
        return "The document has not been processed yet; images come with its first version."
    if not known.pages:
        return f"There is no page {page}: the document has {known.total}."
    return _why_without(known.pages[0])


def _why_without(page: Page) -> str:
    if page.gap:
        return f"Page {page.page} has no image: {page.gap}"
    if page.route == "visual":
        return f"Page {page.page} could not be made into an image; the document's notices say why."
    return f"Page {page.page} is kept as text and has no image; only pages on the visual route have one."
