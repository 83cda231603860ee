"""`make demo`: sample documents in, live progress, three questions answered. Needs a running local stack.

``python -m cli.demo [USER]``
"""

import asyncio
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli import endpoints, files, session
from cli.client import Client
from cli.console import err, out
from cli.endpoints import Endpoints
from cli.errors import CliError
from cli.hits import print_hits
from cli.login import log_in_locally
from cli.query import Mode, build
from cli.session import Tokens
from cli.transfer import Outcome, Wishes
from cli.upload import report, run

USER = "demo@example.com"
SAMPLES = Path(__file__).parent.parent / "samples"
SAMPLE_SUFFIXES = {".pdf", ".pptx", ".docx", ".xlsx", ".html"}


@dataclass(frozen=True)
class Question:
    """A question to the samples and the file that answers it."""

    text: str
    file_name: str
    remark: str


QUESTIONS = (
    Question(
        "When is the linkspan at Mirrey taken out of use?",
        "crew-handbook.pdf",
        "one page of the handbook knows",
    ),
    Question(
        "How many millimetres of wear were measured in the stern tube?",
        "survey-letter-scan.pdf",
        "only the scanned letter knows, read by OCR",
    ),
    Question(
        "Why was the pier at Great Holm closed in June?",
        "season-2025.pptx",
        "a slide knows",
    ),
)


def main(user: str = USER) -> int:
    """Runs the demo as a user of the local stack.

    The exit code is 0 when every document was read and every question found its answer.
    """
    try:
        where = endpoints.load(None, None)
        out.rule("[bold]Amplify RAG: demo", align="left")
        session.save(where, log_in_locally(where, user))
        out.print(f"Logged in as [bold]{user}[/]\n")
        outcomes, unanswered = asyncio.run(_demo(where))
    except CliError as error:
        err.print(f"error: {error}", style="red", markup=False, soft_wrap=True)
        return error.exit_code
    _print_next(where, outcomes)
    failed = sum(outcome.failed for outcome in outcomes)
    if failed or unanswered:
        err.print(f"The demo failed: {failed} documents, {unanswered} questions without their answer.", style="red")
    return 1 if failed or unanswered else 0


async def _demo(where: Endpoints) -> tuple[list[Outcome], int]:
    """Uploads the samples and asks the questions; how the uploads ended and how many questions found no answer."""
    samples = sorted(path for path in SAMPLES.iterdir() if path.suffix in SAMPLE_SUFFIXES)
    async with Client(where, Tokens(where)) as client:
        outcomes = await run(client, files.collect(samples, None), Wishes())
        report(outcomes)
        unanswered = 0
        for question in QUESTIONS:
            answer = await client.query(build(question.text, 3, Mode.HYBRID))
            _print_answer(question, answer)
            unanswered += not any(hit["file_name"] == question.file_name for hit in answer["results"])
    return outcomes, unanswered


def _print_answer(question: Question, answer: dict[str, Any]) -> None:
    out.print()
    out.rule(f"[bold]{question.text}", align="left")
    out.print(f"({question.remark})\n", style="dim")
    print_hits(out, answer)


def _print_next(where: Endpoints, outcomes: Sequence[Outcome]) -> None:
    command = "amplify-rag" if shutil.which("amplify-rag") else ".venv/bin/amplify-rag"
    some_id = next((outcome.announced.document_id for outcome in outcomes if outcome.announced), "ID")
    addresses = {
        "HTTP API": where.api,
        "its description": f"{where.api}/v2/openapi.json",
        "WebSocket": where.websocket,
        "AWS emulator": where.aws,
    }
    out.print()
    out.rule("[bold]Try next", align="left")
    for name, address in addresses.items():
        out.print(f"{name:<16} {address}", markup=False, soft_wrap=True)
    out.print()
    for line in (
        'query "who keeps bees on board?"',
        "upload YOUR-FILES-OR-FOLDER",
        "documents",
        f"status {some_id} --history",
        "--help",
    ):
        out.print(f"  {command} {line}", style="cyan", markup=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
