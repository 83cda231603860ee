"""Picture pages: a few at a time, pages are rendered, embedded and stored, with their images."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core.aws import Services
from core.blobs import ImageSize, page_image_key
from core.jobs import Gap, Job
from core.parts import groups
from core.progress import SupersededError
from core.status import Status
from rag import store as text_store
from rag.index_text import Report, Timed
from rag.pages import Extraction
from vdr import page_images, store
from vdr.embed import PageEmbedder, PageInput, page_embedder
from vdr.render import PageRenderer, RenderedPage, page_renderer
from vdr.source import PagedFile
from vdr.spaces import page_space

if TYPE_CHECKING:
    from PIL.Image import Image

NO_IMAGE = (0, 0)
NOTHING_TO_GO_BY = "no text could be read on it, and the page model goes by text: no query finds the page"


class PicturePages:
    """Stores the pictures of one part's pages."""

    def __init__(self, job: Job, file: PagedFile, services: Services, report: Report, timed: Timed) -> None:
        self._job = job
        self._file = file
        self._services = services
        self._report = report
        self._timed = timed

    def put(self, pages: Sequence[int], extraction: Extraction) -> list[Gap]:
        """Render, embed and store the pages that no earlier try has stored.

        Answers those that cannot be rendered, and those that the page model cannot find by anything.

        Raises SupersededError when the version is gone, SettingsError when there is no model or no renderer.
        """
        if not pages:
            return []
        with self._timed(Status.EMBEDDING_PAGES) as counted:
            embedder, renderer = page_embedder(self._services.settings), page_renderer(self._services.settings)
            space = page_space(embedder.space, embedder.needs_images, renderer.name)
            keys = text_store.open_version(self._services.database(), self._job, space, embedder.dimensions)
            if keys is None:
                raise SupersededError(f"generation {self._job.generation} of {self._job.document_id} is not wanted")
            done = store.stored_pages(self._services.database(), self._job, keys)
            todo = [page for page in pages if page not in done]
            counted["pages"], counted["pages_found_stored"] = len(todo), len(pages) - len(todo)
            gaps: list[Gap] = []
            inputs = _inputs(extraction)
            self._report(Status.EMBEDDING_PAGES, (len(pages) - len(todo)) / len(pages), len(pages) - len(todo))
            for batch in self._batches(todo, renderer, embedder):
                gaps += [item for item in batch if isinstance(item, Gap)]
                pictures = self._pictures(batch, inputs, embedder)
                gaps += [Gap(picture.page, NOTHING_TO_GO_BY) for picture in pictures if not len(picture.vectors)]
                store.put_pages(self._services.database(), self._job, keys, pictures, embedder.encoding)
                last = max(item.page for item in batch)
                ready = len(pages) - sum(page > last for page in todo)
                self._report(Status.EMBEDDING_PAGES, ready / len(pages), ready)
        return gaps

    def _batches(
        self, pages: Sequence[int], renderer: PageRenderer, embedder: PageEmbedder
    ) -> Iterator[list[RenderedPage | Gap]]:
        """The pages rendered, as many at a time as are embedded together, so that few pictures are in memory."""
        edge = max(self._services.settings.page_image_edge, embedder.image_edge)
        size = self._services.settings.vdr_batch_pages
        rendered = renderer.render(self._file.path, self._file.media_type, pages, edge)
        for group in groups(pages, size):
            yield [next(rendered) for _ in group]

    def _pictures(
        self, batch: Sequence[RenderedPage | Gap], inputs: dict[int, PageInput], embedder: PageEmbedder
    ) -> list[store.PagePicture]:
        """The batch embedded, and its images kept; a page that cannot be rendered may still have text to go by."""
        images = {item.page: item.image if isinstance(item, RenderedPage) else None for item in batch}
        shown = [
            replace(inputs.get(page, PageInput(page, None, "")), image=image)
            for page, image in images.items()
            if image is not None or not embedder.needs_images
        ]
        vectors = embedder(shown)  # of each page (n, d)
        return [
            store.PagePicture(page.page, found, self._keep_image(page.page, page.image))
            for page, found in zip(shown, vectors, strict=True)
        ]

    def _keep_image(self, page: int, image: "Image | None") -> tuple[int, int]:
        if image is None:
            return NO_IMAGE
        settings = self._services.settings
        large, pixels = page_images.encode(image, settings.page_image_edge)
        small, _pixels = page_images.encode(image, settings.page_thumbnail_edge)
        images: dict[ImageSize, bytes] = {"large": large, "small": small}
        for size, data in images.items():
            key = page_image_key(self._job.document_id, self._job.generation, page, size)
            self._services.blobs.put_derived(key, data, "image/webp")
        return pixels


def _inputs(extraction: Extraction) -> dict[int, PageInput]:
    """What the pages' text tells a model that goes by it."""
    texts = {page.number: page.text for page in extraction.pages}
    return {
        number: PageInput(number, None, text, extraction.title, texts.get(number - 1, ""))
        for number, text in texts.items()
    }
