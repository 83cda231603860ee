"""What a presentation says besides what its slides show: speaker notes, alternative texts, hidden text."""

import re
from collections.abc import Callable
from dataclasses import replace

from core import logs
from core.errors import DocumentError
from core.settings import Settings
from rag.extract import extract
from rag.pages import Extraction, Page
from vdr.source import PagedFile

WORDS = re.compile(r"\w+")


def with_slide_text(
    extraction: Extraction, file: PagedFile, media_type: str, settings: Settings, check: Callable[[], None]
) -> Extraction:
    """The text of the rendered slides, and after it what only the presentation itself holds.

    Left as it is when the presentation's slides cannot be told apart as its pages are, or cannot be read. ``check`` is
    called about every second; whatever it raises rises.
    """
    try:
        slides = extract(file.original, media_type, [1], settings, lambda _: check()).pages
    except DocumentError as error:
        logs.info("Presentation read by its pages alone", code=error.code)
        return extraction
    if len(slides) != file.total_pages:
        return extraction
    by_number = {slide.number: slide for slide in slides}
    pages = [_joined(page, by_number.get(page.number)) for page in extraction.pages]
    return replace(extraction, pages=tuple(pages), title=extraction.title)


def _joined(page: Page, slide: Page | None) -> Page:
    shown = set(WORDS.findall(page.text.lower()))
    paragraphs = re.split(r"\n\s*\n", slide.text) if slide else []
    more = [paragraph for paragraph in paragraphs if not set(WORDS.findall(paragraph.lower())) <= shown]
    if not more:
        return page
    text = "\n\n".join(filter(None, [page.text, *more]))
    return replace(page, text=text, source=page.source or "converted")
