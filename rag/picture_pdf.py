"""Find the pictures of a PDF page: its images, and regions dense with drawn paths."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pypdfium2 as pdfium
from PIL import Image

from rag.picture_candidates import Candidate
from rag.picture_files import LEAST_EDGE, MAX_PIXELS, READING_EDGE, Copies, digest
from rag.picture_pdf_objects import Image as Placed
from rag.picture_pdf_objects import Path, drawn, is_slanted
from rag.picture_pdf_text import Surroundings
from rag.picture_regions import Box, around, clusters, tiles

POINTS_PER_INCH = 72
MOST_DOTS = 300  #: an inch, of a copy
LEAST_DOTS = 150
MAX_RENDERED = 40  #: pictures of a page that are looked at, the largest first
LEAST_SHARE = 0.002  #: of the page; a smaller picture is a bullet or a rule
LEAST_PATHS = 8  #: of a drawing
LEAST_STEPS = 24  #: segments of all its paths together
LEAST_DRAWING = (60.0, 36.0)  #: width and height in points
SAMPLED_PATHS = 200  #: of a drawing that are looked at for slanted lines, evenly spread
SPREAD = 0.35  #: share of a drawing's longer side over which slanted paths must spread; else they are an icon in a box
#: Characters on 1,000 square points up to which a region is a drawing: with slanted paths, as diagrams and curves have
#: them, and without, where denser text means a table, a box around text or its background
LABELLED, BARELY_LABELLED = 12.0, 1.5
LAYOUT, LABELLED_LAYOUT = 0.5, 6.0  #: the same for slanted paths over more of the page than this: layout has those too
DRAWING_MARGIN = 10.0  #: points around the paths of a drawing that are shown as well: labels of axes
PART_OF_DRAWING = 0.6  #: drawings over more of the page swallow no images
SAME_REGION = 1.6  #: a drawing up to this many times as large as an image within it is the image's own labels
EDGE_OF_PAGE = 0.09  #: header and footer, as a share of the page's height
FLAT = 0.12  #: height of what can be a header's or footer's picture, as a share of the page's


@dataclass(frozen=True)
class _Region:
    box: Box
    hash: str
    size: tuple[int, int]  #: pixels in the file; (0, 0) for a drawing
    paths: int = 0
    slanted: tuple[Box, ...] = ()  #: boxes of the slanted ones among the sampled paths
    sampled: int = 0


def find(document: pdfium.PdfDocument, number: int, copies: Copies) -> Iterator[Candidate]:
    """The pictures of one page."""
    page = document[number - 1]
    rotation = page.get_rotation()
    page.set_rotation(0)  # in memory only: text, boxes and rendering then have the same coordinates
    sheet = Box(*page.get_bbox())
    images, paths = drawn(page)
    regions = [*_placed(images, sheet), *_drawings(paths, images, sheet)]
    if regions:
        surroundings = Surroundings(page, sheet)
        regions = _pictures(regions, surroundings, sheet)
        for rank, region in enumerate(regions):
            yield _candidate(
                region, number, sheet, surroundings, copies, rotation=rotation, looked_at=rank < MAX_RENDERED
            )
        surroundings.close()
    page.close()


def _pictures(regions: Sequence[_Region], near: Surroundings, sheet: Box) -> list[_Region]:
    """Regions that are pictures, the largest first: no tables and boxes of text, and no parts of a drawing."""
    kept = [region for region in regions if not region.paths or _is_drawing(region, near, sheet)]
    whole = [region.box for region in kept if region.paths and region.box.area <= PART_OF_DRAWING * sheet.area]
    parts = [
        region
        for region in kept
        if not region.paths and any(region.box.within(box.grown(1)).area >= 0.9 * region.box.area for box in whole)
    ]
    return sorted((region for region in kept if region not in parts), key=lambda region: -region.box.area)


def _is_drawing(region: _Region, near: Surroundings, sheet: Box) -> bool:
    density = 1000 * near.characters(region.box) / region.box.area
    if density > LABELLED or near.has_prose(region.box):
        return False
    if not region.slanted or _longer(around(region.slanted)) < SPREAD * _longer(region.box):
        return density <= BARELY_LABELLED
    return density <= (LABELLED if region.box.area <= LAYOUT * sheet.area else LABELLED_LAYOUT)


def _longer(box: Box) -> float:
    return max(box.width, box.height)


def _placed(images: Sequence[Placed], sheet: Box) -> Iterator[_Region]:
    """The images on the sheet; slices of one picture as one."""
    visible = [
        replace(image, box=box) for image in images if (box := image.box.within(sheet)).width > 0 and box.height > 0
    ]
    for group in tiles([image.box for image in visible]):
        parts = [visible[index] for index in group]
        if len(parts) == 1:
            yield _Region(parts[0].box, parts[0].hash, parts[0].size)
        else:
            whole = around([part.box for part in parts])
            largest = max(parts, key=lambda part: part.box.area)
            scale = max(largest.size[0] / max(largest.box.width, 1), largest.size[1] / max(largest.box.height, 1))
            size = (round(whole.width * scale), round(whole.height * scale))
            yield _Region(whole, digest("".join(part.hash for part in parts).encode()), size)


def _drawings(paths: Sequence[Path], images: Sequence[Placed], sheet: Box) -> Iterator[_Region]:
    """Regions with many paths that are not merely the labels on an image."""
    if len(paths) < LEAST_PATHS and sum(path.segments for path in paths) < LEAST_STEPS:
        return
    for group in clusters([path.box for path in paths], sheet):
        members = [paths[index] for index in group]
        box = around([path.box for path in members]).within(sheet)
        dense = len(members) >= LEAST_PATHS or any(path.segments >= LEAST_STEPS for path in members)
        if not dense or sum(path.segments for path in members) < LEAST_STEPS:
            continue
        if box.width < LEAST_DRAWING[0] or box.height < LEAST_DRAWING[1]:
            continue
        if any(image.box.within(box).area * SAME_REGION >= box.area for image in images):
            continue
        shape = f"{len(members)} {box.width:.0f} {box.height:.0f} "
        places = (f"{p.box.left - box.left:.0f},{p.box.bottom - box.bottom:.0f},{p.segments}" for p in members)
        sampled = members[:: 1 + len(members) // SAMPLED_PATHS]
        slanted = tuple(path.box for path in sampled if is_slanted(path))
        yield _Region(box, digest((shape + " ".join(places)).encode()), (0, 0), len(members), slanted, len(sampled))


def _candidate(
    region: _Region, number: int, sheet: Box, near: Surroundings, copies: Copies, *, rotation: int, looked_at: bool
) -> Candidate:
    box, share = region.box, region.box.area / max(sheet.area, 1e-6)
    file, measures = "", None
    if looked_at and share >= LEAST_SHARE and _may_be_decoded(region):
        file, measures = copies.known(region.hash) or copies.add(
            region.hash, _render(near.page, box, sheet, region.size, rotation), None if region.paths else region.size
        )
    middle = (box.bottom + box.top) / 2 - sheet.bottom
    at_edge = not EDGE_OF_PAGE * sheet.height < middle < (1 - EDGE_OF_PAGE) * sheet.height
    candidate = Candidate(
        page=number,
        hash=region.hash,
        origin="drawing" if region.paths else "image",
        file=file,
        box=(
            (box.left - sheet.left) / sheet.width,
            (box.bottom - sheet.bottom) / sheet.height,
            (box.right - sheet.left) / sheet.width,
            (box.top - sheet.bottom) / sheet.height,
        ),
        share=share,
        margin=at_edge and box.height <= FLAT * sheet.height,
        paths=region.paths,
        slanted=len(region.slanted) / max(1, region.sampled),
        measures=measures,
    )
    if not file:
        return candidate
    return replace(
        candidate,
        covered=near.characters(box),
        caption=near.caption(box),
        above=near.above(box),
        below=near.below(box),
    )


def _may_be_decoded(region: _Region) -> bool:
    if region.paths:
        return True
    return min(region.size) >= LEAST_EDGE and region.size[0] * region.size[1] <= MAX_PIXELS


def _render(page: pdfium.PdfPage, box: Box, sheet: Box, size: tuple[int, int], rotation: int) -> Image.Image:
    """The region as the page shows it, turned as the page is turned."""
    natural = POINTS_PER_INCH * size[0] / max(box.width, 1.0)
    dots = min(max(natural, LEAST_DOTS), MOST_DOTS)
    scale = min(dots / POINTS_PER_INCH, READING_EDGE / max(box.width, box.height, 1.0))
    shown = box.grown(DRAWING_MARGIN if size == (0, 0) else 1.0).within(sheet)
    crop = (shown.left - sheet.left, shown.bottom - sheet.bottom, sheet.right - shown.right, sheet.top - shown.top)
    bitmap = page.render(scale=scale, crop=crop)
    image: Image.Image = bitmap.to_pil().convert("RGB")
    bitmap.close()
    return image.rotate(-rotation, expand=True) if rotation else image
