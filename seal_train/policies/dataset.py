"""What policies are trained on, as JSONL in TRL's conventions: the RL dataset of winners (prompt and completion), and
the lessons of a writer policy, chosen by their rewards (conversational)."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from agent.errors import StoreError
from agent.files import write_whole
from agent.ports import Lesson
from agent.records import SelfEdit, Winner
from agent.records.rounds import WriterTraining

Row = Mapping[str, object]
MARGIN = 0.05
"""Least difference of two rewards that a pair is made of. Seeds alone move a reward by about as much."""


def write_dataset(path: Path, winners: Iterable[Winner], self_edit: Callable[[str], SelfEdit]) -> int:
    """Write all winners, in place of the file before: no winner is ever in it twice.

    Returns the number of rows.

    Raises:
        StoreError: the disk is full or not writable.
    """
    rows = [_row(winner, self_edit(winner.self_edit)) for winner in winners]
    write_rows(path, rows)
    return len(rows)


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write a JSONL file in place of the one before. Raises StoreError where the disk is full or not writable."""
    try:
        write_whole(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    except OSError as error:
        raise StoreError(f"cannot write the dataset {path}: {error}", "free some disk space, then resume") from error


def _row(winner: Winner, edit: SelfEdit) -> dict[str, object]:
    task = f"Write training data for this document by the strategy '{winner.strategy}'."
    wish = f" {winner.instruction}" if winner.instruction else ""
    return {
        "prompt": f"{task}{wish}\n\n{winner.title}\n{winner.text}\n",
        "completion": "\n".join(example.text.strip() for example in edit.examples) + "\n",
        "reward": winner.reward,
        "strategy": winner.strategy,
        "candidate": winner.candidate,
        "document": winner.document,
        "base": winner.base,
    }


def rows_of(method: WriterTraining, lessons: Sequence[Lesson]) -> list[Row]:
    """The dataset of a method; empty where the lessons hold nothing to learn from.

    "sft" takes the best text of each request, where it earned anything (ReST-EM, Singh et al. 2023, arXiv 2312.06585,
    as SEAL has it, arXiv 2506.10943, sec. 3.1); "dpo" its best and its worst; "grpo" all texts of a request, where
    their rewards differ.
    """
    rows: list[Row] = []
    for group in _requests(lessons):
        best, worst = group[0], group[-1]
        differ = best.reward - worst.reward >= MARGIN
        if method == "sft" and best.reward > 0:
            rows.append({"prompt": _prompt(best), "completion": _completion(best), "reward": best.reward})
        elif method == "dpo" and best.reward > 0 and differ:
            rows.append({"prompt": _prompt(best), "chosen": _completion(best), "rejected": _completion(worst)})
        elif method == "grpo" and differ:
            rows += ({"prompt": _prompt(it), "completion": _completion(it), "reward": it.reward} for it in group)
    return rows


def shuffled(lessons: Sequence[Lesson], seed: int) -> list[Lesson]:
    """The same texts with their rewards dealt out at random: the control arm "random"."""
    rewards = [lesson.reward for lesson in lessons]
    random.Random(seed).shuffle(rewards)
    return [replace(lesson, reward=reward) for lesson, reward in zip(lessons, rewards, strict=True)]


def _requests(lessons: Sequence[Lesson]) -> list[list[Lesson]]:
    """The lessons of each request, best first."""
    groups: dict[tuple[str, str], list[Lesson]] = defaultdict(list)
    for lesson in lessons:
        groups[lesson.system, lesson.user].append(lesson)
    return [sorted(group, key=lambda it: it.reward, reverse=True) for group in groups.values()]


def _prompt(lesson: Lesson) -> list[dict[str, str]]:
    return [{"role": "system", "content": lesson.system}, {"role": "user", "content": lesson.user}]


def _completion(lesson: Lesson) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": lesson.text}]
