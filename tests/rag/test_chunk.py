"""Chunks follow the text's structure, fit the model, know where they stand, and leave nothing out."""

import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.settings import Settings
from rag.chunk import CHARACTERS_A_TOKEN, SLICE_CHARACTERS, Chunk, split
from rag.embed import PACKAGED_MODEL
from rag.embed_tokens import TextTokenizer
from rag.extract import extract
from rag.pages import Extraction, Heading, Page
from rag.units import part_text
from tests import evaluation_data

TOKENIZER = TextTokenizer(PACKAGED_MODEL / "tokenizer.json")
SAMPLES = Path(__file__).resolve().parents[2] / "samples"
PROSE = "The ferry leaves the pier at nine. It takes forty minutes to the island. Dogs travel free of charge. "


def chunks_of(*pages: Page | str, tokens: int = 64, overlap: int = 16) -> list[Chunk]:
    made = tuple(page if isinstance(page, Page) else Page(n, page, "text-layer") for n, page in enumerate(pages, 1))
    found = split(Extraction(made), TOKENIZER, Settings(chunk_tokens=tokens, chunk_overlap_tokens=overlap))
    assert_sound(made, found, tokens)
    return found


def assert_sound(pages: tuple[Page, ...], chunks: list[Chunk], limit: int) -> None:
    """What holds for whatever text."""
    text = part_text(pages)
    covered = bytearray(len(text))
    for number, chunk in enumerate(chunks):
        assert chunk.ordinal == number
        assert chunk.text == text[chunk.start : chunk.end]
        assert 0 < chunk.tokens <= limit + 1  # a piece joined to its neighbour may gain a token
        assert len(chunk.text) <= (limit + 1) * CHARACTERS_A_TOKEN
        assert chunk.first_page <= chunk.last_page
        covered[chunk.start : chunk.end] = b"\1" * (chunk.end - chunk.start)
    assert all(covered[place] for place, character in enumerate(text) if not character.isspace())


ANY_TEXT = st.text(st.sampled_from("aB1.!? \n\t|#。語ß-"), max_size=400)


@given(st.lists(ANY_TEXT, min_size=1, max_size=4), st.integers(4, 40), st.integers(0, 20))
@settings(max_examples=200, deadline=None)
def test_any_text_is_covered(texts: list[str], tokens: int, overlap: int) -> None:
    chunks_of(*texts, tokens=tokens, overlap=overlap)


def test_a_heading_begins_a_chunk_and_is_known_to_those_below_it() -> None:
    text = f"Fares\n\n{PROSE}\n\nDogs\n\n{PROSE}"
    headings = (Heading(0, 1, "Fares"), Heading(text.index("Dogs\n"), 2, "Dogs"))
    first, second = chunks_of(Page(1, text, "text-layer", headings=headings))
    assert (first.headings, second.headings) == (("Fares",), ("Fares", "Dogs"))
    assert second.text.startswith("Dogs")
    assert second.context == "Fares > Dogs"


def test_headings_of_earlier_parts_are_in_force() -> None:
    (chunk,) = chunks_of(Page(51, PROSE, "text-layer", path=(Heading(0, 1, "Rules"), Heading(0, 2, "Pets"))))
    assert (chunk.headings, chunk.first_page) == (("Rules", "Pets"), 51)


def test_chunks_end_with_sentences_and_share_some() -> None:
    chunks = chunks_of(PROSE * 6, tokens=64, overlap=16)
    assert len(chunks) > 1
    assert all(chunk.text.endswith(".") for chunk in chunks)
    assert all(after.start < before.end for before, after in pairwise(chunks))


def test_no_overlap_when_none_is_asked_for() -> None:
    chunks = chunks_of(PROSE * 6, overlap=0)
    assert all(after.start >= before.end for before, after in pairwise(chunks))


def test_a_chunk_may_run_over_a_pages_end_while_it_is_short() -> None:
    (chunk,) = chunks_of("It begins here", "and ends there.")
    assert (chunk.first_page, chunk.last_page) == (1, 2)


def test_a_chunk_that_is_half_full_ends_with_its_page() -> None:
    chunks = chunks_of(PROSE * 2, PROSE * 2, tokens=64)
    assert {(chunk.first_page, chunk.last_page) for chunk in chunks} == {(1, 1), (2, 2)}


