"""Whole web pages: what is their text, what is their title, what day they state, and which of them hold nothing."""

from __future__ import annotations

import pytest

from agent.sources.html.page import Page, page
from agent.sources.html.refusals import refusal

SAID = [
    "The ferry Marlinspike began to sail between Ostrava Quay and Hollow Point on 3 May.",
    "The harbour council paid 2.4 million crowns for the vessel, which was built in the yard at Tarn Mouth.",
    "Ilse Brandvold, who chairs the council, said that the crossing takes eleven minutes in calm water.",
    "The old ferry, the Grey Gull, had carried workers to the cannery on the other bank since 1961.",
]
STORY = "".join(f"<p>{sentence}</p>" for sentence in SAID)
MENU = "<nav><ul><li><a href='/'>Home</a></li><li><a href='/news'>News</a></li></ul></nav>"


def read(body: str, title: str = "New ferry sails", head: str = "", url: str = "") -> Page:
    return page(f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>", url)


def lines(body: str, head: str = "") -> list[str]:
    return read(body, head=head).text.split("\n\n")


def refused(body: str, title: str = "New ferry sails", head: str = "", url: str = "") -> str:
    why = refusal(read(body, title, head, url), url)
    return why.cause if why else ""


@pytest.mark.parametrize(
    "body",
    [
        f"{MENU}<aside><div>Ads<main><article><h1>New ferry sails</h1>{STORY}</article></main>",
        f"<form>{MENU}<div><h1>New ferry sails</h1>{STORY}</div><footer>Imprint</footer></form>",
        f"<div id='root'></div><noscript><h1>New ferry sails</h1>{STORY}</noscript>",
        f"<div id='root'></div><template><article><h1>New ferry sails</h1>{STORY}</article></template>",
        f"<div id='root'></div><script type='text/x-handlebars-template'><h1>New ferry sails</h1>{STORY}</script>",
        f"<x-article><template shadowrootmode='open'>{STORY}</template></x-article>",
        f"<div class='page has-sidebar no-comments'><h1>New ferry sails</h1>{STORY}</div>",
        f"<div role='navigation'><a href='/'>Home</a></div><div role='main'>{STORY}</div>",
        f"<article><h1>New ferry sails</h1>{STORY}</article><h2>Related</h2>"
        + "".join(f"<h3><a href='/{i}'>Headline number {i}</a></h3><p>Short teaser {i} of it.</p>" for i in range(8)),
        (f"<article>{STORY}</article><div><p>We and our 143 partners store cookies on your device, with your consent."
        "</p></div>"),
        f"<article><p>4 May 2026, 10:00</p>{STORY}<p>Read also: <a href='/1'>The lock of Tarn Mouth</a></p></article>",
        "<font>" * 400 + STORY,
    ],
    ids=range(12),
)  # fmt: skip
def test_the_text_is_found_whatever_stands_around_it(body: str) -> None:
    assert lines(body) == SAID


def test_what_the_extractor_drops_of_the_text_is_put_back() -> None:
    inside = (
        "<figure><img src='a.jpg'><figcaption>The Marlinspike at the quay in May.</figcaption></figure>"
        "<section>Bare words say that the captain is Bo Aune.</section>"
        "<table><tr><td>Adult</td><td>4 crowns</td></tr></table><pre><code>sail()\nstop()</code></pre>"
    )
    assert lines(f"<main><h1>New ferry sails</h1><p>{SAID[0]}</p>{inside}<p>{SAID[1]}</p></main>") == [
        SAID[0], "The Marlinspike at the quay in May.", "Bare words say that the captain is Bo Aune.",
        "Adult, 4 crowns", "sail()\nstop()", SAID[1],
    ]  # fmt: skip


def test_paragraphs_of_list_items_are_kept() -> None:
    rules = "<ol><li>First rule here</li><li><p>Second rule</p><p>More of it</p></li></ol>"
    assert lines(f"<main><h1>Rules</h1><p>{SAID[0]}</p>{rules}<p>{SAID[1]}</p></main>") == [
        SAID[0], "First rule here", "Second rule", "More of it", SAID[1],
    ]  # fmt: skip


def test_a_formula_that_a_script_would_set_is_kept_once() -> None:
    script = "<script type='math/tex; mode=display'>h = 2a</script>"
    said = "The height of the tide at the quay is {} metres, said Odo Marsh on Monday."
    assert lines(f"<main><p>{said.format(script)}</p>{STORY}</main>")[0] == said.format("h = 2a")
    shown = f"<span class='MathJax_Preview'></span><span class='MathJax'>h=2a</span>{script}"
    assert lines(f"<main><p>{said.format(shown)}</p>{STORY}</main>")[0] == said.format("h=2a")


def test_what_a_style_sheet_hides_is_left_out() -> None:
    rules = "/* .a */ @media print {.c {display: none} .d {color: red}} .a, p.b, #i {margin: 0; display: none} .e {}"
    hidden = "<p class='a'>Secret.</p><p id='i'>Secret.</p><p class='c'>Shown on screen and not on paper, says Odo.</p>"
    shown = [*SAID, "Shown on screen and not on paper, says Odo."]
    assert lines(f"<main>{STORY}{hidden}</main>", f"<style>{rules}</style>") == shown
    assert lines(f"<main class='a'>{STORY}</main>", f"<style>{rules}</style>") == SAID  # a script will show it


@pytest.mark.parametrize(
    "sentence",
    [
        "Under the law of 2011 a site must ask its readers to consent before it stores cookies on their devices.",
        "A newsletter of the council told people how they could sign up for a ticket of the new ferry.",
        "Related work was done by Odo Marsh in 1998.",
        "Latest research shows that the tides rise by 3 mm a year.",
        "The party (c) shall pay the fee, and (d) keep the quay clear of nets.",
    ],
)
def test_sentences_that_begin_as_furniture_does_are_kept(sentence: str) -> None:
    assert sentence in lines(f"<main><h1>New ferry sails</h1><p>{SAID[0]}</p><p>{sentence}</p><p>{SAID[1]}</p></main>")


@pytest.mark.parametrize(
    ("body", "title", "head", "right"),
    [
        (f"<h1>New ferry</h1>{STORY}", "Quay News", "", "New ferry"),
        (f"<header><h1>Quay News</h1></header><h2>New ferry</h2>{STORY}", "New ferry - Quay News", "", "New ferry"),
        (f"<h1>Quay News</h1><h1>New ferry</h1>{STORY}", "New ferry | Quay News", "", "New ferry"),
        (f"<h1>New ferry</h1>{STORY}", "Quay News - New ferry", "", "New ferry"),
        (STORY, "New ferry sails | Quay News", "", "New ferry sails"),
        (STORY, "Quay News \u00bb New ferry sails", "<meta property='og:site_name' content='Quay News'>",
         "New ferry sails"),
        (STORY, "Ferries: a history", "", "Ferries: a history"),
        (STORY, "The Grey Gull - a ferry of the old school and its life", "",
         "The Grey Gull - a ferry of the old school and its life"),
        (f"<h1>Menu</h1>{STORY}", "New ferry sails", "<meta property='og:title' content='New ferry sails'>",
         "New ferry sails"),
        (f"{MENU}<aside><h1>Archive</h1></aside>{STORY}", "New ferry sails", "", "New ferry sails"),
    ],
)  # fmt: skip
def test_a_title_is_the_headline_without_the_site(body: str, title: str, head: str, right: str) -> None:
    assert read(body, title, head).title == right


@pytest.mark.parametrize(
    ("stated", "day"),
    [
        ("<meta property='article:published_time' content='2026-05-04T23:30:00-08:00'>", "2026-05-04"),
        ("<meta name='date' content='Mon, 04 May 2026 23:30:00 -0800'>", "2026-05-04"),
        ("<meta name='date' content='4. Mai 2026'>", "2026-05-04"),
        ("<meta name='DC.date.issued' content='20260504'>", "2026-05-04"),
        ("<meta name='pubdate' content='May 4, 2026'>", "2026-05-04"),
        ("<meta name='date' content='2026-02-30'>", ""),
        ("<meta name='date' content='soon'>", ""),
        ("<meta name='date' content='1970-01-01'>", ""),
        (
            """<script type='application/ld+json'>{"@graph": [{"@type": "WebPage", "datePublished": "2020-01-01"},
            {"@type": ["NewsArticle"], "datePublished": "2026-05-04T08:00Z"},]}</script>""",
            "2026-05-04",
        ),
        ("""<script type='application/ld+json'>{"@type": "Event", "startDate": "2026-05-04"}</script>""", ""),
        ("<script type='application/ld+json'>{broken</script>", ""),
    ],
)
def test_the_day_is_what_the_head_states(stated: str, day: str) -> None:
    assert read(STORY, head=stated).said.published == day


def test_the_day_is_never_one_that_the_text_mentions() -> None:
    event = "<p>It sails again on <time datetime='2027-05-04'>4 May</time>.</p>"
    footer = "<footer>\u00a9 2019-2026, updated 2026-01-02</footer>"
    assert read(f"<h1>Report of 3 May 2025</h1>{STORY}{event}{footer}").said.published == ""
    line = "<p class='byline'>By Odo Marsh, <time datetime='2026-05-04T10:00'>4 May</time></p>"
    assert read(f"<article>{line}{STORY}</article>").said.published == "2026-05-04"


def test_an_article_that_stands_only_in_json() -> None:
    body = "".join(f"<p>{said}</p>" for said in SAID).replace("</", "<\\/")
    data = f'<script type="application/ld+json">[{{"@type": "Article", "articleBody": "{body}"}}]</script>'
    assert lines("<div id='app'></div>", data) == SAID
    named = data.replace('"articleBody"', '"headline": "Bell &amp; Sons", "articleBody"')
    assert read("<div id='app'></div>", "", named).title == "Bell & Sons"


@pytest.mark.parametrize(
    ("body", "title", "head", "cause"),
    [
        ("<div id='app'>Wird geladen \u2026</div>", "App", "", "no text"),
        ("<p>Please enable JavaScript to view this page.</p>", "App", "", "no text"),
        ("<div class='spinner'>Loading, please wait</div>", "App", "", "no text"),
        ("<p>Checking your browser before you go on.</p>", "Quay", "", "whether a person is reading"),
        (
            "<h1>Access denied</h1><p>You may not view this page. Reference #18.2f</p>",
            "Denied",
            "",
            "person is reading",
        ),
        ("<p>Moved. <a href='/n'>Go</a></p>", "M", "<meta http-equiv='Refresh' content='0;URL=/n'>", "sends"),
        (STORY, "Live", "<meta http-equiv='refresh' content='5'>", ""),
        ("<h1>Seite nicht gefunden</h1><p>Nutzen Sie die Suche.</p>", "Quay", "", "not found"),
        ("<h1>Oops!</h1><p>The page that you are looking for is gone.</p>", "Quay", "", "not found"),
        (f"<h1>Page not found: a history</h1>{STORY * 2}", "A history", "", ""),
        (
            "".join(f"<p><a href='/{i}'>Headline {i} about the quay</a></p>" for i in range(20)),
            "News",
            "",
            "list of links",
        ),
        ("<p>Closed today.</p>", "Note", "", ""),
    ],
)
def test_pages_without_a_text_are_refused(body: str, title: str, head: str, cause: str) -> None:
    found = refused(body, title, head)
    assert cause in found
    assert bool(cause) == bool(found)


def test_addresses_are_whole_where_the_page_has_one() -> None:
    head = "<link rel='alternate' type='application/rss+xml' href='feed.xml'><base href='/a/'>"
    assert read(STORY, head=head, url="https://q.example/x/y").said.feeds == ("https://q.example/a/feed.xml",)
    moved = "<meta http-equiv='refresh' content='0; url=new.html'>"
    assert "https://q.example/x/new.html" in refused("<p>Moved</p>", head=moved, url="https://q.example/x/y")


def test_a_page_of_nothing_is_no_crash() -> None:
    for source in ("", "<!-- x -->", "\0", "<?xml version='1.0'?>", "<html>", "<div>" * 50_000 + "deep"):
        assert page(source).text in ("", "deep")
