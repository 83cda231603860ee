"""Invented schedules over the real stores, for as long as you like: what happened, and whether all ended well.

    python -m benchmarks.schedules [--seconds 600] [--seed 1] [--shrink]

Hypothesis invents uploads, races, deliveries (twice, late, out of order), kills at any effect, failures, retries,
cancels, deletions and health checks; after each step, and in the end, everything that must hold is looked at. What
parsers make of a file is remembered. The first schedule that ends badly is printed and ends the run.
"""

import argparse
import logging
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from benchmarks import machine
from local.ports import free_port
from local.postgres import PostgresServer
from tests.databases import TEMPLATE, TestDatabase, TestServer
from tests.emulators import running
from tests.schedules.machine import Schedules
from tests.schedules.stage import FILES, Stage, settings_of, stage

STEPS = 25
EXAMPLES_A_ROUND = 10


def go_on(ready: Stage, seconds: float, first_seed: int, *, shrink: bool) -> tuple[int, float]:
    """How many schedules were run through, and the seconds that took."""
    started, rounds = time.monotonic(), 0
    while time.monotonic() - started < seconds:
        once = seed(first_seed + rounds)(Schedules.on(ready))
        chosen = settings(
            max_examples=EXAMPLES_A_ROUND,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=True,
            phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(once, settings=chosen)
        rounds += 1
    return rounds * EXAMPLES_A_ROUND, time.monotonic() - started


def report(ready: Stage, examples: int, seconds: float, about: str) -> None:
    tally = ready.tally
    rows = [[what, str(number)] for what, number in sorted(tally.actions.items())]
    sites = Counter(effect.rpartition(" ")[0] for effect in tally.effects.elements())
    notes = [
        f"{examples} schedules of up to {STEPS} steps in {seconds:.0f} s over {len(FILES)} contents: all ended well",
        f"{tally.deliveries} deliveries, {tally.duplicates} of them duplicates",
        f"{tally.kills} kills at {len(sites)} kinds of effects, {tally.failures} failures, {tally.interludes} "
        "interludes",
    ]
    machine.show("Schedules", about, ["processes run", "number"], rows, notes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--shrink", action="store_true", help="look for the shortest that ends badly")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    chosen, about = parser.parse_args(), machine.describe()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        server = PostgresServer(Path(folder, "postgres"), free_port(), durable=False)
        try:
            test_server = TestServer(server, server.start())
            test_server.make_template()
            database, names = TestDatabase(TEMPLATE, test_server), list(FILES)
            with (
                running(Path(folder, "emulator")) as emulator,
                closing(database.connect_as_superuser()) as superuser,
                stage(emulator, settings_of(emulator, database.settings), database.connect, superuser, names) as ready,
            ):
                report(ready, *go_on(ready, chosen.seconds, chosen.seed, shrink=chosen.shrink), about)
        finally:
            server.destroy()


if __name__ == "__main__":
    main()