TABLE = "| Route | Cars |\n| --- | --- |\n" + "\n".join(f"| {n} | {n * 7} |" for n in range(40))


def test_a_table_that_fits_is_kept_whole() -> None:
    small = "\n".join(TABLE.splitlines()[:5])
    chunks = chunks_of(f"{PROSE * 2}\n\n{small}", tokens=64, overlap=0)
    assert sum(small in chunk.text for chunk in chunks) == 1


def test_the_rest_of_a_divided_table_carries_its_header() -> None:
    first, *rest = chunks_of(TABLE, tokens=64, overlap=0)
    assert first.table_header == ""
    assert rest
    assert {chunk.table_header for chunk in rest} == {"| Route | Cars |"}
    assert all(chunk.embedded.startswith("| Route | Cars |\n") for chunk in rest)


@pytest.mark.parametrize("text", ["x" * 50_000, "語" * 5_000, "a,b;c" * 10_000])
def test_text_without_any_boundary_is_cut_all_the_same(text: str) -> None:
    assert len(chunks_of(text)) > 10


def test_a_sentence_does_not_end_at_an_abbreviation() -> None:
    chunks = chunks_of(PROSE * 2 + "Ask e.g. Captain Ros about it. " + PROSE * 2, tokens=30, overlap=0)
    assert not any(chunk.text.endswith("e.g.") for chunk in chunks)


def test_blank_pages_give_no_chunk() -> None:
    assert chunks_of("", " \n ") == []


def test_a_real_handbook_is_covered() -> None:
    extraction = extract(SAMPLES / "crew-handbook.pdf", "application/pdf", range(1, 32), Settings(), lambda _: None)
    assert len(chunks_of(*extraction.pages, tokens=256, overlap=32)) >= 31


def test_real_texts_are_covered_in_linear_time() -> None:
    text = evaluation_data.folder("chunk_spans/finance.md").read_text("utf-8")
    started = time.process_time()
    assert len(chunks_of(text, tokens=256, overlap=32)) > len(text) / 2000
    assert time.process_time() - started < 30  # a quadratic loop would take minutes


def test_the_page_of_a_chunk_is_the_one_that_most_of_it_is_on() -> None:
    (chunk,) = chunks_of("It begins here", PROSE)
    assert (chunk.first_page, chunk.last_page, chunk.page) == (1, 2, 2)
    (chunk,) = chunks_of(PROSE, "and ends here.")
    assert chunk.page == 1


def test_a_heading_without_text_of_its_own_goes_with_the_next_section() -> None:
    text = f"Fares\n\nDogs\n\n{PROSE}"
    headings = (Heading(0, 1, "Fares"), Heading(text.index("Dogs"), 2, "Dogs"))
    (chunk,) = chunks_of(Page(1, text, "text-layer", headings=headings))
    assert (chunk.text, chunk.headings) == (text.strip(), ("Fares", "Dogs"))


class Recording:
    """A tokenizer that remembers how much it was given at a time."""

    def __init__(self) -> None:
        self.longest = 0

    def offsets(self, text: str) -> list[tuple[int, int]]:
        self.longest = max(self.longest, len(text))
        return TOKENIZER.offsets(text)


def test_long_texts_are_tokenized_in_slices() -> None:
    recording = Recording()
    whole = PROSE * 3_000
    chunks = split(Extraction((Page(1, whole, "converted"),)), recording, Settings())
    assert recording.longest == SLICE_CHARACTERS < len(whole)
    assert_sound((Page(1, whole, "converted"),), chunks, Settings().chunk_tokens)


def test_a_slide_shares_no_chunk_and_its_captions_do_not_divide_it() -> None:
    slides = [
        Page(
            number,
            f"Title {number}\n\nA few words.\n\nCaption\n\nMore words.",
            "text-layer",
            headings=(Heading(0, 1, f"Title {number}"), Heading(23, 2, "Caption")),
            apart=number != 3,
        )
        for number in (1, 2, 3, 4)
    ]
    found = split(Extraction(tuple(slides)), TOKENIZER, Settings())
    assert [(chunk.first_page, chunk.last_page) for chunk in found if chunk.page != 3] == [(1, 1), (2, 2), (4, 4)]
    assert [chunk.headings for chunk in found if chunk.page == 2] == [("Title 2",)]
    assert {(chunk.first_page, chunk.last_page) for chunk in found if chunk.page == 3} == {(3, 3)}
