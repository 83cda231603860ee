"""A share of one processor for a program, by a control group of Linux (version 1 or 2)."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PERIOD_MICROSECONDS = 20_000
FEWEST_MICROSECONDS = 1_000  #: the least quota that the kernel takes


@contextmanager
def processor_share(share: float) -> Iterator[Path | None]:
    """A group that may use this share of one processor; None where this user or machine cannot make one.

    A process joins it, with all that it starts from then on, by writing its id into the file.
    """
    quota = max(FEWEST_MICROSECONDS, round(share * PERIOD_MICROSECONDS))
    group = _make(quota)
    try:
        yield group / "cgroup.procs" if group else None
    finally:
        if group:
            group.rmdir()


def _make(quota: int) -> Path | None:
    name = f"amplify-rag-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    for root, limits in (
        (Path("/sys/fs/cgroup"), {"cpu.max": f"{quota} {PERIOD_MICROSECONDS}"}),
        (Path("/sys/fs/cgroup/cpu"), {"cpu.cfs_period_us": str(PERIOD_MICROSECONDS), "cpu.cfs_quota_us": str(quota)}),
    ):
        group = root / name
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            for file, value in limits.items():
                with (group / file).open("r+") as limit:  # one that is not there is not made
                    limit.write(value)
        except OSError:
            group.rmdir()
            continue
        return group
    return None
