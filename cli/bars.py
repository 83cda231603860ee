"""Progress on the terminal: one live bar a document, or plain lines where there is no terminal."""

from collections.abc import Mapping, Sequence
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from cli.files import LocalFile
from cli.transfer import Outcome
from cli.updates import Update

#: More bars than these do not fit; the rest get one when others have finished
MOST_BARS = 20


class Bars:
    """One bar a file; use it as a context manager. A ``transfer.Board``."""

    def __init__(self, console: Console, files: Sequence[LocalFile]) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[note]}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
            TimeElapsedColumn(),
            console=console,
        )
        width = min(max(len(file.name) for file in files), 40)
        self._tasks: dict[LocalFile, TaskID] = {}
        for number, file in enumerate(files):
            self._tasks[file] = self._progress.add_task(
                escape(_shortened(file.name, width).ljust(width)),
                total=100,
                note="",
                start=False,
                visible=number < MOST_BARS,
            )

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def sending(self, file: LocalFile, sent: int) -> None:
        self._progress.start_task(self._tasks[file])
        self._set(file, note=f"uploading {sent / max(file.size, 1):.0%}")

    def show(self, file: LocalFile, update: Update) -> None:
        self._set(file, percent=update.progress, note=escape(describe(update)))

    def finish(self, outcome: Outcome) -> None:
        style = "red" if outcome.failed else "green"
        percent = None if outcome.failed or outcome.last is None else 100
        self._set(outcome.file, percent=percent, note=f"[{style}]{escape(summary(outcome))}[/]")
        self._progress.stop_task(self._tasks[outcome.file])
        self._make_room(outcome.file)

    def _set(self, file: LocalFile, *, percent: int | None = None, note: str) -> None:
        self._progress.update(self._tasks[file], completed=percent, note=note)

    def _make_room(self, file: LocalFile) -> None:
        """Where bars are short, the finished one makes room for a file that has none yet."""
        waiting = next((task for task in self._progress.tasks if not task.visible and not task.started), None)
        if waiting is not None:
            self._progress.update(self._tasks[file], visible=False)
            self._progress.update(waiting.id, visible=True)


class Lines:
    """One line for every new state, where output goes to a file or a pipe. A ``transfer.Board``."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: dict[LocalFile, str] = {}

    def __enter__(self) -> "Lines":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left open."""

    def sending(self, file: LocalFile, sent: int) -> None:
        self._print(file, "uploading")

    def show(self, file: LocalFile, update: Update) -> None:
        if not update.is_final:
            self._print(file, update.status)

    def finish(self, outcome: Outcome) -> None:
        self._print(outcome.file, summary(outcome))

    def _print(self, file: LocalFile, text: str) -> None:
        if self._shown.get(file) != text:
            self._shown[file] = text
            self._console.print(f"{file.name}: {text}", markup=False, highlight=False, soft_wrap=True)


def board(console: Console, files: Sequence[LocalFile]) -> Bars | Lines:
    """Bars on a terminal, lines elsewhere."""
    return Bars(console, files) if console.is_terminal else Lines(console)


def summary(outcome: Outcome) -> str:
    """How an upload ended, in a few words."""
    if outcome.error:
        return outcome.error
    if outcome.last is None:
        return "uploaded"
    return "unchanged" if outcome.unchanged else describe(outcome.last)


def describe(update: Update) -> str:
    """A state in a few words."""
    facts = update.metadata
    if update.failed:
        return f"{update.status}: {update.message}"
    if not update.is_final:
        counted = facts.get("pagesDone") and facts.get("totalPages", 0) > 1  # an Office file counts as one page
        where = f" (page {facts['pagesDone']} of {facts['totalPages']})" if counted else ""
        return f"{update.message or update.status}{where}"
    pages = [count(facts["totalPages"], "page")] if facts.get("totalPages", 0) > 1 else []
    chunks = [count(facts["chunks"], "chunk")] if facts.get("chunks") else []
    gaps = [f"unreadable: page {', '.join(str(gap['page']) for gap in facts['gaps'])}"] if facts.get("gaps") else []
    done = ", ".join([*pages, *chunks, *_pictures(facts.get("pictures") or {}), *gaps]) or update.status
    return ". ".join([done, *(f"Note: {notice.rstrip('.')}" for notice in update.notices)])


def _pictures(counts: Mapping[str, int]) -> list[str]:
    """How many pictures were found inside the text, and what became of them."""
    if not counts.get("found"):
        return []
    done = [f"{counts[name]} {name}" for name in ("described", "read", "skipped") if counts.get(name)]
    return [count(counts["found"], "picture") + (f" ({', '.join(done)})" if done else "")]


def count(number: int, word: str) -> str:
    """The number with its word, in the plural where needed."""
    return f"{number} {word}" + ("" if number == 1 else "s")


def _shortened(name: str, width: int) -> str:
    return name if len(name) <= width else f"…{name[-width + 1 :]}"
