"""A table of probes for blind reading: who reads it marks each line good or bad and does not know what made it."""

from __future__ import annotations

import csv
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.errors import SourceError
from agent.files import write_whole
from agent.records import Figure
from agent.records.base import content_id
from agent.text.normal import answer_words, cut_at_stops, one_line, paragraphs
from benchmarks.ruler.passages import Passage
from benchmarks.ruler.results import OwnProbe
from evals.probes.matching import contains
from evals.statistics.intervals import share

COLUMNS = ("id", "passage", "question", "answer", "mark")
GOOD, BAD = "g", "b"
Made = Mapping[str, Mapping[str, Sequence[OwnProbe]]]
"""Probes by who made them, and by the passage's key."""


@dataclass
class Line:
    """`by` are those who made this probe."""

    id: str
    passage: str
    question: str
    answer: str
    by: list[str] = field(default_factory=list)


def lines_of(passages: Sequence[Passage], made: Made, seed: int, most: int | None = None) -> list[Line]:
    """All knowledge probes, or so many of them, in an order that the seed gives; what two made stands there once."""
    found: dict[str, Line] = {}
    for who, of in made.items():
        for passage in passages:
            for probe in of.get(passage.key, ()):
                if not probe.recall:
                    line = _line(passage, probe)
                    found.setdefault(line.id, line).by.append(who)
    lines = sorted(found.values(), key=lambda line: line.id)
    random.Random(f"table {seed}").shuffle(lines)
    return lines[:most]


def _line(passage: Passage, probe: OwnProbe) -> Line:
    id = content_id("line", passage.key, probe.question, probe.answer)[:8]
    told = f"[{passage.title}] {told_by(passage.text, probe)}"
    return Line(id, one_line(told), one_line(probe.question), one_line(probe.answer))


def told_by(text: str, probe: OwnProbe) -> str:
    """The sentence that has the answer and most of the question's words, with the one before it."""
    sentences = [sentence for paragraph in paragraphs(text) for sentence in cut_at_stops(paragraph)]
    asked = set(answer_words(probe.question))
    having = [n for n, sentence in enumerate(sentences) if contains(sentence, probe.answer)]
    if not having:
        return text
    best = max(having, key=lambda n: len(asked & set(answer_words(sentences[n]))))
    return " ".join(sentences[max(0, best - 1) : best + 1])


def write_table(file: Path, lines: Sequence[Line]) -> None:
    """Tab-separated, or with commas where the name ends in .csv. Who made which stands in a file beside it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as table:
        rows = csv.writer(table, _dialect(file))
        rows.writerow(COLUMNS)
        rows.writerows((line.id, line.passage, line.question, line.answer, "") for line in lines)
    write_whole(_key_of(file), json.dumps({line.id: line.by for line in lines}, indent=0) + "\n")


def read_table(file: Path) -> tuple[dict[str, Figure], int]:
    """The share of good ones among those that are marked, of all ("all") and of each who made some where several did;
    and how many are not marked.

    Raises:
        SourceError: it cannot be read, or a mark is neither g nor b.
    """
    marks = _marks(file)
    made = _made(file)
    groups: dict[str, list[str]] = defaultdict(list)
    for id, mark in marks.items():
        for who in {"all", *made.get(id, ())} if mark else ():
            groups[who].append(mark)
    if len(groups) == 2:  # all are by one
        groups = defaultdict(list, all=groups["all"])
    found = {who: share(of.count(GOOD), len(of)) for who, of in sorted(groups.items())}
    return found, sum(not mark for mark in marks.values())


def _marks(file: Path) -> dict[str, str]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as table:
            rows = [(n, row) for n, row in enumerate(csv.DictReader(table, dialect=_dialect(file)), 2)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{file} cannot be read: {error}", "name a table that --table wrote") from error
    marks: dict[str, str] = {}
    for number, row in rows:
        mark = (row.get("mark") or "").strip().lower()[:1]
        if "id" not in row or mark not in (GOOD, BAD, ""):
            raise SourceError(
                f"{file}, row {number} is marked {row.get('mark')!r}", "mark each row g for good or b for bad"
            )
        marks[row["id"]] = mark
    return marks


def _made(file: Path) -> dict[str, list[str]]:
    key = _key_of(file)
    found: dict[str, list[str]] = json.loads(key.read_text(encoding="utf-8")) if key.exists() else {}
    return found


def _key_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.key.json")


def _dialect(file: Path) -> type[csv.Dialect]:
    return csv.excel if file.suffix == ".csv" else csv.excel_tab


def shown(found: Mapping[str, Figure], unmarked: int) -> Iterable[str]:
    for who, figure in found.items():
        if figure.value is not None and figure.low is not None and figure.high is not None:
            good = round(figure.value * figure.n)
            yield (
                f"{who:10} {good} of {figure.n} good, {figure.value:.0%}"
                f" (95% interval {figure.low:.0%} to {figure.high:.0%})"
            )
    if not found:
        yield "nothing is marked yet"
    if unmarked:
        yield f"{unmarked} rows are not marked and do not count"
