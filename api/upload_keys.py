"""Where an upload goes: its owner's folder, under a file name that is safe to keep."""

import unicodedata
from http import HTTPStatus

from api.problems import bad_request
from core import principals
from core.http import HttpError

MAX_KEY_BYTES = 900  #: S3 allows 1,024; the rest is left for what is derived from a key
INVALID = "invalid_file_name"
NOT_PLAIN = "fileName must be a relative path without empty, '.' or '..' segments, control characters or ${filename}."
REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})  #: control, lone surrogate, line and paragraph separator
#: S3 puts the posted file's own name in its place, so that a form would not pin the key
PLACEHOLDER = "${filename}"
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  #: make a name read as another


def object_key(owner: str, file_name: str) -> str:
    """The key ``<owner's folder>/<file name>``, the name in NFC; raises HttpError unless that is a plain relative path.

    The folder is one segment, by which the key alone tells the owner again.
    """
    folder = principals.folder_of(owner)
    if not is_plain_segment(folder) or principals.owner_of(f"{folder}/", {}) != owner:
        raise HttpError(HTTPStatus.FORBIDDEN, "unusable_owner", "This user or group cannot name an upload folder.")
    name = unicodedata.normalize("NFC", file_name)
    if PLACEHOLDER in name or not all(is_plain_segment(segment) for segment in name.split("/")):
        raise bad_request(INVALID, NOT_PLAIN)
    key = f"{folder}/{name}"
    if len(key.encode()) > MAX_KEY_BYTES:
        raise bad_request(INVALID, f"fileName is too long: the whole key may have {MAX_KEY_BYTES} bytes.")
    return key


def is_plain_segment(segment: str) -> bool:
    """Whether the text can stand between two slashes of a key without meaning anything else."""
    return segment.strip() not in {"", ".", ".."} and not any(map(_is_refused, segment))


def _is_refused(character: str) -> bool:
    return character in "/\\" or character in BIDI_CONTROLS or unicodedata.category(character) in REFUSED_CATEGORIES
