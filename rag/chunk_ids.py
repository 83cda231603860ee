"""Ids of chunks: the version, the part and the place in it, packed, so that a part's rows are a range of ids. Pure."""

VERSION_SHIFT = 32
PART_SHIFT = 20
MAX_PARTS = 1 << (VERSION_SHIFT - PART_SHIFT)
MAX_ORDINALS = 1 << PART_SHIFT


def chunk_id(version_key: int, part: int, ordinal: int) -> int:
    """The id of a chunk; fits a bigint for every int version_key."""
    if not (0 <= part < MAX_PARTS and 0 <= ordinal < MAX_ORDINALS):
        raise ValueError(f"no chunk id for part {part}, ordinal {ordinal}")
    return version_key << VERSION_SHIFT | part << PART_SHIFT | ordinal


def part_range(version_key: int, part: int) -> tuple[int, int]:
    """The ids of a part: from the first up to, not including, the second."""
    first = chunk_id(version_key, part, 0)
    return first, first + MAX_ORDINALS


def version_range(version_key: int) -> tuple[int, int]:
    """The ids of a version: from the first up to, not including, the second."""
    return version_key << VERSION_SHIFT, (version_key + 1) << VERSION_SHIFT
