"""What announcing an upload takes and answers."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from api.models import DOCUMENT_ID, STATUS_ID, Shape
from core.contents import SHA256

MEDIA_TYPE = "^[a-zA-Z0-9._+-]+/[a-zA-Z0-9._+-]+(;[ -~]+)?$"  #: ``type/subtype``, with its parameters


class UploadRequest(Shape):
    """Announce a file; the answer says where to post its bytes."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        validate_by_name=False,
        json_schema_extra={
            "examples": [{"fileName": "reports/2026.pdf", "contentType": "application/pdf", "size": 48213}]
        },
    )

    file_name: Annotated[
        str, Field(min_length=1, max_length=1024, description="Relative path; the document is known by it")
    ]
    content_type: (
        Annotated[str, Field(pattern=MEDIA_TYPE, max_length=255, description="Left out: guessed from the name")] | None
    ) = None
    size: Annotated[int, Field(ge=1, description="Bytes; the post may have at most as many")]
    route: (
        Annotated[
            Literal["text", "visual"],
            Field(description="Send all pages down this route; left out: each page's content decides"),
        ]
        | None
    ) = None
    owner: (
        Annotated[
            str,
            Field(
                min_length=1,
                max_length=256,
                description="A group of the caller's, `group:<name>`, whose members share the document; left out: the "
                "caller alone",
            ),
        ]
        | None
    ) = None
    sha256: (
        Annotated[
            str,
            Field(
                pattern=SHA256,
                description="Of the file's bytes, 64 hexadecimal digits: the store then refuses other bytes",
                examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
            ),
        ]
        | None
    ) = None


class PresignedPost(Shape):
    """A form to post, as `multipart/form-data`: the fields in this order, then the file as field `file`."""

    url: str
    fields: dict[str, str]


class UploadResponse(Shape):
    """Where to post the file, and the ids to subscribe to at once."""

    status_id: Annotated[str, Field(examples=[STATUS_ID])]
    document_id: Annotated[str, Field(examples=[DOCUMENT_ID])]
    bucket: str
    key: str
    upload: PresignedPost
    expires_in_seconds: int
    max_bytes: Annotated[int, Field(description="The largest file that the post accepts")]
