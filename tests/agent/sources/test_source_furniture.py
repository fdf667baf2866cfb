"""What stands around the text of feed entries: told by its wording in one entry, by repetition in a whole feed."""

from __future__ import annotations

import pytest

from agent.sources.formats.furniture import without_furniture
from agent.sources.formats.repeated import Told, without_repeated

STORY = "The ferry began to sail on 3 May. It carries 140 passengers."


def left(text: str) -> str:
    return without_furniture(text, "Ferry opens", "Quay News")


@pytest.mark.parametrize(
    "end",
    [
        "The post Ferry opens appeared first on Quay News.",
        "The post Ferry opens first appeared on Quay News",
        "This article was originally published on The Harbour Page.",
        "Der Beitrag Ferry opens erschien zuerst auf Quay News.",
        "L\u2019article Ferry opens est apparu en premier sur Quay News.",
        "Wpis Ferry opens pochodzi z serwisu Quay News.",
        "Continue reading \u201cFerry opens\u201d \u2192",
        "Continue reading...",
        "Read more",
        "Read the full article at Quay News",
        "submitted by /u/marsh [link] [comments]",
        "submitted by /u/marsh to r/ferries [link] [comments]",
        "Ferry opens was originally published in Quays on Medium, where people are continuing the conversation.",
        "submitted bymarshtoferries\n\n[link] [3 comments]",
        "submitted by marsh to ferries\n\n[link] [275 comments]",
        "Share this:\n\nClick to share on X (Opens in new window)\n\nEmail\n\nMore",
        "Share this:\n\nEmail\n\nThe post Ferry opens appeared first on Quay News.",
        "Tweet\n\nPrint",
        "Like this:\n\nLike Loading...",
    ],
)
def test_what_a_feed_says_of_itself_at_the_end_is_left_out(end: str) -> None:
    assert left(f"{STORY}\n\n{end}") == STORY


@pytest.mark.parametrize(
    "end",
    ["The post Ferry opens appeared first on Quay News.", "Read more", ", submitted by /u/marsh [link] [comments]"],
)
def test_it_may_stand_in_the_last_paragraph(end: str) -> None:
    assert left(f"First.\n\n{STORY} {end}") == f"First.\n\n{STORY}"


@pytest.mark.parametrize(
    "text",
    [
        STORY,
        "Children who read more read better.",
        "The petition was submitted by Ilse Brandvold to parliament",
        "The council sent it by\n\nEmail\n\nand to the harbour.",
        "The song appeared first on the radio.",
        "He asked them to share this bread, which they did, and then the ferry was called back to the quay.",
        "for x in y:\n    read(x)",
        "Ferry opens at the quay. Nobody at Quay News knew.",
    ],
)
def test_words_of_the_text_stay(text: str) -> None:
    assert left(text) == text


def test_an_entry_of_nothing_else_is_empty() -> None:
    assert left("submitted by /u/marsh [link] [comments]") == ""


def feed(*texts: str) -> list[str]:
    return without_repeated([Told(key, text) for key, text in enumerate(texts)])


STORIES = [f"Story {n} tells of quay number {n} in the harbour. It has {n} lamps and {n + 7} boats." for n in range(12)]
SPONSOR = "This episode is brought to you by the rope makers of Tarn Mouth. Learn more at ropes.example."


@pytest.mark.parametrize("entries", [3, 5, 12])
@pytest.mark.parametrize("form", ["{story}\n\nSubscribe at quay.example.", "Subscribe at quay.example.\n\n{story}"])
def test_a_paragraph_of_most_entries_is_dropped(entries: int, form: str) -> None:
    stories = STORIES[:entries]
    told = [form.format(story=story) for story in stories]
    assert feed(*told) == stories
    assert feed(*told[1:], stories[0]) == [*stories[1:], stories[0]] or entries == 3


def test_sentences_at_the_end_of_most_entries_are_dropped() -> None:
    assert feed(*(f"{story} {SPONSOR}" for story in STORIES)) == STORIES


def test_an_entry_of_boilerplate_alone_is_left_empty() -> None:
    assert feed(*(f"{story}\n\n{SPONSOR}" for story in STORIES), SPONSOR) == [*STORIES, ""]


def test_the_versions_of_one_entry_do_not_make_its_words_boilerplate() -> None:
    versions = [Told("guid", f"{STORY}\n\nIt costs {n} crowns.") for n in range(6)]
    assert without_repeated(versions) == [version.text for version in versions]


@pytest.mark.parametrize(
    "texts",
    [
        [STORY] * 6,
        [f"{STORY}\n\nThe end.", STORY, STORY, f"First.\n\n{STORY}"],
        [f"{STORIES[0]}\n\n{STORY}", f"{STORIES[1]}\n\n{STORY}"],
        [f"{n} is told. {STORY}" for n in range(4)],
    ],
)
def test_entries_that_tell_one_thing_keep_it(texts: list[str]) -> None:
    assert feed(*texts) == texts


def test_headings_inside_a_text_stay_though_all_entries_have_them() -> None:
    told = [f"{story}\n\nMethod\n\nCook dish {n} for {n} hours.\n\nMore" for n, story in enumerate(STORIES)]
    assert feed(*told) == [text.removesuffix("\n\nMore") for text in told]


def test_code_that_repeats_is_no_sentence() -> None:
    told = [f"{story}\n\nfor x in y:\n    go({n}). Stop here." for n, story in enumerate(STORIES)]
    assert feed(*told) == told
