"""Text, Markdown and HTML files, and paths at which there is nothing to read."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from agent.errors import SourceError
from agent.records import Document
from agent.sources import read
from agent.sources.files import read_file

CHINESE = "北京今天天气很好。人们出门散步，非常高兴。"
ARABIC = "مرحبا بالعالم. هل الطقس جميل اليوم؟ نعم."


def one(path: Path, data: str | bytes) -> Document:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    (document,) = read(str(path), max_words=200)
    assert isinstance(document, Document)
    return document


def test_a_text_file_is_named_by_its_first_words_and_its_path(tmp_path: Path) -> None:
    document = one(tmp_path / "notes.txt", "The bridge has opened. It is long.\n")
    assert document.title == "The bridge has opened"
    assert document.text == "The bridge has opened. It is long."
    assert document.source == str(tmp_path / "notes.txt")
    assert (document.part, document.parts) == (0, 1)


def test_a_text_of_one_word_is_named_by_its_file(tmp_path: Path) -> None:
    document = one(tmp_path / "harbour.txt", "Open.")
    assert (document.title, document.text) == ("harbour", "Open.")


@pytest.mark.parametrize(
    "title", ["Velsund Harbour Gets a Tidal Lock", "维尔松港口建成新船闸", "المرفأ يحصل على بوابة"]
)
def test_a_title_line_names_the_text_and_leaves_it(tmp_path: Path, title: str) -> None:
    document = one(tmp_path / "a.txt", f"{title}\n\nThe lock opened in May. It has doors of larch.\n")
    assert (document.title, document.text) == (title, "The lock opened in May. It has doors of larch.")


@pytest.mark.parametrize("first", ["It is open.", "Dear all,", "These are the news:", "Open", "It opened " * 15])
def test_a_first_line_that_is_no_title_stays_in_the_text(tmp_path: Path, first: str) -> None:
    text = f"{first.strip()}\n\nThe lock opened in May. It has doors of larch."
    assert one(tmp_path / "a.txt", text).text == text


def test_a_title_line_without_text_below_is_the_text(tmp_path: Path) -> None:
    document = one(tmp_path / "a.txt", "The bridge is open\n")
    assert document.title == document.text == "The bridge is open"


@pytest.mark.parametrize("name", ["README", "server.log", "notes.org"])
def test_a_file_of_unknown_kind_is_read_as_text(tmp_path: Path, name: str) -> None:
    assert one(tmp_path / name, "Just some words.").text == "Just some words."


def test_wrapped_lines_are_joined_and_meant_line_breaks_kept(tmp_path: Path) -> None:
    wrapped = (
        "The bridge opens\n"
        "The bridge of Lindmar opened on Monday after four years of work, and\n"
        "the mayor was the first to walk over it.\n"
        "It is 412 metres long and was built by people of the town and of the\n"
        "villages around it.\n\n"
        "A line that is as long as any other one may still end its paragraph.\n"
        "So the next begins another one.\n\n"
        "The end"
    )
    document = one(tmp_path / "a.txt", wrapped)
    assert document.title == "The bridge opens"
    assert document.text.split("\n\n") == [
        "The bridge of Lindmar opened on Monday after four years of work, and the mayor was the first to walk over it.",
        "It is 412 metres long and was built by people of the town and of the villages around it.",
        "A line that is as long as any other one may still end its paragraph.",
        "So the next begins another one.",
        "The end",
    ]


@pytest.mark.parametrize("text", [CHINESE, ARABIC])
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
def test_chinese_and_arabic_survive(tmp_path: Path, name: str, text: str) -> None:
    assert one(tmp_path / name, f"<html><body><p>{text}</p></body></html>" if name == "a.html" else text).text == text


def test_a_file_of_a_legacy_encoding_is_read(tmp_path: Path) -> None:
    text = "Le président a été élu à Genève après des années de débats."
    assert one(tmp_path / "a.txt", text.encode("cp1252")).text == text


MARKDOWN = """# The *new* bridge

