"""A range file reads like the whole file and fetches only what it must."""

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ranges import RangeFile

DATA = random.Random(7).randbytes(5_000)  # noqa: S311  not a secret


def over(data: bytes, block_bytes: int = 256) -> RangeFile:
    return RangeFile(len(data), lambda first, last: data[first : last + 1], block_bytes)


@given(st.lists(st.tuples(st.integers(0, 5_100), st.integers(0, 700)), max_size=20))
def test_reads_what_the_file_holds(reads: list[tuple[int, int]]) -> None:
    file = over(DATA)
    for offset, length in reads:
        file.seek(offset)
        assert file.read(length) == DATA[offset : offset + length]
    assert file.bytes_fetched <= len(DATA)


def test_a_block_is_fetched_once_and_neighbours_together() -> None:
    file = over(DATA)
    file.read_at(0, 1024)
    assert (file.requests, file.bytes_fetched) == (1, 1024)
    file.read_at(100, 500)
    assert file.requests == 1


def test_seek_from_the_end() -> None:
    file = over(DATA)
    file.seek(-10, io.SEEK_END)
    assert file.read() == DATA[-10:]


def test_a_short_answer_is_an_error() -> None:
    file = RangeFile(1000, lambda first, last: b"short")
    with pytest.raises(OSError, match="got 5"):
        file.read(10)


def test_who_reads_on_gets_more_each_time() -> None:
    file = over(DATA, block_bytes=16)
    for offset in range(0, 4_096, 16):
        assert file.read_at(offset, 16) == DATA[offset : offset + 16]
    assert file.requests < 12
    assert file.bytes_fetched <= len(DATA)


def test_what_was_fetched_first_is_forgotten() -> None:
    file = RangeFile(len(DATA), lambda first, last: DATA[first : last + 1], 256, kept_bytes=1024)
    assert file.read_at(0, 5_000) == DATA
    assert len(file._blocks) == 4
    assert file.read_at(0, 300) == DATA[:300]
