"""Reading: what is known of a part's pages while parsers run, one after the other, and what a later try may build on.

A parser that does not survive a page is followed by one that leaves the page alone, and a try that is cut short by one
that starts from what it has kept: both read only the pages that are not known yet.
"""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from core.jobs import Gap
from rag.extract_child import Order
from rag.pages import Page, from_json, number_of, to_json
from rag.stage_outputs import StageOutput

PLACE_WORDS = ("at", "picture")  #: by which the parser says what it is about to do, and with which page


class Reading:
    """Follows what the parser says, and holds what was read."""

    def __init__(self, order: Order, progress: Callable[[int], None], stage: StageOutput | None) -> None:
        self.page: int | None = None  #: the page that the parser is at
        self.doing = "at"  #: with the page itself, or with its ``picture``
        self.complete = False  #: whether an earlier try has read all there is
        self._order = order
        self._progress = progress
        self._stage = stage
        self._before: list[Page | Gap] = []  # read by earlier tries, and by parsers that have ended
        self._done: set[int] = set()  # pages that this parser has written
        self._fatal: dict[str, list[Gap]] = {word: [] for word in PLACE_WORDS}
        if stage is not None:
            kept = stage.load(from_json)
            self._before, self.complete = list(kept.items), kept.complete

    @property
    def known(self) -> list[int]:
        """The pages that need not be read again."""
        return sorted({number_of(item) for item in self._before})

    @property
    def losses(self) -> int:
        """How many pages have ended a parser."""
        return sum(map(len, self._fatal.values()))

    def fatal(self, doing: str) -> list[int]:
        """The pages at which a parser has ended while it did that with them."""
        return [gap.page for gap in self._fatal[doing]]

    def note_loss(self, reason: str) -> None:
        """The parser has not survived the page it was at: what it had written is kept, the next one does the rest."""
        assert self.page is not None
        self._before = self.read()
        self._fatal[self.doing].append(Gap(self.page, reason))
        self._done.clear()
        self.page = None

    def __call__(self, line: str) -> None:
        """Note a line of the parser's; raises whatever the progress raises."""
        word, number = line.split()
        if word in PLACE_WORDS:
            self.doing, self.page = word, int(number)
        else:
            self._done.add(int(number))
            self.tick()

    def tick(self) -> None:
        """Report how far it is, and keep what was read when it is time."""
        self._progress(len(self._done.union(self.known)))
        if self._stage is not None and self._done and self._stage.is_due:
            self.keep()

    def read(self) -> list[Page | Gap]:
        """What is known of the pages that are read."""
        written = [item for item in _items(self._order.output) if number_of(item) in self._done]
        unread = [gap for gap in self._fatal["picture"] if gap.page in self._done]
        return [*self._before, *written, *unread]

    def all(self) -> list[Page | Gap]:
        """The same when the parser has ended well: pages that no parser survives are gaps as well."""
        gaps = (gap for gap in itertools.chain(*self._fatal.values()) if gap.page in self._order.pages)
        return list(dict.fromkeys([*self.read(), *gaps]))

    def keep(self) -> None:
        """Keep what was read for the next try."""
        if self._stage is not None and (self._done or self._before):
            self._stage.keep(map(to_json, self.read()))

    def keep_whole(self, items: Iterable[Page | Gap]) -> None:
        """Keep all there is to read, if it was long work."""
        if self._stage is not None and self._stage.is_dear and not self.complete:
            self._stage.keep(map(to_json, items), complete=True)


def request_of(order: Order) -> dict[str, object]:
    """What decides on the text that is read, besides the file."""
    values = asdict(order)
    return {name: values[name] for name in ("media_type", "pages", "visual", "ocr_languages")}


def _items(output: str) -> list[Page | Gap]:
    path = Path(output)
    if not path.exists():  # the parser did not get as far
        return []
    with path.open(encoding="utf-8") as lines:
        return list(from_json(lines))
