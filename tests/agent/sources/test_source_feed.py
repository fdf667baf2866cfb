"""RSS and Atom: what entries say, and what becomes of feeds that are broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import SourceError
from agent.ports import Failure
from agent.records import Document
from agent.sources import read
from agent.sources.formats.feed import FeedSource
from agent.sources.payload import Payload

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Town news</title>
<item><title>Bridge &lt;b&gt;opens&lt;/b&gt;</title><link>http://host/1</link>
<description>&lt;p&gt;The bridge opened on Monday.&lt;/p&gt;&lt;p&gt;It is 412 metres long.&lt;/p&gt;</description>
<pubDate>Mon, 06 Sep 2021 02:01:00 +0200</pubDate></item>
<item><title>Harbour</title><link>http://host/2</link><description>Short teaser.</description>
<content:encoded><![CDATA[<p>The <i>whole</i> story &amp; more, with </item> in it.</p><script>x()</script>]]>
</content:encoded></item>
<item><title>Third</title><link>http://host/3</link><description>The third story is told here.</description></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title>
<entry><title>One</title><link href="http://host/a"/><updated>2024-01-02T03:04:05Z</updated>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>First one.</p><ul><li>a point</li></ul></div>
</content></entry>
<entry><title>Two</title><summary type="text">Plain: 3 &lt; 4 holds.</summary></entry></feed>"""


def parse(data: str | bytes, location: str = "feed.xml") -> list[Document | Failure]:
    return list(FeedSource().parse(Payload(location, data.encode() if isinstance(data, str) else data)))


def documents(data: str | bytes) -> list[Document]:
    return [item for item in parse(data) if isinstance(item, Document)]


def test_rss_entries_have_title_text_link_and_date() -> None:
    first, second, _ = documents(RSS)
    assert first.title == "Bridge opens"
    assert first.text == "The bridge opened on Monday.\n\nIt is 412 metres long."
    assert first.source == "http://host/1"
    assert first.published == "2021-09-06T00:01:00+00:00"
    assert second.text == "The whole story & more, with in it."


def test_atom_entries_have_content_or_summary() -> None:
    first, second = documents(ATOM)
    assert (first.text, first.published) == ("First one.\n\na point", "2024-01-02T03:04:05+00:00")
    assert (second.text, second.source) == ("Plain: 3 < 4 holds.", "feed.xml entry 2")


def test_a_long_entry_loses_no_sentence() -> None:
    said = [f"Sentence number {i} of the story tells something new." for i in range(60)]
    html = "".join(f"<p>{sentence}</p>" for sentence in said)
    text = documents(
        f"<rss version='2.0'><channel><item><description><![CDATA[{html}]]></description></item></channel></rss>"
    )
    assert text[0].text.split("\n\n") == said


@pytest.mark.parametrize(
    "description",
    [
        "",
        "<description>http://host/3</description>",
        "<description>Third</description>",
        "<description>&lt;a href='http://host/c'&gt;Comments&lt;/a&gt;</description>",
        "<description>&lt;img src='x.png'/&gt;</description>",
    ],
)
def test_an_entry_of_only_a_link_or_title_is_a_failure_that_names_the_page(description: str) -> None:
    feed = RSS.replace("<description>The third story is told here.</description>", description)
    last = parse(feed)[-1]
    assert isinstance(last, Failure)
    assert last.where == "http://host/3"
    assert "no text of its own; read the page itself: http://host/3" in last.reason


def test_a_linked_passage_is_text_all_the_same() -> None:
    passage = "word " * 30
    feed = RSS.replace("The third story is told here.", f"&lt;a&gt;{passage}&lt;/a&gt;")
    assert documents(feed)[2].text == passage.strip()


def test_a_feed_that_breaks_off_gives_its_whole_entries_and_reports_the_break() -> None:
    items = parse(RSS[: RSS.index("third story")])
    assert [item.title for item in items if isinstance(item, Document)] == ["Bridge opens", "Harbour"]
    assert isinstance(items[-1], Failure)
    assert items[-1].where == "feed.xml"
    assert "cut off (line 9:" in items[-1].reason


def test_a_feed_that_breaks_off_inside_cdata_drops_that_entry() -> None:
    items = parse(RSS[: RSS.index(" &amp; more")])
    assert [item.title for item in items if isinstance(item, Document)] == ["Bridge opens"]
    assert isinstance(items[-1], Failure)


def test_a_feed_that_breaks_off_between_entries_is_reported_too() -> None:
    items = parse(RSS[: RSS.index("</channel>")])
    assert [isinstance(item, Document) for item in items] == [True, True, True, False]


