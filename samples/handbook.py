"""The handbook: an A5 PDF with outline, contents, running heads, tables and vector charts."""

import csv
import re
from pathlib import Path
from typing import Any

import reportlab
from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib import colors
from reportlab.lib.pagesizes import A5
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)
from reportlab.platypus.tableofcontents import TableOfContents

from samples import markup

FONTS = Path(reportlab.__file__).parent / "fonts"
NAVY = colors.HexColor("#17364f")
PALE = colors.HexColor("#e6eef4")
RUST = colors.HexColor("#b4532a")

BODY = ParagraphStyle("Body", fontName="Vera", fontSize=8.6, leading=13, spaceAfter=6)
CELL = ParagraphStyle("Cell", BODY, fontSize=7.6, leading=10, spaceAfter=0)
HEAD_CELL = ParagraphStyle("HeadCell", CELL, fontName="VeraBd", fontSize=7.2, textColor=colors.white)
CHAPTER = ParagraphStyle("Chapter", fontName="VeraBd", fontSize=16, leading=21, textColor=NAVY, spaceAfter=12)
SECTION = ParagraphStyle(
    "Section",
    fontName="VeraBd",
    fontSize=10.5,
    leading=14,
    textColor=RUST,
    spaceBefore=10,
    spaceAfter=5,
    keepWithNext=1,
)
TITLE = ParagraphStyle("Title", fontName="VeraBd", fontSize=26, leading=33, textColor=colors.white)
SUBTITLE = ParagraphStyle("Subtitle", fontName="Vera", fontSize=11, leading=17, textColor=colors.white)

