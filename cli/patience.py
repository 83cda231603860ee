"""How long live states are waited for, and how long a lost connection rests before it is made again."""

import random
from dataclasses import dataclass

FIRST_BACKOFF_SECONDS = 0.25
MOST_DOUBLINGS = 10


@dataclass(frozen=True)
class Patience:
    """How long to wait for what, in seconds."""

    handshake: float = 10
    tick: float = 0.5  #: between two looks at what has been waited for too long
    ping: float = 30  #: API Gateway closes a socket after ten idle minutes
    silence: float = 75  #: a socket from which nothing comes, not even answers to pings, is dead
    first: float = 3  #: a document whose first state has not come is asked after over HTTP
    quiet: float = 10  #: so is an unfinished one without news
    gap: float = 3  #: a missing update is waited for, after it was asked for
    longest_backoff: float = 5  #: so long must a connection last to count as a good one
    give_up: float = 120  #: neither socket nor HTTP have answered

    def backoff(self, attempt: int) -> float:
        """The pause before a connection is tried again, longer each time, and not at the same moment by everybody."""
        longest = min(FIRST_BACKOFF_SECONDS * float(2 ** min(attempt, MOST_DOUBLINGS)), self.longest_backoff)
        return longest * random.uniform(0.5, 1)  # noqa: S311  jitter