def test_an_entry_that_is_never_closed_is_left_out() -> None:
    items = parse(RSS.replace("</content:encoded></item>", "</content:encoded>"))
    assert [item.title for item in items if isinstance(item, Document)] == ["Bridge opens", "Third"]
    assert isinstance(items[-1], Failure)
    assert "broken" in items[-1].reason


@pytest.mark.parametrize("junk", ["AT&T &nbsp; and more", "a stray < sign"])
def test_small_flaws_that_lose_nothing_are_no_failure(junk: str) -> None:
    items = parse(RSS.replace("The third story is told here.", f"Of {junk} it tells."))
    assert [type(item) for item in items] == [Document, Document, Document]
    assert isinstance(items[2], Document)
    assert "it tells." in items[2].text


@pytest.mark.parametrize("end", ["<descr", "The bridge", "<link>"])
def test_a_feed_cut_off_inside_its_first_entry_is_an_error(end: str) -> None:
    with pytest.raises(SourceError, match=r"feed\.xml is cut off before its first entry ends \(line"):
        parse(RSS[: RSS.index(end) + len(end)])


@pytest.mark.parametrize("text", ["<sitemap><url/></sitemap>", "just text", '{"a": 1}'])
def test_what_is_no_feed_is_an_error(text: str) -> None:
    with pytest.raises(SourceError, match=r"feed\.xml is not a feed") as raised:
        parse(text)
    assert "RSS" in raised.value.mend


def test_a_feed_without_entries_is_an_error() -> None:
    with pytest.raises(SourceError, match="without entries"):
        parse("<rss version='2.0'><channel><title>T</title></channel></rss>")


@pytest.mark.parametrize("encoding", ["windows-1251", "utf-16", "koi8-r"])
def test_the_declared_encoding_is_used(encoding: str) -> None:
    feed = RSS.replace('encoding="utf-8"', f"encoding='{encoding}'").replace("The third story", "Мост открыли в среду")
    assert documents(feed.encode(encoding))[2].text == "Мост открыли в среду is told here."


def test_a_false_declaration_does_no_harm() -> None:
    feed = RSS.replace('encoding="utf-8"', 'encoding="iso-8859-1"').replace("The third story", "Die dritte Brücke")
    assert documents(feed)[2].text == "Die dritte Brücke is told here."


def test_control_characters_do_not_break_a_feed() -> None:
    assert len(documents(RSS.replace("third story", "third\x0b\x01 story"))) == 3


def test_an_external_entity_is_never_loaded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret words")
    feed = RSS.replace("<rss", f"<!DOCTYPE r [<!ENTITY x SYSTEM 'file://{secret}'>]><rss").replace(
        "third story", "&x; story"
    )
    assert "secret words" not in str(parse(feed))


def test_entities_that_multiply_are_stopped() -> None:
    entities = "".join(f"<!ENTITY e{i} '{f'&e{i - 1};' * 10 if i else 'ha' * 50}'>" for i in range(10))
    feed = RSS.replace("<rss", f"<!DOCTYPE r [{entities}]><rss").replace("third story", "&e9; story")
    assert len(str(parse(feed))) < 100_000


@pytest.mark.parametrize(
    "flaw",
    ["<link>http://[::1</link>", "<pubDate>Mon, 31 Feb 99999 25:61:61 +9999</pubDate>", "<pubDate>soon</pubDate>"],
)
def test_a_bad_link_or_date_does_not_lose_the_entry(flaw: str) -> None:
    feed = RSS.replace("<item><title>Third</title><link>http://host/3</link>", f"<item><title>Third</title>{flaw}")
    assert documents(feed)[2].text == "The third story is told here."


def test_a_character_number_without_character_is_an_error_and_no_crash() -> None:
    with pytest.raises(SourceError, match="cannot be read as a feed"):
        parse(RSS.replace("third story", "third &#99999999999; story"))


def test_a_link_that_leads_nowhere_is_not_the_source() -> None:
    assert documents(RSS.replace("http://host/3", "/3"))[2].source == "feed.xml entry 3"


def test_chinese_and_arabic_entries_survive(tmp_path: Path) -> None:
    file = tmp_path / "feed.atom"
    for story in ("北京今天天气很好。人们出门散步。", "مرحبا بالعالم. هل الطقس جميل اليوم؟"):
        file.write_text(RSS.replace("The third story is told here.", story), encoding="utf-8")
        assert list(read(str(file), max_words=200))[2].text == story  # type: ignore[union-attr]
