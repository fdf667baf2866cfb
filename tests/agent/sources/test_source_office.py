"""Office files: what they say, without what they hide, and what is wrong with broken and locked ones."""

from __future__ import annotations

import io
import random
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import docx
import openpyxl
import pytest

from agent.errors import SourceError
from agent.ports import Failure
from agent.records import Document
from agent.sources.registry import source_for
from tests.fakes.office import (
    COUNCIL,
    FERRY,
    PRICES,
    book,
    open_sheet,
    open_text,
    slides,
    word,
    word_of,
    workbook,
    zipped,
)

WHEN = "2026-05-04T10:00:00+00:00"


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str, bytes], Document]:
    def one(name: str, data: bytes) -> Document:
        (tmp_path / name).write_bytes(data)
        (document,) = source_for(str(tmp_path / name), 5.0).read(str(tmp_path / name))
        assert isinstance(document, Document)
        return document

    return one


Read = Callable[[str, bytes], Document]


def test_a_letter_is_called_by_its_properties_or_its_heading(read: Read) -> None:
    body = [FERRY, "It is grey.", "Ticket, Price", "Adult, 4 crowns", COUNCIL]
    named, headed = read("a.docx", word("A letter")), read("b.docx", word())
    assert (named.title, named.text.split("\n\n")) == ("A letter", ["New ferry sails", *body])
    assert (headed.title, headed.text.split("\n\n")) == ("New ferry sails", body)
    assert headed.published.startswith(WHEN)


RUN = "<w:r><w:t xml:space='preserve'>{}</w:t></w:r>"


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        (
            RUN.format("It costs ") + "<w:del w:id='1'><w:r><w:delText>four</w:delText></w:r></w:del>"
            "<w:ins w:id='2'><w:r><w:t>five</w:t></w:r></w:ins>" + RUN.format(" crowns."),
            "It costs five crowns.",
        ),
        (
            RUN.format("It moves 10") + "<w:r><w:rPr><w:vertAlign w:val='superscript'/></w:rPr><w:t>6</w:t></w:r>"
            + RUN.format(" litres of H") + "<w:r><w:rPr><w:vertAlign w:val='subscript'/></w:rPr><w:t>2</w:t></w:r>"
            + RUN.format("O on the 1") + "<w:r><w:rPr><w:vertAlign w:val='superscript'/></w:rPr><w:t>st</w:t></w:r>"
            + RUN.format(" of May."),
            "It moves 10\u2076 litres of H2O on the 1st of May.",
        ),
        (
            RUN.format("Seen") + "<w:r><w:rPr><w:vanish/></w:rPr><w:t> and hidden</w:t></w:r>"
            "<w:r><w:fldChar w:fldCharType='begin'/></w:r><w:r><w:instrText> PAGE </w:instrText></w:r>"
            "<w:r><w:fldChar w:fldCharType='separate'/></w:r><w:r><w:t>.</w:t></w:r>",
            "Seen.",
        ),
        (
            "<w:sdt><w:sdtPr><w:alias w:val='x'/></w:sdtPr><w:sdtContent>" + RUN.format("In a control")
            + "</w:sdtContent></w:sdt><w:hyperlink>" + RUN.format(" and a link")
            + "</w:hyperlink><w:r><w:tab/><w:t>wide</w:t><w:br/><w:t>low.</w:t></w:r>",
            "In a control and a link wide low.",
        ),
        (
            "<w:moveFrom w:id='1'>" + RUN.format("gone") + "</w:moveFrom><w:moveTo w:id='2'>" + RUN.format("Come.")
            + "</w:moveTo>",
            "Come.",
        ),
    ],
    ids=["tracked change", "raised", "hidden and field", "control and link", "moved"],
)  # fmt: skip
def test_the_words_of_a_paragraph_are_those_that_are_seen(read: Read, xml: str, said: str) -> None:
    assert read("a.docx", word_of(xml)).text == f"{FERRY}\n\n{said}\n\n{COUNCIL}"


def test_code_in_a_letter_is_a_block(read: Read) -> None:
    def fill(document: docx.document.Document) -> None:
        document.styles.add_style("Source Code", 1)
        for line in ("def tide():", "    return 3"):
            document.add_paragraph(line, style="Source Code")

    assert read("a.docx", word(fill=fill)).text == f"{FERRY}\n\ndef tide():\n    return 3\n\n{COUNCIL}"


def test_a_deleted_end_of_a_paragraph_joins_two(read: Read) -> None:
    def fill(document: docx.document.Document) -> None:
        form = document.add_paragraph("It is ")._p.get_or_add_pPr()
        form.append(docx.oxml.parse_xml(f'<w:rPr {docx.oxml.ns.nsdecls("w")}><w:del w:id="1"/></w:rPr>'))
        document.add_paragraph("grey.")

    assert read("a.docx", word(fill=fill)).text == f"{FERRY}\n\nIt is grey.\n\n{COUNCIL}"


