"""Captions and references, in several languages."""

import pytest

from rag.picture_nearby import caption_around, caption_of


@pytest.mark.parametrize(
    "line",
    [
        "Figure 3: Parts of a lock",
        "Fig. 2.1 Flow",
        "FIGURE IV. Results",
        "Table 12",
        "Abb. 4: Aufbau",
        "Abbildung 4 – Aufbau",
        "Tabelle 2: Werte",
        "Tabla 1. Datos",
        "Рис. 5. Схема",
        "图 3 系统架构",
        "図3 構成",
        "그림 2 구조",
    ],
)
def test_captions_begin_with_the_name_of_the_picture(line: str) -> None:
    caption = caption_of(line)
    assert caption is not None and caption.begins and caption.text == line


@pytest.mark.parametrize("line", ["as Figure 3 shows, prices rose", "(see Table 2)", "siehe Abb. 4"])
def test_references_are_told_from_captions(line: str) -> None:
    caption = caption_of(line)
    assert caption is not None and not caption.begins


@pytest.mark.parametrize("line", ["", "the figures of 2020", "tables and chairs", "configure 3 servers", "图书馆"])
def test_other_lines_are_neither(line: str) -> None:
    assert caption_of(line) is None


def test_a_caption_is_better_than_a_reference_and_after_better_than_before() -> None:
    before, after = "As Figure 7 shows, it grows.\n", "\nFigure 8: Growth\nMore text."
    assert caption_around(before + after, len(before)) == "Figure 8: Growth"
    assert caption_around(before, len(before)) == "As Figure 7 shows, it grows."
    assert caption_around("Nothing.\n", 9) == ""
