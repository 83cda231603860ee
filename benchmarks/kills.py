"""Workers killed at every effect they have on a store, and at random moments: is the result that of a clean run?

    python -m benchmarks.kills [--places 160] [--random 60]

Real worker processes take the jobs of several documents from the emulator's queues. They are killed (SIGKILL) (a) right
before and right after each call to S3, DynamoDB, SQS and each statement and commit of PostgreSQL, each place once, and
(b) at random moments. Dead workers are replaced, their messages come again, and in the end every document's chunks,
vectors, postings, pages, page images and text must be those of a run without kills, and no store may hold more.
"""

import argparse
import random
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.kill_herd import CHOSEN, LEASE_SECONDS, Herd, Place
from benchmarks.kill_times import HIDDEN_SECONDS, recoveries
from benchmarks.kill_times import middle_and_high as both
from core.queues import Queues
from core.routing import sample
from core.status import FINAL, DocumentStatus
from core.status_store import StatusStore
from local.ports import free_port
from local.postgres import PostgresServer
from tests.databases import TEMPLATE, TestDatabase, TestServer
from tests.emulators import DERIVED, UPLOADS, running
from tests.schedules import contents, files

LONG = 27  #: pages; the entry looks at 24 of them
UNSAMPLED = next(page for page in range(1, LONG + 1) if page not in sample(LONG, 24))


def documents() -> dict[str, tuple[bytes, Mapping[str, str]]]:
    """Files of every way that a document can take, by name, with their metadata."""
    return {
        "text.pdf": (files.pdf([f"ship {number}" for number in range(20)]), {}),
        "scan.pdf": (files.pdf([], ["winch"]), {}),
        "slides.pptx": (files.deck(["mast", "sail", "keel"]), {}),
        "mixed.pdf": (files.long_pdf(LONG, [UNSAMPLED]), {}),
        "letter.docx": (files.letter(["harbour", "ferry"]), {}),
        "pictures.pdf": (files.pdf(["pump", "valve"]), {"rag_route": "visual"}),
    }


@dataclass
class Outcome:
    """What a run came to."""

    contents: dict[str, dict[str, Any]]  #: by name of the file
    seconds: float
    kills: int = 0
    notes: list[dict[str, Any]] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)


def run(
    place: Place,
    wanted: Mapping[str, tuple[bytes, Mapping[str, str]]],
    *,
    places: int,
    at_random: int,
    roles: Sequence[str],
    patience: float,
) -> Outcome:
    """Upload the files, let workers do them, kill these; what came of it.

    Raises AssertionError when the documents are not done within ``patience`` seconds.
    """
    owner, started = uuid.uuid4().hex, time.monotonic()
    client = place.emulator.emulator.client
    settings = place.database.settings(**place.emulator.settings, **CHOSEN)
    statuses = StatusStore(client("dynamodb"), settings)
    with tempfile.TemporaryDirectory() as folder:
        herd = Herd(place, Path(folder), places, roles)
        try:
            for name, (data, metadata) in wanted.items():
                client("s3").put_object(Bucket=UPLOADS, Key=f"{owner}/{name}", Body=data, Metadata=dict(metadata))
                Queues(client("sqs"), settings).take_in_again(UPLOADS, f"{owner}/{name}", 0)
            killed = 0
            while not _all_done(place, statuses, [f"{UPLOADS}#{owner}/{name}" for name in wanted]):
                assert time.monotonic() - started < patience, _where(statuses, owner, wanted, folder)
                time.sleep(random.uniform(0.2, 1.0))  # noqa: S311
                herd.look_after()
                if killed < at_random and _count(folder) >= places:
                    killed += herd.kill_one_at_work()
            notes = herd.notes()
        finally:
            herd.end()
        kills = _count(folder) + killed
    found = {name: _content(place, statuses, f"{UPLOADS}#{owner}/{name}") for name in wanted}
    with closing(place.database.connect_as_superuser()) as superuser:
        left_over = [f"{what}: {count}" for what, count in contents.strays(superuser).items()]
        unfinished = [each for each in contents.stored_versions(superuser) if each.state != "current"]
    left_over += [f"version {each.generation} of {each.document_id}" for each in unfinished]
    return Outcome(found, time.monotonic() - started, kills, notes, left_over)


def _count(folder: str) -> int:
    """At how many places workers were killed."""
    return len(list(Path(folder, "places").iterdir()))


