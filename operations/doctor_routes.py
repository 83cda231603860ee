"""Doctor over HTTP: a slice of a check of all stores; for operators alone."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import ConfigDict, Field

from api.models import DOCUMENT_ID, Shape
from api.problems import bad_request
from core import aws
from operations import call

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

LONGEST_CURSOR = 8192


class DoctorRequest(Shape):
    """Which slice of a check, and whether what it finds is mended."""

    model_config = ConfigDict(
        extra="forbid", strict=True, validate_by_name=False, json_schema_extra={"examples": [{"repair": False}]}
    )

    repair: Annotated[bool, Field(description="Mend what is safe to mend; without: only look")] = False
    cursor: Annotated[str, Field(max_length=LONGEST_CURSOR, description="`cursor` of the slice before")] | None = None


class DoctorFinding(Shape):
    """A contradiction between stores."""

    code: Annotated[str, Field(examples=["rows_without_document"])]
    store: Annotated[str, Field(examples=["postgres"])]
    document_id: Annotated[str | None, Field(examples=[DOCUMENT_ID])]
    found: str
    repair: Annotated[str | None, Field(description="What a repair does; null: this is for people to decide")]
    repaired: Annotated[bool, Field(description="Whether it was done now; the next check shows what came of it")]


class DoctorReport(Shape):
    """What a slice of a check found."""

    findings: list[DoctorFinding]
    cursor: Annotated[str | None, Field(description="Pass it for the next slice; null: the check is through")]
    examined: Annotated[int, Field(description="Documents, objects and records that were looked at")]


@router.post(
    "/v2/operations/doctor", tags=["doctor"], summary="Check the stores against each other", operation_id="checkStores"
)
def check_stores(request: DoctorRequest) -> DoctorReport:
    """One slice of a check: what contradicts between the stores, and with `repair` what was done about it."""
    caller = call.current(router)
    with caller.audited("check stores", repair=request.repair) as outcome:
        report = _check(request, caller.services.settings.doctor_function)
        outcome.update(findings=len(report["findings"]), examined=report["examined"])
    return DoctorReport.model_validate(report)


def _check(request: DoctorRequest, function: str) -> dict[str, Any]:
    """The report, made by the function that may see and mend everything, or where there is none by this process."""
    event = {"repair": request.repair, "cursor": request.cursor}
    report: dict[str, Any] = aws.invoke_json(function, event) if function else _here(event)
    if report.get("error") == "invalid_cursor":
        raise bad_request("invalid_cursor", "cursor: take it from the slice before.")
    return report


def _here(event: dict[str, Any]) -> dict[str, Any]:
    from operations.doctor_handler import doctor  # noqa: PLC0415  the function for routes starts without what it needs

    return doctor(event, None)
