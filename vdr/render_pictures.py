"""Image files as page images, each frame of a TIFF a page; for use in a limited child process."""

import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from core.media_types import RASTER
from vdr.render_order import At, Drawn, Failure, Order, file_of

MAX_PIXELS = 160_000_000  #: of a frame; more is refused before it is decoded
#: The picture was compressed once already, so it is done with more care than a drawn page
QUALITY = 95
WHITE = (255, 255, 255)
#: Modes that shrink as they are; the others hold indices, single bits or more than 8 bits
PLAIN_MODES = {"L", "RGB", "CMYK", "YCbCr"}


def draw(order: Order, at: At) -> Drawn:
    """The frames with these numbers (from 1), upright, in RGB on white, scaled down to ``order.edge``."""
    Image.MAX_IMAGE_PIXELS = None  # decided here, frame by frame
    warnings.simplefilter("ignore")  # of damaged metadata, which would end up in stderr
    for number in order.pages:
        at(number)
        yield number, _draw_frame(order, number)


def _draw_frame(order: Order, number: int) -> Failure | None:
    try:
        with Image.open(order.path, formats=RASTER) as image:
            image.seek(number - 1)
            if image.width * image.height > MAX_PIXELS:
                return "pixels"
            upright = ImageOps.exif_transpose(_scaled(image, order.edge))
            upright.save(file_of(order.folder, number), "JPEG", quality=QUALITY)
    except (UnidentifiedImageError, OSError, EOFError, ValueError, SyntaxError):
        return "damaged"
    except MemoryError:
        return "memory"
    return None


def _scaled(image: Image.Image, edge: int) -> Image.Image:
    """The picture in RGB with its longer side at most ``edge``."""
    exif = image.getexif()
    plain = image if image.mode in PLAIN_MODES else _on_white(image)
    plain.thumbnail((edge, edge), Image.Resampling.LANCZOS, reducing_gap=3.0)
    scaled = plain.convert("RGB")
    scaled.info["exif"] = exif.tobytes()  # how it lies
    return scaled


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value / 256).convert("L")  # 16 bits to 8
    if not image.has_transparency_data:
        return image.convert("RGB")
    opaque = image.convert("RGBA")
    page = Image.new("RGB", opaque.size, WHITE)
    page.paste(opaque, mask=opaque.getchannel("A"))
    return page
