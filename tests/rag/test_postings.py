"""Postings: counts of terms in chunks."""

import numpy as np

from rag.postings import postings_of
from rag.terms import term_hash


def test_counts_terms_by_chunk() -> None:
    found = postings_of(["red fox red", "blue fox"], ["en", "en"])
    rows = sorted(zip(found.terms.tolist(), found.chunks.tolist(), found.tf.tolist(), found.dl.tolist(), strict=True))
    assert rows == sorted(
        [
            (term_hash("red"), 0, 2, 3),
            (term_hash("fox"), 0, 1, 3),
            (term_hash("fox"), 1, 1, 2),
            (term_hash("blue"), 1, 1, 2),
        ]
    )
    assert (found.total_chunks, found.total_tokens, found.unique_terms) == (2, 5, 3)


def test_postings_come_by_term_so_that_the_index_grows_in_order() -> None:
    found = postings_of([f"word{number} shared" for number in range(50)], ["en"] * 50)
    assert np.all(np.diff(found.terms) >= 0)


def test_each_chunk_is_stemmed_in_its_language() -> None:
    found = postings_of(["die Häuser", "die Häuser"], ["de", "en"])
    assert set(found.terms.tolist()) == {term_hash("haus"), term_hash("die"), term_hash("häuser")}


def test_chunks_without_words_have_no_postings() -> None:
    found = postings_of(["…", ""], ["en", "en"])
    assert (len(found.terms), found.total_chunks, found.total_tokens) == (0, 2, 0)
