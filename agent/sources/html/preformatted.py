"""What stands between <pre> and </pre>: code is one block, prose that was wrapped by hand is put together again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from agent.text.normal import block, clean, count_words, normalize

_BLANK = re.compile(r"\n[ \t]*\n")
_COLUMNS = re.compile(r"\S(?: {3,}|\t+)\S")  # two words far apart on one line: columns, a drawing
_WORD = re.compile(r"^[\"'(\[\u201c\u2018\u00ab]*[^\W\d_][^\W\d_'\u2019-]*[\"')\].,;:!?\u201d\u2019\u00bb\u2026]*$")
_CODE_SIGNS = re.compile(r"[{}\\<>=|$#@~^_]|\(\)|;$|::|//|--\w", re.MULTILINE)
_PAGE_BREAK = re.compile(r"^.*\[Page \d+\]\s*$", re.MULTILINE)
_ITEM = re.compile(r"\s*(?:[-*+\u2022o]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s")
_PROSE_SHARE = 0.4  # of the words that stand in such paragraphs, for the whole to be taken for prose
_PROSE_WORDS = 0.75  # share of the tokens of a prose paragraph that are plain words
_SIGNS_PER_TOKEN = 0.06
_FEWEST_WORDS = 6


def preformatted(text: str, code: bool = False) -> list[str]:
    """The paragraphs of preformatted text: one block where `code` says so or it reads like code."""
    text = _PAGE_BREAK.sub("", clean(text))
    chunks = [chunk for chunk in _BLANK.split(text) if chunk.strip()]
    prose = sum(count_words(chunk) for chunk in chunks if _reads_like_prose(chunk))
    if code or prose < _PROSE_SHARE * count_words(text) or not prose:
        found = block(text)
        return [found] if found else []
    return [part for chunk in chunks for part in _parts(chunk)]


def _parts(chunk: str) -> Iterator[str]:
    lines = chunk.strip("\n").split("\n")
    if len(lines) > 1 and not _reads_like_prose(chunk):
        if any(map(_COLUMNS.search, lines)) or _CODE_SIGNS.search(chunk):
            yield block(chunk)
            return
        yield from (normalize(line) for line in lines)
        return
    yield from normalize("".join(_joined(lines))).split("\n\n")


def _joined(lines: list[str]) -> Iterator[str]:
    """The lines of a paragraph, apart where an item of a list begins."""
    yield lines[0]
    for _, line in pairwise(lines):
        yield ("\n\n" if _ITEM.match(line) else "\n") + line


def _reads_like_prose(chunk: str) -> bool:
    """Whether a chunk between blank lines is a paragraph of sentences rather than code, a table or a drawing."""
    tokens = chunk.split()
    lines = chunk.strip("\n").split("\n")
    if count_words(chunk) < _FEWEST_WORDS or sum(1 for line in lines if _COLUMNS.search(line.strip())) * 3 > len(lines):
        return False
    plain = sum(1 for token in tokens if _WORD.match(token))
    signs = len(_CODE_SIGNS.findall(chunk))
    return plain >= _PROSE_WORDS * len(tokens) and signs <= _SIGNS_PER_TOKEN * len(tokens)
