"""Small PDF files for tests: lines of text, text at given places, images, broken pages; locked or not."""

from __future__ import annotations

import io
from dataclasses import dataclass

from pypdf import PageObject, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NullObject,
    NumberObject,
    StreamObject,
)

PLAIN, BOLD, FIXED, LIGATURES = "Helvetica", "Helvetica-Bold", "Courier", "Times-Roman"
_PAGE = (595, 842)
_IMAGE = b"q 400 0 0 400 50 300 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x7f EI Q"


@dataclass(frozen=True)
class At:
    """A piece of text, its baseline beginning at x, y in points from the lower left corner of the page.

    In the font LIGATURES the signs \x01 to \x03 are the ligatures fi, fl and ffi.
    """

    x: float
    y: float
    text: str
    size: float = 10
    font: str = PLAIN
    upwards: bool = False

    def drawn(self) -> bytes:
        shown = self.text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        matrix = "0 1 -1 0" if self.upwards else "1 0 0 1"
        code = f"BT /{self.font} {self.size} Tf {matrix} {self.x} {self.y} Tm ({shown}) Tj ET\n"
        return code.encode("cp1252")


def column(x: float, y: float, *lines: str, leading: float = 12, size: float = 10, font: str = PLAIN) -> list[At]:
    """Lines one below the other, the first with its baseline at y."""
    return [At(x, y - leading * row, line, size, font) for row, line in enumerate(lines)]


def pdf(*pages: str, title: str = "", created: str = "D:20240102030405Z", password: str | None = None) -> bytes:
    """One page for each text, whose lines are lines of the page. An empty text makes a blank page."""
    drawn = [column(50, 800, *page.split("\n"), leading=14, size=12) if page else [] for page in pages]
    return placed(*drawn, title=title, created=created, password=password)


def placed(
    *pages: list[At], title: str = "", created: str = "D:20240102030405Z", password: str | None = None,
    images: tuple[int, ...] = (), broken: tuple[int, ...] = (), rotated: int = 0,
) -> bytes:  # fmt: skip
    """Pages of text at given places, drawn in the given order. Those whose numbers stand in `images` show an image too,
    those in `broken` are named in the file but not there."""
    writer = PdfWriter()
    fonts = DictionaryObject({NameObject(f"/{name}"): _font(writer, name) for name in (PLAIN, BOLD, FIXED, LIGATURES)})
    for number, pieces in enumerate(pages, 1):
        image = _IMAGE if number in images else b""
        page = _add_page(writer, b"".join(piece.drawn() for piece in pieces) + image, fonts)
        if rotated:
            page.rotate(rotated)
        if number in broken:
            assert isinstance(page.indirect_reference, IndirectObject)
            writer._objects[page.indirect_reference.idnum - 1] = NullObject()
    if title:
        writer.add_metadata({"/Title": title, "/CreationDate": created})
    if password is not None:  # RC4, because AES would need one more package
        writer.encrypt(password, "owner", algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def _font(writer: PdfWriter, name: str) -> IndirectObject:
    encoding: DictionaryObject | NameObject = NameObject("/WinAnsiEncoding")
    if name == LIGATURES:
        signs = ArrayObject([NumberObject(1), *map(NameObject, ("/fi", "/fl", "/ffi"))])
        encoding = DictionaryObject({NameObject("/BaseEncoding"): encoding, NameObject("/Differences"): signs})
    font = DictionaryObject({
        NameObject("/Type"): NameObject("/Font"),
        NameObject("/Subtype"): NameObject("/Type1"),
        NameObject("/BaseFont"): NameObject(f"/{name}"),
        NameObject("/Encoding"): encoding,
    })  # fmt: skip
    return writer._add_object(font)


def _add_page(writer: PdfWriter, content: bytes, fonts: DictionaryObject) -> PageObject:
    page = writer.add_blank_page(*_PAGE)
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    stream = StreamObject()
    stream.set_data(content)
    page[NameObject("/Contents")] = writer._add_object(stream)
    return page
