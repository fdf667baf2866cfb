"""Mail, tables, notebooks, subtitles, RTF, Markdown of many kinds, and what is refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from agent.errors import SourceError
from agent.ports import Failure
from agent.records import Document
from agent.sources.registry import source_for
from agent.text.normal import is_block

FERRY = "The ferry sails on 3 May."
Read = Callable[[str, str | bytes], Document]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def one(name: str, data: str | bytes) -> Document:
        (tmp_path / name).write_bytes(data.encode() if isinstance(data, str) else data)
        (document,) = source_for(str(tmp_path / name), 5.0).read(str(tmp_path / name))
        assert isinstance(document, Document)
        return document

    return one


def lines(document: Document) -> list[str]:
    return document.text.split("\n\n")


HEADER = "From: a@b.example\nSubject: Tickets\nDate: {}\nContent-Type: {}\n\n{}"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain; charset=no-such-charset", FERRY),
        ("text/plain; charset=utf-8; format=flowed", "The ferry sails \non 3 May."),
        ("text/html", f"<p>{FERRY}</p><style>p {{}}</style>"),
        ("text/plain", f"{FERRY}\n\n-- \nOdo Marsh\nQuay 7\n"),
        (
            'multipart/alternative; boundary="X"',
            f"--X\nContent-Type: text/plain\n\n  \n--X\nContent-Type: text/html\n\n<p>{FERRY}</p>\n--X--\n",
        ),
        ('multipart/mixed; boundary="X"', f"--X\n\n{FERRY}\n--X\nContent-Type: image/png\n\nnoise\n--X--\n"),
    ],
)
def test_a_mail_says_its_words(read: Read, kind: str, body: str) -> None:
    document = read("a.eml", HEADER.format("Mon, 4 May 2026 12:00:00 +0200", kind, body))
    assert (document.title, document.text, document.published) == ("Tickets", FERRY, "2026-05-04T10:00:00+00:00")


def test_a_mail_is_known_by_its_header_and_leaves_out_attachments(read: Read) -> None:
    message = EmailMessage()
    message["From"], message["Subject"], message["Date"] = "a@b.example", "Tick\u00e9ts \u2013", "yesterday"
    message.set_content("Caf\u00e9: " + FERRY)
    message.add_attachment("secret", filename="a.txt")
    document = read("letter", bytes(message))
    assert (document.title, document.text, document.published) == ("Tick\u00e9ts \u2013", "Caf\u00e9: " + FERRY, "")


def test_each_mail_of_a_mailbox_is_a_document(tmp_path: Path) -> None:
    mails = [HEADER.format("Mon, 4 May 2026 12:00:00 +0200", "text/plain", body) for body in (FERRY, "", "It rains.")]
    path = tmp_path / "a.mbox"
    path.write_text("\n\n".join(f"From a@b.example Mon May  4 12:00:00 2026\n{mail}" for mail in mails))
    first, empty, last = source_for(str(path), 5.0).read(str(path))
    assert isinstance(first, Document)
    assert isinstance(last, Document)
    assert isinstance(empty, Failure)
    assert [(first.source, first.text), (last.source, last.text)] == [
        (f"{path} mail 1", FERRY), (f"{path} mail 3", "It rains."),
    ]  # fmt: skip
    assert "mail without text" in empty.reason


def test_a_note_that_begins_like_a_mail_is_a_text(read: Read) -> None:
    document = read("a.txt", f"From: Odo Marsh\nTo: Ilse Brandvold\nDate: 3 May\n\n{FERRY}\n")
    assert [document.title, *lines(document)] == ["From: Odo Marsh", "To: Ilse Brandvold", "Date: 3 May", FERRY]


def test_a_web_archive_is_its_page(read: Read) -> None:
    page = f"<html><head><title>Ferry news</title></head><body><p>{FERRY}</p></body></html>"
    archive = HEADER.format("", 'multipart/related; boundary="X"', f"--X\nContent-Type: text/html\n\n{page}\n--X--\n")
    document = read("a.mht", archive)
    assert (document.title, document.text) == ("Ferry news", FERRY)


@pytest.mark.parametrize(
    ("name", "data", "rows"),
    [
        ("a.csv", "quay;height\nOstrava;3,1\n", ["quay, height", "Ostrava, 3,1"]),
        ("a.csv", "sep=|\nquay|height\n", ["quay, height"]),
        ("a.csv", 'quay,said\nHollow,"It is\nlate, again"\n', ["quay, said", "Hollow, It is late, again"]),
        ("a.tsv", "quay\theight, m\nOstrava\t3.1\n", ["quay, height, m", "Ostrava, 3.1"]),
        ("a.csv", "One line\nAnother line\n", ["One line", "Another line"]),
        ("a.csv", "\ufeffquay,height\r\nOstrava,\r\n,\r\n", ["quay, height", "Ostrava"]),
        ("a.toml", 'title = "Ferry"\n\n[sea]\ndepth = 3\n', ['title = "Ferry"', "[sea]", "depth = 3"]),
        ("a.log", "10:00 left\n10:40 came\n", ["10:00 left", "10:40 came"]),
    ],
)
def test_rows_are_lines(read: Read, name: str, data: str, rows: list[str]) -> None:
    document = read(name, data)
    assert (document.title, lines(document)) == ("a", rows)


def test_program_code_is_one_block(read: Read) -> None:
    document = read("tide.py", "def tide():\n    return 3\n\n\nprint(tide())\n")
    assert document.text == "def tide():\n    return 3\nprint(tide())"
    assert is_block(document.text)


def test_an_old_notebook_is_read(read: Read) -> None:
    cells = [
        {"cell_type": "code", "input": ["a = 1\n", "\n", "b = 2"], "outputs": [{"text": "secret"}]},
        {"cell_type": "markdown", "source": f"## Ferry\n\n{FERRY}"},
    ]
    document = read("a.ipynb", json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3}))
    assert (document.title, lines(document)) == ("Ferry", ["a = 1\nb = 2", "Ferry", FERRY])


def cues(*said: str, start: str = "", sign: str = ",") -> str:
    """Subtitles of one second each, one after another."""
    timed = (f"00:00:{n:02}{sign}000 --> 00:00:{n + 1:02}{sign}000\n{text}\n" for n, text in enumerate(said, 1) if text)
    return start + "\n".join(timed)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.srt", cues("<i>The ferry</i>\nsails", "on 3 May."), [FERRY]),
        ("a.srt", cues(FERRY, "", "", "", "", "", "It is grey."), [FERRY, "It is grey."]),
        ("a.vtt", cues("<v Odo>The ferry sails</v>", "on <00:02.500><c>3 May.</c>", start="WEBVTT\n\n", sign="."),
         [f"Odo: {FERRY}"]),
        ("a.vtt", cues(FERRY, start="WEBVTT\n\nNOTE a\nb\n\nSTYLE\n::cue {}\n\n", sign="."), [FERRY]),
        ("a.vtt", cues("The ferry", "The ferry\nsails", "sails\non 3 May.", start="WEBVTT\n\n", sign="."), [FERRY]),
    ],
)  # fmt: skip
def test_subtitles_are_sentences(read: Read, name: str, data: str, said: list[str]) -> None:
    assert lines(read(name, data)) == said


def test_rtf_is_its_words(read: Read) -> None:
    data = (
        r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\info{\title Caf\'e9 notes}{\author Odo}}"
        r"\pard It moves 10{\super 6} litres \u8211? a {\field{\*\fldinst{HYPERLINK 'https://x.example'}}{\fldrslt{day}}}.\par"
        r"\trowd\cellx1\cellx2 Adult\cell 4 crowns\cell\row}"
    ).replace("'https://x.example'", '"https://x.example"')
    document = read("a.rtf", data)
    assert document.title == "Caf\u00e9 notes"
    assert lines(document) == ["It moves 10\u2076 litres \u2013 a day.", "Adult, 4 crowns"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("- one\n- two\n  wrapped\n\n  again\n", ["one", "two wrapped", "again"]),
        ("> [!NOTE]\n> Mind the gap.\n", ["Mind the gap."]),
        ("!!! warning \"Care\"\n    Mind the gap.\n", ["Care", "Mind the gap."]),
        ("::: tip Care\nMind the gap.\n:::\n", ["Care", "Mind the gap."]),
        ("See [[Quay]], [[Quay#Lock]] and ![[map.png]]`[[x]]`.", ["See Quay, Quay and [[x]]."]),
        ("10<sup>6</sup> l of H<sub>2</sub>O,<br>the 1<sup>st</sup>.", ["10\u2076 l of H2O, the 1st."]),
        ("Text[^a] goes on.^[Inline note.]\n\n[^a]: A note.\n", ["Text goes on.", "A note.", "Inline note."]),
        ("## Quay {#quay .wide}\n\nText with {% include x %} marks.", ["Quay", "Text with marks."]),
        ("<!-- a\n\nb -->\n\nText.", ["Text."]),
        ("    a = 1\n    b = 2\n\nText.", ["a = 1\nb = 2", "Text."]),
        ("~~~\n  a\n\n    b\n~~~\n", ["a\n  b"]),
        ("| a | b |\n|---|---|\n| `x \\| y` | **2** |\n", ["a, b", "x | y, 2"]),
        ("A ~~bad~~ good *day* & night &amp; \\*.", ["A bad good day & night & *."]),
        ("![The quay in 1961](q.png)\n\n[![b](b.svg)](x) ![c](c.svg)\n\nText.", ["The quay in 1961", "Text."]),
    ],
)  # fmt: skip
def test_markdown_is_its_words(read: Read, data: str, said: list[str]) -> None:
    document = read("a.md", f"# The very title\n\nFirst.\n\n{data}")
    assert (document.title, lines(document)) == ("The very title", ["First.", *said])


MDX = """import {{ a,
  b }} from 'x'
