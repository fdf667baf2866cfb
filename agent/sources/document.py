"""A title and a text to a Document: tidied, never without a title."""

from __future__ import annotations

from agent.errors import SourceError
from agent.records import Document, Question
from agent.sources import dates
from agent.text.normal import count_words, ends_with_stop, first_words, is_block, one_line, tidy

_TITLE_CHARACTERS, _HEADING_WORDS = 200, 20
_RUNS_ON = (",", ":", ";", "\uff0c", "\uff1a", "\u060c")
_STOPS = ".\u3002\u06d4\u0964"


def make_document(
    title: str, text: str, *, source: str, name: str = "", published: str = "", questions: tuple[Question, ...] = (),
) -> Document:  # fmt: skip
    """A document of the text, whose paragraphs of several lines are blocks: a format joins the lines of prose itself.

    Without a title it is called by its heading, its first sentence, or by `name`. `published` is in UTC where it is
    understood, else as it is written.

    Raises:
        SourceError: the text is empty.
    """
    text = tidy(text)
    if not text:
        raise SourceError(f"{source} holds no text", "put text into it, or leave it out")
    title, text = (title, text) if one_line(title) else _heading(text)
    asked = tuple(Question(question=one_line(q.question), answer=one_line(q.answer)) for q in questions)
    return Document.make(
        _title(title) or _fallback(text, name), text,
        source=one_line(source), published=dates.stated(published) or one_line(published), questions=asked,
    )  # fmt: skip


def _title(title: str) -> str:
    line = one_line(title)
    return line if len(line) <= _TITLE_CHARACTERS else line[: _TITLE_CHARACTERS - 1].rstrip() + "\u2026"


def _fallback(text: str, name: str) -> str:
    words = _title(first_words(text)).rstrip(_STOPS)
    return words if count_words(words) > 1 else _title(name) or words or _title(text)


def _heading(text: str) -> tuple[str, str]:
    """The first paragraph, where it reads like a title, and the text below it; else no title."""
    first, _, rest = text.partition("\n\n")
    short = count_words(first) > 1 and first_words(first, _HEADING_WORDS) == first
    ended = ends_with_stop(first) or first.endswith(_RUNS_ON) or is_block(first)
    return (first, rest) if rest and short and not ended else ("", text)


def without_heading(title: str, text: str) -> str:
    """Tidied text without a first paragraph that only says the title again."""
    text = tidy(text)
    first, _, rest = text.partition("\n\n")
    return rest if rest and first == one_line(title) else text
