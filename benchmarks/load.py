"""Everything at once on the running local stack: uploads, questions and listeners, and whether anything gets lost.

    python -m benchmarks.load [--documents 300] [--a-minute 20] [--owners 10] [--askers 50] [--sockets 500]
                              [--watchers 0] [--seconds 1500]

(after `make up`.) Each owner's sockets subscribe to all of the owner's documents, and the askers begin to ask, before
the first upload; then the documents arrive at random moments, so many a minute (0: all at once). With ``--watchers``
each document is watched by so many of its owner's sockets, in turn, and the others do not hear of it. Checked in the
end: every document is in the final state that its file calls for; every socket has seen every change of every document
that it watches, from number 1 on, as the history has them; nobody has seen another owner's; nothing leaks. What the
servers hold (open files, records of sockets, connections to the database) is shown before, after, and once idle
functions have been put away, when it must be about what it was before; and in the last third of the time they may not
need more than 1.25 times the memory of the middle one. The documents are deleted at the end. Sends to this machine
only.

Latency of a push: from the time in the state, taken before it is written, to the arrival at the client.
"""

import argparse
import asyncio
import random
import sys
import time
import uuid
from collections import Counter
from urllib.parse import urlsplit

import httpx

from benchmarks import machine
from benchmarks.load_clients import ARRIVING_SECONDS, Asker, Listener, Owner
from benchmarks.load_documents import LoadDocument, documents
from benchmarks.load_leaks import grown, kept
from benchmarks.load_outcome import Load, check, report
from benchmarks.load_pace import arrivals, at, few_at_a_time, until_quiet
from benchmarks.processes import family_mb
from benchmarks.stack import FINAL, held, subject_of
from cli import endpoints, login
from cli.endpoints import Endpoints
from local.stack import LocalStack

#: of each option: the least, what is usual, the most
OPTIONS = {
    "documents": (1, 300, 2000),
    "a_minute": (0, 20, 600),
    "owners": (1, 10, 50),
    "askers": (1, 50, 200),
    "sockets": (1, 500, 1000),
    "watchers": (0, 0, 100),
    "seconds": (1, 1500, 3600),
}
IDLE_SECONDS = 150  #: until the emulator has put away functions that nobody calls
SAMPLING_SECONDS = 5


def prepare(stack: LocalStack, where: Endpoints, options: argparse.Namespace) -> Load:
    """Owners who are logged in, with their clients."""
    owners = []
    limits = httpx.Limits(max_connections=200)
    for _number in range(options.owners):
        token = login.log_in_locally(where, f"load-{uuid.uuid4().hex[:8]}@example.com").id_token
        owners.append(Owner(subject_of(token), token, httpx.AsyncClient(base_url=where.api, timeout=60, limits=limits)))
    listeners = [Listener(owners[number % len(owners)]) for number in range(options.sockets)]
    if options.watchers:
        for listener in listeners:
            listener.watched = {}
    askers = [
        Asker(owners[number % len(owners)], random.Random(number))  # noqa: S311  not a secret
        for number in range(options.askers)
    ]
    return Load(stack, where, owners, listeners, askers)


async def run(load: Load, options: argparse.Namespace) -> tuple[float, float]:
    """Seconds that the uploads took, and until every document was in a final state."""
    await few_at_a_time([listener.open(load.where.websocket) for listener in load.listeners])
    ended = asyncio.Event()
    listening = [asyncio.create_task(listener.listen(load.where.websocket)) for listener in load.listeners]
    others = [asyncio.create_task(asker.ask(ended)) for asker in load.askers]
    others.append(asyncio.create_task(_sample_memory(load, ended)))
    await asyncio.sleep(ARRIVING_SECONDS)  # functions that answer questions start on these processors too
    started = time.perf_counter()
    files = documents(options.documents, seed=options.seed)
    uploads = [_upload(load, number, file, options.watchers) for number, file in enumerate(files)]
    if options.a_minute:
        moments = arrivals(options.documents, options.a_minute, random.Random(options.seed))  # noqa: S311  not a secret
        await asyncio.gather(*(at(started + moment, upload) for moment, upload in zip(moments, uploads, strict=True)))
    else:
        await few_at_a_time(uploads)
    uploaded = time.perf_counter() - started
    await _until_final(load, started + options.seconds)
    finished = time.perf_counter() - started
    await until_quiet(lambda: sum(len(listener.latencies_ms) for listener in load.listeners))
    ended.set()
    await asyncio.gather(*others)
    for listener in load.listeners:
        await listener.close()
    await asyncio.gather(*listening)
    return uploaded, finished


