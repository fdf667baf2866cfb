"""The cases of tests/cases/feeds and of JSON: each read as a user's file is, and what is right for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import SourceError
from agent.ports import Failure
from agent.records import Document
from agent.sources.registry import source_for
from agent.text.normal import is_block

CASES = Path(__file__).parents[2] / "cases"
F = (
    "The ferry Marlinspike began to sail between Ostrava Quay and Hollow Point on 3 May. It carries 140 passengers and"
    " makes nine crossings a day."
)
C = "The harbour council paid 2.4 million crowns for the vessel, which was built in the yard at Tarn Mouth in 2019."


def items(name: str) -> list[Document | Failure]:
    location = str(CASES / name)
    return list(source_for(location, 5.0).read(location))


def documents(name: str) -> list[Document]:
    found = items(name)
    assert [item for item in found if isinstance(item, Failure)] == []
    return [item for item in found if isinstance(item, Document)]


CODE = """import tidebook
def main():
    for tide in tidebook.read_tides("quay.csv"):
        if tide.height > 3:
            print(tide)"""

# Each file: title, source ("" for the file's own name) and paragraphs of each document.
Right = tuple[str, str, list[str]]
READ: dict[str, list[Right]] = {
    "alert.xml": [
        ("New ferry sails from Ostrava Quay", "https://g.example/url?q=https://m.example/1", [f"{F[:83]} ..."]),
    ],
    "atom_html_title_entity.xml": [
        ("Bell & Sons: it\u2019s open", "https://b.example/1", [
            "The shop of Bell and Sons opened in 2019 on the quay.",
        ]),
        ("Use <time> well", "https://b.example/2", ["The element was added by Odo Marsh in 2011 to the page."]),
    ],
    "bom_utf16.xml": [("Caf\u00e9 Sund", "https://m.example/1", [F])],
    "cdata_nested.xml": [("One", "https://m.example/1", [F, f"{C} & more"])],
    "code.xml": [
        ("Reading a tide table", "https://b.example/1", [
            "Use pip install tidebook to install the library. The call read_tides() returns a list of 24 heights.",
            CODE,
            "The library was written by Odo Marsh at Tarn University.",
            "Spring tide: The highest tide of the month.", "Neap tide: The lowest tide of the month.",
            "Quay, Height", "Ostrava, 3.1 m", "Hollow, 2.7 m",
        ]),
    ],
    "dtd_nbsp.xml": [("One", "https://m.example/1", [f"Kiosk 7 \u2014 {F}"])],
    "dup.xml": [
        ("Ferry opens", "https://m.example/1", [F]), ("Ferry opens", "https://m.example/1?utm_source=rss", [F]),
        ("Ferry opens [updated]", "https://m.example/1", [F.replace("140", "180")]),
    ],
    "empty_content.xml": [
        ("One", "https://m.example/1", [F]), ("Two", "https://m.example/2", [F]),
        ("Three", "https://m.example/3", [F, C]),
        ("Four", "https://m.example/4", [
            f"{F} {C} The whole story is told here, and it is longer than the content.",
        ]),
    ],
    "encoded_other_ns.xml": [
        ("One", "https://m.example/1", ["The stall of Odo Marsh sells cod for nine crowns since 2019."]),
        ("Two", "https://m.example/2", ["The stall of Mia Tarn sells herring for six crowns since 2018."]),
    ],
    "entities.xml": [
        ("The Clown\u2019s Joke", "https://m.example/1", [f"Caf\u00e9 Sund \u2014 {F}"]),
        ("Two", "https://m.example/2", [f"{C} softhyphen"]),
        ("Three", "https://m.example/3?a=1&q=80", [f"{C} Photo https://m.example/i?w=1&q=80"]),
    ],
    "feedburner.xml": [("One", "https://m.example/one", [F])],
    "ghrelease.xml": [
        ("v2.1.0", "https://code.example/gull/releases/tag/v2.1.0", [
            "What's Changed", "Fix crash when the harbour map is empty by @imarsh in #12",
            "Add --tide option by @obrand in #14", "Bump netlib from 1.2 to 1.3", "Full Changelog: v2.0.0...v2.1.0",
        ]),
        ("v2.0.9", "https://code.example/gull/releases/tag/v2.0.9", ["No content."]),
    ],
    "guid_link.xml": [
        ("One", "https://m.example/perma/1", [F]), ("Two", "", [f"{F} Two."]),
        ("The harbour council paid 2.4 million crowns for the vessel, which was\u2026", "", [C]),
    ],
    "jf_late_version.json": [("One", "", [F])],
    "leading_php.xml": [("One", "https://m.example/1", [F])],
    "leading_ws.xml": [("One", "https://m.example/1", [F])],
    "legacy_entity_link.xml": [
        ("Fish & chips on the quay <3", "https://m.example/?page=1&copy=2&lang=en", [
            "The stall of Odo Marsh sells cod & chips for nine crowns since 2019, and R&D costs nothing.",
        ]),
    ],
    "mixed_bytes.xml": [
        ("Caf\u00e9 Sund \u2014 gr\u00f6\u00dfer", "https://m.example/1", [
            f"\u017di\u017ekov na\u00efve \u201cquoted\u201d; {F}",
        ]),
        ("Zwei", "https://m.example/2", [f"Kaf\ufffd bar {C}"]),
    ],
    "podcast.xml": [("12: The new ferry", "", [f"{F} {C}"]), ("13: Nets", "", [C, "Support us: pay"])],
    "relative.xml": [("One", "https://log.example/ongoing/When/2026/05/Ferry", [f"{F} See the map."])],
    "relative_nobase.xml": [("One", "https://log.example/blog/ferry", [F])],
    "rss10.rdf": [("One", "https://b.example/1", [F])],
    "short_inline.xml": [
        ("Ferry", "https://m.example/1", [
            "The ferry sails on 3 May and, as Odo said, \u201cnever late\u201d, from the quay.",
        ]),
        ("Hidden", "https://m.example/2", ["The ferry sails on 3 May from the quay."]),
    ],
    "titles.xml": [
        ("How Option<T> works in Tarn", "https://b.example/1", [F]),
        ("Does SVG have <animate> support?", "https://b.example/2", [F]),
        ("Grey Gull & the sea", "https://b.example/3", [F]),
        ("Less: a < b", "https://b.example/4", [F, "for x in y:\n    go(x)", C]),
        ("<3 the Marlinspike", "https://b.example/5", [F]),
        ("Bell & Sons: it\u2019s open", "https://b.example/6", [F]),
        ("A title over two lines", "https://b.example/7", [F]),
    ],
    "unclosed_html.xml": [("One", "https://m.example/1", [F, C]), ("Two", "https://m.example/2", [C])],
    "undeclared_ns.xml": [("One", "https://m.example/1", [F, C])],
    "unescaped_html.xml": [("One", "https://m.example/1", [F, C])],
    "upd_v1.xml": [("Ferry opens", "https://m.example/1", [F])],
    "upd_v2.xml": [("Ferry opens", "https://m.example/1", [F.replace("140", "180")])],
    "utf8_declared_latin1.xml": [
        ("Caf\u00e9 Sund", "https://m.example/1", [f"Das Caf\u00e9 an der Br\u00fccke \u00f6ffnet am Montag; {F}"]),
    ],
    "wordpress.xml": [
        ("Ferry opens", "https://w.example/ferry/", ["The Marlinspike in May. Photo: Odo Marsh", F, C]),
    ],
    "youtube.xml": [
        ("A day on the Marlinspike", "https://video.example/watch?v=aaa", [F, C]),
        ("The lock at Tarn Mouth", "https://video.example/watch?v=bbb", [
            "The lock at Tarn Mouth was opened by Ilse Brandvold in 1987. It is 62 metres long.",
        ]),
    ],
}  # fmt: skip
REFUSED = {
    "feeds/array.json": ("not a JSON Feed", ".jsonl"),
    "feeds/empty_channel.xml": ("a feed without entries", "when it has some"),
    "feeds/jf_nonversion.json": ("names no jsonfeed.org version", ".jsonl"),
    "feeds/other.xml": ("not a feed", "RSS"),
    "feeds/sitemap.xml": ("not a feed", "RSS"),
    "feeds/sitemapindex.xml": ("not a feed", "RSS"),
    "feeds/subs.opml": ("a list of feeds", "https://w.example/feed"),
    "other/one.json": ("not a JSON Feed", ".jsonl"),
    "other/squad.json": ("not a JSON Feed", ".jsonl"),
}
DATES = [
    "2013-10-08T23:30:00", "2016-06-29T15:07:41", "2015-09-02T22:01:01", "2014-06-19T17:00:00", "2026-05-04T10:00:00",
    "2026-05-04T10:00:00", "2026-05-04T00:00:00", "04/05/2026", "2026-05-04T08:00:00", "2026-05-04T08:00:00", "",
    "2026-05-04T10:00:00", "2026-05-05T00:00:00", "2026-05-04T00:00:00", "2009-09-06T21:18:00", "2026-05-04T00:00:00",
    "2026-05-04T10:00:00", "2026-02-30T10:00:00Z",
]  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_feeds_that_are_read(name: str) -> None:
    place = CASES / "feeds" / name
    unnamed = f"{place} {'item' if place.suffix == '.json' else 'entry'}"
    right = [(title, where or f"{unnamed} {n}", text) for n, (title, where, text) in enumerate(READ[name], 1)]
    assert [(d.title, d.source, d.text.split("\n\n")) for d in documents(f"feeds/{name}")] == right


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_what_it_is_and_what_to_do(name: str) -> None:
    cause, mend = REFUSED[name]
    with pytest.raises(SourceError) as raised:
        items(name)
    assert cause in raised.value.cause
    assert mend in raised.value.mend


def test_dates() -> None:
    found = [document.published.removesuffix("+00:00") for document in documents("feeds/dates.xml")]
    assert found == DATES


def test_an_abstract_stands_below_its_number_with_its_formulas() -> None:
    (document,) = documents("feeds/arxiv.xml")
    assert (document.title, document.published) == ("Gull Routing in Shallow Networks", "2026-05-04T04:00:00+00:00")
    number, abstract = document.text.split("\n\n")
    assert number == "arXiv:2605.00001v1 Announce Type: new"
    assert abstract.startswith(
        "Abstract: We present GullNet, a routing scheme with $O(\\log n)$ hops for $\\alpha$-sparse"
    )


def test_content_of_atom_is_what_its_type_says() -> None:
    signs, generic, elsewhere, file, lines = items("feeds/multi_content.xml")
    assert isinstance(signs, Document)
    assert signs.text == f"The rule is a < b and b > c. The tag <b> makes letters bold. {F}"
    assert isinstance(generic, Document)
    assert generic.text == f"Use List<String> in Tarn. {F}"
    assert isinstance(elsewhere, Document)
    assert elsewhere.text == F
    assert isinstance(file, Failure)
    assert "PDF" in file.reason
    assert isinstance(lines, Document)
    *poem, last = lines.text.split("\n\n")
    assert (" ".join(poem).replace("\n", " "), last) == ("First line of the poem Second line of the poem", F)


def test_an_entry_with_no_words_of_its_own_is_a_failure() -> None:
    (item,) = items("feeds/reddit.xml")
    assert isinstance(item, Failure)
    assert "only a title or a link" in item.reason


@pytest.mark.parametrize(
    ("name", "title"), [("kr_declared.xml", "\ud56d\uad6c"), ("sjis.xml", "\u6e2f\u306e\u65b0\u3057\u3044\u8239")]
)
def test_declared_encodings_of_east_asia(name: str, title: str) -> None:
    (document,) = documents(f"feeds/{name}")
    assert document.title == title
    assert "\ufffd" not in document.text
    assert sum(document.text.count(stop) for stop in (".", "\u3002")) == 2


def test_one_item_twice_is_one_document_and_its_correction_another() -> None:
    first, again, corrected = documents("feeds/dup.xml")
    assert first.id == again.id != corrected.id
    assert documents("feeds/upd_v1.xml")[0].id != documents("feeds/upd_v2.xml")[0].id


def test_releases_have_their_dates() -> None:
    assert [d.published[:10] for d in documents("feeds/ghrelease.xml")] == ["2026-05-04", "2026-05-01"]
    assert documents("feeds/rss10.rdf")[0].published == "2026-05-04T08:00:00+00:00"


def test_lines_of_json_as_others_write_them() -> None:
    found = items("other/lines.jsonl")
    told = [f"{CASES / 'other' / 'lines.jsonl'} line {n}" for n in range(11)]
    failures = {item.where: item.reason for item in found if isinstance(item, Failure)}
    read = {item.source: item for item in found if isinstance(item, Document)}
    assert list(read) == [told[n] for n in (1, 2, 5, 8, 10)]
    assert list(failures) == [told[n] for n in (3, 4, 5, 6, 7, 9)]
    assert len(read[told[1]].text.split("\n\n")) == 5 or len(read[told[1]].text.split("\n")) == 5
    assert [(q.question, q.answer) for q in read[told[5]].questions] == [("What does a ticket cost?", "four crowns")]
    assert "questions[1].answer is empty" in failures[told[5]]
    assert [q.answer for q in read[told[8]].questions] == ["1961"]
    assert [document.title for document in read.values()] == ["One", "Two", "Five", "Seven", "Eight"]


def test_blocks_are_blocks() -> None:
    for name, block in (("code.xml", 1), ("titles.xml", 1)):
        blocks = [p for d in documents(f"feeds/{name}") for p in d.text.split("\n\n") if is_block(p)]
        assert len(blocks) == block