def test_the_cells_of_a_workbook_are_as_they_are_shown(read: Read) -> None:
    document = read("prices.xlsx", workbook({"Sheet": PRICES}))
    assert (document.title, document.published) == ("prices", "")
    assert document.text.split("\n\n") == ["Ticket, Number, Code, Day", "Adult, 48213, 001, 2026-05-04", "Child, NA"]


def test_numbers_keep_their_digits_and_sheets_their_names(read: Read) -> None:
    rows = [[0.1 + 0.2, 1e6, 123456789012, 2.50, True, 1e-7]]
    document = read("a.xlsx", workbook({"One": rows, "Empty": [], "Two": [["x"]]}, "Figures"))
    assert (document.title, document.published) == ("Figures", WHEN)
    assert document.text.split("\n\n") == ["One", "0.3, 1000000, 123456789012, 2.5, TRUE, 1e-07", "Two", "x"]


def test_formats_and_hidden_sheets_of_a_workbook_count(read: Read) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append([7, 0.25, 0.125])
    for cell, form in zip(workbook.active[1], ("000", "0%", "0.0%"), strict=True):
        cell.number_format = form
    workbook.create_sheet("Hidden").sheet_state = "hidden"
    workbook["Hidden"].append(["secret"])
    stream = io.BytesIO()
    workbook.save(stream)
    assert read("a.xlsx", stream.getvalue()).text == "007, 25%, 12.5%"


def test_slides_are_read_in_order_with_tables_and_notes(read: Read) -> None:
    document = read("a.pptx", slides())
    assert (document.title, document.published) == ("New ferry sails", WHEN)
    assert document.text.split("\n\n") == [
        FERRY, "Prices", "Adult, 4 crowns", "The tide moves 10\u2076 litres.", COUNCIL,
    ]  # fmt: skip


def test_open_documents_are_read_with_their_notes_last(read: Read) -> None:
    document = read("a.odt", open_text())
    assert (document.title, document.published) == ("New ferry sails", WHEN)
    assert document.text.split("\n\n") == ["The ferry", FERRY, "Adult, 4 crowns", "Child, free", "It is grey."]
    sheet = read("a.ods", open_sheet())
    assert sheet.text.split("\n\n") == ["Prices", "Prices, 48213, 2026-05-04", "Tides", "Tides, 48213, 2026-05-04"]


def test_open_text_leaves_out_what_was_deleted_and_keeps_what_is_raised(read: Read) -> None:
    content = """<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
      xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
      xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0">
      <office:automatic-styles><style:style style:name="T1"><style:text-properties style:text-position="super 58%"/>
      </style:style></office:automatic-styles><office:body><office:text><text:tracked-changes><text:changed-region>
      <text:deletion><text:p>four</text:p></text:deletion></text:changed-region></text:tracked-changes>
      <text:p>It moves 10<text:span text:style-name="T1">6</text:span><text:s/>litres,<text:change/> five crowns a
      head.</text:p></office:text></office:body></office:document-content>"""
    data = zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})
    assert read("a.odt", data).text == "It moves 10\u2076 litres, five crowns a head."


def test_a_book_is_read_chapter_after_chapter(read: Read) -> None:
    document = read("a.epub", book())
    assert (document.title, document.published) == ("The Ferry Book", "2026-05-04")
    assert document.text.split("\n\n") == ["One", FERRY, "Two", COUNCIL]


GOOD = {
    ".docx": word(), ".xlsx": workbook({"Sheet": PRICES}), ".pptx": slides(), ".odt": open_text(), ".ods": open_sheet(),
    ".epub": book(),
}  # fmt: skip


@pytest.mark.parametrize("suffix", GOOD)
def test_a_wrong_name_does_not_hide_what_a_file_is(read: Read, suffix: str) -> None:
    for other in (".zip", ".docx", ".txt", ".bin"):
        assert read(f"a{other}", GOOD[suffix]).text == read(f"a{suffix}", GOOD[suffix]).text


def _refusal(path: Path, data: bytes) -> SourceError:
    path.write_bytes(data)
    with pytest.raises(SourceError) as raised:
        list(source_for(str(path), 5.0).read(str(path)))
    assert raised.value.mend
    return raised.value


