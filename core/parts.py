"""Parts: the runs of pages that one worker call processes."""

import itertools


def cut(total_pages: int, part_pages: int) -> list[tuple[int, int]]:
    """The first and last page of each part, covering pages 1 to ``total_pages`` without overlap.

    Parts are of nearly equal length, so that the last one is not a splinter.
    """
    if total_pages < 1 or part_pages < 1:
        raise ValueError("a document has at least one page and a part covers at least one")
    count = -(-total_pages // part_pages)
    bounds = [total_pages * number // count for number in range(count + 1)]
    return [(first + 1, last) for first, last in itertools.pairwise(bounds)]
