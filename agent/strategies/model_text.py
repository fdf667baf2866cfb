"""What a chat model wrote, taken apart: lists of statements, and pairs of question and answer.

Models number, bullet, embolden, fence and introduce what they were asked for, and stop in the
middle of a line when their tokens run out. None of that may end up in training data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

_MARK = re.compile(
    r"(?:[-*+•–—▪●>]+(?=\s|$)\s*)*"  # models use such dashes as bullets
    r"(?:\(?\d{1,3}[.):](?=\s|$)|\([a-z]\)|[a-z]\)(?=\s))?\s*"
)
_LABEL = re.compile(
    r"(?:implication|rewrite|rewriting|version|statement|fact|paraphrase|variant|passage)\s*#?\d+\s*[:.)-]+\s*", re.I
)
_HEADING = re.compile(r"#{1,6}\s|(\*\*|__)[^*_]+[^*_.!?]\1:?$")
_NOT_TEXT = re.compile(r"(?:```|~~~)|(?:[-*_=]\s*){3,}$")
_OPENER = re.compile(r"(?:sure|certainly|of course|okay|ok|absolutely)[,!.]|(?:here|below)(?:'s|’s| is| are)\b", re.I)
_CLOSER = re.compile(r"(?:let me know|i hope|feel free|would you like|please let)\b", re.I)
_QUESTION = re.compile(r"(?:question\s*#?\d*\s*[:.)-]|q\s*\d*\s*:|q\d+[.)])\s*", re.I)
_ANSWER = re.compile(r"(?:answer\s*#?\d*\s*[:.)-]|a\s*\d*\s*:|a\d+[.)])\s*", re.I)
_ANSWER_INSIDE = re.compile(r"[ \t]+(?=\W{0,2}answer\s*\d*\s*:)|(?<=\?)[ \t]+(?=\W{0,2}a\d*\s*:)", re.I)
_ENDS = tuple(".!?…。！？")  # full-width ends of Chinese and Japanese sentences
_ASKS = ("?", "？")
_INTRODUCES = (":", "：")
_AFTER_END = "\"'”’)]»* "
_SHORTEST = 8
"""A statement with fewer characters than this says nothing: a heading, a stray label."""


@dataclass(frozen=True)
class _Line:
    text: str
    marked: bool
    after_gap: bool


def parse_lines(text: str) -> list[str]:
    """The statements of a list, in order, each once, without marks, headings, introductions and a cut-off end."""
    lines = list(_lines(text))
    items = _listed(lines) if sum(line.marked for line in lines) >= 2 else _unlisted(lines)
    kept = [item for item in items if len(item) >= _SHORTEST and not item.endswith(_INTRODUCES)]
    return _each_once(_without_cut_off(kept, str), str)


def parse_pairs(text: str) -> list[tuple[str, str]]:
    """The (question, answer) pairs, in order, each question once. A question without an answer is left out."""
    pairs: list[tuple[str, str]] = []
    for line in _lines(_ANSWER_INSIDE.sub("\n", text)):
        question, answer = pairs[-1] if pairs else ("", "")
        if label := _ANSWER.match(line.text):
            if question and not answer:
                pairs[-1] = (question, line.text[label.end() :])
        elif label := _QUESTION.match(line.text):
            pairs.append((line.text[label.end() :], ""))
        elif line.text.endswith(_ASKS):
            pairs.append((line.text, ""))
        elif pairs and not (question and answer):
            pairs[-1] = (question, line.text) if question else (line.text, "")
        elif pairs and not line.after_gap and not line.marked:
            pairs[-1] = (question, f"{answer} {line.text}")
    whole = [(question, answer) for question, answer in pairs if question and answer]
    return _each_once(_without_cut_off(whole, lambda pair: pair[1]), lambda pair: pair[0])


def _lines(text: str) -> Iterator[_Line]:
    """Lines with their marks taken off. A heading, a fence or a rule only counts as a gap, like a blank line."""
    gap = True
    for raw in text.splitlines():
        bare = raw.strip()
        body = _MARK.sub("", bare, count=1)
        plain = _plain(body)
        labelled = _QUESTION.match(plain) or _ANSWER.match(plain)
        if not body or _NOT_TEXT.match(bare) or (_HEADING.match(body) and not labelled):
            gap = True
            continue
        label = _LABEL.match(plain)
        marked = body != bare or label is not None
        if marked or not _CLOSER.match(plain):
            yield _Line(plain[label.end() :] if label else plain, marked, gap)
        gap = False


def _plain(text: str) -> str:
    """Without markdown's emphasis, heading signs and runs of white space."""
    bare = re.sub(r"\*\*|__(?=\S)|(?<=\S)__|`", "", text.lstrip("# ")).strip()
    whole = re.fullmatch(r"([*_])(.+)\1", bare)
    return " ".join((whole[2] if whole else bare).split())


def _listed(lines: Sequence[_Line]) -> list[str]:
    """Marked lines with the lines that continue them. What stands before, between or after them is talk."""
    items: list[str] = []
    for line in lines:
        if line.marked:
            items.append(line.text)
        elif items and (not line.after_gap or not items[-1]):
            items[-1] = f"{items[-1]} {line.text}".strip()
    return items


def _unlisted(lines: Sequence[_Line]) -> list[str]:
    """One statement a line, without the model's "Here are ..." before them."""
    talk = len(lines) > 1 and _OPENER.match(lines[0].text)
    return [line.text for line in lines[1 if talk else 0 :]]


def _without_cut_off(items: list[T], text: Callable[[T], str]) -> list[T]:
    """Without the last item where it ends in the middle of a sentence although most others do not."""
    ended = [text(item).rstrip(_AFTER_END).endswith(_ENDS) for item in items]
    cut_off = len(items) > 1 and not ended[-1] and 2 * sum(ended) > len(items) - 1
    return items[:-1] if cut_off else items


def _each_once(items: Iterable[T], text: Callable[[T], str]) -> list[T]:
    first: dict[str, T] = {}
    for item in items:
        first.setdefault(text(item).casefold().strip(" .!?"), item)
    return list(first.values())
