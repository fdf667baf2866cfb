"""The text of PDF pages by the places of its lines: columns, headers, paragraphs, lists, tables, cut words."""

from __future__ import annotations

import textwrap

import pytest

from agent.records import Document
from agent.sources.formats.pdf import PdfSource
from agent.sources.payload import Payload
from agent.text.normal import is_block
from tests.fakes.pdf import BOLD, FIXED, LIGATURES, At, column, placed

FERRY = (
    "The ferry Marlinspike began to sail between Ostrava Quay and Hollow Point on 3 May. It carries 140 passengers and "
    "makes nine crossings a day, and the harbour council paid 2.4 million crowns for the vessel."
)
GULL = (
    "The old ferry, the Grey Gull, had carried workers to the cannery since 1961. It will be shown in the museum at "
    "Hollow Point from the autumn, next to the nets that were found in the old loft on the quay of Tarn."
)
FERRY_LINES, GULL_LINES = textwrap.wrap(FERRY, 42), textwrap.wrap(GULL, 42)
LEFT, RIGHT = column(60, 760, *FERRY_LINES), column(320, 760, *GULL_LINES)
TITLE = At(60, 800, "A New Ferry", 18, BOLD)


def read(data: bytes) -> Document:
    (document,) = PdfSource().parse(Payload("news.pdf", data))
    assert isinstance(document, Document)
    return document


def paragraphs(*pages: list[At]) -> list[str]:
    """All paragraphs below a title that the file states, so that none is taken for it."""
    return read(placed(*pages, title="Lindmar")).text.split("\n\n")


@pytest.mark.parametrize(
    "drawn",
    [
        [TITLE, *LEFT, *RIGHT],
        [TITLE, *(piece for pair in zip(LEFT, RIGHT, strict=True) for piece in pair)],
        [TITLE, *RIGHT, *LEFT],
        [*reversed([TITLE, *LEFT, *RIGHT])],
        [*LEFT, *RIGHT, TITLE],
    ],
    ids=["column after column", "line after line", "right column first", "from the end", "title last"],
)
def test_columns_are_read_one_after_the_other_in_whatever_order_they_are_drawn(drawn: list[At]) -> None:
    document = read(placed(drawn))
    assert document.title == "A New Ferry"
    assert document.text.split("\n\n") == [FERRY, GULL]


def test_columns_of_unequal_length_drawn_line_after_line() -> None:
    longer = column(320, 760, *textwrap.wrap(f"{GULL} {FERRY}", 42))
    rows = sorted([*LEFT, *longer], key=lambda piece: (-piece.y, piece.x))
    assert paragraphs(rows) == [FERRY, f"{GULL} {FERRY}"]


def test_a_sentence_goes_on_in_the_next_column_and_on_the_next_page_past_a_note() -> None:
    first, second, third = FERRY_LINES[:2], FERRY_LINES[2:4], FERRY_LINES[4:]
    note = At(60, 90, "It was built at Tarn Mouth.", 7)
    pages = [*column(60, 150, *first), *column(320, 760, *second), note], column(60, 780, *third)
    assert paragraphs(*pages) == [FERRY, "It was built at Tarn Mouth."]


def test_letters_drawn_one_by_one_are_words() -> None:
    letters = [
        At(60 + 6 * place, 700, sign, font=FIXED) for place, sign in enumerate("The quay is old.") if sign != " "
    ]
    assert paragraphs(letters) == ["The quay is old."]


@pytest.mark.parametrize(
    ("header", "footer"),
    [
        ("Harbour Review, Volume {0}", "Page {0} of 4"),
        ("Harbour Review", "{0}"),
        ("{0} | Tarn Press", "\u2013 {0} \u2013"),
        ("", "[{0}]"),
    ],
)
def test_what_repeats_above_and_below_the_text_is_left_out(header: str, footer: str) -> None:
    lines = textwrap.wrap(f"{FERRY} {GULL} {FERRY}", 60)
    pages = [
        [
            *([At(60, 815, header.format(number), 8)] if header else []),
            At(280, 30, footer.format(number), 8),
            *column(60, 760, *lines[2 * number - 2 : 2 * number]),
        ]
        for number in range(1, 5)
    ]
    assert paragraphs(*pages) == [" ".join(lines[:8])]


def test_a_header_and_a_page_number_as_close_as_the_lines_of_the_text_are_left_out() -> None:
    lines = textwrap.wrap(f"{FERRY} {GULL}", 60)
    pages = [
        column(60, 780, "Harbour Review, Number 3", *lines[3 * n : 3 * n + 3 - n % 2], f"Page {n + 1} of 2")
        for n in (0, 1)
    ]
    assert paragraphs(*pages) == [" ".join(lines[:5])]


