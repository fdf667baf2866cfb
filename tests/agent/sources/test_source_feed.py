"""RSS and Atom: what entries say, and what becomes of feeds that are broken."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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

BROKEN = [
    b"", b"<![CDATA[", b"]]>", b"<!--", b"<!", b"<![if x]>", b"<?", b"&#", b"&#xD800;", b"<item>", b"</entry>",
    b"<content type='xhtml'><div>", b"<link>http://[</link>", b"<!DOCTYPE a [<!ENTITY x 'y'>]>", b"\0", b"\xff\xfe",
    b"<svg>", b"<guid>", b"<opml>", b"<itunes:summary>", b"<table><tr><td>", b"<pre>", b"</div></p>",
]  # fmt: skip


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


def item(inside: str) -> str:
    spaces = "xmlns:media='http://search.yahoo.com/mrss/' xmlns:dc='http://purl.org/dc/elements/1.1/'"
    return f"<rss version='2.0' {spaces}><channel><title>Quay News</title><item>{inside}</item></channel></rss>"


@pytest.mark.parametrize(
    ("title", "right"),
    [
        ("Vec&lt;u8&gt; and Box&lt;T&gt;", "Vec<u8> and Box<T>"),
        ("<![CDATA[AT&amp;T <em>wins</em> &#8220;it&#8221;]]>", "AT&T wins \u201cit\u201d"),
        ("How to use &lt;b&gt;", "How to use <b>"),
        ("a &amp;lt; b", "a < b"),
        ("H&lt;sub&gt;2&lt;/sub&gt;O &amp;mdash; wet", "H2O \u2014 wet"),
        ("One&lt;br/&gt;two", "One two"),
        ("R&D and AT&T", "R&D and AT&T"),
    ],
)
def test_a_title_of_rss_may_be_text_or_html(title: str, right: str) -> None:
    (document,) = documents(item(f"<title>{title}</title><description>It opened.</description>"))
    assert document.title == right


@pytest.mark.parametrize(
    ("body", "right"),
    [
        ("&amp;lt;p&amp;gt;One.&amp;lt;/p&amp;gt;&amp;lt;p&amp;gt;Two.&amp;lt;/p&amp;gt;", "One.\n\nTwo."),
        ("<![CDATA[<div>&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;</div>]]>", "One.\n\nTwo."),
        ("<![CDATA[&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;&lt;img src='c.gif'/&gt;]]>", "One.\n\nTwo."),
        ("The &amp;lt;p&amp;gt; tag goes before &amp;lt;br&amp;gt;", "The <p> tag goes before <br>"),
        ("Use the &amp;lt;p&amp;gt; tag, and close it.", "Use the <p> tag, and close it."),
        ("&lt;p&gt;It&amp;amp;#8217;s caf&amp;amp;eacute; R&amp;amp;D.&lt;/p&gt;", "It\u2019s caf&eacute; R&D."),
        ("&lt;p&gt;Write &amp;amp;nbsp; for a space.&lt;/p&gt;", "Write &nbsp; for a space."),
        (
            "&lt;pre&gt;&lt;code&gt;&amp;lt;p&amp;gt;One.&amp;lt;/p&amp;gt;&lt;/code&gt;&lt;/pre&gt;",
            "<p>One.</p>",
        ),
    ],
)
def test_what_was_escaped_once_too_often(body: str, right: str) -> None:
    assert documents(item(f"<title>T</title><description>{body}</description>"))[0].text == right


def test_the_caption_of_a_picture_is_not_the_text() -> None:
    story = "The ferry began to sail on 3 May, and carries 140 passengers."
    caption = "<media:content url='a.jpg'><media:description>At the quay.</media:description></media:content>"
    assert documents(item(f"<title>T</title><description>{story}</description>{caption}"))[0].text == story


@pytest.mark.parametrize(
    "body",
    [
        "<![CDATA[<p>Article URL: <a href='https://a.b/'>https://a.b/</a></p><p>Points: 1</p><p># Comments: 3</p>]]>",
        "<![CDATA[submitted by <a href='https://r.example/u/odo'>/u/odo</a> [link] [comments]]]>",
        "<![CDATA[<div class='sharedaddy'><a>Share</a></div>]]>",
        "The post T appeared first on Quay News.",
        f"<![CDATA[<ol>{'<li><a href=x>The ferry sails from the quay again</a> Quay News</li>' * 5}</ol>]]>",
    ],
)
def test_an_entry_of_labels_and_boilerplate_has_no_text_of_its_own(body: str) -> None:
    (failure,) = parse(item(f"<title>T</title><link>http://host/1</link><description>{body}</description>"))
    assert isinstance(failure, Failure)
    assert "no text of its own" in failure.reason


@pytest.mark.parametrize(
    ("link", "source"),
    [
        ("<link>\n http://host/\n3 </link>", "http://host/3"),
        ("<link>http://host/a b</link>", "http://host/a%20b"),
        ("<link>//host/3</link>", "https://host/3"),
        ("<link>javascript:go()</link>", "feed.xml entry 1"),
        ("<guid isPermaLink='false'>http://host/3</guid>", "feed.xml entry 1"),
        ("<guid> http://host/3 </guid>", "http://host/3"),
        ("<guid>4711-a</guid>", "feed.xml entry 1"),
        ("<link>http://host/?a=1&copy=2&b</link>", "http://host/?a=1&copy=2&b"),
    ],
)
def test_links(link: str, source: str) -> None:
    assert documents(item(f"<title>T</title>{link}<description>It opened.</description>"))[0].source == source


def test_relative_links_start_from_the_page_of_the_feed() -> None:
    feed = item("<title>T</title><link>3</link><description>It opened.</description>")
    feed = feed.replace("<channel>", "<channel><link>http://host/news/</link>")
    assert documents(feed)[0].source == "http://host/news/3"
    numbered = feed.replace("<link>3</link>", "<guid>3</guid>")  # a number is no address
    assert documents(numbered)[0].source == "feed.xml entry 1"


@pytest.mark.parametrize(
    ("given", "published"),
    [
        ("<pubDate>Mon, 04 May 2026 10:00:00 BST</pubDate>", "Mon, 04 May 2026 10:00:00 BST"),
        ("<pubDate></pubDate><dc:date>2026-05-04</dc:date>", "2026-05-04T00:00:00+00:00"),
        ("", ""),
    ],
)
def test_a_date_that_is_not_understood_stays_in_the_words_of_the_feed(given: str, published: str) -> None:
    assert documents(item(f"<title>T</title>{given}<description>It opened.</description>"))[0].published == published


@pytest.mark.parametrize(
    ("inside", "named"),
    [
        (
            "<outline xmlUrl='http://a.b/?x=1&amp;y=2'/><outline text='N' XMLURL=\"http://c.d/\"/>",
            "http://a.b/?x=1&y=2, http://c.d/",
        ),
        ("".join(f"<outline xmlUrl='http://a.b/{n}'/>" for n in range(30)), "http://a.b/19 and 10 more"),
        ("<outline text='only notes'/>", "the address of a feed"),
    ],
)
def test_a_list_of_feeds_names_them(inside: str, named: str) -> None:
    with pytest.raises(SourceError, match="OPML") as raised:
        parse(f"<?xml version='1.0'?><!-- mine --><opml version='2.0'><body>{inside}</body></opml>")
    assert named in raised.value.mend


def test_boilerplate_of_most_entries_is_left_out() -> None:
    told = [f"Quay number {n} has {n + 5} boats and {n} lamps." for n in range(5)]
    entries = "".join(
        f"<item><title>Q{n}</title><guid>{n}</guid><description>&lt;p&gt;{text}&lt;/p&gt;"
        "&lt;p&gt;Subscribe now!&lt;/p&gt;</description></item>"
        for n, text in enumerate(told)
    )
    assert [d.text for d in documents(f"<rss version='2.0'><channel>{entries}</channel></rss>")] == told


@pytest.mark.parametrize("piece", ["<![CDATA[", "<!--", "&", "<", "<a ", "&lt;!--", ", ", "The post "])
def test_no_feed_takes_long(piece: str) -> None:
    start = time.process_time()
    with suppress(SourceError):
        parse(item(f"<title>{piece * 4_000}</title><description>{piece * 20_000}</description>x") + RSS)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "name",
    [
        "sharedaddy sd-sharing",
        "post-share-buttons",
        "social-links",
        "addtoany_content",
        "yarpp yarpp-related",
        "share_bar",
    ],
)
def test_sharing_widgets_are_left_out_by_their_class(name: str) -> None:
    widget = f"<div class='{name}'><h3>Tell a friend</h3><a href='x'>Chirp</a></div>"
    feed = item(f"<title>T</title><description><![CDATA[<p>The bridge is open.</p>{widget}]]></description>")
    assert documents(feed)[0].text == "The bridge is open."


CASES = [*(Path(__file__).parents[2] / "cases" / "feeds").iterdir()]


@given(st.sampled_from(CASES), st.integers(0, 3_000), st.integers(0, 40), st.sampled_from(BROKEN))
def test_a_broken_feed_raises_nothing_but_source_errors(case: Path, at: int, cut: int, put: bytes) -> None:
    data = case.read_bytes()
    with suppress(SourceError):
        parse(data[:at] + put + data[at + cut :])
