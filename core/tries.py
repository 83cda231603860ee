"""Tries: how often a message is worked on, and what its owner is told after the last one. Pure."""

from core.errors import TransientError
from core.settings import Settings

UNAVAILABLE = ("unavailable", "Something that processing needs did not answer, several times; it can be retried.")
GAVE_UP = ("gave_up", "Processing failed several times; it can be retried.")


def is_last(error: Exception, deliveries: int, tries: int, settings: Settings) -> bool:
    """Whether what ended so need not come again: an outage passes within its deliveries, other faults rarely do."""
    if isinstance(error, TransientError):
        return deliveries >= settings.max_receive_count
    return tries >= settings.max_tries


def explanation(error: Exception) -> tuple[str, str]:
    """The code and the sentence for an owner whose document was given up for this."""
    return UNAVAILABLE if isinstance(error, TransientError) else GAVE_UP