def test_headers_of_left_and_right_pages_are_left_out() -> None:
    pages = [
        [
            At(60 + 200 * (n % 2), 815, "The Tarn Press" if n % 2 else "A New Ferry", 8),
            *column(60, 760, f"It is day {n}."),
        ]
        for n in range(6)
    ]
    assert paragraphs(*pages) == [f"It is day {n}." for n in range(6)]


def test_what_only_looks_like_a_header_stays() -> None:
    chapters = [[At(60, 780, f"Chapter {n}", 18, BOLD), *column(60, 750, f"It is day {n}.")] for n in range(1, 4)]
    assert paragraphs(*chapters) == [part for n in range(1, 4) for part in (f"Chapter {n}", f"It is day {n}.")]
    year = column(60, 780, "The old ferry, the Grey Gull, had carried workers to the cannery since", "1961.")
    assert paragraphs(year) == [f"{year[0].text} 1961."]


def test_an_indent_begins_a_paragraph() -> None:
    page = [
        At(78, 760, FERRY_LINES[0]), *column(60, 748, *FERRY_LINES[1:]),
        At(78, 748 - 12 * (len(FERRY_LINES) - 1), GULL_LINES[0]),
        *column(60, 736 - 12 * (len(FERRY_LINES) - 1), *GULL_LINES[1:]),
    ]  # fmt: skip
    assert paragraphs(page) == [FERRY, GULL]


def test_a_wider_distance_begins_a_paragraph_though_the_line_is_full() -> None:
    first, second = (
        ["The quay of Lindmar is long and its wall", "is high, and the boats lie behind it now"],
        "They are old.",
    )
    assert paragraphs([*column(60, 760, *first), At(60, 730, second)]) == [" ".join(first), second]


def test_a_part_that_is_set_wider_than_the_rest_of_the_file_is_put_together_too() -> None:
    assert paragraphs(column(60, 760, *textwrap.wrap(GULL, 24)), column(60, 760, *FERRY_LINES, leading=18)) == [
        GULL,
        FERRY,
    ]


def test_headings_stand_apart() -> None:
    page = [
        At(60, 780, "1. The quay", 14, BOLD),
        *LEFT,
        At(60, 690, "The loft", font=BOLD),
        *column(60, 678, *GULL_LINES),
    ]
    assert paragraphs(page) == ["1. The quay", FERRY, "The loft", GULL]


def test_a_title_of_two_lines_is_the_largest_text_of_the_first_page() -> None:
    page = [
        At(60, 815, "Tarn Press", 8),
        At(100, 790, "A New Ferry for the", 18),
        At(120, 768, "Town of Tarn Mouth", 18),
        *LEFT,
    ]
    document = read(placed(page))
    assert (document.title, document.text) == ("A New Ferry for the Town of Tarn Mouth", f"Tarn Press\n\n{FERRY}")


def test_items_of_a_list_are_one_line_each() -> None:
    free = ["Children under six travel free with an adult who", "holds a ticket"]
    bulleted = [
        *column(60, 760, "The rules of the ferry, which hold on all days, are:"),
        At(60, 748, "\u2022"), At(80, 748, "Adults pay four crowns"),
        At(60, 736, "\u2022"), *column(80, 736, *free),
        At(60, 712, "\u2022"), At(80, 712, "Dogs pay one crown"),
    ]  # fmt: skip
    assert paragraphs(bulleted)[1:] == ["Adults pay four crowns", " ".join(free), "Dogs pay one crown"]
    numbered = column(60, 760, "1. Cut the leeks and the fish into small pieces.", "2. Boil.", "3. Eat.")
    assert paragraphs(numbered) == [piece.text for piece in numbered]
    dashed = column(60, 760, "- 1 litre of water of the well", "- 3 tbsp cream", "- 2 leeks from the garden,", "- salt")
    assert paragraphs(dashed) == [piece.text[2:] for piece in dashed]


@pytest.mark.parametrize("mark", ["1.", "a)", "(ii)", "[3]", "2.1", "7"])
def test_a_mark_far_from_its_item_or_heading_is_no_cell_of_a_table(mark: str) -> None:
    page = [At(60, 760, mark), At(90, 760, "Adults pay four crowns"), At(60, 740, mark), At(90, 740, "Dogs pay one")]
    assert paragraphs(page) == [f"{mark} Adults pay four crowns", f"{mark} Dogs pay one"]


