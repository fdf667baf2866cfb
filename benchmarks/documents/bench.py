"""`seal bench documents`: how many documents an hour, end to end, and what was learned of them?

Two checkouts learn the same articles in turn, each round in a home and a process of its own, as `seal ingest` does it.
Told are, for each: documents per hour and seconds by step, how many questions that came along are right through gate
and router, the share published, retention as routed, peak memory and processor time; and how many times as fast this
one is as the other, with an interval over rounds, and the difference of the rights with one over documents.

Every round is written down when it is done: a run that was cut off goes on with --resume.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from agent.errors import ConfigError
from agent.ports import Failure
from agent.records import Document
from agent.sources import read
from benchmarks.articles import MOST, articles
from benchmarks.documents.figures import between, of_one
from benchmarks.documents.running import Code, Learned, busy
from benchmarks.ruler.processes import OWN
from benchmarks.ruler.show import figure

OURS, THEIRS = "this code", "the other code"
SHOWN_STEPS = ("probe", "write", "train", "evaluate", "merge", "gate", "publish", "examine")


def main(argv: Sequence[str]) -> None:
    parser = _parser()
    told = parser.parse_args(argv)
    if not 1 <= told.documents <= MOST or told.rounds < 1:
        parser.error(f"--documents must be from 1 to {MOST}, --rounds at least 1")
    rounds = _rounds(told)
    settings = {key: getattr(told, key) for key in ("file", "documents", "rounds", "seed", "busy", "set")}
    done = _read(told.out, settings, told.resume)
    with told.out.open("a", encoding="utf-8") as out:
        if not done and not told.out.stat().st_size:
            out.write(json.dumps({"settings": settings}) + "\n")
        for one in _learned(told, rounds, done):
            done.append(one)
            out.write(one.model_dump_json() + "\n")
            out.flush()
    _tell(told.json, {name: [one for one in done if one.code == name] for name in (OURS, THEIRS)})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="seal bench documents", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("file", nargs="?", help="articles with questions, as seal ingest takes them (default: invented ones)")
    add("--documents", type=int, default=20, help="articles, spread over the rounds (20)")
    add("--rounds", type=int, default=5, help="how often each code is started, in turn (5)")
    add("--seed", type=int, default=1, help="of the invented articles (1)")
    add("--code", type=Path, default=OWN, help="checkout that learns (default: this one)")
    add("--against", type=Path, help="checkout that learns the same in turn")
    add("--busy", type=int, default=0, metavar="CORES", help="keep so many cores busy with something else meanwhile")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the configuration, for both codes")
    add("--out", type=Path, default=Path("documents.jsonl"), help="results, with the homes beside them")
    add("--resume", action="store_true", help="go on with the results that --out holds")
    add("--json", action="store_true", help="one JSON object on stdout")
    return parser


def _rounds(told: argparse.Namespace) -> list[list[Document]]:
    """Raises ConfigError where there are fewer articles with questions than rounds."""
    items = read(told.file, timeout=20, max_words=200) if told.file else articles(told.documents, told.seed)
    given = [item for item in items if not isinstance(item, Failure)]
    found = [document for document in given if document.questions][: told.documents]
    if len(found) < told.rounds:
        raise ConfigError(f"{len(found)} articles with questions for {told.rounds} rounds", "lower --rounds")
    return [found[number :: told.rounds] for number in range(told.rounds)]


def _read(out: Path, settings: Mapping[str, Any], resume: bool) -> list[Learned]:
    """Raises ConfigError where there are results already that are not to be gone on with, or of other settings."""
    lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
    if lines and not resume:
        raise ConfigError(f"{out} holds results already", "go on with --resume, or name another file with --out")
    if lines and json.loads(lines[0]) != {"settings": settings}:
        raise ConfigError(f"{out} was begun with other options", "go on with the same, or name another file with --out")
    return [Learned.model_validate_json(line) for line in lines[1:]]


def _learned(
    told: argparse.Namespace, rounds: Sequence[Sequence[Document]], done: Sequence[Learned]
) -> Iterator[Learned]:
    """What is left to do: round by round, the codes in turn, and the other one first in every second round."""
    folders = {OURS: told.code} | ({THEIRS: told.against} if told.against else {})
    work = told.out.with_suffix(".work").resolve()
    codes = [Code(name, folder.resolve(), work / name.replace(" ", "-"), told.set) for name, folder in folders.items()]
    known = {(one.code, one.round) for one in done}
    turns = [codes if number % 2 else codes[::-1] for number in range(1, len(rounds) + 1)]
    left = [(n, code) for n, turn in enumerate(turns, 1) for code in turn if (code.name, n) not in known]
    for code in codes:
        if any(one is code for _, one in left):
            code.prepare()
    with busy(told.busy):
        for number, code in left:
            one = code.learn(number, rounds[number - 1])
            right = [hit for row in one.right.values() for hit in row]
            print(
                f"round {number} of {len(rounds)}, {code.name}: {one.documents} articles in {one.seconds:.0f} s, "
                f"{one.published} published, {sum(right)} of {len(right)} questions right",
                file=sys.stderr, flush=True,
            )  # fmt: skip
            yield one


def _tell(as_json: bool, rounds: Mapping[str, Sequence[Learned]]) -> None:
    found: dict[str, Any] = {name: of_one(of) for name, of in rounds.items() if of}
    if len(found) == len(rounds):
        found["difference"] = between(rounds[OURS], rounds[THEIRS])
    if as_json:
        print(json.dumps(found, default=lambda value: value.model_dump()))
        return
    console, codes = Console(), [name for name in rounds if name in found]
    table, rows = Table("", *codes), {name: dict(_rows(found[name])) for name in codes}
    for label in rows[codes[0]]:
        table.add_row(label, *(rows[name][label] for name in codes))
    console.print(table)
    if "difference" in found:
        told = found["difference"]
        console.print(
            f"This code is {figure(told['times_as_fast'], '.2f')} times as fast as the other one, with "
            f"{figure(told['times_the_processor'], '.2f')} times its processor time ({told['rounds']} rounds); right "
            f"{figure(told['right'], '+.1%')} ({told['right'].n} articles), published "
            f"{figure(told['published'], '+.1%')}."
        )


def _rows(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "articles", str(found["documents"])
    yield "documents per hour", _spread(found["documents_per_hour"])
    yield "seconds per document", _spread(found["seconds_per_document"])
    for step in SHOWN_STEPS:
        yield f"  {step}", f"{found['steps'].get(step, 0.0):.1f}"
    yield "processor seconds per document", _spread(found["processor_seconds_per_document"])
    yield "peak memory", f"{found['peak_mib'] / 1024:.1f} GiB"
    yield "questions right", figure(found["right"], ".0%")
    yield "published", figure(found["published"], ".0%")
    before, after = found["retention"]
    yield "retention as routed", "-" if before is None or after is None else f"{before:.1%} to {after:.1%}"


def _spread(found: Mapping[str, float]) -> str:
    return f"{found['median']:.0f} ({found['least']:.0f} to {found['most']:.0f})"
