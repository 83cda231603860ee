"""What was seen of a load, and whether anything got lost."""

import argparse
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from benchmarks.load_clients import Asker, Listener, Owner
from cli.endpoints import Endpoints
from local.stack import LocalStack


@dataclass
class Load:
    """What runs, and what was seen of it."""

    stack: LocalStack
    where: Endpoints
    owners: list[Owner]
    listeners: list[Listener]
    askers: list[Asker]
    memory_mb: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


async def check(load: Load) -> Counter[str]:
    """How many documents ended in which state; what is wrong is added to the failures."""
    outcomes: Counter[str] = Counter()
    for owner in load.owners:
        listeners = [listener for listener in load.listeners if listener.owner is owner]
        for document_id, readable in owner.expected.items():
            events = await owner.events(document_id)
            state = events[-1]["status"]
            outcomes[state] += 1
            if (state in {"completed", "completed_with_gaps"}) != readable:
                load.failures.append(f"{document_id} ended {state}")
            numbers = {event["sequence"] for event in events}
            if numbers != set(range(1, len(events) + 1)):
                load.failures.append(f"the history of {document_id} has holes")
            missed = [len(numbers - each.seen[document_id]) for each in listeners if each.hears_of(document_id)]
            if any(missed):
                load.failures.append(
                    f"{sum(missed)} updates of {document_id} missing at {sum(map(bool, missed))} sockets"
                )
        for listener in listeners:
            foreign = set(listener.seen) - {one for one in owner.expected if listener.hears_of(one)}
            if foreign:
                load.failures.append(f"a socket saw {len(foreign)} documents that it does not watch, or of others")
    return outcomes


def report(
    load: Load, options: argparse.Namespace, uploaded: float, finished: float, outcomes: Counter[str]
) -> list[list[str]]:
    """The figures of the run, a row each."""
    pushes = np.array([each for listener in load.listeners for each in listener.latencies_ms] or [0.0])  # (pushes,) ms
    queries = np.array([each for asker in load.askers for each in asker.latencies_ms] or [0.0])  # (queries,) ms
    answers = sum((asker.answers for asker in load.askers), Counter())
    turned_away = sum((owner.turned_away for owner in load.owners), Counter())
    thirds = np.array_split(np.array(load.memory_mb or [0.0]), 3)  # each (samples / 3,) MB
    changes = len(
        {(one, number) for each in load.listeners for one, numbers in each.seen.items() for number in numbers}
    )
    return [
        ["documents", f"{options.documents} by {options.owners} owners"],
        ["ended", ", ".join(f"{count} {state}" for state, count in outcomes.most_common())],
        ["uploading took", f"{uploaded:.0f} s"],
        ["all in a final state after", f"{finished:.0f} s: {60 * options.documents / finished:.0f} documents a minute"],
        ["queries", f"{len(queries)}: " + ", ".join(f"{count} × {status}" for status, count in answers.items())],
        ["query p50 / p95", f"{np.percentile(queries, 50):.0f} / {np.percentile(queries, 95):.0f} ms"],
        ["requests turned away", ", ".join(f"{count} × {status}" for status, count in turned_away.items()) or "none"],
        ["changes of state, pushes", f"{changes}, {len(pushes)}"],
        ["push p50 / p95 / p99", " / ".join(f"{np.percentile(pushes, share):.0f}" for share in (50, 95, 99)) + " ms"],
        ["pushes repeated", str(sum(each.repeated for each in load.listeners))],
        [
            "connections ended by the service",
            f"{sum(each.losses for each in load.listeners)}; {sum(each.caught_up for each in load.listeners)}"
            " changes asked for after that",
        ],
        [
            "memory of all servers",
            ", ".join(f"{np.median(third):.0f}" for third in thirds if third.size) + " MB in the thirds of the time",
        ],
    ]