It has **opened**, see [the page](http://host/1) and ![a photo](p.jpg).
Tickets cost `95` crowns &amp; more.

- first point
- second <b>point</b>

| span | metres |
|------|--------|
| main | 412    |

```
walk(bridge)
```

<div>As <i>HTML</i></div>
"""


def test_markdown_loses_its_marks_and_keeps_its_words(tmp_path: Path) -> None:
    document = one(tmp_path / "a.md", MARKDOWN)
    assert document.title == "The new bridge"
    assert document.text.split("\n\n") == [
        "It has opened, see the page and a photo. Tickets cost 95 crowns & more.",
        "first point",
        "second point",
        "span, metres",
        "main, 412",
        "walk(bridge)",
        "As HTML",
    ]


def test_the_title_of_front_matter_comes_first_and_the_matter_is_no_text(tmp_path: Path) -> None:
    document = one(tmp_path / "a.md", "---\ndate: 2024-01-01\ntitle: 'From the front'\n---\n# Heading\n\nText here.\n")
    assert (document.title, document.text) == ("From the front", "Heading\n\nText here.")


def test_a_rule_at_the_top_is_no_front_matter(tmp_path: Path) -> None:
    assert one(tmp_path / "a.md", "---\n\nText one.\n\nText two.").text == "Text one.\n\nText two."


def test_markdown_of_only_a_heading_has_the_heading_as_text(tmp_path: Path) -> None:
    document = one(tmp_path / "a.md", "# The bridge is open")
    assert document.title == document.text == "The bridge is open"


def test_markdown_without_heading_is_named_by_its_first_words(tmp_path: Path) -> None:
    assert one(tmp_path / "a.md", "The bridge *has* opened. Yes.").title == "The bridge has opened"


def test_an_html_file_gives_title_and_main_text(tmp_path: Path) -> None:
    page = "<html><head><title>Bridge</title><style>p{}</style></head><body><nav>Menu</nav><h1>Bridge</h1><p>It has opened.</p><script>x()</script><footer>Imprint</footer></body></html>"  # noqa: E501
    document = one(tmp_path / "a.htm", page)
    assert (document.title, document.text) == ("Bridge", "It has opened.")


def test_what_a_page_declares_as_its_encoding_is_used(tmp_path: Path) -> None:
    page = '<html><head><meta charset="windows-1251"><title>Мост</title></head><body><p>Мост открыт.</p></body></html>'
    assert one(tmp_path / "a.html", page.encode("windows-1251")).text == "Мост открыт."


@pytest.mark.parametrize("name", ["feed", "feed.txt", "feed.html"])
def test_a_feed_is_told_by_its_content_whatever_its_name(tmp_path: Path, name: str) -> None:
    feed = "<?xml version='1.0'?><!-- made by hand --><rss version='2.0'><channel><item><title>T</title><description>The bridge is open.</description></item></channel></rss>"  # noqa: E501
    assert one(tmp_path / name, feed).title == "T"


@pytest.mark.parametrize("data", [b"", b" \n\t\r\n"])
def test_an_empty_file_is_an_error(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(SourceError, match=r"a\.txt is empty"):
        one(tmp_path / "a.txt", data)


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.xml", "a.json", "a.jsonl", "a"])
def test_a_binary_file_is_an_error_whatever_its_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match=r"is binary, not text") as raised:
        one(tmp_path / name, b"\x89\x00\x03\x04\x00\x00\x08\x00\x89\x00\xff")
    assert "convert it" in raised.value.mend


def test_a_missing_file_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "harbour.txt").write_text("x")
    with pytest.raises(SourceError, match=r"no such file: .*habour\.txt") as raised:
        list(read(str(tmp_path / "habour.txt"), max_words=200))
    assert raised.value.mend == f"did you mean {tmp_path / 'harbour.txt'}?"


def test_a_missing_folder_on_the_way_is_what_gets_named(tmp_path: Path) -> None:
    (tmp_path / "news").mkdir()
    with pytest.raises(SourceError) as raised:
        list(read(str(tmp_path / "nevs" / "today" / "a.txt"), max_words=200))
    assert raised.value.mend == f"did you mean {tmp_path / 'news'}?"


def test_a_missing_file_without_neighbours_says_how_addresses_look(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as raised:
        list(read(str(tmp_path / "example.com"), max_words=200))
    assert "http://" in raised.value.mend


def test_a_link_to_nothing_is_called_that(tmp_path: Path) -> None:
    (tmp_path / "gone.txt").symlink_to(tmp_path / "never")
    with pytest.raises(SourceError) as raised:
        list(read(str(tmp_path / "gone.txt"), max_words=200))
    assert "symbolic link points to nothing" in raised.value.mend


@pytest.mark.parametrize(
    ("location", "cause"),
    [
        ("", "the location is empty"),
        ("  ", "the location is empty"),
        ("a\0b", "cannot be a file name"),
        ("ftp://host/feed.xml", "ftp://host/feed.xml is no address that can be read"),
        ("~no-such-person-here/a.txt", "home folder that is not there"),
        ("x" * 5_000, "cannot be read: File name too long"),
    ],
)
def test_a_location_that_cannot_be_is_an_error(location: str, cause: str) -> None:
    with pytest.raises(SourceError, match=cause) as raised:
        list(read(location, max_words=200))
    assert raised.value.mend


def test_a_pipe_or_socket_is_refused_and_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="is not a regular file"):
        list(read(str(tmp_path / "pipe"), max_words=200))
    monkeypatch.chdir(tmp_path)  # a socket's path has little room
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        with pytest.raises(SourceError, match="is not a regular file"):
            list(read("socket", max_words=200))


def test_a_file_that_may_not_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal comes from a stand-in, because tests may run as root, who may read everything."""
    (tmp_path / "a.txt").write_text("x")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourceError, match=r"a\.txt may not be read") as raised:
        list(read(str(tmp_path / "a.txt"), max_words=200))
    assert "permissions" in raised.value.mend


def test_a_file_beyond_the_limit_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"word " * 2**18)
    with pytest.raises(SourceError, match="is larger than 1 MiB"):
        read_file(str(tmp_path / "a.txt"), most=2**20)
    assert len(read_file(str(tmp_path / "a.txt")).data) == 5 * 2**18


def test_a_home_path_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.txt").write_text("Some words here.")
    assert [item.source for item in read("~/a.txt", max_words=200) if isinstance(item, Document)] == [
        str(tmp_path / "a.txt")
    ]


def test_a_long_file_comes_in_parts(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("One sentence of six words here. " * 50)
    parts = [item for item in read(str(tmp_path / "a.txt"), max_words=120) if isinstance(item, Document)]
    assert [(part.part, part.parts, part.title) for part in parts] == [
        (number, 3, f"One sentence of six words here ({number} of 3)") for number in (1, 2, 3)
    ]


def test_a_limit_below_one_word_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Some words.")
    with pytest.raises(ValueError, match="max_words"):
        list(read(str(tmp_path / "a.txt"), max_words=0))


def test_nothing_is_read_before_the_first_item_is_asked_for(tmp_path: Path) -> None:
    items = read(str(tmp_path / "later.txt"), max_words=200)
    (tmp_path / "later.txt").write_text("Written after the call.")
    assert len(list(items)) == 1
