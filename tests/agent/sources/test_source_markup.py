"""HTML to text: fragments keep what was meant to be read, pages lose their furniture."""

from __future__ import annotations

import pytest
import trafilatura

from agent.sources.markup import fragment, page, visible_text

STORY = "".join(f"<p>Sentence {i} tells the reader one new thing about the bridge.</p>" for i in range(12))


def test_captions_beside_a_story_are_left_out() -> None:
    text = fragment(f"{STORY}<figure><img src='b.jpg'><figcaption>At night</figcaption></figure>")
    assert len(text.split("\n\n")) == 12
    assert "At night" not in text


@pytest.mark.parametrize("furniture", ["<aside>{}</aside>", "<div class='comments'><p>{}</p></div>"])
def test_a_fragment_that_the_extractor_takes_for_furniture_is_kept_whole(furniture: str) -> None:
    said = "The long aside is the whole story of this entry, and it must be kept in any case."
    assert fragment(f"<p>Short.</p>{furniture.format(said)}") == f"Short.\n\n{said}"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("plain text & more\n\nand more", "plain text & more\n\nand more"),
        ("One.<br><br/>Two.<br>Three.", "One.\n\nTwo. Three."),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\n\nc"),
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

    monkeypatch.setattr(trafilatura, "extract", broken)
    monkeypatch.setattr(trafilatura, "bare_extraction", broken)
    assert fragment("<p>The bridge is open.</p>") == "The bridge is open."
    assert page("<html><head><title>T</title></head><body><p>The bridge is open.</p></body></html>").title == "T"


def test_lists_and_tables_of_a_page_lose_their_marks() -> None:
    table = "<table><tr><th>span</th><th>metres</th></tr><tr><td>main</td><td>412</td></tr></table>"
    article = f"<article>{STORY}<ul><li>first point</li></ul>{table}</article>"
    found = page(f"<html><body>{article}<footer>Imprint</footer></body></html>")
    assert found.text.split("\n\n")[-3:] == ["first point", "span, metres", "main, 412"]


def test_markup_nested_without_end_is_no_crash() -> None:
    assert isinstance(visible_text("<div>" * 50_000 + "deep"), str)
    assert page("<div>" * 50_000 + "deep").title == ""
