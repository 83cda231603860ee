"""What a cold start of each function costs: the runtime client and the handler's module, from the packages.

    python -m benchmarks.cold_start [--runs 5] [--function async_document_processor …]

Packages stage dev with layers for the Python that runs this, unpacks them as Lambda does, and starts each function in
fresh processes under the real runtime client, until it asks for its first invocation: what Lambda reports as "Init
Duration". A function gets the share of a processor that its memory buys, 1,769 MB being one whole ("Configure Lambda
function memory" in its guide), by a control group with a quota; where none can be made, its time at full speed is
divided by its share, and the table says so. AWS may give more while a function starts; that is not counted on. Files
come from this machine's memory, which AWS does not promise either. The last column starts the same without bytecode.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue

from benchmarks import machine
from benchmarks.processor_share import processor_share
from layers.build import described
from tests.handlers.runtime_api import Place
from tests.packaging.images import FUNCTIONS as IMAGES
from tests.packaging.places import unpack
from tests.packaging.trees import Stage, package

PROCESSOR_MEGABYTES = 1769
PATIENCE_SECONDS = 120
WITHOUT_BYTECODE = ("-X", "pycache_prefix=/nonexistent")  #: it looks for bytecode elsewhere, and finds none


@dataclass(frozen=True)
class Start:
    """A function as it is started."""

    name: str
    handler: str
    megabytes: int
    place: Place

    @property
    def share(self) -> float:
        """Of one processor; Lambda gives a process more than one from 1,769 MB on, which imports do not use."""
        return min(1.0, self.megabytes / PROCESSOR_MEGABYTES)


def starts(stage: Stage, root: Path) -> list[Start]:
    """One of each kind: functions of one module with the same memory start alike."""
    places = unpack(stage, root)
    found: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for key, properties in sorted(stage.functions().items()):
        [handler] = properties.get("ImageConfig", {}).get("Command", [properties.get("Handler")])
        module = handler.rpartition(".")[0]
        found.setdefault((module, properties["MemorySize"]), []).append((key, handler))
    return [
        Start(", ".join(key for key, _handler in alike), alike[0][1], megabytes, places[alike[0][0]])
        for (_module, megabytes), alike in found.items()
    ]


def wanted(start: Start, names: list[str] | None) -> bool:
    """Whether the command line asks for this one; it asks for all when it names none."""
    return not names or any(name in start.name.split(", ") for name in names)


def seconds(start: Start, group: Path | None, options: tuple[str, ...] = ()) -> float:
    """From the start of a fresh process until it is ready for its first invocation."""
    said: Queue[str] = Queue()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _waiting(said))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    join = f"echo $$ > {group}; " if group else ""
    python, *rest = start.place.command(start.handler)
    command = ["/bin/sh", "-c", f'{join}exec "$@"', "sh", python, *options, *rest]
    begun = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603  our own interpreter and handler
        command, cwd=start.place.code, env=_variables(start, server.server_port), stdout=subprocess.DEVNULL
    )
    try:
        error = said.get(timeout=PATIENCE_SECONDS)
        if error:
            raise SystemExit(f"{start.name} could not be loaded: {error}")
        return time.perf_counter() - begun
    finally:
        process.kill()
        process.wait()
        server.shutdown()
        server.server_close()


def _variables(start: Start, port: int) -> dict[str, str]:
    return {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "AWS_LAMBDA_FUNCTION_NAME": start.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(start.megabytes),
        "AWS_REGION": "us-east-1",
        "LAMBDA_TASK_ROOT": str(start.place.code),
        "PATH": os.environ["PATH"],
        "STAGE": "dev",
    }


def _waiting(said: Queue[str]) -> type[BaseHTTPRequestHandler]:
    """A runtime API that has no work and holds whoever asks for some; it says nothing, or why a start failed."""

    class Routes(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said.put("")
            threading.Event().wait(PATIENCE_SECONDS)

        def do_POST(self) -> None:
            said.put(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing: the table is the output."""

    return Routes


def measure(start: Start, runs: int) -> list[str]:
    """A row of the table."""
    full = [seconds(start, None) for _ in range(runs)]
    with processor_share(start.share) as group:
        if group:
            limited = [seconds(start, group) for _ in range(runs)]
            bare = [seconds(start, group, WITHOUT_BYTECODE) for _ in range(runs)]
        else:
            limited = [one / start.share for one in full]
            bare = [seconds(start, None, WITHOUT_BYTECODE) / start.share for _ in range(runs)]
    share = f"{start.share:.2f}" if group else f"{start.share:.2f} (computed)"
    each = [f"{min(times):.2f} / {statistics.median(times):.2f}" for times in (full, limited, bare)]
    return [start.name, str(start.megabytes), each[0], share, each[1], each[2]]


def sizes(stage: Stage) -> list[str]:
    """Of the layers, as zip files and unpacked."""
    layers = described(stage.target).items()
    return [
        f"layer {name}: {layer.zipped / 1e6:.1f} MB, unpacked {layer.unzipped / 1e6:.1f} MB" for name, layer in layers
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="fresh processes a figure")
    parser.add_argument("--function", action="append", help="measure this one, and no others than those named")
    options, about = parser.parse_args(), machine.describe()
    with tempfile.TemporaryDirectory() as folder:
        stage = package(Path(folder, "package"))
        chosen = [start for start in starts(stage, Path(folder)) if wanted(start, options.function)]
        rows = [measure(start, options.runs) for start in chosen]
        columns = ["function", "MB", "at full speed", "share", "with its share", "and without bytecode"]
        images = f"{' and '.join(IMAGES)} run from images, of which only packages and code are here"
        notes = [*sizes(stage), f"seconds, least / median of {options.runs} fresh processes; {images}"]
        machine.show("Cold starts: import and init, before the first invocation", about, columns, rows, notes)


if __name__ == "__main__":
    main()
