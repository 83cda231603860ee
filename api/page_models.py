"""What the routes about a document's pages answer."""

from typing import Annotated, Literal

from pydantic import Field

from api.models import DOCUMENT_ID, Shape

EXAMPLE_URL = "https://derived.s3.eu-west-1.amazonaws.com/8c1b…/3/pages/00007.webp?X-Amz-Signature=…"


class ImageSize(Shape):
    """Pixels of a page's large image."""

    width: int
    height: int


class Page(Shape):
    """One page of what searches see: the pipeline that its content chose, and what came of it."""

    page: Annotated[int, Field(description="From 1")]
    route: Annotated[
        Literal["text", "visual"] | None,
        Field(description="null: not known, as for what was processed before pages had routes"),
    ]
    reason: Annotated[str | None, Field(description="Why this route", examples=["prose: 2140 characters"])]
    text_length: Annotated[int, Field(description="Characters of its text; it can be found by them on either route")]
    source: Annotated[
        str, Field(description="Where its text came from; empty: it has none", examples=["text-layer", "ocr"])
    ]
    image: Annotated[ImageSize | None, Field(description="null: the page has no image")]
    gap: Annotated[str | None, Field(description="Why the page could not be read; null: it was")]


class PageList(Shape):
    """Some pages of a document, in their order."""

    document_id: Annotated[str, Field(examples=[DOCUMENT_ID])]
    generation: Annotated[
        int | None, Field(description="The version that searches see and that these are pages of; null: there is none")
    ]
    total_pages: int
    pages: list[Page]
    next_after: Annotated[int | None, Field(description="Pass it as `after` for more; null at the end")]


class PageImageLink(Shape):
    """Where a page's image can be fetched for a short while, without a token: the link is the permission."""

    document_id: Annotated[str, Field(examples=[DOCUMENT_ID])]
    page: int
    url: Annotated[str, Field(description="GET it as it is; the image is WebP", examples=[EXAMPLE_URL])]
    expires_in_seconds: int
    width: Annotated[int, Field(description="Pixels of the large image; the small one has the same shape")]
    height: int
