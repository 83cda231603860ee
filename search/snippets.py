"""Snippets: the sentence of a passage that fits a query best, with the query's words marked. Pure."""

import html
import re
from collections.abc import Iterator

from rank_bm25 import BM25Plus

from rag.terms import WORD_CHARACTERS, terms
from search.sentences import sentences

MAX_CHARACTERS = 320
_WORD = re.compile(r"\S+")


def snippet(query: str, passage: str, language: str) -> str:
    """HTML of the best sentence by BM25 over the passage's sentences: text escaped, words of the query in <mark>.

    The first sentence, when none holds a word of the query. A long one is cut around its first marked word.
    """
    wanted = set(terms(query, language))
    sentence = _best(sorted(wanted), sentences(passage), language)
    return _marked(sentence, list(_spans(sentence, wanted, language)))


def _best(query: list[str], candidates: list[str], language: str) -> str:
    words = [terms(sentence, language) for sentence in candidates]
    if not query or not any(words):
        return candidates[0] if candidates else ""
    scores = BM25Plus(words).get_scores(query)  # (sentences,); "plus" as common words would count against a sentence
    return candidates[int(scores.argmax())]


def _spans(text: str, wanted: set[str], language: str) -> Iterator[tuple[int, int]]:
    """Start and end of what stands for a wanted term; in scripts without spaces they may overlap."""
    for match in _WORD.finditer(text.translate(WORD_CHARACTERS)):
        start, word = match.start(), match.group()
        found = terms(word, language)
        if len(found) == 1 and found[0] in wanted:
            yield match.span()
        elif len(found) > 1 and wanted.intersection(found):
            yield from _spans_within(start, word, wanted, language)


def _spans_within(start: int, run: str, wanted: set[str], language: str) -> Iterator[tuple[int, int]]:
    """Spans of the n-grams of a run without spaces."""
    for length in (2, 3):
        for first in range(len(run) - length + 1):
            if wanted.intersection(terms(run[first : first + length], language)):
                yield start + first, start + first + length


def _marked(text: str, spans: list[tuple[int, int]]) -> str:
    """The text as HTML with the spans marked, cut to what a reader takes in."""
    begin, end = _window(text, spans)
    pieces = ["…" if begin else ""]
    position = begin
    for start, stop in _merged(spans):
        if stop <= end and start >= begin:
            pieces.append(html.escape(text[position:start]))
            pieces.append(f"<mark>{html.escape(text[start:stop])}</mark>")
            position = stop
    pieces += [html.escape(text[position:end]), "…" if end < len(text) else ""]
    return "".join(pieces)


def _window(text: str, spans: list[tuple[int, int]]) -> tuple[int, int]:
    """Begin and end of the part to show, at spaces where there are any."""
    if len(text) <= MAX_CHARACTERS:
        return 0, len(text)
    first = min((start for start, _ in spans), default=0)
    begin = max(0, min(first - MAX_CHARACTERS // 4, len(text) - MAX_CHARACTERS))
    end = begin + MAX_CHARACTERS
    if begin:
        begin = text.find(" ", begin, first) + 1 or begin
    if end < len(text):
        end = text.rfind(" ", first + 1, end) if " " in text[first + 1 : end] else end
    return begin, end


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that touch or overlap, as one."""
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(stop, merged[-1][1])
        else:
            merged.append((start, stop))
    return merged
