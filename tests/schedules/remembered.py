"""What parsers make of a file is made once and remembered, so that schedules take no longer than the stores do.

Parsers, OCR and renderers run in children that touch no store: the same bytes give the same result, which the first
call finds out by the real code.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core import entry, part_routes
from core.inspection import inspect
from core.settings import Settings
from rag import index_text, text_rag_pipeline
from vdr import office, picture_pages
from vdr.render import page_renderer

#: Names by which pipelines know a pure function of a file on disk, which is its first argument
PURE = (
    (index_text, "extract"),
    (text_rag_pipeline, "read_pictures"),
    (part_routes, "route_pages"),
)


class Remembered:
    """Results of pure functions of files, kept while the block in which they are installed runs."""

    def __init__(self) -> None:
        self._results: dict[tuple[Any, ...], Any] = {}

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Put it before every parser until the patch is undone."""
        for module, name in PURE:
            patch.setattr(module, name, self._of_file(getattr(module, name)))
        patch.setattr(entry, "inspect", self._inspect(inspect))
        patch.setattr(office, "to_pdf", self._to_pdf(office.to_pdf))
        patch.setattr(picture_pages, "page_renderer", self._renderer(page_renderer))

    def once(self, key: tuple[Any, ...], work: Callable[[], Any]) -> Any:
        if key not in self._results:
            self._results[key] = work()
        return self._results[key]

    def _of_file(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def once(path: Path, *arguments: Any, **named: Any) -> Any:
            told = [value for value in (*arguments, named.get("visual", ())) if not _is_aside(value)]
            key = (function.__name__, _digest(path.read_bytes()), repr(told))
            return self.once(key, lambda: function(path, *arguments, **named))

        return once

    def _inspect(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def once(file: Any, file_name: str, *arguments: Any) -> Any:
            digest = _digest(file.read_at(0, file.size))
            return self.once((digest, file_name), lambda: function(file, file_name, *arguments))

        return once

    def _to_pdf(self, function: Callable[..., Path]) -> Callable[..., Path]:
        def once(path: Path, media_type: str, folder: Path, *arguments: Any) -> Path:
            key = ("to_pdf", _digest(path.read_bytes()))
            data = self.once(key, lambda: function(path, media_type, folder, *arguments).read_bytes())
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            written = folder / "document.pdf"
            written.write_bytes(data)
            return written

        return once

    def _renderer(self, choose: Callable[..., Any]) -> Callable[..., Any]:
        return lambda settings: _Renderer(choose(settings), self)


class _Renderer:
    """A renderer whose pages are remembered."""

    def __init__(self, renderer: Any, remembered: Remembered) -> None:
        self._renderer = renderer
        self._remembered = remembered

    def render(self, path: Path, media_type: str, pages: Any, edge: int, *more: Any) -> Iterator[Any]:
        digest = _digest(path.read_bytes())
        for page in pages:
            yield self._remembered.once(
                ("render", digest, page, edge),
                partial(self._first, path, media_type, page, edge, *more),
            )

    def _first(self, path: Path, media_type: str, page: int, *more: Any) -> Any:
        return next(iter(self._renderer.render(path, media_type, [page], *more)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._renderer, name)


def _is_aside(argument: object) -> bool:
    """Whether it is the same all the time, or only told how far the work is."""
    return callable(argument) or isinstance(argument, Settings)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
