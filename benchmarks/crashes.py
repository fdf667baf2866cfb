"""Kills and refused writes of real runs, and what became of them.

Each run is the real graph with ledger, checkpoints, memory and files; only model and trainer are fakes that take
milliseconds. Processes are killed by SIGKILL before single writes (every file that is opened to be written, renamed or
removed, and every COMMIT) and at random moments, or the disk refuses a write; then the run goes on. It counts as right
where ledger and files are at its end what they are after an unbroken run.
"""

from __future__ import annotations

import argparse
import errno
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from agent.errors import MissingPackage

PROGRAM = "from tests.invariants.crash_at_write import program; program()"
ROOT = Path(__file__).parents[1]
Told = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """What became of the runs of one command that were cut off in one way. `writes` are the places where it can be;
    `lost` and `doubled` count documents, candidates and publications that are missing or there twice at the end.
    `unlike` says of each run that ended otherwise where it was cut off, and what is otherwise."""

    command: str
    how: str
    writes: int
    cut_off: int
    alike: int
    lost: int
    doubled: int
    unlike: tuple[str, ...]


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="seal bench crashes", description=__doc__)
    parser.add_argument("--cuts", type=int, default=70, help="kills before writes, a command (default: 70; 0: each)")
    parser.add_argument("--moments", type=int, default=80, help="kills at random moments, a command (default: 80)")
    parser.add_argument("--refused", type=int, default=20, help="refused writes, a command and error (default: 20)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    told = parser.parse_args(argv)
    rows = list(rows_of(told.cuts, told.moments, told.refused))
    if told.json:
        print(json.dumps([asdict(row) for row in rows]))
        return
    head = ("command", "cut off by", "places", "cut off", "ended alike", "lost", "doubled")
    shown = Table(*head)
    for row in rows:
        shown.add_row(*(str(value) for name, value in asdict(row).items() if name != "unlike"))
    Console().print(shown)
    for row in rows:
        for found in row.unlike:
            print(f"{row.command}, {row.how}: {found}")


def rows_of(cuts: int, moments: int, refused: int) -> Iterator[Row]:
    """Raises MissingPackage outside of a checkout."""
    if not (ROOT / "tests").is_dir():
        raise MissingPackage("this benchmark needs seal's tests", "run it in a checkout of the repository")
    for command in ("ingest", "improve"):
        whole, cut = _crashed(command, cuts, 0, moments)
        before, at_random = cut[: len(cut) - moments], cut[len(cut) - moments :]
        yield _row(command, "SIGKILL before a write", whole, before)
        yield _row(command, "SIGKILL at random", whole, at_random)
        for error in (errno.ENOSPC, errno.EIO):
            whole, cut = _crashed(command, refused, error, 0)
            yield _row(command, f"{errno.errorcode[error]} at a file", whole, cut)


def _crashed(command: str, cuts: int, error: int, moments: int) -> tuple[Told, list[Told]]:
    """An unbroken run, and those that were cut off."""
    with tempfile.TemporaryDirectory(prefix="seal-crashes-") as name, Progress(console=Console(stderr=True)) as bar:
        folder = Path(name)
        (folder / "runs").mkdir()
        arguments = (command, folder / "runs", folder / "articles.jsonl", cuts, 0, error, moments)
        program = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
        task = bar.add_task(f"{command}, {errno.errorcode.get(error, 'SIGKILL')}", total=None)
        found: list[Told] = []
        with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                found.append(json.loads(line))
                total = (cuts or len(found[0]["writes"])) + moments
                bar.update(task, total=total, completed=len(found) - 1)
        if process.returncode or not found:
            raise RuntimeError(f"the runs ended with {process.returncode}")
    return found[0], found[1:]


def _row(command: str, how: str, whole: Told, runs: Sequence[Told]) -> Row:
    cut_off = [run for run in runs if run["killed_before"]]
    unlike = [told for run in cut_off if (told := _otherwise(whole, run))]
    lost = sum(len(_things(whole) - _things(run)) for run in cut_off)
    doubled = sum(_count(run) - len(_things(run)) for run in cut_off)
    return Row(
        command, how, len(whole["writes"]), len(cut_off), len(cut_off) - len(unlike), lost, doubled, tuple(unlike)
    )


def _otherwise(whole: Told, run: Told) -> str:
    """Where a run was cut off and what it ended with otherwise than the unbroken one; "" where nothing is."""
    facts = run["facts"] or {}
    names = [name for name, value in whole["facts"].items() if facts.get(name) != value]
    if run["statuses"][-2:] != [0, 0]:
        names.append(f"exit codes {run['statuses']}")
    return f"{'; '.join(run['killed_before'])}: {', '.join(names)}" if names else ""


COUNTED = ("outcomes", "candidates", "published", "library", "promotions", "rounds")
"""The facts that hold documents, candidates and publications."""


def _listed(told: Told) -> list[str]:
    facts = told["facts"] or {}
    return [json.dumps([key, item]) for key in COUNTED for item in facts.get(key, ())]


def _things(told: Told) -> set[str]:
    return set(_listed(told))


def _count(told: Told) -> int:
    return len(_listed(told))
