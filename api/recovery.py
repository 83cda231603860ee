"""Recovery: a document that failed is tried again when its owner wants that."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api import call
from api.identity import DocumentId
from api.models import StatusMessage
from core import logs, recovery
from core.http import HttpError
from core.recovery import NotRetryableError

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.post(
    "/v2/documents/<documentId>/retry",
    status_code=HTTPStatus.ACCEPTED,
    tags=["documents"],
    summary="Try a document again",
    operation_id="retryDocument",
)
def retry_document(document_id: DocumentId) -> StatusMessage:
    """Try a document again that has failed, was cancelled or has gaps.

    What failed in passing goes on where it stood: pages that are done are not done again, and the state is `queued`
    at once. Anything else is taken in anew from its file: the state changes when that begins, as a new generation.
    """
    caller = call.current(router)
    status = caller.document(document_id)
    try:
        tried = recovery.retry(status, caller.services)
    except NotRetryableError as error:
        code = "already_running" if status.is_running else "not_retryable"
        raise HttpError(HTTPStatus.CONFLICT, code, str(error)) from error
    logs.info("Document tried again", statusId=status.status_id, documentId=status.document_id, status=tried.status)
    return StatusMessage(**tried.body())
