"""What came of passages, a line of JSON each, in a file that grows as they come."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from agent.errors import ConfigError
from agent.records import Half, ProbeKind, Verdict
from agent.records.base import Record
from benchmarks.ruler.passages import Passage


class Asked(Record):
    """One subject's answers to the questions that people asked, closed book: which are right, and the mean
    log-probability of a token of each reference answer, in nats."""

    right: tuple[bool, ...]
    logprob: tuple[float, ...]
    answers: tuple[str, ...] = ()


class OwnProbe(Record):
    """A probe that seal made."""

    kind: ProbeKind
    half: Half
    recall: bool
    question: str
    answer: str


class Tried(Record):
    """A candidate that was rewarded. `human` is None where a kill lost what it answered."""

    id: str
    strategy: str
    reward: float
    human: Asked | None


class Champion(Record):
    """What the gate decided on: its word, and the accuracies on the `n` held-out probes that it went by."""

    id: str
    verdict: Verdict
    n: int
    before: float
    after: float
    human: Asked | None


class Learned(Record):
    """What came of one passage. `checks` says how many of the questions that were made each check refused, where the
    code counts them; `base` is None where nothing was trained."""

    key: str
    origin: str
    title: str
    words: int
    outcome: str
    detail: str
    seconds: float = 0.0
    probes: tuple[OwnProbe, ...] = ()
    checks: dict[str, int] = Field(default_factory=dict)
    base: Asked | None = None
    tried: tuple[Tried, ...] = ()
    champion: Champion | None = None

    @property
    def is_published(self) -> bool:
        return self.outcome == "published"

    @property
    def knowledge(self) -> list[OwnProbe]:
        return [probe for probe in self.probes if not probe.recall]


class Routed(Record):
    """Which questions of a passage were right before anything was learned and through the router after, who answered
    these, and what."""

    before: tuple[bool, ...]
    after: tuple[bool, ...]
    by: tuple[Literal["own", "other", "base"], ...]
    answers: tuple[str, ...] = ()


class Library(Record):
    """All questions over the library of the end, by passage."""

    adapters: int
    answers: dict[str, Routed]


@dataclass
class Results:
    """What one code came to, read from its file. What is added is written at once."""

    file: Path
    about: dict[str, Any] = field(default_factory=dict)
    learned: dict[str, Learned] = field(default_factory=dict)
    library: Library | None = None

    @classmethod
    def read(cls, file: Path) -> Results:
        """Raises ConfigError where the file is none of this bench's. A line that a kill cut off does not count."""
        found = cls(file)
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        for number, line in enumerate(lines, 1):
            try:
                found._take(json.loads(line))
            except json.JSONDecodeError:
                continue
            except (KeyError, TypeError, ValidationError) as error:
                raise ConfigError(
                    f"{file}, line {number} is no result of this benchmark", "name another file"
                ) from error
        if any(lines) and not found.about:
            raise ConfigError(f"{file} holds no results of this benchmark", "name another file")
        return found

    def _take(self, told: dict[str, Any]) -> None:
        if "about" in told:
            self.about = told["about"]
        elif "library" in told:
            self.library = Library.model_validate(told["library"])
        else:
            one = Learned.model_validate(told["learned"])
            self.learned[one.key] = one

    def add(self, kind: Literal["about", "learned", "library"], told: Mapping[str, Any] | Record) -> None:
        line: dict[str, Any] = {kind: told.model_dump(mode="json") if isinstance(told, Record) else dict(told)}
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as file:
            file.write(f"\n{json.dumps(line, ensure_ascii=False)}\n")  # the line before may have been cut off
        self._take(line)

    def answered(self, passages: Sequence[Passage]) -> bool:
        """Whether the questions of all these were asked at the end."""
        return self.library is not None and {p.key for p in passages} <= self.library.answers.keys()

    def of(self, keys: set[str]) -> Results:
        """Of these passages alone."""
        answers = {k: v for k, v in self.library.answers.items() if k in keys} if self.library else {}
        library = self.library.model_copy(update={"answers": answers}) if answers and self.library else None
        return Results(self.file, self.about, {k: v for k, v in self.learned.items() if k in keys}, library)
