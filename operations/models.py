"""What operators' routes take and answer; their description is generated from these models."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from api.models import DOCUMENT_ID, MOMENT, STATUS_ID, Shape
from core.status import Status
from operations.letters import QueueName

LETTER_ID = "0b8f1c1e-5d3e-4e3f-9a53-8f6f6e0a7c11"
MOST_IDS = 1000


class DeadLetter(Shape):
    """A message that came to rest after its last delivery, and what has become of its document."""

    id: Annotated[str, Field(examples=[LETTER_ID])]
    queue: QueueName
    kind: Annotated[
        Literal["job", "upload", "unknown"],
        Field(description="A part to process, a file to take in, or nothing that is known"),
    ]
    sent_at: Annotated[
        str,
        Field(
            description="When it came to rest; when it was first sent, if the queue itself gave it up",
            examples=[MOMENT],
        ),
    ]
    receive_count: Annotated[int, Field(description="How often it was received; each look at it counts")]
    bytes: Annotated[int, Field(description="Its length; what an unknown message holds is not shown")]
    status_id: Annotated[str | None, Field(examples=[STATUS_ID])]
    document_id: Annotated[str | None, Field(examples=[DOCUMENT_ID])]
    generation: Annotated[int | None, Field(description="The version that a job belongs to")]
    part: int | None
    pages: Annotated[tuple[int, int] | None, Field(description="First and last page of the part", examples=[[51, 100]])]
    status: Annotated[Status | None, Field(description="The document's present state; null: there is none")]
    code: Annotated[str | None, Field(description="The error code that the document shows at present")]


class DeadLetterList(Shape):
    """The dead letters that were asked for, the latest first."""

    dead_letters: list[DeadLetter]
    total: Annotated[int, Field(description="How many fit, also those beyond the limit")]
    complete: Annotated[
        bool, Field(description="False: there may be more, beyond what one look takes or held by another look just now")
    ]


class DeadLetterSelection(Shape):
    """Which dead letters are meant: exactly one of `ids`, `documentId`, `code` and `all`; `queue` narrows it down."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        validate_by_name=False,
        json_schema_extra={"examples": [{"ids": [LETTER_ID]}, {"code": "unavailable"}, {"all": True}]},
    )

    ids: Annotated[list[str], Field(min_length=1, max_length=MOST_IDS)] | None = None
    document_id: Annotated[str, Field(min_length=1, description="documentId or statusId")] | None = None
    code: Annotated[str, Field(min_length=1, description="The error code that the documents show now")] | None = None
    all: Literal[True] | None = None
    queue: Annotated[QueueName, Field(strict=False)] | None = None

    @model_validator(mode="after")
    def is_one_choice(self) -> Self:
        """Nothing is meant by accident."""
        if sum(choice is not None for choice in (self.ids, self.document_id, self.code, self.all)) != 1:
            raise ValueError("give exactly one of ids, documentId, code and all")
        return self


class Replayed(Shape):
    """What became of the dead letters that were to be sent again."""

    replayed: Annotated[int, Field(description="Sent again, and no dead letters any more")]
    not_wanted: Annotated[
        int, Field(description="Removed: their documents were deleted, superseded, cancelled or finished meanwhile")
    ]
    not_replayable: Annotated[int, Field(description="Kept: they ask for nothing that is known")]
    not_found: Annotated[int, Field(description="Ids that no dead letter had")]
    left: Annotated[int, Field(description="Kept: there was no time for them; ask again")]
    complete: Annotated[bool, Field(description="False: there may be more; ask again")]


class Discarded(Shape):
    """What became of the dead letters that were to be discarded."""

    discarded: Annotated[int, Field(description="Removed for good; their documents stay as they are")]
    not_found: Annotated[int, Field(description="Ids that no dead letter had")]
    left: Annotated[int, Field(description="Kept: there was no time for them; ask again")]
    complete: Annotated[bool, Field(description="False: there may be more; ask again")]
