"""What 1,000 pages cost on AWS: text and pictures from measured calls, beside the seeds' hopes and Bedrock's prices.

    RAG_EVAL_DATA=… python -m benchmarks.cost [--text pages/pdf/developers-reference.pdf]
        [--pictures pages/pdf/keeping-it-small-slm.pdf] [--page-model "no split fp32=3.40,split fp32=50.93"]

The entry and the workers run in this process, one call at a time, over a throw-away PostgreSQL and an emulator whose
answers say what each request takes. Assumed: one vCPU of Lambda, which a function has at 1,769 MB, is worth a core of
this machine, and no call is quicker there than here (benchmarks/cost_estimate.py). Prices: core/cost/prices.py.
Pictures are found by text-proxy; what a page model adds is given by --page-model, in processor seconds a page as
benchmarks.page_model prints them. Starts of functions, pushing to sockets and searches are not in it.
"""

import argparse
import io
from contextlib import redirect_stdout
from decimal import Decimal
from pathlib import Path

from benchmarks import cost_measured, machine
from benchmarks.cost_estimate import SEED_HOPES, Estimate, estimate, fixed_costs, knowledge_base, with_page_model
from benchmarks.cost_measured import Measured
from core.cost import prices

VISUAL_MB = 10240
COLUMNS = ["1,000 pages of", "GB-seconds", "functions $", "requests $", "together $", "kept, $ a month"]


def row(name: str, found: Estimate) -> list[str]:
    amounts = (found.functions, found.requests, found.together, found.kept_a_month)
    return [name, f"{found.gb_seconds:,.0f}", *(f"{amount:.4f}" for amount in amounts)]


def compared(measured: dict[str, Measured], models: dict[str, float]) -> list[list[str]]:
    """The rows of the first table."""
    rows = []
    for route, one in measured.items():
        found = estimate(one.calls, one.pages)
        rows.append(row(f"{route}: {one.name}, {one.pages} pages", found))
        if route == "visual":
            rows += [
                row(f"  with a page model, {name}", with_page_model(found, each, VISUAL_MB))
                for name, each in models.items()
            ]
        rows.append([f"  the seeds hope for ({route})", "", f"{SEED_HOPES[route]:.4f}", "", "", ""])
        for how, amount in knowledge_base(one.tokens, one.pages).items():
            rows.append([f"  Bedrock Knowledge Bases, {how}", "", "", "", f"{amount:.4f}", ""])
    return rows


def calls_of(measured: dict[str, Measured]) -> list[list[str]]:
    """How long calls took, by function."""
    rows = []
    for route, one in measured.items():
        for function in dict.fromkeys(call.function for call in one.calls):
            calls = [call for call in one.calls if call.function == function]
            sums = [
                sum(getattr(call, name) for call in calls)
                for name in ("seconds", "processor_seconds", "seconds_on_lambda")
            ]
            rows.append([f"{route}: {function}", str(len(calls)), *(f"{each:.1f}" for each in sums)])
    return rows


def _models(text: str) -> dict[str, float]:
    return {
        name.strip(): float(seconds) for name, _, seconds in (each.partition("=") for each in text.split(",") if each)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", default="pages/pdf/developers-reference.pdf")
    parser.add_argument("--pictures", default="pages/pdf/keeping-it-small-slm.pdf")
    parser.add_argument("--page-model", default="")
    chosen, about, data = parser.parse_args(), machine.describe(), machine.evaluation_data()
    with redirect_stdout(io.StringIO()), cost_measured.bench() as bench:  # log lines cost money: they are written
        files: dict[str, Path] = {"text": data / chosen.text, "visual": data / chosen.pictures}
        measured = {route: cost_measured.ingest(bench, path) for route, path in files.items()}
    columns = ["calls", "number", "seconds here", "processor seconds", "seconds on Lambda"]
    machine.show("Calls", about, columns, calls_of(measured))
    note = f"List prices of {prices.REGION} as known on {prices.AS_OF}; an ARM function costs 0.8 of its part."
    machine.show("What is spent", about, COLUMNS, compared(measured, _models(chosen.page_model)), [note])
    fixed = [[name, f"{amount.quantize(Decimal('0.01'))}"] for name, amount in fixed_costs()]
    machine.show("What is paid every month anyway", about, ["", "$ a month"], fixed)


if __name__ == "__main__":
    main()
