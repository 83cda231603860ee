"""Errors, grouped by who is at fault, since that decides what happens next.

* RagError
  + DocumentError    the document: its owner is told, there is no retry
  + TransientError   the world: raised, so the queue delivers the job again
  + SettingsError    our settings: the function fails at start, naming the setting
"""


class RagError(Exception):
    """The work could not be done."""


class DocumentError(RagError):
    """The document cannot be processed as it is; only its owner can change that.

    ``code`` is a stable, documented word for programs; the message is a sentence for the owner and
    never holds text of the document.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class TransientError(RagError):
    """Something outside is unavailable just now; the same work may succeed later."""


class SettingsError(RagError):
    """A setting is missing or malformed; the message names it."""
