"""Errors, grouped by who is at fault, since that decides what happens next.

* RagError
  + DocumentError    the document: its owner is told, there is no retry
    + QuotaError     its owner's limits: the owner is told, and may try again when there is room
  + RateLimitError   the caller, who asks too often
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

    retryable = False  #: whether the same document may succeed later, when it is sent again

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class QuotaError(DocumentError):
    """The owner has used up a limit; the message says which, how much of it, and when there is room again."""

    retryable = True

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__("quota_exceeded", message)
        self.retry_after = retry_after  #: seconds until there may be room


class RateLimitError(RagError):
    """The caller asks more often than it may; the message says how often that is."""

    code = "rate_limited"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after  #: seconds until it may ask again


class TransientError(RagError):
    """Something outside is unavailable just now; the same work may succeed later."""


class SettingsError(RagError):
    """A setting is missing or malformed; the message names it."""