export const meta = {{
  title: 'x',
}}

# Ferry news

<Note type="x" on={{() => {{ a > b }}}}>
{}
</Note>

{{/* hidden */}}
Press <Kbd>F5</Kbd> and import the data.

```jsx
<Tide />
import x from 'y'
```
"""


def test_mdx_loses_its_javascript_and_keeps_its_code(read: Read) -> None:
    document = read("a.mdx", MDX.format(FERRY))
    assert (document.title, lines(document)) == (
        "Ferry news", [FERRY, "Press F5 and import the data.", "<Tide />\nimport x from 'y'"],
    )  # fmt: skip


def test_a_heading_in_html_is_the_title_of_markdown(read: Read) -> None:
    logo = '<p align="center"><img src="logo.svg" alt="logo"></p>'
    document = read(
        "a.md", f'{logo}\n\n<h1 align="center">\n  <b>Ferry</b> news\n</h1>\n\n{FERRY}\n\n## Install\n\nIt floats.'
    )
    assert [document.title, *lines(document)] == ["Ferry news", FERRY, "Install", "It floats."]


@pytest.mark.parametrize("name", ["a.md", "a.txt"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    ("front", "title", "published"),
    [
        ("---\ntitle: New ferry\ndate: 2026-05-04 10:00:00\n---\n", "New ferry", "2026-05-04T10:00:00+00:00"),
        ("---\ntitle: >\n  New\n  ferry\ntags:\n  - a\n...\n", "New ferry", ""),
        ("---\ntitle: New: ferry: sails\ndate: 2026-13-45\n---\n", "New: ferry: sails", "2026-13-45"),
        ("---\ntitle: 1984\n---\n", "1984", ""),
        ("+++\ntitle = 'New ferry'\n[extra]\na = 1\n+++\n", "New ferry", ""),
        ("---\ntags: [a]\n---\n", "Ferry news", ""),
        ("---\n---\n", "Ferry news", ""),
    ],
)
def test_front_matter_is_no_text(
    read: Read, name: str, end: str, mark: str, front: str, title: str, published: str
) -> None:
    heading = "# Ferry news" if name == "a.md" else "Ferry news"
    document = read(name, (mark + front + f"\n{heading}\n\n{FERRY}\n").replace("\n", end))
    assert (document.title, document.published) == (title, published)
    assert lines(document)[-1] == FERRY
    assert len(lines(document)) == 1 + (title != "Ferry news")


def test_a_line_of_dashes_is_no_front_matter(read: Read) -> None:
    assert lines(read("a.md", f"---\n\n{FERRY}\n\n---\n\nIt is grey.\n")) == [FERRY, "It is grey."]


@pytest.mark.parametrize(
    ("name", "data", "cause"),
    [
        ("a.txt", b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><text>x</text></svg>", "picture"),
        ("map", b"<!-- x --><svg:svg xmlns:svg='x'/>", "picture"),
        ("a.ps", b"%!PS-Adobe-3.0\n(text) show\n", "PostScript"),
        ("a.tgz", b"\x1f\x8b\x08\0" + bytes(99), "archive"),
        ("a.tar", b"notes.txt".ljust(257, b"\0") + b"ustar\0" + FERRY.encode() * 99, "archive"),
        ("a.kml", b"<?xml version='1.0'?><kml><name>x</name></kml>", "XML of a kind"),
        ("a.txt", b'{"a": {"b": 1}}', "JSON of a kind"),
        ("a.geojson", b'[{"type": "x"}]', "JSON of a kind"),
        ("a.eml", b"From: a@b.example\nSubject: x\n\n", "mail without text"),
        ("a.ipynb", b'{"cells": []}', "without text"),
        ("a.rtf", FERRY.encode(), "is no RTF"),
        ("a.srt", b"no times here", "subtitle"),
        ("a.docx", FERRY.encode(), "is no Word file"),
    ],
)
def test_what_is_not_read_is_refused_with_advice(read: Read, name: str, data: bytes, cause: str) -> None:
    with pytest.raises(SourceError, match=cause) as raised:
        read(name, data)
    assert raised.value.mend
