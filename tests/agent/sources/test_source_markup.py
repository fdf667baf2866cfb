"""HTML to text: fragments keep what was meant to be read, pages lose their furniture."""

from __future__ import annotations

import pytest
import trafilatura

from agent.sources.html.page import page
from agent.sources.markup import fragment, visible_text

STORY = "".join(f"<p>Sentence {i} tells the reader one new thing about the bridge.</p>" for i in range(12))


def test_captions_are_part_of_a_story() -> None:
    text = fragment(f"{STORY}<figure><img src='b.jpg'><figcaption>At night</figcaption></figure>")
    assert len(text.split("\n\n")) == 13
    assert text.endswith("At night")


@pytest.mark.parametrize("furniture", ["<aside>{}</aside>", "<div class='comments'><p>{}</p></div>"])
def test_a_fragment_keeps_what_looks_like_furniture_of_a_page(furniture: str) -> None:
    said = "The long aside is the whole story of this entry, and it must be kept in any case."
    assert fragment(f"<p>Short.</p>{furniture.format(said)}") == f"Short.\n\n{said}"


def test_a_fragment_loses_what_asks_to_share_it() -> None:
    share = "<div class='sharedaddy'><h3>Share this:</h3><ul><li><a href='#'>Email</a></li></ul></div>"
    assert fragment(f"<p>The bridge is open to all, day and night.</p>{share}") == (
        "The bridge is open to all, day and night."
    )
    assert fragment(share) == "Share this:\n\nEmail"  # nothing else stands there


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "<p>The <a><span>ferry</span></a> sails on <time>3 May</time>, <q>never late</q>, by <abbr>GMT</abbr>.</p>",
            "The ferry sails on 3 May, \u201cnever late\u201d, by GMT.",
        ),
        ("<p>Shown.</p><p style='color:red; Display : none !important'>x</p><div hidden><p>y</p></div>", "Shown."),
        ("<p>It<span class='sr-only'> hides</span> ends.</p><dialog>z</dialog><p hidden='until-found'>Kept.</p>",
         "It ends.\n\nKept."),
        ("<p>It costs <del>5</del> 4 crowns.</p>", "It costs 4 crowns."),
        ("<p>one\n\nline</p>", "one line"),
        ("bare <b>words</b>\n\nwithout blocks", "bare words\n\nwithout blocks"),
        ("<p>\u6771\n\u4eac zero\u200bwidth soft\u00adhyphen</p>", "\u6771\u4eac zerowidth softhyphen"),
        ("<p><ruby>\u6f22<rp>(</rp><rt>kan</rt><rp>)</rp></ruby></p>", "\u6f22"),
        ("<p>Harbour Office<br>Quay 4<br>Ostrava</p>", "Harbour Office\n\nQuay 4\n\nOstrava"),
        ("<p>The gull sits<br>and counts,<br>It waits</p>", "The gull sits and counts, It waits"),
        ("<h2>A long<br>heading</h2><ul><li>An item.<br>Its rest</li></ul>", "A long heading\n\nAn item. Its rest"),
        (
            "<ul><li>one<ul><li>in <b>it</b></li></ul>tail</li><li><p>two</p></li></ul>",
            "one\n\nin it\n\ntail\n\ntwo",
        ),
        (
            "<dl><dt>Spring tide</dt><dd>The highest.</dd><dt>A</dt><dt>B</dt><dd>Both.</dd><dd>More.</dd></dl>",
            "Spring tide: The highest.\n\nA, B: Both.\n\nMore.",
        ),
        ("<dl><dt>Who built it?</dt><dd>Odo.</dd><dt>lone</dt></dl>end", "Who built it?\n\nOdo.\n\nlone\n\nend"),
        (
            ("<table><caption>Prices</caption><tr><th rowspan=2>Adult</th><td>day</td><td>4</td></tr>"
             "<tr><td>month</td><td></td><td><p>60</p></td></tr><tr><th>Built:</th><td>2019</td></tr></table>"),
            "Prices\n\nAdult, day, 4\n\nAdult, month, 60\n\nBuilt: 2019",
        ),
        (
            ("<table><tr><td><p>First column of a page, which only a table lays out in two.</p><p>B</p></td><td>C</td>"
             "</tr></table>"),
            "First column of a page, which only a table lays out in two.\n\nB\n\nC",
        ),
        ("<p>10<sup>6</sup> m<sup>2</sup>, H<sub>2</sub>O, 1<sup>st</sup></p>", "10\u2076 m\u00b2, H2O, 1st"),
        (
            ("<math><mi>h</mi><mo>=</mo><mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><msup><mi>c</mi><mn>2</mn></msup>"
             "</mfrac></math> m"),
            "h=(a+b)/(c^2) m",
        ),
        ("<p><span class='katex'>a<span class='katex-mathml'>a</span></span> is</p>", "a is"),
        (
            ("<p>A fact<sup class='reference'><a href='#c1'>[1]</a></sup> more<sup><a href='#f'>2</a></sup>."
             "<sup>[citation needed]</sup></p>"),
            "A fact more.",
        ),
        (
            ("<h2>History<span class='mw-editsection'>[<a>edit</a>]</span><a href='#h'>\u00b6</a></h2><p>It is old.</p>"
             "<h2>References</h2><ol><li>^ Marsh</li></ol>"),
            "History\n\nIt is old.",
        ),
        ("<pre><code>def f():\n\n\treturn 1\n</code></pre><p>End.</p>", "def f():\n    return 1\n\nEnd."),
        ("<p>Use <code>f()</code> or</p><code>a<br>&nbsp;&nbsp;b</code>", "Use f() or\n\na\n  b"),
        (
            "<pre>Abstract\n\n   It was first used by Ilse\n   Brandvold, who measured the quay.\n\n1.  Next</pre>",
            "Abstract\n\nIt was first used by Ilse Brandvold, who measured the quay.\n\n1. Next",
        ),
    ],
)  # fmt: skip
def test_a_fragment_in_lines(source: str, text: str) -> None:
    assert fragment(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("plain text & more\n\nand more", "plain text & more\n\nand more"),
        ("One.<br><br/>Two.<br>Three.", "One.\n\nTwo.\n\nThree."),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a, b\n\nc"),
        ("a<!-- not this -->b <script>nor()</script><style>this{}</style>c", "ab c"),
        ("5 &lt; 6 &amp; 7&nbsp;&gt; 6", "5 < 6 & 7 > 6"),
        ("<p>One <b>bold</b>ly <i>told</i></p>story", "One boldly told\n\nstory"),
        ("<!-- nothing -->", ""),
        ("", ""),
    ],
)
def test_visible_text(source: str, text: str) -> None:
    assert visible_text(source) == text


def test_visible_text_without_links() -> None:
    assert visible_text("<p>Read <a href='x'>the <b>page</b></a> here</p>", links=False) == "Read here"


def test_a_page_that_the_extractor_cannot_bear_is_read_all_the_same() -> None:
    found = page("<math><html><head><title>Odd &amp; old</title></head><body><p>The bridge is open.</p></body></html>")
    assert "The bridge is open." in found.text


def test_an_extractor_that_breaks_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(trafilatura, "bare_extraction", broken)
    assert page("<html><head><title>T</title></head><body><p>The bridge is open.</p></body></html>").title == "T"


def test_lists_and_tables_of_a_page_lose_their_marks() -> None:
    table = "<table><tr><th>span</th><th>metres</th></tr><tr><td>main</td><td>412</td></tr></table>"
    article = f"<article>{STORY}<ul><li>first point</li></ul>{table}</article>"
    found = page(f"<html><body>{article}<footer>Imprint</footer></body></html>")
    assert found.text.split("\n\n")[-3:] == ["first point", "span, metres", "main, 412"]


def test_markup_nested_without_end_is_no_crash() -> None:
    assert isinstance(visible_text("<div>" * 50_000 + "deep"), str)
    assert page("<div>" * 50_000 + "deep").title == ""
