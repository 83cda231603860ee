"""How long it takes until what a killed worker was at is done, from the notes of all workers. Pure."""

import itertools
from collections.abc import Mapping, Sequence
from statistics import quantiles
from typing import Any

HIDDEN_SECONDS = 2  #: what a lease of 1.5 s hides its message for: 4/3 of it, rounded up


def recoveries(notes: Sequence[Mapping[str, Any]]) -> list[tuple[float, float, float]]:
    """Of each kill: seconds until its message came again, of these hidden, and until it was done.

    Only kills after which the next worker got to the end.
    """
    by_message: dict[str, list[Mapping[str, Any]]] = {}
    for note in notes:
        if note["message"]:
            by_message.setdefault(note["message"], []).append(note)
    found = []
    for events in by_message.values():
        received = [number for number, note in enumerate(events) if note["event"] == "received"]
        for begin, again in itertools.pairwise(received):
            own = [note for note in events[begin:again] if note["worker"] == events[begin]["worker"]]
            after = [note for note in events[again:] if note["worker"] == events[again]["worker"]]
            done = [note for note in after if note["event"] == "done"]
            if any(note["event"] in {"done", "failed"} for note in own) or not done:
                continue
            hidden = max(note["at"] for note in own if note["event"] in {"received", "hidden"}) + HIDDEN_SECONDS
            ended = own[-1]["at"]  # the kill's own note, or the last sign of life
            found.append((events[again]["at"] - ended, max(0.0, hidden - ended), done[0]["at"] - ended))
    return found


def middle_and_high(values: Sequence[float]) -> list[str]:
    """p50 and p95."""
    if len(values) < 2:
        return ["-", "-"]
    cuts = quantiles(values, n=100, method="inclusive")
    return [f"{cuts[49]:.1f}", f"{cuts[94]:.1f}"]
