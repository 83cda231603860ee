"""Page pictures: the visual pages of a part, embedded and stored as the workers do it, but for keeping their images."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from core.jobs import Gap, Job
from core.parts import groups
from core.settings import Settings
from evaluation.run import Run
from rag import store as text_store
from rag.pages import Extraction
from vdr import store
from vdr.embed import PageEmbedder, PageInput, page_embedder
from vdr.render import page_renderer
from vdr.spaces import page_space
from vdr.store import PagePicture

if TYPE_CHECKING:
    from PIL.Image import Image

NO_IMAGE = (0, 0)


def store_pictures(run: Run, job: Job, path: Path, extraction: Extraction) -> None:
    """Make a visual part's pages findable by what they show, or with text-proxy by their text in the place of it."""
    embedder, renderer = page_embedder(run.settings), page_renderer(run.settings)
    space = page_space(embedder.space, embedder.needs_images, renderer.name)
    keys = text_store.open_version(run.database, job, space, embedder.dimensions)
    if keys is None:
        raise RuntimeError("a document that nobody else knows cannot be overtaken")
    texts = {page.number: page.text for page in extraction.pages}
    for images in _images(run.settings, job, path, embedder):
        inputs = [
            PageInput(page, image, texts.get(page, ""), extraction.title, texts.get(page - 1, ""))
            for page, image in images.items()
        ]
        vectors = embedder(inputs)  # of each page (n, d)
        pictures = [PagePicture(page.page, own, NO_IMAGE) for page, own in zip(inputs, vectors, strict=True)]
        store.put_pages(run.database, job, keys, pictures, embedder.encoding)


def _images(settings: Settings, job: Job, path: Path, embedder: PageEmbedder) -> "Iterator[dict[int, Image | None]]":
    """A few pages at a time, rendered where the model needs it; those that cannot be rendered are left out."""
    for pages in groups(job.page_numbers, settings.vdr_batch_pages if embedder.needs_images else job.pages):
        if not embedder.needs_images:
            yield dict.fromkeys(pages)
            continue
        edge = settings.vdr_longest_edge or settings.page_image_edge
        rendered = page_renderer(settings).render(path, job.media_type, pages, edge)
        yield {item.page: item.image for item in rendered if not isinstance(item, Gap)}
