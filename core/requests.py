"""The HTTP request and answer of the entry, as models that also describe it in the API's OpenAPI document."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class ProcessMetadata(BaseModel):
    """What the caller knows of the file; the file's content decides."""

    model_config = ConfigDict(extra="ignore", strict=True)

    fileName: Annotated[str, Field(min_length=1, max_length=1024)] | None = None  # noqa: N815
    contentType: Annotated[str, Field(max_length=255)] | None = None  # noqa: N815
    size: int | None = None


class ProcessRequest(BaseModel):
    """Process an object that is already in an allowed bucket, under the caller's own prefix."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"bucket": "uploads", "key": "5b1e…/report.pdf", "force": False}]},
    )

    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    key: Annotated[str, Field(min_length=1, max_length=1024)]
    metadata: ProcessMetadata = ProcessMetadata()
    force: Annotated[bool, Field(description="Process again even when the content is unchanged")] = False
    route: Annotated[
        Literal["text", "visual"] | None,
        Field(description="Take every page as text, or as a picture; left out: each page as its content calls for"),
    ] = None


class ProcessResponse(BaseModel):
    """The document was accepted; its progress is pushed over the WebSocket."""

    statusId: str  # noqa: N815
    documentId: str  # noqa: N815
    status: str
    message: str
