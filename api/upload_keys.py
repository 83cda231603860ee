"""Where an upload goes: its owner's folder, under a file name that is safe to keep."""

from http import HTTPStatus

from api.problems import bad_request
from core import file_names, principals
from core.http import HttpError

MAX_KEY_BYTES = 900  #: S3 allows 1,024; the rest is left for what is derived from a key


def object_key(owner: str, file_name: str) -> str:
    """The key ``<owner's folder>/<file name>``, the name in NFC; raises HttpError unless that is a plain relative path.

    The folder is one segment, by which the key alone tells the owner again.
    """
    folder = principals.folder_of(owner)
    if not file_names.is_plain_segment(folder) or principals.owner_of(f"{folder}/", {}) != owner:
        raise HttpError(HTTPStatus.FORBIDDEN, "unusable_owner", "This user or group cannot name an upload folder.")
    key = f"{folder}/{file_names.plain(file_name)}"
    if len(key.encode()) > MAX_KEY_BYTES:
        message = f"fileName is too long: the whole key may have {MAX_KEY_BYTES} bytes."
        raise bad_request(file_names.INVALID, message)
    return key
