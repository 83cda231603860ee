"""File names: what a caller may call a document, and what is kept of a name that nobody could be asked about."""

import unicodedata
from http import HTTPStatus

from core import characters
from core.http import HttpError

INVALID = "invalid_file_name"
NOT_PLAIN = (
    "fileName must be a relative path without empty, '.' or '..' segments, control characters, "
    "invisible characters or ${filename}."
)
#: S3 puts the posted file's own name in its place, so that a form would not pin the key
PLACEHOLDER = "${filename}"
REPLACEMENT = "\ufffd"


def plain(name: str) -> str:
    """The name that a caller asks for, in NFC; raises HttpError (400) unless that is a plain relative path."""
    name = unicodedata.normalize("NFC", name)
    if PLACEHOLDER in name or not all(is_plain_segment(segment) for segment in name.split("/")):
        raise HttpError(HTTPStatus.BAD_REQUEST, INVALID, NOT_PLAIN)
    return name


def is_plain_segment(segment: str) -> bool:
    """Whether the text can stand between two slashes without meaning anything else."""
    return segment.strip() not in {"", ".", ".."} and not any(map(_is_refused, segment))


def cleaned(segment: str) -> str:
    """The name of an object that is there already, with U+FFFD for each character that no caller may ask for."""
    return "".join(REPLACEMENT if _is_refused(character) else character for character in segment)


def _is_refused(character: str) -> bool:
    return character in "/\\" or characters.acts(character)
