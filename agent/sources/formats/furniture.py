"""What stands around the text of a feed's entries without being part of it, told by its wording."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.text.normal import count_words, wording

_SHARING = re.compile(
    r"share (this|via|on|with)\b.*|click (here )?to (share|tweet|e-?mail|print)\b.*|like this|like loading|loading|"
    r"share|tweet( this)?|pin it|sharing is caring|spread the word|e ?mail (this|a link)( to a friend)?\b.*|"
    r"(please )?follow us( on .*)?|related( (post|article|storie|link)s)?|opens in (a )?new (window|tab)|"
    r"teilen mit|mit freunden teilen|klick(en)?,? um .* zu teilen\b.*|partager( sur| cet article)?\b.*|"
    r"cliquez pour partager\b.*|comparte esto|haz clic para compartir\b.*|condividi( su)?\b.*|compartilhe isso",
)
_BESIDE_SHARING = frozenset({
    "email", "e mail", "print", "more", "facebook", "twitter", "x", "linkedin", "whatsapp", "telegram", "reddit",
    "pocket", "pinterest", "tumblr", "mastodon", "bluesky", "threads", "copy link", "messenger", "mehr", "drucken",
})  # fmt: skip
"""Names of buttons; they may be words of the text where no other button stands beside them."""
_SHARING_CHARACTERS = 120  # no button says more

_APPEARED = (
    r"(?:The|This) (?:post|article|entry|story|piece|recipe|episode)\b.{0,300}? (?:first appeared|appeared first|"
    r"originally appeared|was (?:first|originally) published|was originally posted) (?:on|at|in|by) .{1,120}"
)
_APPEARED_ELSEWHERE = (
    r"(?:Der Beitrag .{1,300}? erschien zuerst auf|L[\u2019']article .{1,300}? est apparu en premier sur|"
    r"La entrada .{1,300}? (?:se public\u00f3 primero en|apareci\u00f3 primero en)|L[\u2019']articolo .{1,300}? "
    r"(?:proviene da|sembra essere il primo su)|O post .{1,300}? apareceu primeiro em|Het bericht .{1,300}? "
    r"verscheen eerst op) .{1,120}"
)
_READ_ON = (
    r"(?:Continue reading|Keep reading|Read more|Read the (?:full|whole|rest|original|entire)|Weiterlesen|"
    r"Lire la suite|Leer m\u00e1s|Continua a leggere)\b[^.!?]{0,200}[.!\u2026]*\s*(?:\u2192|\u00bb|>+|\u203a)?"
)
_ON_MEDIUM = r".{1,300} was originally published in .{1,80} on Medium, where people are continuing .{1,120}"
_LINKS = r"(?:\[link\][,\s]*)?\[(?:\d+ )?comments?\]"
_SUBMITTED = rf"submitted by\W+u/[\w-]+(?:\W+to\W+r/\w+)?[,\s]*(?:\[link\])?[,\s]*(?:{_LINKS})?"
_SUBMITTED_ALONE = rf"submitted by ?[\w-]+(?: to \w+)?[,\s]*(?:{_LINKS})?"
_SENTENCE_BEGINS = r"(?:^|(?<=[.!?\u2026\]\"\u201d\u2019)]\s))"
_ENDS = tuple(
    re.compile(rf"{begins}(?:{end})\s*$")
    for begins, end in (
        (_SENTENCE_BEGINS, _APPEARED), (_SENTENCE_BEGINS, _APPEARED_ELSEWHERE), (_SENTENCE_BEGINS, _READ_ON),
        ("^", _ON_MEDIUM),
        (r"(?:^|[,\s])+", _SUBMITTED), ("^", _SUBMITTED_ALONE), (r"(?:^|[,\s])+", _LINKS),
    )
)  # fmt: skip
_END_CHARACTERS = 800  # how far from its end a paragraph is searched
_LINKING_WORDS = 8  # "The post ... appeared first on ..." has six
_LEAST_NAME = 4  # characters of a feed's name that no other words hold by chance


def without_furniture(text: str, title: str, feed_title: str) -> str:
    """The text without sharing buttons, and without what its end says of the feed: where it appeared, who sent it."""
    paragraphs = _without_sharing(text.split("\n\n"))
    if len(paragraphs) > 1 and _names_both(paragraphs[-1], title, feed_title):
        paragraphs = _without_sharing(paragraphs[:-1])
    while paragraphs and (last := _without_end(paragraphs[-1])) != paragraphs[-1]:
        paragraphs = _without_sharing([*paragraphs[:-1], *filter(None, [last])])
    return "\n\n".join(paragraphs)


def _without_sharing(paragraphs: Sequence[str]) -> list[str]:
    """Without the buttons: those that say what they are for, and those beside them."""
    kinds = [*map(_kind, paragraphs)]
    for order in (range(len(kinds)), reversed(range(len(kinds)))):
        beside = False
        for index in order:
            beside = kinds[index] == "sharing" or (beside and kinds[index] == "button")
            kinds[index] = "sharing" if beside else kinds[index]
    return [paragraph for paragraph, kind in zip(paragraphs, kinds, strict=True) if kind != "sharing"]


def _kind(paragraph: str) -> str:
    if len(paragraph) > _SHARING_CHARACTERS:
        return "text"
    said = wording(paragraph)
    return "sharing" if _SHARING.fullmatch(said) else "button" if said in _BESIDE_SHARING else "text"


def _names_both(paragraph: str, title: str, feed_title: str) -> bool:
    """Whether it says little more than the entry's title and then the feed's, as a link back does in any language."""
    said, entry, feed = wording(paragraph), wording(title), wording(feed_title)
    most = count_words(entry) + count_words(feed) + _LINKING_WORDS
    if len(feed) < _LEAST_NAME or not entry or count_words(said) > most or not said.endswith(f" {feed}"):
        return False
    return entry in said.removesuffix(feed)


def _without_end(paragraph: str) -> str:
    start = max(0, len(paragraph) - _END_CHARACTERS)
    found = (pattern.search(paragraph, start) for pattern in _ENDS)
    return paragraph[: min((match.start() for match in found if match), default=len(paragraph))].strip()