# Mean of January to December, 2016 to 2025, in metres
WAVE_HEIGHTS = (2.3, 2.6, 2.0, 1.5, 1.1, 0.9, 0.7, 0.8, 1.3, 1.7, 2.0, 2.4)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Handbook(BaseDocTemplate):
    """A document whose chapters and sections go into the outline and the table of contents."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            str(path),
            pagesize=A5,
            invariant=1,
            title="Crew and Pier Handbook, edition 7",
            author="Larn Sound Ferries",
            lang="en",
        )
        body = Frame(17 * mm, 18 * mm, A5[0] - 34 * mm, A5[1] - 38 * mm, id="body")
        self.addPageTemplates(
            [
                PageTemplate("cover", [body], onPage=_draw_cover),
                PageTemplate("page", [body], onPage=self._draw_running_head),
            ]
        )
        self.chapter = ""

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802  reportlab's name
        """Called by reportlab when something has been placed: enters headings into outline and contents."""
        if not isinstance(flowable, Paragraph) or flowable.style.name not in ("Chapter", "Section"):
            return
        level = 0 if flowable.style.name == "Chapter" else 1
        text = flowable.getPlainText()
        key = f"heading-{self.page}-{text}"
        self.chapter = text if level == 0 else self.chapter
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(text, key, level, closed=level == 0)
        if level == 0:
            self.notify("TOCEntry", (level, text, self.page, key))

    def _draw_running_head(self, canvas: Any, document: Any) -> None:
        canvas.setFont("Vera", 7)
        canvas.setFillColor(NAVY)
        canvas.drawString(17 * mm, A5[1] - 12 * mm, "Larn Sound Ferries · Crew and Pier Handbook")
        canvas.drawRightString(A5[0] - 17 * mm, 10 * mm, str(document.page))
        canvas.setStrokeColor(PALE)
        canvas.line(17 * mm, A5[1] - 14 * mm, A5[0] - 17 * mm, A5[1] - 14 * mm)


def write(source: Path, target: Path) -> None:
    """Writes the handbook PDF from ``handbook.md`` and ``fuel.csv`` in the folder source."""
    for name in ("Vera", "VeraBd", "VeraIt"):
        pdfmetrics.registerFont(TTFont(name, str(FONTS / f"{name}.ttf")))
    pdfmetrics.registerFontFamily("Vera", normal="Vera", bold="VeraBd", italic="VeraIt", boldItalic="VeraBd")
    charts = {"waves": _chart(WAVE_HEIGHTS, MONTHS, "Significant wave height, m"), "fuel": _fuel_chart(source)}
    story = _front_matter()
    chapter = 0
    for block in markup.parse((source / "handbook.md").read_text()):
        if block.kind == "heading" and block.level == 1:
            chapter += 1
            story += [PageBreak(), Paragraph(f"{chapter}  {block.text}", CHAPTER)]
        elif block.kind in ("table", "chart"):
            figure = charts[block.text] if block.kind == "chart" else _table(block.rows)
            heading = [story.pop()] if getattr(story[-1], "style", None) is SECTION else []
            story.append(KeepTogether([*heading, figure, Spacer(1, 9)]))  # no page ends in a heading
        else:
            story.append(_text(block))
    Handbook(target).multiBuild(story)


def _front_matter() -> list[Flowable]:
    contents = TableOfContents(dotsMinLevel=0)
    contents.levelStyles = [ParagraphStyle("Entry", BODY, spaceAfter=3)]
    heading = ParagraphStyle("ContentsHeading", CHAPTER)
    return [
        Spacer(1, 55 * mm),
        Paragraph("Crew and Pier Handbook", TITLE),
        Spacer(1, 6 * mm),
        Paragraph("Larn Sound Ferries<br/>Edition 7, in force from 1 April 2026", SUBTITLE),
        NextPageTemplate("page"),
        PageBreak(),
        Paragraph("Contents", heading),
        contents,
    ]


def _text(block: markup.Block) -> Paragraph:
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", block.text.replace("&", "&amp;"))
    if block.kind == "heading":
        return Paragraph(text, SECTION)
    if block.kind in ("bullet", "step"):
        mark = f"{block.level}." if block.kind == "step" else "•"
        return Paragraph(text, ParagraphStyle("Item", BODY, leftIndent=14, spaceAfter=3), bulletText=mark)
    return Paragraph(text, BODY)


def _table(rows: tuple[tuple[str, ...], ...]) -> Table:
    cells = [[Paragraph(cell, CELL if index else HEAD_CELL) for cell in row] for index, row in enumerate(rows)]
    style: list[Any] = [
        ("BACKGROUND", (0, 0), (-1, 0), NAVY),
        ("ROWBACKGROUNDS", (0, 1), (-1, -1), [colors.white, PALE]),
        ("LINEBELOW", (0, -1), (-1, -1), 0.6, NAVY),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
    ]
    return Table(
        cells, colWidths=[(A5[0] - 36 * mm) / len(rows[0])] * len(rows[0]), style=TableStyle(style), repeatRows=1
    )


def _fuel_chart(source: Path) -> Drawing:
    with (source / "fuel.csv").open() as lines:
        months = list(csv.DictReader(lines))
    vessels = tuple(name for name in months[0] if name != "Month")
    return _chart(
        [sum(int(month[name]) for month in months) / 1000 for name in vessels], vessels, "Fuel in 2025, thousand litres"
    )


def _chart(values: Any, labels: tuple[str, ...], title: str) -> Drawing:
    drawing = Drawing(A5[0] - 36 * mm, 52 * mm)
    chart: Any = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = 26, 18, A5[0] - 36 * mm - 34, 36 * mm
    chart.data = [tuple(values)]
    chart.bars[0].fillColor, chart.bars[0].strokeColor = NAVY, None
    chart.categoryAxis.categoryNames = list(labels)
    chart.categoryAxis.labels.fontName = chart.valueAxis.labels.fontName = "Vera"
    chart.categoryAxis.labels.fontSize = chart.valueAxis.labels.fontSize = 6.5
    chart.valueAxis.valueMin = 0
    chart.valueAxis.gridStrokeColor, chart.valueAxis.visibleGrid = PALE, True
    drawing.add(String(26, 48 * mm, title, fontName="VeraBd", fontSize=7.5, fillColor=NAVY))
    drawing.add(chart)
    return drawing


def _draw_cover(canvas: Any, document: Any) -> None:
    width, height = A5
    canvas.setFillColor(NAVY)
    canvas.rect(0, 0, width, height, stroke=0, fill=1)
    canvas.setStrokeColor(colors.HexColor("#5f8aa8"))
    canvas.setLineWidth(2)
    for row in range(7):
        path = canvas.beginPath()
        bottom = (12 + row * 9) * mm
        path.moveTo(0, bottom)
        for step in range(6):
            left = step * width / 6
            path.curveTo(
                left + width / 18, bottom + 5 * mm, left + width / 9, bottom - 5 * mm, left + width / 6, bottom
            )
        canvas.drawPath(path, stroke=1, fill=0)