def _all_done(place: Place, statuses: StatusStore, names: Sequence[str]) -> bool:
    """Whether all documents have their final state, and no message waits any more."""
    states = [statuses.get(name) for name in names]
    if not all(state and state.status in FINAL for state in states):
        return False
    sqs = place.emulator.emulator.client("sqs")
    kinds = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    counts = [
        int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[kind])["Attributes"][kind])
        for url in (place.emulator.queue_url, place.emulator.vdr_queue_url, place.emulator.uploads_queue_url)
        for kind in kinds
    ]
    return not any(counts)


def _where(statuses: StatusStore, owner: str, names: Mapping[str, object], folder: str) -> str:
    states = {name: statuses.get(f"{UPLOADS}#{owner}/{name}") for name in names}
    told = {name: f"{state.status} {state.progress}" if state else "unknown" for name, state in states.items()}
    return f"not done: {told}; {Path(folder, 'workers.log').read_text()[-2000:]}"


def _content(place: Place, statuses: StatusStore, status_id: str) -> dict[str, Any]:
    """All that is stored of a document, without ids and times."""
    status = statuses.get(status_id)
    assert status is not None
    with closing(place.database.connect_as_superuser()) as superuser:
        versions = [each for each in contents.stored_versions(superuser) if each.document_id == status.document_id]
        rows = contents.content_of(superuser, versions[0].key) if versions else {}
    client = place.emulator.emulator.client("s3")
    objects = contents.objects_of(client, DERIVED, f"{status.document_id}/")
    return {**rows, "objects": objects, "status": _told(status), "versions": len(versions)}


def _told(status: DocumentStatus) -> dict[str, Any]:
    told = {name: value for name, value in status.metadata.items() if name not in {"durationMs", "fileName"}}
    return {**told, "status": str(status.status)}


def differences(clean: Outcome, killed: Outcome) -> list[str]:
    """What of which file is not as in the clean run; empty when all is."""
    return [
        f"{name}: {what}"
        for name in clean.contents
        for what in contents.differences(killed.contents[name], clean.contents[name])
    ]


@contextmanager
def throwaway_place() -> Iterator[Place]:
    """Stores of its own, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        server = PostgresServer(Path(folder, "postgres"), free_port(), durable=False)
        try:
            test_server = TestServer(server, server.start())
            test_server.make_template()
            with running(Path(folder, "emulator")) as emulator:
                yield Place(emulator, TestDatabase(TEMPLATE, test_server))
        finally:
            server.destroy()


def show(clean: Outcome, killed: Outcome, about: str) -> None:
    times = recoveries(killed.notes)
    rows = [
        ["until the message came again", *both([again for again, _hidden, _done in times])],
        [
            "of these, hidden because of the lease",
            *both([hidden for _again, hidden, _done in times]),
        ],
        ["until the part was done", *both([done for _again, _hidden, done in times])],
        [
            "the same without what was hidden",
            *both([done - hidden for _again, hidden, done in times]),
        ],
    ]
    sites = Counter(note["role"] for note in killed.notes if note["event"] == "killed")
    again = sum(note["event"] == "received" and note["times"] > 1 for note in killed.notes)
    different = differences(clean, killed)
    notes = [
        f"{killed.kills} kills ({sum(sites.values())} at places: {dict(sites)}), {again} redeliveries",
        f"{len(clean.contents)} documents, {killed.seconds:.0f} s (without kills {clean.seconds:.0f} s)",
        f"different from the clean run: {different or 'nothing'}; left over: {killed.left_over or 'nothing'}",
        f"lease {LEASE_SECONDS} s, so a message is hidden for up to {HIDDEN_SECONDS} s; {len(times)} recoveries seen",
    ]
    machine.show("Seconds after a kill", about, ["", "p50", "p95"], rows, notes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--places", type=int, default=160, help="most kills at effects")
    parser.add_argument("--random", type=int, default=60, help="kills at random moments")
    chosen, about = parser.parse_args(), machine.describe()
    roles = ["uploads", "text", "text", "visual", "visual"]
    wanted = documents()
    with throwaway_place() as place:
        clean = run(place, wanted, places=0, at_random=0, roles=roles, patience=900)
        killed = run(place, wanted, places=chosen.places, at_random=chosen.random, roles=roles, patience=3600)
    show(clean, killed, about)
    if differences(clean, killed) or killed.left_over:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