def test_a_letter_of_a_font_of_symbols_is_a_bullet() -> None:
    page = [At(60, 760, "o"), At(80, 760, "Adults pay four crowns"), At(60, 740, "o"), At(80, 740, "Dogs pay one")]
    assert paragraphs(page) == ["Adults pay four crowns", "Dogs pay one"]


def test_a_number_at_the_beginning_of_a_line_is_no_item() -> None:
    lines = [
        "The ferry sailed for the first time on a Sunday, and on",
        "3. May it was late, though nobody had seen any fog at",
        "all.",
    ]
    assert paragraphs(column(60, 760, *lines)) == [" ".join(lines)]


def test_rows_of_a_table_are_one_line_each() -> None:
    rows = [("Who", "Price", "Valid"), ("Adult", "4 crowns", "one day"), ("Month", "60 crowns", "30 days")]
    cells = [At(60 + 120 * x, 740 - 16 * y, cell) for y, row in enumerate(rows) for x, cell in enumerate(row)]
    below = column(60, 640, *GULL_LINES)
    assert paragraphs([*cells, *below]) == [
        "Who, Price, Valid",
        "Adult, 4 crowns, one day",
        "Month, 60 crowns, 30 days",
        GULL,
    ]


def test_code_is_a_block_that_keeps_its_lines_and_indents() -> None:
    code = [
        At(60, 680, "if tide > 2:", font=FIXED),
        At(84, 668, "close(lock)", font=FIXED),
        At(60, 656, "wait()", font=FIXED),
    ]
    text, block, more = paragraphs([*LEFT, *code, *column(60, 630, *GULL_LINES)])
    assert (text, block, more) == (FERRY, "if tide > 2:\n    close(lock)\nwait()", GULL)
    assert is_block(block)


def test_a_file_that_is_all_in_one_fixed_font_is_text() -> None:
    assert paragraphs(column(60, 760, *FERRY_LINES, font=FIXED)) == [FERRY]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["It carries 140 pas-", "sengers."], "It carries 140 passengers."),
        (["It is a well-", "known ferry."], "It is a well-known ferry."),
        (["The net-loft is by the net-", "loft."], "The net-loft is by the net-loft."),
        (["The wellspring is no well-", "spring."], "The wellspring is no wellspring."),
        (["It sails to Ostrava-", "Quay."], "It sails to Ostrava-Quay."),
        (["It is a state-of-the-", "art ferry."], "It is a state-of-the-art ferry."),
        (["It costs 20-", "30 crowns."], "It costs 20-30 crowns."),
        (["It costs 20\u2013", "30 crowns."], "It costs 20\u201330 crowns."),
        (["The ferry - an old -", "ship - sails."], "The ferry - an old - ship - sails."),
        (["It carries intercon-", "tinen-", "tal goods."], "It carries intercontinental goods."),
    ],
)
def test_a_word_cut_at_a_line_end_is_put_together_and_a_hyphen_of_its_own_kept(lines: list[str], text: str) -> None:
    assert paragraphs(column(60, 760, *lines)) == [text]


def test_a_word_cut_at_the_end_of_a_page_is_put_together() -> None:
    assert paragraphs(column(60, 100, "It carries 140 pas-"), column(60, 780, "sengers.")) == [
        "It carries 140 passengers."
    ]


def test_ligature_signs_are_letters() -> None:
    page = [At(60, 760, "The mis\x01ts \x02ed; the o\x03cial \x01le is \x01ne.", font=LIGATURES)]
    assert paragraphs(page) == ["The misfits fled; the official file is fine."]


def test_raised_digits_stay_raised_and_marks_of_notes_are_left_out() -> None:
    power = [
        At(60, 700, "It is 10"),
        At(89.5, 704, "6", 6),
        At(99, 700, "metres."),
        At(133, 704, "2", 6),
        At(140, 700, "Far."),
    ]
    assert paragraphs(power) == ["It is 10\u2076 metres. Far."]


def test_text_that_runs_another_way_is_left_out_and_a_turned_page_is_read() -> None:
    stamp = At(20, 300, "Tarn 2604.01234", 20, upwards=True)
    assert paragraphs([stamp, *LEFT]) == [FERRY]
    turned = [At(300 + 12 * row, 100, line, upwards=True) for row, line in enumerate(FERRY_LINES)]
    assert read(placed(turned, title="Lindmar", rotated=90)).text == FERRY