async def _upload(load: Load, number: int, file: LoadDocument, watchers: int) -> None:
    """Upload a document of the owner whose turn it is, watched by the sockets whose turn it is."""
    owner, round_ = load.owners[number % len(load.owners)], number // len(load.owners)
    sockets = [each for each in load.listeners if each.owner is owner]
    watching = [sockets[(round_ * watchers + each) % len(sockets)] for each in range(min(watchers, len(sockets)))]
    await owner.upload(file, watching)


async def delete(load: Load) -> None:
    """Remove every document of the load."""
    for owner in load.owners:
        await few_at_a_time([owner.call("DELETE", f"/v2/documents/{one}") for one in owner.expected])
        await owner.http.aclose()


async def _until_final(load: Load, deadline: float) -> None:
    while True:
        open_documents = 0
        for owner in load.owners:
            states = await _states(owner)
            open_documents += sum(states.get(one) not in FINAL for one in owner.expected)
        if not open_documents:
            return
        if time.perf_counter() > deadline:
            load.failures.append(f"{open_documents} documents were not in a final state in time")
            return
        await asyncio.sleep(2)


async def _states(owner: Owner) -> dict[str, str]:
    found: dict[str, str] = {}
    cursor = ""
    while True:
        page = await owner.call("GET", f"/v2/documents?limit=200{cursor}")
        found |= {one["documentId"]: one["status"] for one in page["documents"]}
        if not page["nextCursor"]:
            return found
        cursor = f"&cursor={page['nextCursor']}"


async def _sample_memory(load: Load, until: asyncio.Event) -> None:
    servers = [load.stack.emulator.server.pid() or 0, load.stack.postgres.server.pid() or 0]
    while not until.is_set():
        load.memory_mb.append(sum([await asyncio.to_thread(family_mb, server) for server in servers]))
        await asyncio.sleep(SAMPLING_SECONDS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, (_least, usual, most) in OPTIONS.items():
        option, about = f"--{name.replace('_', '-')}", f"at most {most}; default {usual}"
        parser.add_argument(option, type=int, default=usual, help=about)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if any(not least <= getattr(options, name) <= most for name, (least, _usual, most) in OPTIONS.items()):
        parser.error("more than a machine of one's own should be asked for")
    stack = LocalStack()
    if stack.status().endpoints is None:
        raise SystemExit("the local stack does not run: make up")
    where = endpoints.load(stack.settings.endpoints_file, None)
    if {urlsplit(address).hostname for address in (where.api, where.websocket)} != {"127.0.0.1"}:
        raise SystemExit("a load is for this machine only")
    about, before = machine.describe(), held(stack)
    load = prepare(stack, where, options)

    async def whole() -> tuple[float, float, Counter[str]]:
        try:
            return (*await run(load, options), await check(load))
        finally:
            await delete(load)

    uploaded, finished, outcomes = asyncio.run(whole())
    after = held(stack)
    time.sleep(IDLE_SECONDS)
    idle = held(stack)
    load.failures += kept(before, idle) + grown(load.memory_mb)
    rows = report(load, options, uploaded, finished, outcomes)
    rows += [[name, f"{before[name]} before, {after[name]} after, {idle[name]} when idle"] for name in before]
    verdict = (
        "nothing lost, nothing leaked"
        if not load.failures
        else f"{len(load.failures)} FAILURES: " + "; ".join(load.failures[:10])
    )
    machine.show("Load", about, ["", "figure"], rows, [verdict])
    sys.exit(bool(load.failures))


if __name__ == "__main__":
    main()
