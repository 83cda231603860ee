"""Pages of a PDF drawn by pdfium; for use in a limited child process."""

import importlib.util
import math
from typing import TYPE_CHECKING

from vdr.render_order import JPEG_QUALITY, At, Drawn, Order, file_of

if TYPE_CHECKING:
    import pypdfium2 as pdfium

#: pypdfium2 rounds up; this keeps an error in the last digit from adding a pixel
A_LITTLE_LESS = 1 - 1e-7


def missing() -> str:
    """What has to be installed before pdfium can be used; empty if nothing."""
    return "" if importlib.util.find_spec("pypdfium2") else "the Python package pypdfium2 is not installed"


def name() -> str:
    """Program and build; another build may draw otherwise."""
    from pypdfium2.version import PDFIUM_INFO  # noqa: PLC0415

    return f"pdfium-{PDFIUM_INFO.build}"


def draw(order: Order, at: At) -> Drawn:
    """The pages one after the other."""
    import pypdfium2 as pdfium  # noqa: PLC0415  only this child needs it

    at(order.pages[0])
    try:
        document = pdfium.PdfDocument(order.path)
    except pdfium.PdfiumError:
        yield from ((page, "damaged") for page in order.pages)
        return
    document.init_forms()  # what was filled into a form is drawn too
    for number in order.pages:
        at(number)
        try:
            _draw_page(document, number, order)
        except (pdfium.PdfiumError, IndexError):
            yield number, "damaged"
        except MemoryError:
            yield number, "memory"
        else:
            yield number, None
    document.close()


def _draw_page(document: "pdfium.PdfDocument", number: int, order: Order) -> None:
    page = document[number - 1]
    try:
        longest = max(page.get_size())
        if not math.isfinite(longest) or longest <= 0:
            raise IndexError(number)
        bitmap = page.render(scale=order.edge / longest * A_LITTLE_LESS, rev_byteorder=True)
        bitmap.to_pil().convert("RGB").save(file_of(order.folder, number), "JPEG", quality=JPEG_QUALITY)
        bitmap.close()
    finally:
        page.close()
