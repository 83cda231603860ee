"""Picture pages: a few at a time, pages are rendered, embedded and stored, with their images."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from core.aws import Services
from core.blobs import ImageSize, page_image_key
from core.database_retry import connected
from core.jobs import Gap, Job
from core.parts import groups
from core.progress import SupersededError
from core.status import Status
from core.watched import watched
from rag import store as text_store
from rag.index_text import Report, Timed
from rag.pages import Extraction
from rag.part_rows import Keys
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
        self._ready = (0.0, 0)  # how far the pages are, and how many are ready

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
            keys = self._open_version(space, embedder.dimensions)
            done = connected(self._services.database, lambda database: store.stored_pages(database, self._job, keys))
            todo = [page for page in pages if page not in done]
            counted["pages"], counted["pages_found_stored"] = len(todo), len(pages) - len(todo)
            gaps: list[Gap] = []
            inputs = _inputs(extraction)
            self._say(len(pages) - len(todo), len(pages))
            for batch in self._batches(todo, renderer, embedder):
                gaps += [item for item in batch if isinstance(item, Gap)]
                pictures = self._pictures(batch, inputs, embedder)
                gaps += [Gap(picture.page, NOTHING_TO_GO_BY) for picture in pictures if not len(picture.vectors)]
                self._store(keys, pictures, embedder)
                last = max(item.page for item in batch)
                ready = len(pages) - sum(page > last for page in todo)
                self._say(ready, len(pages))
        return gaps

    def _say(self, ready: int, pages: int) -> None:
        self._ready = (ready / pages, ready)
        self._tick()

    def _tick(self) -> None:
        """Report again, so that work that is not wanted any more, or has no time left, ends within a batch as well."""
        self._report(Status.EMBEDDING_PAGES, *self._ready)

    def _open_version(self, space: str, dimensions: int) -> Keys:
        keys = connected(
            self._services.database,
            lambda database: text_store.open_version(database, self._job, space, dimensions),
        )
        if keys is None:
            raise SupersededError(f"generation {self._job.generation} of {self._job.document_id} is not wanted")
        return keys

    def _store(self, keys: Keys, pictures: Sequence[store.PagePicture], embedder: PageEmbedder) -> None:
        connected(
            self._services.database,
            lambda database: store.put_pages(database, self._job, keys, pictures, embedder.encoding),
        )

    def _batches(
        self, pages: Sequence[int], renderer: PageRenderer, embedder: PageEmbedder
    ) -> Iterator[list[RenderedPage | Gap]]:
        """The pages rendered, as many at a time as are embedded together, so that few pictures are in memory."""
        edge = max(self._services.settings.page_image_edge, embedder.image_edge)
        size = self._services.settings.vdr_batch_pages
        rendered = renderer.render(self._file.path, self._file.media_type, pages, edge, self._tick)
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
        # A text model may be behind a slow endpoint; torch would use other threads in another thread.
        vectors = embedder(shown) if embedder.needs_images else watched(partial(embedder, shown), self._tick)
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
