"""A full disk, told apart from a damaged file: it passes, on this machine or on another."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import TransientError

SPENT = frozenset({errno.ENOSPC, errno.EDQUOT})
FEWEST_BYTES = 262_144  #: with less, whatever was written last may be cut off
_COMPLAINTS = (b"No space left on device", b"Disk quota exceeded")
FULL = "the disk is full: No space left on device"  #: also read from a child's complaints


def is_full(error: BaseException) -> bool:
    """Whether an error says, or was caused by one that says, that there is no space left."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in SPENT:
            return True
        cause = cause.__cause__ or cause.__context__
    return False


@contextmanager
def full_disk() -> Iterator[None]:
    """Raise TransientError when there is no room for a file, and leave other errors as they are."""
    try:
        yield
    except OSError as error:
        if not is_full(error) and error.errno != errno.EFBIG:
            raise
        raise TransientError(FULL) from error


def require_space(folder: Path, complaints: bytes = b"") -> None:
    """Raise TransientError when a program that worked in this folder found the disk full, or left it so.

    ``complaints`` is what a program wrote that failed. Others do not notice, and leave files that are cut off.
    """
    if any(complaint in complaints for complaint in _COMPLAINTS) or shutil.disk_usage(folder).free < FEWEST_BYTES:
        raise TransientError(FULL)
