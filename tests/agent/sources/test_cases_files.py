"""The cases of Markdown, text files and other containers: each with what is right for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.errors import SourceError
from agent.records import Document
from agent.sources.registry import source_for
from agent.text.normal import is_block

CASES = Path(__file__).parents[2] / "cases"
F = (
    "The ferry Marlinspike began to sail between Ostrava Quay and Hollow Point on 3 May. It carries 140 passengers and "
    "makes nine crossings a day, seven days a week."
)
C = (
    "The harbour council paid 2.4 million crowns for the vessel, which was built in the yard at Tarn Mouth in 2019 and "
    "spent three years on the river Aune."
)

MAIL = "The ferry sails on 3 May. A ticket costs four crowns, and the kiosk on the quay sells them \u2013 each day."
RESOLVED = (
    "2. The council resolved to buy the ferry Marlinspike for 2.4 million crowns. Odo Marsh voted against, since he "
    "held that the vessel is too large for the quay."
)
STANZA = (
    "The gull sits on the harbour wall and counts the boats that come and go, it does not like the boats at all, it "
    "likes the wind that makes them slow."
)


@dataclass(frozen=True)
class Right:
    """The title, the paragraphs in order where all are known, else some of them, and what must not be there."""

    title: str
    all: tuple[str, ...] = ()
    some: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    blocks: int = 0
    published: str = ""


RIGHT = {
    "md/badges.md": Right(
        "tidebook",
        some=(F, C, "import tidebook\nprint(tidebook.read())", "Note: this is a quotation over two lines.",
              "Footnote here.", "The note says that the ferry is grey.", "Admonition text.",
              "shown text and :smile: and $a^2$."),
        absent=("[^1]", ":::", "[[", "Build", "PyPI"), blocks=1,
    ),
    "md/front_crlf_bom.md": Right("New ferry", (F,)),
    "md/front_json.md": Right("New ferry sails", (F,), published="2026-05-04"),
    "md/front_toml.md": Right("New ferry sails", (F, C), published="2026-05-04"),
    "md/front_yaml.md": Right("New ferry: the Marlinspike", ("Another heading", F, C), published="2026-05-04"),
    "md/hardwrap.md": Right(
        "New ferry", (F.removesuffix(", seven days a week.") + ".", "Address: Quay 7 Tarn Mouth"),
    ),
    "md/html_in_md.md": Right("New ferry", ("More", F, "Press F5 and H2O.", C)),
    "md/lists.md": Right(
        "Release 2.1", ("Changes", "Fix a crash when the harbour map is empty", "Add the --tide option (#14)",
                        "It takes a height in metres", "Default: 3", "Write the manual", "Drop Python 3.10",
                        "First step", "Second step"),
    ),
    "md/mdx.mdx": Right("New ferry", (F,)),
    "md/setext.md": Right("New ferry sails", (F, "Second part", C)),
    "md/table.md": Right(
        "Prices", ("Ticket, Price, Valid", "Adult, 4 crowns, one day", "Child, free",
                   "Text under the table, with bold and a link and a picture of the quay."),
    ),
    "text/cp932.csv": Right(
        "cp932", ("\u6e2f, \u9ad8\u3055", "\u5927\u6d25, 3.1", "\u6771\u6d5c, 2.7"),
    ),
    "text/data.csv": Right("data", ("quay, height, year", "Ostrava, 3.1, 2019", "Hollow, 2.7, 1961")),
    "text/table.tsv": Right("table", ("quay, height, year", "Ostrava, 3.1, 2019", "Hollow, 2.7, 1961")),
    "text/dialogue.txt": Right(
        "ODO: The ferry is late again", ("ODO: The ferry is late again.", "MIA: It was late on Monday, too.",
                                         "ODO: Who built it?", "MIA: The yard at Tarn Mouth, in 2019."),
    ),
    "text/email.eml": Right(
        "New ferry \u2013 tickets", (MAIL,), published="2026-05-04T10:00:00+00:00",
    ),
    "text/letter.rtf": Right(
        "The ferry Marlinspike began to sail on 3 May", ("The ferry Marlinspike began to sail on 3 May.",
                                                         "It carries 140 passengers."),
    ),
    "text/no_blank_lines.txt": Right(
        "MINUTES OF THE HARBOUR COUNCIL",
        ("Present: Ilse Brandvold (chair), Odo Marsh, Mia Tarn", "1. The minutes of 6 April were approved.",
         RESOLVED, "3. The next meeting is on 1 June at 18:00 in the net loft."),
    ),
    "text/nofile_ext": Right("New ferry sails", (F,)),
    "text/notebook.ipynb": Right("Tides", ("The lock was opened in 1987 by Ilse Brandvold.", "print(1)")),
    "text/poem.txt": Right(
        "The Gull", (STANZA, "The keeper of the light is old and keeps a ledger of the rain."),
    ),
    "text/recipe.txt": Right(
        "Fish soup of Tarn Mouth",
        ("Ingredients", "- 500 g cod", "- 2 onions", "- 1 litre of water", "- 3 tbsp cream", "Method",
         "1. Cut the onions and fry them in butter for five minutes.",
         "2. Add the water and the cod, and cook for 20 minutes.", "3. Stir in the cream. Serves four."),
    ),
    "text/subtitles.vtt": Right(
        "subtitles", ("The ferry Marlinspike began to sail between Ostrava Quay and Hollow Point.",),
    ),
    "text/utf16_nobom.txt": Right(f"{F[:73]}\u2026", (f"{F} {C}",)),
    "text/utf8_cut.txt": Right("Caf\u00e9 Sund", some=(), absent=("\u00c3", "\u00e2")),
    "text/yaml.yaml": Right("yaml", ("title: New ferry", "items:", "- name: Marlinspike", "built: 2019")),
}  # fmt: skip
REFUSED = {"text/chem.svg": ("is a picture", "write what it shows")}


def test_every_case_is_judged() -> None:
    files = {str(path.relative_to(CASES)) for name in ("md", "text") for path in (CASES / name).iterdir()}
    assert files == RIGHT.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", RIGHT)
def test_a_case_is_read_right(name: str) -> None:
    right = RIGHT[name]
    (document,) = source_for(str(CASES / name), 5.0).read(str(CASES / name))
    assert isinstance(document, Document)
    said = document.text.split("\n\n")
    assert (document.title, document.published) == (right.title, right.published)
    if right.all:
        assert tuple(said) == right.all
    assert set(right.some) <= set(said)
    assert [word for word in right.absent if word in document.text] == []
    assert sum(map(is_block, said)) == right.blocks


@pytest.mark.parametrize("name", REFUSED)
def test_a_case_is_refused(name: str) -> None:
    with pytest.raises(SourceError) as raised:
        list(source_for(str(CASES / name), 5.0).read(str(CASES / name)))
    cause, mend = REFUSED[name]
    assert cause in raised.value.cause
    assert mend in raised.value.mend


def test_text_that_breaks_off_ends_where_it_breaks() -> None:
    path = str(CASES / "text/utf8_cut.txt")
    (document,) = source_for(path, 5.0).read(path)
    assert isinstance(document, Document)
    assert document.text.startswith("The caf\u00e9 on the quay \u2013 \u201cSund\u201d \u2013 opened")
    assert document.text.rstrip("\ufffd").endswith("Its owner is Zo")
    assert "\n" not in document.text
