"""Damaged files made of sound ones: cut off, bytes changed, pieces of another put in. Pure, by a random generator."""

import random
from collections.abc import Sequence

MOST_CHANGES = 16
#: What readers take for lengths, counts and depths
EXTREMES = (b"\x00", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"-1", b"99999999999", b"<<" * 50, b"[" * 200)


def mutate(seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """One of the seeds, damaged in one to three ways."""
    data = chance.choice(seeds)
    for _ in range(chance.randint(1, 3)):
        data = chance.choice((_truncated, _flipped, _spliced, _overwritten))(data, seeds, chance)
    return data


def _truncated(data: bytes, _seeds: Sequence[bytes], chance: random.Random) -> bytes:
    return data[: chance.randint(0, len(data))]


def _flipped(data: bytes, _seeds: Sequence[bytes], chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, MOST_CHANGES) if changed else 0):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _spliced(data: bytes, seeds: Sequence[bytes], chance: random.Random) -> bytes:
    other = chance.choice(seeds)
    start, place = chance.randint(0, len(other)), chance.randint(0, len(data))
    return data[:place] + other[start : start + chance.randint(0, 4_096)] + data[place:]


def _overwritten(data: bytes, _seeds: Sequence[bytes], chance: random.Random) -> bytes:
    place, extreme = chance.randint(0, len(data)), chance.choice(EXTREMES)
    return data[:place] + extreme + data[place + len(extreme) :]
