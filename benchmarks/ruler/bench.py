"""`seal bench ruler`: does what seal measures by its own probes hold for what people ask?

Takes passages with questions that people wrote, hides the questions, and lets seal learn the bare text in a home of its
own. While the adapters are there, each is asked people's questions, as probes are asked. Told are: the probes that
were made, how far the rewards by them rank candidates as people's questions do, how often the gate is right by people's
questions, and how many of those come right through gate and router, before and after.

Every passage is written down when it is done: a run that was cut off goes on with --resume.

--table writes probes down for blind reading, without any training, and --read counts the marks.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from agent.errors import ConfigError
from agent.records import Figure
from benchmarks.ruler import show
from benchmarks.ruler.figures import all_figures, difference
from benchmarks.ruler.passages import Passage, choose, invented, passages_of
from benchmarks.ruler.processes import OWN, Worker
from benchmarks.ruler.results import Learned, Results
from benchmarks.ruler.table import lines_of, read_table, shown, write_table

OURS, THEIRS = "this code", "the other code"


@dataclass(frozen=True)
class Side:
    """One code with what it came to."""

    name: str
    worker: Worker
    results: Results


def main(argv: Sequence[str]) -> None:
    told = _parser().parse_args(argv)
    if told.read:
        found, unmarked = read_table(told.read)
        _tell(told.json, {"good": found, "unmarked": unmarked}, shown(found, unmarked))
        return
    passages = _passages(told)
    if told.table:
        _table(told, passages)
        return
    passages = [passage for passage in passages if passage.questions]
    if not passages:
        raise ConfigError("no passage with questions is left", "name a file that holds some, or lower --skip")
    with ExitStack() as stack:
        sides = list(_sides(told, stack))
        if not told.summary:
            _learn(sides, passages)
        keys = {passage.key for passage in passages}
        results = {side.name: side.results.of(keys) for side in sides}
    if told.against and THEIRS not in results:
        results[THEIRS] = Results.read(told.against).of(keys)
    _sum_up(told.json, results, passages)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="seal bench ruler", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "files",
        nargs="*",
        type=Path,
        help='JSONL of passages: {"title", "text", "questions": [{"question", "answer"}]}',
    )
    add("--documents", type=int, default=40, help="passages of the files, spread over titles (default: 40)")
    add("--skip", type=int, default=0, help="leave out so many first lines of each file")
    add("--articles", type=int, default=8, help="invented articles of seal's own beside them (default: 8)")
    add("--seed", type=int, default=1, help="of the choice of passages (default: 1)")
    add("--out", type=Path, default=Path("ruler.jsonl"), help="results, with the home beside them (ruler.jsonl)")
    add("--resume", action="store_true", help="go on with the results that --out holds")
    add("--summary", action="store_true", help="only sum up what --out holds")
    add("--code", type=Path, default=OWN, help="checkout whose code learns (default: this one)")
    add(
        "--against",
        type=Path,
        help="checkout whose code learns the same passages in turn, or results of an earlier run",
    )
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the configuration, for both codes")
    add("--table", type=Path, help="only write probes of the bare texts to this file, to be marked g or b")
    add("--rows", type=int, help="at most so many rows of the table")
    add("--read", type=Path, help="only count the marks in such a table")
    add("--json", action="store_true", help="one JSON object on stdout")
    return parser


def _passages(told: argparse.Namespace) -> list[Passage]:
    read = [passage for file in told.files for passage in passages_of(file, told.skip)]
    return choose(read, told.documents, told.seed) + invented(told.articles, told.seed)


def _table(told: argparse.Namespace, passages: Sequence[Passage]) -> None:
    codes = {OURS: told.code} | ({THEIRS: told.against} if told.against else {})
    made: dict[str, dict[str, Any]] = {}
    for name, code in codes.items():
        with Worker(code, home=None) as worker:
            made[name] = {passage.key: worker.probes(passage) for passage in passages}
    lines = lines_of(passages, made, told.seed, told.rows)
    write_table(told.table, lines)
    how = f"mark each g or b, then\n  seal bench ruler --read {told.table}"
    _tell(told.json, {"rows": len(lines)}, [f"{len(lines)} probes of {len(passages)} passages in {told.table}: {how}"])


def _sides(told: argparse.Namespace, stack: ExitStack) -> Iterator[Side]:
    """Raises ConfigError where results are there already and are not to be gone on with."""
    codes = {OURS: (told.code, told.out)}
    if told.against and not told.against.is_file():
        codes[THEIRS] = (told.against, told.out.with_name(f"{told.out.stem}-against.jsonl"))
    for name, (code, out) in codes.items():
        results = Results.read(out)
        if results.about and not (told.resume or told.summary):
            raise ConfigError(f"{out} holds results already", "go on with --resume, or name another file with --out")
        home, log = out.with_suffix(".home"), out.with_suffix(".log")
        worker = stack.enter_context(Worker(code.resolve(), home, _overrides(told.set), log))
        about = {"code": worker.commit(), "set": _overrides(told.set)}
        if not told.summary and not results.about:
            results.add("about", about)
        elif not told.summary and results.about["set"] != about["set"]:
            raise ConfigError(f"{out} was begun with --set {results.about['set']}", "go on with the same")
        yield Side(name, worker, results)


def _overrides(given: Sequence[str]) -> dict[str, str]:
    pairs = [item.partition("=") for item in given]
    if not all(sign for _, sign, _ in pairs):
        raise ConfigError("--set takes KEY=VALUE", "write for example --set model.threads=1")
    return {key.strip(): value for key, _, value in pairs}


def _learn(sides: Sequence[Side], passages: Sequence[Passage]) -> None:
    """Each passage by each side in turn, then all questions of the end."""
    left = [(side, p) for p in passages for side in sides if p.key not in side.results.learned]
    seconds: list[float] = []
    for number, (side, passage) in enumerate(left, 1):
        began = time.monotonic()
        one = side.worker.learn(passage)
        side.results.add("learned", one)
        seconds.append(time.monotonic() - began)
        _say(side, one, f"{number}/{len(left)}", fmean(seconds) * (len(left) - number))
    for side in sides:
        if not side.results.answered(passages):
            _say_line(f"{side.name}: asking all questions over the library")
            side.results.add("library", side.worker.ask_all(passages))


def _say(side: Side, one: Learned, at: str, left: float) -> None:
    human = one.champion.human if one.champion else None
    right = (
        f", people's {sum(one.base.right)} -> {sum(human.right)} of {len(human.right)}" if human and one.base else ""
    )
    detail = f": {one.detail}" if one.detail else ""
    rest = f"({one.seconds:.0f} s, {left / 60:.0f} min left)"
    _say_line(f"{at} {side.name}: {one.title[:40]}: {one.outcome}{detail}{right} {rest}")


def _say_line(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _sum_up(as_json: bool, results: Mapping[str, Results], passages: Sequence[Passage]) -> None:
    """By origin: what holds for invented articles need not hold for real ones."""
    told: dict[str, Any] = {}
    lines: list[str] = []
    for origin in dict.fromkeys(passage.origin for passage in passages):
        of = {name: found.of({p.key for p in passages if p.origin == origin}) for name, found in results.items()}
        figures: dict[str, Any] = {name: all_figures(found) for name, found in of.items()}
        for name, found in figures.items():
            lines += [*show.summary(f"{name} {results[name].about.get('code', '')}, {origin}", found), ""]
        if THEIRS in of:
            figures["difference"] = difference(of[OURS], of[THEIRS])
            lines += [*show.difference(figures["difference"]), ""]
        told[origin] = figures
    _tell(as_json, told, lines)


def _tell(as_json: bool, told: Mapping[str, Any], lines: Iterable[str]) -> None:
    if as_json:
        print(json.dumps(told, default=_plain))
    else:
        print("\n".join(lines).rstrip())


def _plain(value: object) -> object:
    assert isinstance(value, Figure)
    return value.model_dump()