@pytest.mark.parametrize("suffix", GOOD)
def test_what_is_no_such_file_is_refused(tmp_path: Path, suffix: str) -> None:
    for data in (b"The ferry sails.\n" * 9, GOOD[suffix][:200], GOOD[suffix][: len(GOOD[suffix]) // 2], zipped({})):
        assert "is " in _refusal(tmp_path / f"a{suffix}", data).cause


@pytest.mark.parametrize("suffix", [".docx", ".xlsx", ".pptx"])
def test_a_file_that_office_locked_is_refused(tmp_path: Path, suffix: str) -> None:
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1_000) + "EncryptedPackage".encode("utf-16-le") + bytes(4_000)
    error = _refusal(tmp_path / f"a{suffix}", locked)
    assert "locked with a password" in error.cause
    assert "without a password" in error.mend
    assert "old office program" in _refusal(tmp_path / "a.doc", locked.replace(b"E\0n\0c", b"xxxxx")).cause


def test_locked_open_documents_and_books_are_refused(tmp_path: Path) -> None:
    manifest = {"META-INF/manifest.xml": "<m><encryption-data/></m>", "content.xml": "noise"}
    assert "locked with a password" in _refusal(tmp_path / "a.odt", zipped(manifest)).cause
    drm = '<encryption><CipherData><CipherReference URI="OEBPS/text/one%201.xhtml"/></CipherData></encryption>'
    assert "locked by its seller" in _refusal(tmp_path / "a.epub", book({"META-INF/encryption.xml": drm})).cause


def test_an_encrypted_zip_part_is_refused(tmp_path: Path) -> None:
    data = bytearray(word())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := data.find(mark, at + 1)) >= 0:
            data[at + place] |= 1
    assert "locked with a password" in _refusal(tmp_path / "a.docx", bytes(data)).cause


def test_an_archive_of_other_things_is_refused(tmp_path: Path) -> None:
    error = _refusal(tmp_path / "a.zip", zipped({"notes.txt": FERRY}))
    assert (error.cause.endswith("is an archive, no document"), error.mend) == (True, "unpack it and give the folder")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    for name, part in ((".docx", "word/document.xml"), (".xlsx", "xl/sheet.xml"), (".odt", "content.xml")):
        started = time.monotonic()
        assert "unpacks to more" in _refusal(tmp_path / f"a{name}", zipped({part: b" " * 200 * 2**20})).cause
        assert time.monotonic() - started < 5
    many = zipped({f"word/{n}.xml": "" for n in range(20_001)})
    assert "unpacks to more" in _refusal(tmp_path / "many.docx", many).cause


def test_a_bomb_of_entities_is_refused(tmp_path: Path) -> None:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{levels}]>'
    with zipfile.ZipFile(io.BytesIO(word())) as good:
        parts = {name: good.read(name) for name in good.namelist()}
    body = parts["word/document.xml"].decode().split("?>", 1)[1].replace(FERRY, "&a11;")
    started = time.monotonic()
    for name, data in (
        ("a.docx", zipped(parts | {"word/document.xml": bomb + body})),
        ("a.odt", zipped({"content.xml": f"{bomb}<x>&a11;</x>"})),
    ):
        (tmp_path / name).write_bytes(data)
        with suppress(SourceError):
            for item in source_for(str(tmp_path / name), 5.0).read(str(tmp_path / name)):
                assert isinstance(item, Document)
                assert "haha" not in item.text
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("suffix", GOOD)
def test_damage_raises_nothing_but_source_errors(tmp_path: Path, suffix: str) -> None:
    """Damage to the container's bytes, and to the parts inside, which a whole container brings to the library."""
    rng = random.Random(suffix)
    path = tmp_path / f"a{suffix}"
    for _ in range(40):
        path.write_bytes(_hurt(GOOD[suffix], rng) if rng.random() < 0.3 else _hurt_inside(GOOD[suffix], rng))
        with suppress(SourceError):
            for item in source_for(str(path), 5.0).read(str(path)):
                assert isinstance(item, Document | Failure)


def _hurt(data: bytes, rng: random.Random) -> bytes:
    hurt = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(hurt))
        match rng.randrange(4):
            case 0:
                hurt[at] = rng.randrange(256)
            case 1:
                del hurt[at : at + rng.randint(1, 60)]
            case 2:
                hurt[at:at] = rng.randbytes(rng.randint(1, 20))
            case _:
                hurt[at : at + 30] = hurt[:30]
        if not hurt:
            return b"x"
    return bytes(hurt)


def _hurt_inside(data: bytes, rng: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as good:
        parts = {name: good.read(name) for name in good.namelist()}
    for name in rng.sample(sorted(parts), min(2, len(parts))):
        if rng.random() < 0.15:
            del parts[name]
        elif parts[name]:
            parts[name] = _swapped(parts[name], rng) if rng.random() < 0.6 else _hurt(parts[name], rng)
    return zipped(parts)


def _swapped(xml: bytes, rng: random.Random) -> bytes:
    """XML that is still well formed, with other numbers, names and values in it."""
    pieces = [b"0", b"-1", b"99999999999999999999", b"x", b"", b"1e999", b"rId999"]
    starts = [n for n, byte in enumerate(xml) if byte == 0x22]
    for _ in range(rng.randint(1, 4)):
        if len(starts) < 2:
            break
        number = rng.randrange(0, len(starts) - 1)
        xml = xml[: starts[number] + 1] + rng.choice(pieces) + xml[starts[number + 1] :]
        starts = [n for n, byte in enumerate(xml) if byte == 0x22]
    return xml
