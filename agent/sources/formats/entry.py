"""One entry of a feed, whatever the feed's format, to a Document or the reason why it is none."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.errors import SourceError
from agent.ports import Failure
from agent.records import Document, Question
from agent.sources.base import failure
from agent.sources.document import make_document, without_heading
from agent.sources.markup import fragment, visible_text
from agent.text.normal import count_words, normalize, one_line

_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]{1,12}://\S+", re.IGNORECASE)
_LINK_WORDS = 20  # linked text of fewer words is a label ("Comments", a headline), not a passage


@dataclass(frozen=True)
class Entry:
    """What a feed says of one entry. The title is plain text; `bodies` are HTML, the best one first."""

    where: str
    title: str
    bodies: tuple[str, ...]
    link: str = ""
    published: str = ""
    questions: tuple[Question, ...] = ()


def read_entry(entry: Entry) -> Document | Failure:
    """The document of the first body that says something, else a Failure."""
    body = next((body for body in entry.bodies if not _only_link(body, entry.title)), None)
    linked = "://" in entry.link  # a relative link leads nowhere from here
    where = entry.link if linked else entry.where
    if body is None:
        advice = f"read the page itself: {entry.link}" if linked else "leave it out"
        return Failure(where, f"the entry has only a title or a link, and no text of its own; {advice}")
    try:
        return make_document(
            entry.title, without_heading(entry.title, fragment(body)),
            source=where, published=entry.published, questions=entry.questions,
        )  # fmt: skip
    except SourceError as error:
        return failure(where, error)


def _only_link(body: str, title: str) -> bool:
    text = normalize(visible_text(body))
    if not text or one_line(text) == one_line(title) or not _ADDRESS.sub("", text).strip():
        return True
    return not visible_text(body, links=False) and count_words(text) < _LINK_WORDS
