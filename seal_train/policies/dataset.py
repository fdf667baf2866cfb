"""The RL dataset: winners as JSONL in TRL's prompt-completion convention, for supervised training of the policy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from agent.errors import StoreError
from agent.files import write_whole
from agent.records import SelfEdit, Winner

Row = Mapping[str, object]


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
    """Write a JSONL file in place of the one before.

    Raises:
        StoreError: the disk is full or not writable.
    """
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
