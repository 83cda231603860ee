"""The Office files: a slide deck, a Word file and a spreadsheet."""

import csv
import re
import zipfile
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import pptx
import xlsxwriter  # type: ignore[import-untyped]
from docx.oxml import OxmlElement
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches, Pt

from samples import markup

AUTHOR = "Larn Sound Ferries"
SHEETS = {"fuel": "Fuel 2025", "safety_equipment": "Safety equipment", "pier_works": "Pier works 2026"}
MADE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def write_deck(source: Path, target: Path) -> None:
    """Writes the slides of ``deck.md``: one a heading, with bullets, a table or a chart, and speaker's notes."""
    deck = pptx.Presentation()
    for number, text in enumerate((source / "deck.md").read_text().strip().split("\n\n")):
        title, *lines = text.splitlines()
        slide = deck.slides.add_slide(deck.slide_layouts[0 if number == 0 else 5 if _is_figure(lines) else 1])
        slide.shapes.title.text = title.removeprefix("# ")
        _fill_slide(slide, [line for line in lines if not line.startswith("notes: ")])
        slide.notes_slide.notes_text_frame.text = lines[-1].removeprefix("notes: ")
    _save(deck, target)


def _is_figure(lines: list[str]) -> bool:
    return lines[0].startswith(("|", "chart: "))


def _fill_slide(slide: Any, lines: list[str]) -> None:
    place = (Inches(0.8), Inches(1.8), Inches(8.4), Inches(4.6))
    if lines[0].startswith("chart: "):
        name, *points = lines[0].removeprefix("chart: ").split(" | ")
        data: Any = CategoryChartData()  # type: ignore[no-untyped-call]
        data.categories = [point.split()[0] for point in points]
        data.add_series(name, [int(point.split()[1]) for point in points])
        slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *place, data)
    elif lines[0].startswith("|"):
        rows = markup.parse("\n".join(lines))[0].rows
        table = slide.shapes.add_table(len(rows), len(rows[0]), *place[:3], Inches(0.5 * len(rows))).table
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                table.cell(row, column).text = cell
    else:
        frame = slide.placeholders[1].text_frame
        frame.text = "\n".join(line.removeprefix("- ") for line in lines)
        for paragraph in frame.paragraphs:
            paragraph.space_after = Pt(10)


def write_minutes(source: Path, target: Path) -> None:
    """Writes ``minutes.md`` as a Word file with real heading styles and a real table."""
    document = docx.Document()
    for block in markup.parse((source / "minutes.md").read_text()):
        if block.kind == "heading":
            document.add_heading(block.text, block.level - 1)
        elif block.kind == "table":
            table = document.add_table(len(block.rows), len(block.rows[0]), style="Light Grid Accent 1")
            table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
            for row, cells in zip(table.rows, block.rows, strict=True):
                for cell, text in zip(row.cells, cells, strict=True):
                    cell.text = text
        else:
            document.add_paragraph(block.text)
    _save(document, target)


def write_workbook(source: Path, target: Path) -> None:
    """Writes one sheet for each of the CSV files, with real dates, and totals under the fuel."""
    workbook = xlsxwriter.Workbook(str(target), {"default_date_format": "yyyy-mm-dd"})
    workbook.set_properties({"author": AUTHOR, "created": MADE.replace(tzinfo=None)})
    bold = workbook.add_format({"bold": True, "bg_color": "#E6EEF4", "bottom": 1})
    for name, title in (
        ("fuel", "Fuel 2025"),
        ("safety_equipment", "Safety equipment"),
        ("pier_works", "Pier works 2026"),
    ):
        sheet = workbook.add_worksheet(title)
        with (source / f"{name}.csv").open() as lines:
            header, *rows = csv.reader(lines)
        sheet.write_row(0, 0, header, bold)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                sheet.write(number, column, _value(cell))
        if name == "fuel":
            _write_totals(sheet, rows, bold)
        sheet.autofit()
        sheet.freeze_panes(1, 0)
    workbook.close()


def _write_totals(sheet: Any, rows: list[list[str]], style: Any) -> None:
    """A row of sums: as formulas, with their values, because readers of the file do not calculate."""
    sheet.write(len(rows) + 1, 0, "Total, litres", style)
    for column in range(1, len(rows[0])):
        letter = "ABCDEFG"[column]
        total = sum(int(row[column]) for row in rows)
        sheet.write_formula(len(rows) + 1, column, f"=SUM({letter}2:{letter}{len(rows) + 1})", style, total)


def _value(cell: str) -> int | date | str:
    if cell.isdigit():
        return int(cell)
    try:
        return date.fromisoformat(cell)
    except ValueError:
        return cell


def _save(document: Any, target: Path) -> None:
    """Saves with fixed dates inside, so that the same text makes the same bytes."""
    document.core_properties.author = AUTHOR
    saved = BytesIO()
    document.save(saved)
    target.write_bytes(_with_fixed_dates(saved.getvalue()))


def _with_fixed_dates(archive: bytes) -> bytes:
    """The Office file with one date everywhere, also in the workbooks that charts carry inside."""
    result = BytesIO()
    with zipfile.ZipFile(BytesIO(archive)) as old, zipfile.ZipFile(result, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith(".xlsx"):
                data = _with_fixed_dates(data)
            elif name == "docProps/core.xml":
                data = re.sub(rb"\d{4}-\d\d-\d\dT[\d:]+Z", MADE.strftime("%Y-%m-%dT%H:%M:%SZ").encode(), data)
            new.writestr(zipfile.ZipInfo(name, MADE.timetuple()[:6]), data, zipfile.ZIP_DEFLATED)
    return result.getvalue()
