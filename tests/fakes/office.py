"""Office files as the programs write them, made by the libraries that write such files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import docx
import openpyxl
import pptx
from docx.oxml import parse_xml
from odfdo import Document as OdfDocument
from odfdo import Header, Paragraph, Row, Table
from pptx.util import Inches

MOMENT = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
FERRY = "The ferry Marlinspike began to sail on 3 May."
COUNCIL = "The harbour council paid 2.4 million crowns for it."


def written(save: Callable[[io.BytesIO], Any]) -> bytes:
    stream = io.BytesIO()
    save(stream)
    return stream.getvalue()


def word(title: str = "", fill: Callable[[Any], None] | None = None) -> bytes:
    """A letter with a heading, a list and a table."""
    document = docx.Document()
    document.core_properties.title = title
    document.core_properties.created = MOMENT
    document.add_heading("New ferry sails", 1)
    document.add_paragraph(FERRY)
    if fill:
        fill(document)
    else:
        document.add_paragraph("It is grey.", style="List Bullet")
        table = document.add_table(2, 2)
        for cell, text in zip(table._cells, ("Ticket", "Price", "Adult", "4 crowns"), strict=True):
            cell.text = text
    document.add_paragraph(COUNCIL)
    return written(document.save)


def word_of(xml: str, title: str = "") -> bytes:
    """A letter with a paragraph whose XML is given, without its outer tags."""
    return word(title, lambda document: document.element.body.insert(2, parse_xml(f"<w:p {_W}>{xml}</w:p>")))


def workbook(sheets: Mapping[str, list[list[Any]]], title: str = "") -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if title:
        book.properties.title = title
        book.properties.created = MOMENT.replace(tzinfo=None)
    return written(book.save)


PRICES: list[list[Any]] = [
    ["Ticket", "Number", "Code", "Day"],
    ["Adult", 48213, "001", date(2026, 5, 4)],
    ["Child", None, "NA", None],
]


def slides() -> bytes:
    show = pptx.Presentation()
    show.core_properties.created = MOMENT.replace(tzinfo=None)
    first = show.slides.add_slide(show.slide_layouts[0])
    first.shapes.title.text, first.placeholders[1].text = "New ferry sails", FERRY
    second = show.slides.add_slide(show.slide_layouts[5])
    second.shapes.title.text = "Prices"
    table = second.shapes.add_table(1, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    table.cell(0, 0).text, table.cell(0, 1).text = "Adult", "4 crowns"
    run = second.shapes.add_textbox(Inches(1), Inches(4), Inches(4), Inches(1)).text_frame.paragraphs[0]
    run.add_run().text = "The tide moves 10"
    raised = run.add_run()
    raised.text = "6"
    raised.font._element.set("baseline", "30000")
    run.add_run().text = " litres."
    second.notes_slide.notes_text_frame.text = COUNCIL
    return written(show.save)


def open_text(title: str = "New ferry sails") -> bytes:
    document = OdfDocument("text")
    document.body.clear()
    document.meta.title = title
    document.meta.creation_date = MOMENT.replace(tzinfo=None)
    document.body.append(Header(1, "The ferry"))
    paragraph = Paragraph(FERRY)
    paragraph.insert_note(after="ferry", note_id="n1", citation="1", body="It is grey.")
    document.body.append(paragraph)
    table = Table("Prices")
    for cells in (["Adult", "4 crowns"], ["Child", "free"]):
        row = Row()
        row.set_values(cells)
        table.append_row(row)
    document.body.append(table)
    return written(document.save)


def open_sheet() -> bytes:
    document = OdfDocument("spreadsheet")
    document.body.clear()
    for name in ("Prices", "Tides"):
        table = Table(name)
        row = Row()
        row.set_values([name, 48213, date(2026, 5, 4)])
        table.append_row(row)
        document.body.append(table)
    return written(document.save)


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as container:
        for name, data in parts.items():
            container.writestr(name, data)
    return stream.getvalue()


def book(more: Mapping[str, str] | None = None) -> bytes:
    """An EPUB of two chapters, with a cover, a table of contents and a page that is not to be read in order."""
    page = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>{}</body></html>'
    items = "".join(
        f'<item id="{name}" href="text/{name}.xhtml" media-type="application/xhtml+xml"{more}/>'
        for name, more in {"cover": "", "nav": ' properties="nav"', "one%201": "", "two": "", "aside": ""}.items()
    )
    spine = "".join(
        f'<itemref idref="{name}"{more}/>'
        for name, more in {"cover": "", "nav": "", "one%201": "", "two": "", "aside": ' linear="no"'}.items()
    )
    return zipped({
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The Ferry Book</dc:title><dc:date>2026-05-04</dc:date>'
        f"</metadata><manifest>{items}</manifest><spine>{spine}</spine></package>",
        "OEBPS/text/cover.xhtml": page.format('<img src="c.png"/>'),
        "OEBPS/text/nav.xhtml": page.format("<p>Contents</p>"),
        "OEBPS/text/one 1.xhtml": page.format(f"<h1>One</h1><p>{FERRY}</p>"),
        "OEBPS/text/two.xhtml": page.format(f"<h1>Two</h1><p>{COUNCIL}</p>"),
        "OEBPS/text/aside.xhtml": page.format("<p>An aside.</p>"),
        **(more or {}),
    })  # fmt: skip
