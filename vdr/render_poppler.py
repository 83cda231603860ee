"""Pages of a PDF drawn by poppler's pdftoppm, which pdf2image starts; for use in a limited child process."""

import importlib.util
import re
import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from pathlib import Path

from core import child
from core.disk import require_space
from vdr.render_order import JPEG_QUALITY, At, Drawn, Failure, Order, file_of

PROGRAMS = ("pdftoppm", "pdfinfo")
RUN_SHARE = 2  #: a run of pages is given as long as so many hopeless pages; what it leaves is drawn page by page
END_OF_JPEG = b"\xff\xd9"


def missing() -> str:
    """What has to be installed before poppler can be used; empty if nothing."""
    if not all(shutil.which(program) for program in PROGRAMS):
        return "pdftoppm is not installed (package poppler-utils, or poppler of Homebrew)"
    if importlib.util.find_spec("pdf2image") is None:
        return "the Python package pdf2image is not installed (requirements-vdr.txt)"
    return ""


def name() -> str:
    """Program and version; another version may draw otherwise. Asked once a program on the path."""
    return f"poppler-{_version(str(shutil.which('pdftoppm')))}"


@cache
def _version(program: str) -> str:
    try:
        said = child.run([program, "-v"], timeout_seconds=20, memory_bytes=10**9, output_bytes=10**5).stderr
    except child.ChildError as error:
        if error.reason != "exit":
            raise
        said = error.stderr  # old versions say it and end with an error
    found = re.search(r"version (\d+\.\d+)", said)
    return found[1] if found else "unknown"


def draw(order: Order, at: At) -> Drawn:
    """The pages in their order, by runs of neighbours; what a run leaves out is drawn once more by itself."""
    for run in _runs(order.pages):
        failure = _convert(order, run, order.path, order.page_seconds * min(RUN_SHARE, len(run)))
        for page in run:
            if not file_of(order.folder, page).exists():
                if len(run) > 1:
                    failure = _convert(order, [page], order.path, order.page_seconds)
                if failure == "damaged":
                    at(page)
                    failure = _draw_alone(order, page)
            yield page, None if file_of(order.folder, page).exists() else failure


def _draw_alone(order: Order, page: int) -> Failure:
    """Draw a page that was taken out by pdfium, which gets over a damaged file or page tree where poppler gives up."""
    import pypdfium2 as pdfium  # noqa: PLC0415  most documents need none of it

    alone = file_of(order.folder, page).with_suffix(".pdf")
    try:
        with pdfium.PdfDocument(order.path) as document, pdfium.PdfDocument.new() as single:
            single.import_pages(document, [page - 1])
            single.save(alone)
    except pdfium.PdfiumError:
        return "damaged"
    failure = _convert(order, [1], str(alone), order.page_seconds, shift=page - 1)
    alone.unlink()
    return failure


def _runs(pages: Sequence[int]) -> list[list[int]]:
    neighbours = groupby(enumerate(pages), key=lambda item: item[1] - item[0])
    return [[page for _, page in run] for _, run in neighbours]


def _convert(order: Order, run: Sequence[int], path: str, seconds: float, shift: int = 0) -> Failure:
    """Draw neighbouring pages of the file at ``path``; those that were completed are then in their files.

    ``shift`` is what their numbers in the document are ahead of those in that file. Answers why some may be missing.
    """
    import pdf2image  # noqa: PLC0415  only this child needs it
    from pdf2image import exceptions  # noqa: PLC0415

    with tempfile.TemporaryDirectory(dir=order.folder) as folder:
        failure: Failure = "damaged"
        try:
            pdf2image.convert_from_path(
                path,
                first_page=run[0],
                last_page=run[-1],
                size=order.edge,
                fmt="jpeg",
                jpegopt={"quality": JPEG_QUALITY, "progressive": False, "optimize": False},
                use_cropbox=True,
                output_folder=folder,
                output_file="run",
                paths_only=True,
                thread_count=order.threads,
                timeout=seconds,  # type: ignore[arg-type]  # it may have a fraction
            )
        except exceptions.PDFPopplerTimeoutError:
            failure = "timeout"
        except (exceptions.PDFPageCountError, exceptions.PDFSyntaxError):
            return "damaged"
        for file in Path(folder).glob("run*-*.jpg"):
            if _complete(file, order.edge):
                file.rename(file_of(order.folder, int(file.stem.rpartition("-")[2]) + shift))
        require_space(Path(folder))  # pdftoppm says nothing of it
    return failure


def _complete(file: Path, edge: int) -> bool:
    """Whether pdftoppm came to the end of the page; of a page that it cannot read it draws a dot."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415

    if not file.read_bytes().endswith(END_OF_JPEG):
        return False
    try:
        with Image.open(file) as image:
            return max(image.size) == edge
    except UnidentifiedImageError:
        return False
