"""PDF files: running text from pages, and files that hold none that can be read."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest
from pypdf import PageObject
from pypdf.errors import PdfReadError

from agent.errors import SourceError
from agent.ports import Failure
from agent.records import Document
from agent.sources import read
from agent.sources.formats.pdf import PdfSource
from agent.sources.payload import Payload
from tests.fakes.pdf import pdf

FIRST = """The harbour
The harbour of Lindmar was opened in 1954 by the coun-
cil of the town. It holds ninety boats and a café in which
the fishermen meet.
Its long stone wall was built by the people of the town"""
LAST = "and of the villages around it in only four summers."
PAGES = (FIRST, LAST)


def parse(data: bytes) -> list[Document | Failure]:
    return list(PdfSource().parse(Payload("news.pdf", data)))


def test_lines_and_pages_become_paragraphs(tmp_path: Path) -> None:
    (tmp_path / "news.pdf").write_bytes(pdf(*PAGES, title="Lindmar"))
    (document,) = read(str(tmp_path / "news.pdf"), max_words=200)
    assert isinstance(document, Document)
    assert document.text.split("\n\n") == [
        "The harbour",
        FIRST.split("\n", 1)[1].split("\nIts")[0].replace("-\n", "").replace("\n", " "),
        "Its long stone wall was built by the people of the town and of the villages around it in only four summers.",
    ]
    assert document.source == str(tmp_path / "news.pdf")


def test_title_and_date_come_from_the_file() -> None:
    (document,) = parse(pdf(*PAGES, title="Lindmar"))
    assert isinstance(document, Document)
    assert (document.title, document.published) == ("Lindmar", "2024-01-02T03:04:05+00:00")


@pytest.mark.parametrize("title", ["", "untitled", "Microsoft Word - draft3", "scan0001.pdf"])
def test_a_title_that_says_nothing_is_replaced(title: str) -> None:
    (document,) = parse(pdf(*PAGES, title=title))
    assert isinstance(document, Document)
    assert document.title == "The harbour"


def test_a_file_locked_with_a_password_is_an_error() -> None:
    with pytest.raises(SourceError, match=r"news\.pdf is encrypted") as raised:
        parse(pdf(*PAGES, password="secret"))
    assert "without a password" in raised.value.mend


def test_a_file_locked_with_an_empty_password_is_read() -> None:
    assert parse(pdf(*PAGES, password=""))[0].text == parse(pdf(*PAGES))[0].text  # type: ignore[union-attr]


def test_a_file_of_images_is_an_error_that_names_text_recognition() -> None:
    with pytest.raises(SourceError, match="holds no text, only images") as raised:
        parse(pdf("", ""))
    assert "text recognition" in raised.value.mend


@pytest.mark.parametrize("data", [b"%PDF-1.7\nnothing more", pdf(*PAGES)[:400], b"not a PDF"])
def test_a_broken_file_is_an_error(data: bytes) -> None:
    with pytest.raises(SourceError, match=r"news\.pdf is not a PDF, or is broken") as raised:
        parse(data)
    assert raised.value.mend


def test_a_broken_page_is_a_failure_and_the_others_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    extract = PageObject.extract_text

    def broken(page: PageObject) -> str:
        if page.page_number == 0:
            raise PdfReadError("odd stream")
        return extract(page)

    monkeypatch.setattr(PageObject, "extract_text", broken)
    document, failure = parse(pdf(*PAGES))
    assert isinstance(document, Document)
    assert document.text == LAST
    assert failure == Failure("news.pdf page 1", "the page cannot be read: odd stream")


def test_a_file_of_only_broken_pages_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: PageObject) -> str:
        raise PdfReadError("odd stream")

    monkeypatch.setattr(PageObject, "extract_text", broken)
    with pytest.raises(SourceError, match=r"news\.pdf cannot be read: the page cannot be read: odd stream"):
        parse(pdf(*PAGES))


def test_damaged_files_are_read_or_an_error_but_never_a_crash() -> None:
    chance, whole = random.Random(0), pdf(*PAGES, title="T", password="")
    for _ in range(300):
        start = chance.randrange(len(whole))
        damaged = whole[:start] + chance.randbytes(chance.randrange(8)) + whole[start + chance.randrange(12) :]
        with suppress(SourceError):
            assert parse(damaged)
