"""Web addresses, against a real server: pages, feeds and PDFs, and all that goes wrong on the way."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Iterator

import pytest

from agent.errors import SourceError
from agent.ports import Failure
from agent.records import Document
from agent.sources import read
from agent.sources.fetch import MAX_WEB_BYTES
from tests.fakes.http_server import HttpServer, Reply
from tests.fakes.pdf import pdf

SAID = [f"Sentence number {i} tells the reader one new thing about the bridge of Lindmar." for i in range(12)]
PAGE = (
    "<html><head><title>Bridge opens | Town news</title><meta property='og:title' content='Bridge opens'>"
    "<meta property='article:published_time' content='2024-05-01T10:00:00Z'></head>"
    "<body><nav><a href='/'>Home</a> <a href='/all'>All news</a></nav><article><h1>Bridge opens</h1>"
    + "".join(f"<p>{sentence}</p>" for sentence in SAID)
    + "</article><footer>Imprint and cookies</footer></body></html>"
).encode()
RSS = b"<?xml version='1.0'?><rss version='2.0'><channel><title>T</title><item><title>One</title><link>/1</link><description>The bridge is open.</description></item></channel></rss>"  # noqa: E501
JSON_FEED = json.dumps({
    "version": "https://jsonfeed.org/version/1.1",
    "items": [{"id": "1", "title": "One", "content_text": "The bridge is open."}],
}).encode()  # fmt: skip
TEXT = b"The bridge is open."


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


def one(location: str) -> Document:
    (document,) = read(location, timeout=5.0, max_words=200)
    assert isinstance(document, Document)
    return document


def error(location: str, timeout: float = 5.0) -> SourceError:
    with pytest.raises(SourceError) as raised:
        list(read(location, timeout=timeout, max_words=200))
    assert raised.value.mend
    return raised.value


def test_a_page_gives_title_main_text_and_date(server: HttpServer) -> None:
    location = server.serve("/bridge", Reply(PAGE))
    document = one(location)
    assert document.title == "Bridge opens"
    assert document.text.split("\n\n") == SAID
    assert (document.source, document.published) == (location, "2024-05-01")


@pytest.mark.parametrize(
    ("path", "body", "content_type"),
    [
        ("/feed", RSS, "application/rss+xml"),
        ("/feed", RSS, "text/html"),
        ("/feed", RSS, "text/plain"),
        ("/feed.json", JSON_FEED, "application/octet-stream"),
        ("/feed", JSON_FEED, "application/feed+json; charset=utf-8"),
        ("/feed", JSON_FEED, "text/plain"),
        ("/file", pdf("The bridge is open."), "application/pdf"),
        ("/file", pdf("The bridge is open."), "text/html"),
        ("/a.md", b"# One\n\nThe bridge *is* open.", "text/plain"),
        ("/a", b"# One\n\nThe bridge *is* open.", "text/markdown"),
        ("/a.jsonl", b'{"text": "The bridge is open."}', "text/plain"),
        ("/a.txt", TEXT, "text/plain"),
        ("/a", TEXT, "application/octet-stream"),
        ("/page", b"<!DOCTYPE html><body><p>The bridge is open.</p>", "text/plain"),
        ("/page", b"<p>The bridge is open.</p>", "text/html"),
        ("/page.pdf", b"<html><body><p>The bridge is open.</p></body></html>", "application/pdf"),
    ],
)
def test_the_format_is_told_by_content_then_type_then_name(
    server: HttpServer, path: str, body: bytes, content_type: str
) -> None:
    assert one(server.serve(path, Reply(body, content_type))).text == "The bridge is open."


def test_relative_links_of_a_feed_start_from_its_address(server: HttpServer) -> None:
    assert one(server.serve("/news/feed", Reply(RSS, "application/rss+xml"))).source == server.url("/1")


def test_the_charset_of_the_server_is_used(server: HttpServer) -> None:
    page = "<html><body><p>Мост открыт.</p></body></html>".encode("koi8-r")
    assert one(server.serve("/p", Reply(page, "text/html; charset=koi8-r"))).text == "Мост открыт."


def test_a_redirect_is_followed_and_the_last_address_is_the_source(server: HttpServer) -> None:
    target = server.serve("/new", Reply(PAGE))
    server.redirect("/old", "/moved", 301)
    server.redirect("/moved", target, 307)
    assert one(server.url("/old")).source == target


def test_a_compressed_page_is_read(server: HttpServer) -> None:
    assert (
        one(server.serve("/p", Reply(gzip.compress(PAGE), headers={"Content-Encoding": "gzip"}))).title
        == "Bridge opens"
    )


def test_it_says_who_asks_and_what_it_takes(server: HttpServer) -> None:
    one(server.serve("/p", Reply(PAGE)))
    headers = server.requests[0][1]
    assert headers["User-Agent"].startswith("seal")
    assert "application/rss+xml" in headers["Accept"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_error_is_asked_again(server: HttpServer, status: int) -> None:
    assert one(server.serve("/p", Reply(status=status), Reply(status=status), Reply(PAGE))).title == "Bridge opens"
    assert server.asked("/p") == 3


def test_a_broken_connection_is_asked_again(server: HttpServer) -> None:
    assert one(server.serve("/p", Reply(PAGE, cut=True), Reply(PAGE))).title == "Bridge opens"


def test_an_error_that_stays_ends_after_three_tries(server: HttpServer) -> None:
    location = server.serve("/p", Reply(status=503))
    assert error(location).cause == f"{location} answers 503 Service Unavailable"
    assert server.asked("/p") == 3


def test_a_server_that_asks_to_wait_is_quoted(server: HttpServer) -> None:
    location = server.serve("/p", Reply(status=429, headers={"Retry-After": "120"}))
    assert error(location).mend == "try again in 120 seconds, as it asks"


@pytest.mark.parametrize(
    ("status", "cause", "mend"),
    [
        (404, "answers 404 Not Found", "no such page"),
        (410, "answers 410 Gone", "no such page"),
        (401, "answers 401 Unauthorized", "give the file"),
        (403, "answers 403 Forbidden", "give the file"),
        (418, "answers 418", "check the address"),
        (304, "answers 304", "check the address"),
    ],
)
def test_an_error_that_will_not_pass_is_asked_once(server: HttpServer, status: int, cause: str, mend: str) -> None:
    raised = error(server.serve("/p", Reply(status=status)))
    assert cause in raised.cause
    assert mend in raised.mend
    assert server.asked("/p") == 1


@pytest.mark.parametrize("reply", [Reply(PAGE, hang=30), Reply(PAGE, drip=0.05)], ids=["hangs", "drips"])
def test_a_slow_server_is_left_at_the_time_limit(server: HttpServer, reply: Reply) -> None:
    location, start = server.serve("/p", reply), time.monotonic()
    assert error(location, timeout=0.4).cause == f"{location} does not answer within 0.4 seconds (timeout)"
    assert time.monotonic() - start < 5
    assert server.asked("/p") == 1


def test_the_time_limit_holds_for_all_tries_together(server: HttpServer) -> None:
    location, start = server.serve("/p", Reply(status=503, hang=0.3)), time.monotonic()
    error(location, timeout=0.5)
    assert time.monotonic() - start < 5
    assert server.asked("/p") <= 2


def test_redirects_without_end_are_an_error(server: HttpServer) -> None:
    server.redirect("/a", "/b")
    assert "redirects without end" in error(server.redirect("/b", "/a")).cause


def test_a_redirect_away_from_the_web_is_an_error(server: HttpServer) -> None:
    assert "is not a web address" in error(server.redirect("/a", "file:///etc/hostname")).cause


@pytest.mark.parametrize("announced", [True, False])
def test_a_page_beyond_the_limit_is_an_error(server: HttpServer, announced: bool) -> None:
    body = b"word " * (MAX_WEB_BYTES // 5 + 1)
    reply = Reply(body) if announced else Reply(gzip.compress(body), headers={"Content-Encoding": "gzip"})
    assert "is larger than 20 MiB" in error(server.serve("/p", reply)).cause


@pytest.mark.parametrize("body", [b"", b" \n"])
def test_an_empty_answer_is_an_error(server: HttpServer, body: bytes) -> None:
    assert error(server.serve("/p", Reply(body))).cause.endswith("/p is empty")


def test_a_picture_is_an_error_that_names_its_type(server: HttpServer) -> None:
    assert "is binary (image/png), not text" in error(server.serve("/p", Reply(b"\x89PNG\0", "image/png"))).cause


def test_a_page_that_needs_javascript_is_an_error(server: HttpServer) -> None:
    page = b"<html><body><div id=root></div><noscript>Please enable it</noscript><script>go()</script></body></html>"
    assert "JavaScript" in error(server.serve("/p", Reply(page))).cause


def test_a_broken_compression_is_an_error(server: HttpServer) -> None:
    assert "compressed" in error(server.serve("/p", Reply(b"not gzip", headers={"Content-Encoding": "gzip"}))).cause


def test_a_port_where_nobody_listens_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        raised = error(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert "refuses the connection" in raised.cause


def test_a_host_without_address_is_an_error() -> None:
    raised = error("http://no-such-host.invalid/feed")
    assert "cannot be found (DNS)" in raised.cause
    assert "online" in raised.mend


@pytest.mark.parametrize("location", ["http://", "http://a\nb/", f"http://{'a' * 300}/", "http://[::1/"])
def test_what_only_looks_like_an_address_is_an_error(location: str) -> None:
    raised = error(location)
    assert "is not a web address" in raised.cause or "(DNS)" in raised.cause


def test_a_password_in_the_address_is_shown_nowhere(server: HttpServer) -> None:
    location = server.serve("/p", Reply(PAGE)).replace("http://", "http://anna:secret@")
    assert one(location).source == server.url("/p")
    assert server.requests[0][1]["Authorization"].startswith("Basic ")
    gone = error(server.url("/gone").replace("http://", "http://anna:secret@"))
    assert "secret" not in gone.cause + gone.mend


def test_a_feed_of_the_web_that_breaks_off_reports_it(server: HttpServer) -> None:
    items = list(
        read(server.serve("/feed", Reply(RSS[: -len("</channel></rss>")], "application/rss+xml")), max_words=200)
    )
    assert [type(item) for item in items] == [Document, Failure]
