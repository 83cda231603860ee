"""Where an upload goes: the caller's own folder, under a file name that is safe to keep."""

import unicodedata
from http import HTTPStatus

from api.problems import bad_request
from core.http import HttpError

MAX_KEY_BYTES = 900  #: S3 allows 1,024; the rest is left for what is derived from a key
INVALID = "invalid_file_name"
NOT_PLAIN = "fileName must be a relative path without empty, '.' or '..' segments or control characters."
REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})  #: control, lone surrogate, line and paragraph separator
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  #: make a name read as another


def object_key(subject: str, file_name: str) -> str:
    """The key ``<subject>/<file name>``, the name in NFC; raises HttpError unless that is a plain relative path.

    The subject is one segment: whoever it names owns what lies under it.
    """
    if not is_plain_segment(subject):
        raise HttpError(HTTPStatus.FORBIDDEN, "unusable_subject", "The token's subject cannot name an upload folder.")
    name = unicodedata.normalize("NFC", file_name)
    if not all(is_plain_segment(segment) for segment in name.split("/")):
        raise bad_request(
            INVALID, "fileName must be a relative path without empty, '.' or '..' segments or control characters."
        )
    key = f"{subject}/{name}"
    if len(key.encode()) > MAX_KEY_BYTES:
        raise bad_request(INVALID, f"fileName is too long: the whole key may have {MAX_KEY_BYTES} bytes.")
    return key


def is_plain_segment(segment: str) -> bool:
    """Whether the text can stand between two slashes of a key without meaning anything else."""
    return segment.strip() not in {"", ".", ".."} and not any(map(_is_refused, segment))


def _is_refused(character: str) -> bool:
    return character in "/\\" or character in BIDI_CONTROLS or unicodedata.category(character) in REFUSED_CATEGORIES
