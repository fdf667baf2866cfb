"""Text that was wrapped by hand, put together again."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.sources.wrapping import unwrap
from agent.text.normal import tidy

FERRY = (
    "The ferry Marlinspike began to sail between Ostrava Quay and Hollow Point on 3 May. It carries 140 passengers and "
    "makes nine crossings a day. The council, which Ilse Brandvold chairs, paid 2.4 million crowns for it. Nobody had "
    "asked for so much. It was built in the yard at Tarn Mouth in 2019 and spent three years on the river Aune."
)
GULL = (
    "The old ferry, the Grey Gull, had served since 1961. She will be moored at the quay as a museum. Odo Marsh has "
    "sold tickets on her for thirty years, and he says that he will miss her."
)


@pytest.mark.parametrize("width", range(44, 100, 7))
@pytest.mark.parametrize("indent", ["", "   "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_prose_of_any_width_is_put_together(width: int, indent: str, end: str) -> None:
    wrapped = (textwrap.fill(t, width, initial_indent=indent, subsequent_indent=indent) for t in (FERRY, GULL))
    assert unwrap("\n\n".join(wrapped).replace("\n", end)) == f"{FERRY}\n\n{GULL}"


@pytest.mark.parametrize("width", [50, 64, 72])
def test_a_first_line_set_in_begins_a_paragraph(width: int) -> None:
    wrapped = (textwrap.fill(text, width, initial_indent="    ") for text in (FERRY, GULL, FERRY))
    assert unwrap("\n".join(wrapped)) == f"{FERRY}\n\n{GULL}\n\n{FERRY}"


def test_a_narrow_quotation_has_a_width_of_its_own() -> None:
    quoted = textwrap.indent(textwrap.fill(GULL, 46), "      ")
    assert (
        unwrap("\n\n".join((textwrap.fill(FERRY, 76), quoted, textwrap.fill(FERRY, 76))))
        == f"{FERRY}\n\n{GULL}\n\n{FERRY}"
    )


APART = {
    "ingredients without marks": "500 g cod\n2 onions\n1 litre of water\n3 tbsp cream",
    "ingredients with bullets": "\u2022 500 g cod\n\u2022 2 onions\n\u2022 1 litre of water",
    "letters": "a) The minutes were approved.\nb) The ferry was bought\nc) Any other business",
    "numbers in brackets": "(1) The keeper opens the lock\n(2) The master pays the toll\n(3) Nobody swims",
    "an address": "Odo Marsh\nQuay 7\nTarn Mouth",
    "opening hours": "Monday to Friday: 8:00 to 18:00\nSaturday: 9:00 to 12:00\nSunday: closed",
    "a log": "2026-05-04 10:00 the ferry left Ostrava Quay on time\n2026-05-04 10:40 the ferry reached Hollow Point",
    "a chat": "[10:02] odo: is the ferry late again\n[10:03] mia: it was late on Monday, too",
    "speakers without full stops": "Odo Marsh: Late again, on a Monday\nMia Tarn: It was late on Sunday, too\nOdo: Ah",
    "sections": "1.1 The quay and its keeper in the time before the flood\n1.2 The Lock\n1.3 The yard",
    "Chinese names": "\u5317\u4eac\n\u4e0a\u6d77\n\u5e7f\u5dde",
    "sentences": "The ferry sails on Monday.\nThe kiosk is shut.\nNobody swims here.",
}


@pytest.mark.parametrize("name", APART)
@pytest.mark.parametrize("around", ["", FERRY])
def test_lines_that_were_meant_stay_apart(name: str, around: str) -> None:
    lines = APART[name].split("\n")
    assert (
        unwrap("\n\n".join(filter(None, (textwrap.fill(around, 72), APART[name])))).split("\n\n")[-len(lines) :]
        == lines
    )


def test_wrapped_items_are_one_line_each() -> None:
    numbered = "\n".join(
        textwrap.fill(f"{n}. {text}", 60, subsequent_indent=indent)
        for n, (text, indent) in enumerate([(FERRY, "   "), (GULL, "   "), ("Nobody swims here.", "")], 1)
    )
    assert unwrap("Rules\n" + numbered) == f"Rules\n\n1. {FERRY}\n\n2. {GULL}\n\n3. Nobody swims here."


@pytest.mark.parametrize(
    "text",
    [
        "The keeper of the lock measured it with a rope in May\n- nobody had done so before - and wrote it\ndown.",
        "The council resolved to buy the ferry Gull for not quite\n2.4 million crowns, since the old one is\nsmall.",
        "He read a sign at the door of the loft, which said,\nNotice: the loft is shut, and it was written in\nred.",
    ],
)
def test_a_mark_at_the_front_of_a_wrapped_line_begins_no_item(text: str) -> None:
    assert unwrap(text) == text.replace("\n", " ")


def test_a_quotation_as_in_mail_loses_its_marks() -> None:
    quoted = textwrap.indent(textwrap.fill(GULL, 60), "> ")
    assert unwrap(f"Ilse wrote:\n\n{quoted}\n\n{textwrap.fill(FERRY, 60)}") == f"Ilse wrote:\n\n{GULL}\n\n{FERRY}"


def test_a_stanza_is_one_paragraph() -> None:
    poem = (
        "The gull sits on the wall,\nAnd counts the boats that come and go.\nIt does not like the boats,\n"
        "It likes the wind that makes them slow;\n\nThe keeper is old\nand keeps a ledger of the rain."
    )
    first, second = unwrap(poem).split("\n\n")
    assert first.endswith("come and go. It does not like the boats, It likes the wind that makes them slow;")
    assert second == "The keeper is old and keeps a ledger of the rain."


def test_a_heading_without_a_blank_line_below_stands_alone() -> None:
    text = f"MINUTES OF THE HARBOUR COUNCIL OF OSTRAVA QUAY AND OF THE TWO ISLANDS\n{textwrap.fill(GULL, 72)}"
    assert unwrap(text).split("\n\n")[1] == GULL
    assert unwrap(f"The old ferry\n=============\n\n{textwrap.fill(GULL, 72)}") == f"The old ferry\n\n{GULL}"


def test_rows_set_with_spaces_or_tabs_are_rows() -> None:
    text = "Quay        Height   Year\n-------------------------\nOstrava     3.1 m    2019\nHollow\t2.7 m\t1961"
    assert unwrap(text) == "Quay, Height, Year\n\nOstrava, 3.1 m, 2019\n\nHollow, 2.7 m, 1961"


def test_code_that_is_set_in_is_a_block() -> None:
    text = f"{textwrap.fill(GULL, 60)}\n\n    def tide(height):\n        return height * 2\n    print(tide(3))\n"
    assert unwrap(text).split("\n\n")[1] == "def tide(height):\n    return height * 2\nprint(tide(3))"


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("The well-\nknown ferry sails", "The well-known ferry sails"),
        ("The passen-\ngers wait. All passengers were late", "The passengers wait. All passengers were late"),
        ("Both pre-\nand post-war boats", "Both pre- and post-war boats"),
    ],
)
def test_a_word_cut_by_a_hyphen_is_one_word(text: str, joined: str) -> None:
    assert unwrap(text) == joined


def test_wrapped_chinese_is_joined_without_spaces() -> None:
    text = (
        "\u5317\u4eac\u4eca\u5929\u5929\u6c14\u5f88\u597d\uff0c\u4eba\u4eec\u51fa\u95e8\u6563\u6b65"
        "\n\u975e\u5e38\u9ad8\u5174\u3002"
    )
    assert unwrap(text) == text.replace("\n", "")


@given(st.text(st.sampled_from("aB. \n\t-1:,;(=\u5317\u2022\x0c\r")) | st.text())
def test_no_word_is_lost(text: str) -> None:
    unwrapped = unwrap(text)
    assert tidy(unwrapped) == unwrapped
    letters = [c for c in tidy(text) if c.isalnum()]
    assert [c for c in unwrapped if c.isalnum()] == letters
