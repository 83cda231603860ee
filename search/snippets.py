"""Snippets: the sentence of each passage that fits a query best, with the query's words marked. Pure."""

import html
import re
from collections.abc import Iterator, Sequence

from rank_bm25 import BM25Plus

from rag.terms import RUNS, WORD_CHARACTERS, terms
from search.sentences import sentences

MAX_CHARACTERS = 320
SHORT_TERMS = 3  #: a sentence of fewer is a heading or a label
SHORT_SHARE = 0.5  #: and counts for this share of its score: it repeats the question more than it answers it
_WORD = re.compile(r"\S+")
_MARKS = re.compile(r"^[\s#>*|•_-]+|[\s|*_]+$")  #: Markdown around a line


def snippets(query: str, passages: Sequence[tuple[str, str]]) -> list[str]:
    """HTML of the best sentence of each passage, given its text and language.

    Best by BM25 over the sentences of all passages; the first one, when none holds a word of the query. The text is
    escaped, words of the query stand in <mark>, and a long sentence is cut around the first of them.
    """
    wanted = [set(terms(query, language)) for _, language in passages]
    best = _best(set().union(*wanted), passages)
    return [
        _marked(sentence, list(_spans(sentence, words, language)))
        for sentence, words, (_, language) in zip(best, wanted, passages, strict=True)
    ]


def _best(query: set[str], passages: Sequence[tuple[str, str]]) -> list[str]:
    candidates = [(sentence, place) for place, (text, _) in enumerate(passages) for sentence in _lines(text)]
    words = [terms(sentence, passages[place][1]) for sentence, place in candidates]
    # "Plus", since with the original formula a common word would count against its sentence
    scores = BM25Plus(words).get_scores(sorted(query)) if any(words) else [0.0] * len(words)
    best: dict[int, tuple[float, str]] = {}
    for (sentence, place), found, plain_score in zip(candidates, words, scores, strict=True):
        score = plain_score if len(found) >= SHORT_TERMS else SHORT_SHARE * plain_score
        if place not in best or score > best[place][0]:
            best[place] = (score, sentence)
    return [best[place][1] if place in best else "" for place in range(len(passages))]


def _lines(text: str) -> list[str]:
    """The sentences of a passage without the marks of headings, lists and tables around them."""
    return [plain for sentence in sentences(text) if (plain := _MARKS.sub("", sentence))]


def _spans(text: str, wanted: set[str], language: str) -> Iterator[tuple[int, int]]:
    """Start and end of what stands for a wanted term; in scripts without spaces they may overlap."""
    for word in _WORD.finditer(text.translate(WORD_CHARACTERS)):
        if not wanted.intersection(terms(word.group(), language)):
            continue
        for run in RUNS.finditer(word.group()):
            for start, stop in _pieces(run):
                if wanted.intersection(terms(run.string[start:stop], language)):
                    yield word.start() + start, word.start() + stop


def _pieces(run: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Start and end of what may be one term of a run of one kind of script."""
    length = run.end() - run.start() if run["word"] else min(2 if run["two"] else 3, run.end() - run.start())
    return ((start, start + length) for start in range(run.start(), run.end() - length + 1))


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
