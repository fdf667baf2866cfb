"""Every source passes the suite of the Source port, by file and by web address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.ports import Source
from agent.sources.base import FormatSource
from agent.sources.folder import FolderSource
from agent.sources.formats.docx import DocxSource
from agent.sources.formats.epub import EpubSource
from agent.sources.formats.feed import FeedSource
from agent.sources.formats.jsonfeed import JsonFeedSource
from agent.sources.formats.jsonl import JsonlSource
from agent.sources.formats.lines import CodeSource, LinesSource
from agent.sources.formats.mail import MailSource
from agent.sources.formats.markdown import MarkdownSource
from agent.sources.formats.notebook import NotebookSource
from agent.sources.formats.odf import OdfSource
from agent.sources.formats.pdf import PdfSource
from agent.sources.formats.plain import TextSource
from agent.sources.formats.pptx import PptxSource
from agent.sources.formats.rtf import RtfSource
from agent.sources.formats.subtitles import SubtitleSource
from agent.sources.formats.table import TableSource
from agent.sources.formats.webpage import WebPageSource
from agent.sources.formats.xlsx import XlsxSource
from agent.sources.registry import FORMATS, AnyFormatSource
from tests.conformance.source import SourceConformance
from tests.fakes.http_server import HttpServer, Reply
from tests.fakes.office import PRICES, book, open_text, slides, word, workbook
from tests.fakes.pdf import pdf

RSS = b"""<rss version="2.0"><channel><title>T</title>
<item><title>One</title><link>http://host/1</link><description>The bridge has opened.</description></item>
<item><title>Two</title><link>http://host/2</link></item></channel></rss>"""
JSON_FEED = json.dumps({
    "version": "https://jsonfeed.org/version/1.1", "title": "T",
    "items": [{"id": "1", "content_text": "The bridge has opened."}, "no item"],
}).encode()  # fmt: skip
JSONL = b'{"title": "One", "text": "The bridge has opened."}\nnot JSON\n{"title": "Two", "text": "It is long."}\n'
PAGE = b"<html><head><title>Bridge</title></head><body><p>The bridge has opened.</p></body></html>"

# Each format: a name for the file, content that it can read, content that it cannot.
CASES: dict[type[FormatSource], tuple[str, bytes, bytes]] = {
    FeedSource: ("feed.xml", RSS, b"<sitemap></sitemap>"),
    JsonFeedSource: ("feed.json", JSON_FEED, b'{"version": "2"}'),
    JsonlSource: ("lines.jsonl", JSONL, b"one\ntwo\n"),
    MarkdownSource: ("page.md", b"# Bridge\n\nThe bridge has *opened*.", b"a\0b"),
    PdfSource: ("page.pdf", pdf("The bridge has opened."), b"no PDF at all"),
    TextSource: ("page.txt", b"The bridge\r\nhas opened.\r\n", b"\xef\xbb\xbf  \n"),
    TableSource: ("page.csv", b"quay,height\nOstrava,3.1\n", b"a\0b"),
    DocxSource: ("page.docx", word(), word()[:999]),
    XlsxSource: ("page.xlsx", workbook({"Prices": PRICES}), workbook({"Empty": []})),
    PptxSource: ("page.pptx", slides(), b"no slides"),
    OdfSource: ("page.odt", open_text(), word()),
    EpubSource: ("page.epub", book(), word()),
    MailSource: ("page.eml", b"Subject: Bridge\nFrom: a@b.example\n\nThe bridge has opened.\n", b"Subject: x\n\n"),
    RtfSource: ("page.rtf", rb"{\rtf1\ansi The bridge has opened.\par}", b"no RTF"),
    NotebookSource: (
        "page.ipynb",
        b'{"cells": [{"cell_type": "markdown", "source": ["The bridge has opened."]}]}',
        b'{"cells": 1}',
    ),
    SubtitleSource: ("page.srt", b"1\n00:00:01,000 --> 00:00:04,000\nThe bridge has opened.\n", b"no subtitle"),
    LinesSource: ("page.yaml", b"title: Bridge\nopened: 2019\n", b"---\n...\n"),
    CodeSource: ("page.py", b"def bridge():\n    return 3\n", b"a\0b"),
    WebPageSource: ("page.html", PAGE, b"<html><body><script>1</script></body></html>"),
}


def test_every_format_is_tested() -> None:
    assert set(CASES) == set(FORMATS)


@pytest.fixture(params=[*CASES, AnyFormatSource], ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> type[FormatSource] | type[AnyFormatSource]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def case(kind: type[FormatSource]) -> tuple[str, bytes, bytes]:
    return CASES.get(kind, CASES[FeedSource])


class TestByFile(SourceConformance):
    @pytest.fixture
    def source(self, kind: type[FormatSource]) -> Source:
        return kind()

    @pytest.fixture
    def good(self, tmp_path: Path, case: tuple[str, bytes, bytes]) -> str:
        return _write(tmp_path / case[0], case[1])

    @pytest.fixture
    def missing(self, tmp_path: Path) -> str:
        return str(tmp_path / "nothing" / "here.txt")

    @pytest.fixture
    def unusable(self, tmp_path: Path, case: tuple[str, bytes, bytes]) -> str:
        return _write(tmp_path / f"bad-{case[0]}", case[2])


class TestByWebAddress(SourceConformance):
    @pytest.fixture
    def server(self) -> Iterator[HttpServer]:
        with HttpServer() as server:
            yield server

    @pytest.fixture
    def source(self, kind: type[FormatSource]) -> Source:
        return kind(timeout=5.0)

    @pytest.fixture
    def good(self, server: HttpServer, case: tuple[str, bytes, bytes]) -> str:
        return server.serve(f"/{case[0]}", Reply(case[1], "application/octet-stream"))

    @pytest.fixture
    def missing(self, server: HttpServer) -> str:
        return server.url("/nothing")

    @pytest.fixture
    def unusable(self, server: HttpServer, case: tuple[str, bytes, bytes]) -> str:
        return server.serve(f"/bad-{case[0]}", Reply(case[2], "application/octet-stream"))


class TestFolder(SourceConformance):
    @pytest.fixture
    def source(self) -> Source:
        return FolderSource(AnyFormatSource())

    @pytest.fixture
    def good(self, tmp_path: Path) -> str:
        for name, good, bad in CASES.values():
            _write(tmp_path / "news" / name, good)
            _write(tmp_path / "news" / "broken" / name, bad)
        return str(tmp_path / "news")

    @pytest.fixture
    def missing(self, tmp_path: Path) -> str:
        return str(tmp_path / "nothing")

    @pytest.fixture
    def unusable(self, tmp_path: Path) -> str:
        return str(Path(_write(tmp_path / "bad" / "a.bin", b"\0\0")).parent)


def _write(path: Path, data: bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return str(path)
