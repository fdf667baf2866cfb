"""What candidates are trained on and asked: the shape of SEAL's inner loop (arXiv 2506.10943, sec. 3.1 and 4.1)."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

from agent.errors import ConfigError
from agent.models.prompts import answer_completion, probe_prompt
from agent.records import Candidate, Example, TrainSettings

WORDS = """
the river town of a new old bridge was opened by people who came from north and south in that year with many small
boats water house road school church market king war law city train film game team player season first second third
large early late public long high work study state music group part form name place time
""".split()  # noqa: SIM905
"""Common words, each about one token in any vocabulary."""
LINES, LINE_WORDS, PASSAGE_WORDS, QUESTIONS = 8, 28, 150, 5
"""As in the published self-edits: about nine sequences of 49 tokens in the mean, the passage being the longest."""


@dataclass(frozen=True)
class Work:
    """One candidate's inner loop."""

    title: str
    texts: tuple[str, ...]
    questions: tuple[tuple[str, str], ...]

    @property
    def examples(self) -> tuple[Example, ...]:
        return tuple(Example(completion=text) for text in self.texts)

    @property
    def prompts(self) -> list[str]:
        return [probe_prompt(self.title, question) for question, _ in self.questions]

    @property
    def completions(self) -> list[str]:
        return [answer_completion(answer) for _, answer in self.questions]


def from_file(path: Path, count: int, each: int = 1) -> list[Work]:
    """The first `each` self-edits of each passage of a JSONL file (title, text, completions, questions), one after the
    other, until there are `count`. Passages with fewer are left out.

    As SEAL trains them: each line of the self-edit is a sequence, the passage is one more, each under the title.

    Raises:
        ConfigError: the file cannot be read, holds something else, or too few of them.
    """
    work: list[Work] = []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        for item in (json.loads(line) for line in lines if line.strip()):
            questions = tuple((q["question"], q["answer"]) for q in item["questions"])
            edits = item["completions"][:each]
            work += [_as_trained(item, edit, questions) for edit in edits if len(edits) == each]
    except OSError as error:
        raise ConfigError(
            f"cannot read {path}: {error.strerror}", "name a file of self-edits with --workload"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        form = "each line has to be a JSON object with title, text, completions and questions"
        raise ConfigError(f"{path} holds no self-edits: {type(error).__name__} {error}", form) from error
    if len(work) < count:
        raise ConfigError(f"{path} holds {len(work)} self-edits, {count} are needed", "ask for fewer candidates")
    return work[:count]


def _as_trained(item: dict[str, str], edit: str, questions: tuple[tuple[str, str], ...]) -> Work:
    parts = [part.strip() for part in edit.split("\n") if part.strip()]
    return Work(item["title"], tuple(f"{item['title']}\n{part}" for part in [*parts, item["text"]]), questions)


def synthetic(count: int) -> list[Work]:
    """Invented work of the same lengths: words in no order."""
    return [_invented(random.Random(seed)) for seed in range(count)]


def _invented(draw: random.Random) -> Work:
    title = " ".join(draw.choices(WORDS, k=2)).title()
    sizes = [*(max(8, round(draw.gauss(LINE_WORDS, 8))) for _ in range(LINES)), PASSAGE_WORDS]
    texts = tuple(f"{title}\n{' '.join(draw.choices(WORDS, k=size))}." for size in sizes)
    questions = tuple(
        (f"What is the {' '.join(draw.choices(WORDS, k=7))}?", draw.choice(WORDS)) for _ in range(QUESTIONS)
    )
    return Work(title, texts, questions)


def candidate(work: Work, place: int, base: str, settings: TrainSettings) -> Candidate:
    """The record that the trainer takes; its adapter's seed is `place` after that of the settings."""
    return Candidate(
        id=f"bench-{place}", run="bench", document=work.title, self_edit="bench", strategy="bench", base=base,
        settings=settings.model_copy(update={"seed": settings.seed + place}),
    )  # fmt: skip
