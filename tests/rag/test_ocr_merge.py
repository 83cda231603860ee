"""A page's text layer and what OCR read on its picture become one text."""

from rag import ocr_merge
from rag.ocr_words import Reading, ReadWord
from rag.pages import Heading, Page, Word

LINE = 0.04  #: of the page's height


def read(text: str, top: float, left: float = 0.1, confidence: float = 95.0) -> list[ReadWord]:
    """A line of its own paragraph; letters are 0.01 of the page wide."""
    words: list[ReadWord] = []
    for word in text.split():
        box = (left, top, left + 0.01 * len(word), top + LINE)
        words.append(ReadWord(word, confidence, (round(top * 1000), round(left * 1000) if not words else 0), 1, box))
        left = box[2] + 0.01
    return [ReadWord(w.text, w.confidence, words[0].paragraph, 1, w.box) for w in words]


def layer(text: str, top: float, left: float = 0.1) -> list[Word]:
    return [word.kept() for word in read(text, top, left)]


def reading(*lines: list[ReadWord]) -> Reading:
    return Reading(tuple(word for line in lines for word in line))


TITLE, BODY = "Response times", "Measured over a week"
PAGE = Page(3, f"{TITLE}\n\n{BODY}", "text-layer", headings=(Heading(0, 1, TITLE), Heading(16, 2, BODY)))
TOPS = [(0, 0.1), (16, 0.8)]
LAYER = layer(TITLE, 0.1) + layer(BODY, 0.8)


def test_what_only_the_picture_says_is_added_at_its_place() -> None:
    seen = reading(read(TITLE, 0.1), read("Median 20 milliseconds", 0.4), read(BODY, 0.8))
    page = ocr_merge.merged(PAGE, TOPS, LAYER, seen)
    assert page.text == f"{TITLE}\n\nMedian 20 milliseconds\n\n{BODY}"
    assert page.source == "text-layer+ocr"
    assert [page.text[heading.start :].split("\n")[0] for heading in page.headings] == [TITLE, BODY]
    assert [word.text for word in page.words] == f"{TITLE} {BODY} Median 20 milliseconds".split()


def test_a_misread_word_of_the_text_layer_is_not_added() -> None:
    page = ocr_merge.merged(PAGE, TOPS, LAYER, reading(read("Response tirnes", 0.1), read(BODY, 0.8)))
    assert page.text == PAGE.text
    assert page.source == "text-layer"


def test_words_are_known_by_their_letters_where_the_text_layer_stands_elsewhere() -> None:
    words = "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima"
    page = Page(1, words, "text-layer")
    hidden = [Word(word, 0.0, 0.0, 0.001, 0.001) for word in words.split()]
    found = ocr_merge.merged(page, [(0, 0.0)], hidden, reading(read(words, 0.3), read("november", 0.5)))
    assert found.text == f"{words}\n\nnovember"


def test_a_text_layer_that_the_picture_contradicts_is_replaced() -> None:
    words = "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima"
    garbage = "".join(chr(ord("a") + (ord(c) * 7) % 26) if c.isalpha() else c for c in words)
    page = Page(1, garbage, "text-layer", headings=(Heading(0, 1, garbage),))
    found = ocr_merge.merged(page, [(0, 0.3)], layer(garbage, 0.3), reading(read(words, 0.3)))
    assert (found.text, found.source, found.headings) == (words, "ocr", ())


def test_an_unsure_reading_replaces_nothing_and_adds_nothing() -> None:
    words = "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima"
    page = Page(1, words, "text-layer")
    noise = reading(read("zq xr wv tb kj ml pn fd gh sc vb nm", 0.3, confidence=40.0), read("~ | °", 0.6))
    assert ocr_merge.merged(page, [(0, 0.3)], layer(words, 0.3), noise).text == words


def test_marks_and_icons_are_not_added() -> None:
    seen = reading(read(TITLE, 0.1), read("e", 0.3), read("© Workflow ]", 0.4), read("rn°", 0.5, confidence=50.0))
    assert ocr_merge.merged(PAGE, TOPS, LAYER, seen).text == f"{TITLE}\n\nWorkflow\n\n{BODY}"


def test_a_picture_without_text_is_a_page_without_source() -> None:
    assert ocr_merge.of_picture(4, Reading()) == Page(4, "", "")
