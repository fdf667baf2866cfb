"""Passages with questions that people wrote: read, and chosen so that they spread over titles."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ValidationError

from agent.config.sections import WriteConfig
from agent.errors import SourceError
from agent.records import Question
from agent.records.base import Record, content_id
from agent.text.normal import count_words
from benchmarks.articles import articles

INVENTED = "invented articles"
LONGEST = WriteConfig().max_words
"""Words. A longer passage would be read as several documents, and nobody knows which of them a question is about."""


class Passage(Record):
    """`origin` is the file that it stands in, or INVENTED. `key` names it whatever code reads it."""

    key: str
    origin: str
    title: str
    text: str
    questions: tuple[Question, ...]

    @classmethod
    def make(cls, origin: str, title: str, text: str, questions: Sequence[Question]) -> Passage:
        key = content_id("passage", title, text)
        return cls(key=key, origin=origin, title=title, text=text, questions=tuple(questions))


class _Line(BaseModel):
    """The fields that count. Data sets carry others of their own."""

    title: str
    text: str
    questions: tuple[Question, ...] = ()


def passages_of(file: Path, skip: int = 0) -> list[Passage]:
    """Those of a JSONL file that are short enough, without its first `skip` lines.

    Raises:
        SourceError: the file cannot be read, or a line is no passage.
    """
    found: list[Passage] = []
    for number, line in itertools.islice(_lines(file), skip, None):
        try:
            told = _Line.model_validate(json.loads(line))
        except (ValueError, ValidationError) as error:
            raise SourceError(
                f"{file}, line {number} is no passage", 'each line is {"title", "text", "questions": [...]}'
            ) from error
        if count_words(told.text) <= LONGEST:
            found.append(Passage.make(file.name, told.title, told.text, told.questions))
    return found


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not empty, with their numbers."""
    try:
        with file.open(encoding="utf-8") as lines:
            yield from ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{file} cannot be read: {error}", "name a JSONL file in UTF-8") from error


def invented(count: int, seed: int) -> list[Passage]:
    """The repository's own articles."""
    return [Passage.make(INVENTED, d.title, d.text, d.questions) for d in articles(count, seed)]


def choose(passages: Sequence[Passage], count: int, seed: int) -> list[Passage]:
    """So many, of as many titles as there are. The first of many are the same as few."""
    draw = random.Random(f"passages {seed}")
    groups: dict[str, dict[str, Passage]] = {}
    for passage in passages:
        groups.setdefault(passage.title, {})[passage.key] = passage
    titles = list(groups)
    draw.shuffle(titles)
    shuffled = [draw.sample(list(groups[title].values()), len(groups[title])) for title in titles]
    rounds = itertools.zip_longest(*shuffled)
    return [passage for turn in rounds for passage in turn if passage is not None][:count]
