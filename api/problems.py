"""Problems: the errors that several routes answer with, so that they read the same everywhere."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from core.http import HttpError

MOST_NAMED_FIELDS = 5  #: a request may be wrong in more ways than are worth telling
LONGEST_NAME = 64


def document_not_found() -> HttpError:
    """No such document for this caller; another owner's document is answered in the same words."""
    return HttpError(HTTPStatus.NOT_FOUND, "document_not_found", "There is no such document.")


def bad_request(code: str, message: str) -> HttpError:
    """The request itself is wrong."""
    return HttpError(HTTPStatus.BAD_REQUEST, code, message)


def too_large(max_bytes: int) -> HttpError:
    """The file that is announced would not be accepted."""
    return HttpError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", f"A file may have at most {max_bytes} bytes.")


def unavailable() -> HttpError:
    """Something outside does not answer just now."""
    return HttpError(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "The service is busy; please try again shortly.")


def invalid_fields(errors: Sequence[Mapping[str, Any]]) -> HttpError:
    """What pydantic found wrong with a request, by field.

    Its messages tell what was expected; the values that were sent are never repeated.
    """
    lines = [f"{_field(error['loc'])}: {error['msg']}" for error in errors[:MOST_NAMED_FIELDS]]
    return bad_request("invalid_request", "; ".join(lines))


def _field(location: Sequence[str | int]) -> str:
    """``("body", "fileName")`` is ``fileName``; the body as a whole is ``body``."""
    names = [str(name)[:LONGEST_NAME] for name in location]
    return ".".join(names[1:] if len(names) > 1 else names)
