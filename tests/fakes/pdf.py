"""Small PDF files for tests, with a text layer, without one, or locked."""

from __future__ import annotations

import io

from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, IndirectObject, NameObject, StreamObject


def pdf(*pages: str, title: str = "", password: str | None = None) -> bytes:
    """One page for each text, whose lines are lines of the page. An empty text makes a blank page."""
    writer = PdfWriter()
    font = writer._add_object(
        DictionaryObject({
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
            NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
        })
    )  # fmt: skip
    for text in pages:
        _add_page(writer, text, font)
    if title:
        writer.add_metadata({"/Title": title, "/CreationDate": "D:20240102030405Z"})
    if password is not None:  # RC4, because AES would need one more package
        writer.encrypt(password, "owner", algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def _add_page(writer: PdfWriter, text: str, font: IndirectObject) -> None:
    page = writer.add_blank_page(595, 842)
    fonts = DictionaryObject({NameObject("/F1"): font})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    shown = "".join(f"({line}) Tj T* " for line in text.split("\n") if text)
    stream = StreamObject()
    stream.set_data(f"BT /F1 12 Tf 14 TL 50 800 Td {shown}ET".encode("cp1252"))
    page[NameObject("/Contents")] = writer._add_object(stream)
