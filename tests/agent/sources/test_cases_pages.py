"""The cases of tests/cases/pages: each read as a user's file is, and what is right for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import SourceError
from agent.ports import Failure
from agent.records import Document
from agent.sources import source_for

CASES = Path(__file__).parents[2] / "cases/pages"
F = (
    "The ferry Marlinspike began to sail between Ostrava Quay and Hollow Point on 3 May. It carries 140 passengers and"
    " makes nine crossings a day, seven days a week."
)
C = (
    "The harbour council paid 2.4 million crowns for the vessel, which was built in the yard at Tarn Mouth in 2019 and"
    " spent three years on the river Aune."
)
I = (  # noqa: E741 - as in the list of cases
    "Ilse Brandvold, who chairs the council, said that the crossing takes eleven minutes. A ticket costs four crowns,"
    " and children under six travel free."
)
G = (
    "The old ferry, the Grey Gull, had carried workers to the cannery since 1961. It will be shown in the museum at"
    " Hollow Point from the autumn."
)
NEW = "New ferry sails"
CODE = """import tidebook
def main():
    for tide in tidebook.read_tides("quay.csv"):
        print(tide)"""

# Each file: its title and its paragraphs.
READ: dict[str, tuple[str, list[str]]] = {
    "bidi_nbsp.html": (NEW, [F, "zerowidth softhyphen en\u2013dash", C]),
    "body_ul.html": ("Rules of the ferry", [
        F, "The rules are these:", "Nobody may smoke on the upper deck.", "Dogs travel for one crown each.",
        "Bicycles stand in the bow, at most twelve of them.", C, I,
    ]),
    "br_paragraphs.html": (NEW, [F, C, I, G]),
    "br_poem.html": ("The Gull", [
        ("The gull sits on the harbour wall and counts the boats that come and go, it does not like the boats at all,"
        " it likes the wind that makes them slow."),
    ]),
    "cookie_first.html": (NEW, [F, C, I, G]),
    "cookie_gdpr_unnamed.html": (NEW, [F, C, I, G]),
    "cookie_short_article.html": (NEW, [F]),
    "dl.html": ("Words of the sea", [
        F, "Spring tide: The highest tide of the month, about 4.1 metres here.",
        "Neap tide: The lowest tide of the month, about 2.2 metres here.", C, I,
    ]),
    "figure_section.html": (NEW, [
        F, "The Marlinspike was painted by Mia Tarn in 2025.",
        "Bare words in a section say that the captain is Bo Aune.", C, I,
    ]),
    "fragment_no_html.html": (NEW, [F, C, I, G]),
    "infobox.html": ("MV Marlinspike", [
        "Built, Tarn Mouth, 2019", "Length, 31 m",
        "MV Marlinspike is a ferry that sails between Ostrava Quay and Hollow Point. It was built in 2019.",
        "History", C, I,
    ]),
    "inline_code.html": ("Tidebook", [
        ("The simplest way to read the tides is to override the get_tides() method of a view that subclasses TideView."
        " The method returns a list of 24 heights."),
        "Use pip install tidebook to install it. Version 3.2 needs Python 3.11.", CODE, C, I,
    ]),
    "jsonld.html": (NEW, [f"{F} {C} {I} {G}"]),
    "latin1_meta.html": ("Caf\u00e9 Sund \u00f6ffnet", [
        ("Das Caf\u00e9 an der Br\u00fccke \u00f6ffnet am Montag f\u00fcr alle G\u00e4ste. Gr\u00f6\u00dfere Gruppen"
        " m\u00fcssen sich bei Frau M\u00f6ller anmelden."),
    ]),
    "math.html": ("Tide heights", [
        "The height is h=2a metres, where a is the amplitude. Water is H2O and the area is 5 km\u00b2.", C,
    ]),
    "nav_unclosed2.html": (NEW, [F, C, I, G]),
    "nested_inline.html": (NEW, [
        "The ferry Marlinspike began to sail on 3 May with 140 people on board.", "It makes nine crossings.", C, I,
    ]),
    "nometa_cp1252.html": (NEW, [
        "\u201cIt\u2019s late\u201d, said Odo Marsh \u2013 the caf\u00e9 was shut.", F, C, I, G,
    ]),
    "nul_bytes.html": (NEW, [F, C, I, G]),
    "plain_article.html": (NEW, [F, C, I, G]),
    "pre_prose.html": ("RFC 9999: The Tide Transfer Protocol", [
        ("Tide Working Group                                          O. Marsh\n"
        "Request for Comments: 9999                           Tarn University"),
        "The Tide Transfer Protocol", "Abstract",
        ("This document describes the Tide Transfer Protocol, which carries the height of the water from a gauge to a"
        " server. The protocol was first used in 1998 by Ilse Brandvold, who measured the quay with a rope and sent the"
        " figures by telegraph."),
        "1. Introduction",
        ("A gauge sends one message every 15 minutes. A message has at most 512 bytes. The server answers with a status"
        " code, of which 200 means that the height was stored."),
    ]),
    "script_template.html": (NEW, [F, C, I, G]),
    "table_in_body.html": ("Ferry prices", [F, "Ticket, Price", "Adult, 4 crowns", C, I]),
    "table_page.html": ("Ferry prices", [
        F, "Ticket, Price, Valid", "Adult, 4 crowns, one day", "Child, free", "Month, 60 crowns, 30 days", C, I,
    ]),
    "title_h1_is_site.html": (NEW, [F, C, I, G]),
    "title_only_tag.html": (NEW, [F, C, I, G]),
    "ul_li_span.html": ("Rules of the ferry", [
        F, "Nobody may smoke on the upper deck.", "Dogs travel for one crown each.", C, I,
    ]),
    "ul_text.html": ("Rules of the ferry", [
        F, "Rules of the upper deck:", "Nobody may smoke there.", "Dogs travel for one crown each.", C, I,
    ]),
    "utf8_one_bad_byte.html": ("Caf\u00e9 Sund", [
        ("The caf\u00e9 on the quay \u2013 \u201cSund\u201d \u2013 opened on 3 May. \u017di\u017ekov and \u00c5lesund"
        " sent flags."),
        F, C, I, G, "Menu: cr\ufffdme",
    ]),
    "xhtml.xhtml": (NEW, [F, C, I, G]),
}  # fmt: skip
PUBLISHED = {"jsonld.html": "2026-05-04"}
# Each file: a part of the cause, and a part of the mend.
REFUSED = {
    "index_page.html": ("is a list of links", "read the pages"),
    "js_shell_text.html": ("no text to read: it may build its text with JavaScript", "from a browser"),
    "meta_refresh.html": ("plain_article.html", "read plain_article.html"),
    "noscript_js.html": ("no text to read: it may build its text with JavaScript", "from a browser"),
    "paywall404.html": ("says that the page was not found", "check the address"),
}
OTHERS = {"autodiscovery.html", "hidden.html"}


def items(name: str) -> list[Document | Failure]:
    location = str(CASES / name)
    return list(source_for(location, 5.0).read(location))


@pytest.mark.parametrize("name", READ)
def test_a_page_that_is_read(name: str) -> None:
    (document,) = items(name)
    assert isinstance(document, Document)
    title, paragraphs = READ[name]
    assert document.title == title
    assert [paragraph for paragraph in document.text.split("\n\n") if paragraph != title] == paragraphs
    assert document.published == PUBLISHED.get(name, "")
    assert document.source == str(CASES / name)


@pytest.mark.parametrize("name", REFUSED)
def test_a_page_that_is_refused(name: str) -> None:
    cause, mend = REFUSED[name]
    with pytest.raises(SourceError) as raised:
        items(name)
    assert cause in raised.value.cause
    assert mend in raised.value.mend


def test_hidden_text_is_left_out() -> None:
    (document,) = items("hidden.html")
    assert isinstance(document, Document)
    shown = [paragraph for paragraph in document.text.split("\n\n") if not paragraph.startswith("Aria hidden")]
    assert shown == [F, C, I]


def test_a_home_page_names_its_feed() -> None:
    document, failed = items("autodiscovery.html")
    assert isinstance(document, Document)
    assert document.text == "All the news of the quay, since 1921, every day, by Odo Marsh and friends."
    assert isinstance(failed, Failure)
    assert "/feed.xml" in failed.reason


def test_every_case_is_tested() -> None:
    assert {path.name for path in CASES.iterdir()} == READ.keys() | REFUSED.keys() | OTHERS
