import io
from pathlib import Path

import pytest
from rich.console import Console

from cli.bars import MOST_BARS, Bars, Lines, board, describe
from cli.files import LocalFile
from cli.transfer import Outcome
from cli.updates import Update


def file(name: str) -> LocalFile:
    return LocalFile(Path(name), name, "application/pdf", 1000)


def update(status: str, **metadata: object) -> Update:
    return Update("d", "b#k", 1, status, metadata, {})


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=100, height=50, color_system=None)


def shown(console: Console) -> str:
    """The last picture that was drawn."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().rpartition("\x1b[2K")[2] or console.file.getvalue()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (
            update("embedding", message="Embedding the text", pagesDone=3, totalPages=9),
            "Embedding the text (page 3 of 9)",
        ),
        (update("queued", message="Waiting for a worker", pagesDone=0, totalPages=9), "Waiting for a worker"),
        (update("completed", totalPages=1, chunks=1), "1 chunk"),
        (
            update("completed_with_gaps", totalPages=4, chunks=2, gaps=[{"page": 2}, {"page": 3}]),
            "4 pages, 2 chunks, unreadable: page 2, 3",
        ),
        (
            update("completed", chunks=7, pictures={"found": 12, "described": 2, "read": 3, "skipped": 7}),
            "7 chunks, 12 pictures (2 described, 3 read, 7 skipped)",
        ),
        (update("completed", chunks=7, pictures={"found": 0, "described": 0, "read": 0, "skipped": 0}), "7 chunks"),
        (update("completed", pictures={"found": 1, "skipped": 1}), "1 picture (1 skipped)"),
        (
            update("completed", chunks=7, notices=[{"code": "no_office", "message": "Page images were left out."}]),
            "7 chunks. Note: Page images were left out",
        ),
        (update("completed"), "completed"),
        (update("failed", error="The file is encrypted."), "failed: The file is encrypted."),
        (update("cancelled", message="Processing was cancelled"), "cancelled: Processing was cancelled"),
    ],
)
def test_a_state_in_a_few_words(state: Update, words: str) -> None:
    assert describe(state) == words


def test_a_bar_goes_from_upload_to_the_end() -> None:
    console, one, two = terminal(), file("a [1].pdf"), file("b.pdf")
    with Bars(console, [one, two]) as bars:
        bars.sending(one, 250)
        bars._progress.refresh()
        assert "uploading 25%" in shown(console)
        bars.show(one, update("embedding", progress=40, message="Embedding the text"))
        bars.finish(Outcome(two, error="the file is empty"))
        bars._progress.refresh()
        assert "a [1].pdf" in shown(console)
        assert "40 %" in shown(console)
        bars.finish(Outcome(one, last=update("completed", totalPages=3, chunks=7)))
    picture = shown(console)
    assert "100 % 3 pages, 7 chunks" in " ".join(picture.split())
    assert "the file is empty" in picture


def test_where_bars_are_short_the_finished_make_room() -> None:
    files = [file(f"file-{number:03}.pdf") for number in range(MOST_BARS + 2)]
    with Bars(terminal(), files) as bars:
        assert [task.visible for task in bars._progress.tasks] == [True] * MOST_BARS + [False, False]
        bars.finish(Outcome(files[0]))
        assert [task.visible for task in bars._progress.tasks] == [False] + [True] * MOST_BARS + [False]


def test_without_a_terminal_each_new_state_is_a_line() -> None:
    console = Console(file=io.StringIO(), width=20)
    one = file("a-name-longer-than-the-width [1].pdf")
    chosen = board(console, [one])
    assert isinstance(chosen, Lines)
    for sent in (100, 200):
        chosen.sending(one, sent)
    for progress in (20, 40):
        chosen.show(one, update("embedding", progress=progress))
    chosen.finish(Outcome(one, unchanged=True, last=update("completed")))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        f"{one.name}: uploading",
        f"{one.name}: embedding",
        f"{one.name}: unchanged",
    ]
