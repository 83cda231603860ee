"""The clock that leases and the health check go by, which a test can put forward."""

import time
from datetime import datetime, timedelta, tzinfo
from typing import Any

import pytest


class Clock:
    """Real time and what a test has added to it."""

    def __init__(self) -> None:
        self.ahead = 0.0  #: seconds

    def time(self) -> float:
        return time.time() + self.ahead

    def monotonic(self) -> float:
        return time.monotonic()

    def forward_to(self, moment: float) -> None:
        self.ahead += max(0.0, moment - self.time())

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Let leases and the health check go by this clock until the patch is undone."""
        for module in ("core.part_table", "core.dispatch", "core.lease", "operations.health"):
            patch.setattr(f"{module}.time", self)
        clock = self

        class Later(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Any:
                return datetime.now(tz) + timedelta(seconds=clock.ahead)

        patch.setattr("operations.health.datetime", Later)
