"""PDF files: running text from pages, and files that hold none that can be read."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from agent.errors import SourceError
from agent.ports import Failure
from agent.records import Document
from agent.sources import read
from agent.sources.formats.pdf import PdfSource
from agent.sources.payload import Payload
from tests.fakes.pdf import column, pdf, placed

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


@pytest.mark.parametrize(
    ("created", "published"),
    [
        ("D:20240102030405+02'00'", "2024-01-02T01:04:05+00:00"),
        ("D:20240102030405-0330", "2024-01-02T06:34:05+00:00"),
        ("D:202401020304", "2024-01-02T03:04:00+00:00"),
        ("D:2024", "2024-01-01T00:00:00+00:00"),
        ("D:20240230", ""),
        ("yesterday", ""),
    ],
)
def test_dates_of_many_forms(created: str, published: str) -> None:
    assert parse(pdf(*PAGES, title="Lindmar", created=created))[0].published == published  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "title",
    [
        "",
        "untitled",
        "Untitled-2",
        "Untitled document",
        "Microsoft Word - draft3",
        "scan0001.pdf",
        "(anonymous)",
        "harbour_final_v3",
        "C:\\notes\\harbour",
        "0123",
        "Slide 1",
    ],
)
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


def test_a_broken_page_is_a_failure_and_the_others_are_read() -> None:
    document, failure = parse(placed(column(50, 800, FIRST), column(50, 800, LAST), broken=(1,)))
    assert isinstance(document, Document)
    assert document.text == LAST
    assert failure == Failure("news.pdf page 1", "the page cannot be read: Failed to load page.")


def test_a_file_of_only_broken_pages_is_an_error() -> None:
    with pytest.raises(SourceError, match=r"news\.pdf cannot be read: page 1: Failed to load page"):
        parse(placed(column(50, 800, FIRST), broken=(1,)))


def test_pages_of_images_are_a_failure_that_names_text_recognition_and_blank_ones_are_passed_over() -> None:
    document, failure = parse(placed(column(50, 800, LAST), [], [], [], [], images=(1, 3, 5)))
    assert isinstance(document, Document)
    assert document.text == LAST
    assert isinstance(failure, Failure)
    assert failure.where == "news.pdf pages 3, 5"
    assert "text recognition" in failure.reason


@pytest.mark.parametrize(
    "whole", [pdf(*PAGES, title="T", password=""), placed(column(50, 800, FIRST, LAST), images=(1,))]
)
def test_damaged_files_are_read_or_an_error_but_never_a_crash(whole: bytes) -> None:
    chance = random.Random(0)
    for _ in range(300):
        start = chance.randrange(len(whole))
        damaged = whole[:start] + chance.randbytes(chance.randrange(8)) + whole[start + chance.randrange(12) :]
        with suppress(SourceError):
            assert parse(damaged)


def test_threads_may_read_at_once() -> None:
    whole = pdf(*PAGES, title="Lindmar")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: parse(whole), range(40)))
    assert all(items == found[0] for items in found)
