"""The offline page model: pages by their text, without images and without torch."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.settings import Settings
from rag.embed import text_embedder
from vdr.embed import PageInput, page_embedder
from vdr.embed_text_proxy import MAX_PIECES, TextProxyEmbedder

SLIDE = """Crew training

Every sailor takes the rescue course. The course lasts two days.
Radio licences
- renewed every five years
Deck"""


def pages(*texts: str) -> list[PageInput]:
    return [PageInput(number, None, text) for number, text in enumerate(texts, start=1)]


@pytest.fixture(scope="module")
def proxy() -> TextProxyEmbedder:
    return TextProxyEmbedder(Settings())


def test_it_is_the_default_and_says_what_it_is() -> None:
    embedder = page_embedder(Settings())
    assert isinstance(embedder, TextProxyEmbedder)
    assert "not visual" in embedder.label
    assert embedder.space == "text-proxy/all-MiniLM-L6-v2/int8"  # never the text's own space
    assert (embedder.needs_images, embedder.encoding, embedder.dimensions) == (False, "float16", 384)


def test_a_vector_for_each_line_and_sentence(proxy: TextProxyEmbedder) -> None:
    (vectors,) = proxy(pages(SLIDE))
    expected = text_embedder(Settings())(
        [
            "Crew training",
            "Every sailor takes the rescue course.",
            "The course lasts two days.",
            "Radio licences",
            "- renewed every five years",  # but not "Deck", a single word
        ]
    )
    assert np.allclose(vectors, expected)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_page_is_the_same_in_any_company(proxy: TextProxyEmbedder) -> None:
    alone = proxy(pages(SLIDE))[0]
    together = proxy(pages("Other words before.", SLIDE, "Crew training"))
    assert np.array_equal(together[1], alone)
    assert [len(vectors) for vectors in together] == [1, 5, 1]


@pytest.mark.parametrize(("text", "vectors"), [("", 0), (" \n\f", 0), ("— · —", 0), ("Deck", 1), ("A\nB\nC", 1)])
def test_pages_of_few_words(proxy: TextProxyEmbedder, text: str, vectors: int) -> None:
    assert proxy(pages(text))[0].shape == (vectors, 384)


def test_no_pages(proxy: TextProxyEmbedder) -> None:
    assert proxy([]) == []


def test_a_long_page_has_a_bounded_number_of_vectors(proxy: TextProxyEmbedder) -> None:
    lines = [f"line number {number}" for number in range(1, 101)]
    (vectors,) = proxy(pages("\n".join(lines)))
    assert len(vectors) == 50 <= MAX_PIECES  # two lines each: nothing is left out
    assert np.allclose(vectors[49], text_embedder(Settings()).embed_query("\n".join(lines[98:])), atol=1e-5)


def test_a_question_is_near_to_the_line_that_answers_it(proxy: TextProxyEmbedder) -> None:
    query = proxy.embed_query("How long is the rescue course?")
    assert query.shape == (1, 384)
    assert int(np.argmax(proxy(pages(SLIDE))[0] @ query[0])) == 2


def test_torch_is_not_needed() -> None:
    code = "import sys; from vdr.embed import page_embedder; from core.settings import Settings; page_embedder("
    code += "Settings()).embed_query('a'); sys.exit('torch' in sys.modules or 'PIL' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, timeout=60, check=False)  # noqa: S603  our own code
    assert run.returncode == 0
