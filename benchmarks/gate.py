"""How often does the gate publish what it should, and what it should not?

For each article (JSONL as `seal ingest` takes it) a known-good adapter, the mean of two `facts` candidates and a
`cloze` one, and null adapters, `--nulls` of each kind: the same on a text whose facts have changed places, other
articles' good adapters, and noise of the good one's scale. Each is decided on twice: by all probes, and by those alone
that seal makes of the bare text. Of the latter it is told whether the good adapters that they publish, and those that
they do not, answer more of the questions that came along. Adapters are kept in the work folder, so that a second run
only measures.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from safetensors.torch import load_file, save_file

from agent.config import TrainConfig, load_config
from agent.config.sections import GateConfig
from agent.planning import usual_epochs
from agent.ports import Failure, TrainJob
from agent.records import BASE, Candidate, Document, Plan, ProbeSet, Retention, SelfEdit, Verdict
from agent.sources import read
from agent.strategies import all_strategies
from agent.strategies.checking import check
from agent.text.parsing import facts
from evals.evidence import Evidence, Measured
from evals.gates.document import decide
from evals.probes.making import make_probes, shape
from evals.probes.matching import contains
from evals.probes.scoring import score
from evals.statistics.intervals import share
from seal_train.adapters.folders import WEIGHTS
from seal_train.engines.local import LocalModel, LocalTrainer
from seal_train.model.base import Base, load_base

MEMBERS = (("facts", 0), ("facts", 1), ("cloze", 0))
GOOD, EXCHANGED, OTHER, NOISE = ARMS = ("good", "facts exchanged", "other article", "noise")
ALL, OWN = ASKED = ("by all probes", "by seal's own probes alone")
Arms = dict[tuple[str, int], Path]
FLAT = Retention(subject=BASE, forced=0.6, routed=0.6, logprob=-1.0, items=76)
"""Retention plays no part here."""


def exchanged(document: Document, seed: int) -> Document:
    """The text with its facts in each other's places, names for names and numbers for numbers."""
    draw = random.Random(seed)
    groups: dict[str, list[str]] = defaultdict(list)
    for answer in dict.fromkeys(fact.answer for fact in facts(document.text)):
        groups[shape(answer)].append(answer)
    instead: dict[str, str] = {}
    for group in groups.values():
        draw.shuffle(group)
        instead |= dict(zip(group, [*group[1:], group[0]], strict=True))
    longest_first = "|".join(re.escape(answer) for answer in sorted(instead, key=len, reverse=True))
    return document.model_copy(update={"text": re.sub(longest_first, lambda m: instead[m.group()], document.text)})


def jobs(document: Document, told: Document, folder: Path, base: str) -> Iterator[TrainJob]:
    """The members of one adapter for `document`, trained on what `told` says."""
    train = TrainConfig()
    for i, (name, seed) in enumerate(MEMBERS):
        strategy = all_strategies()[name]
        settings = train.settings(usual_epochs(strategy, train, document), seed=seed)
        passed, refused = check(told, strategy.write(told, "", None), make_probes(document))
        plan = Plan.make("bench", document.id, name, settings, planner="bench", reason="")
        edit = SelfEdit.make(plan, "deterministic", passed, refused)
        yield TrainJob(Candidate.make("bench", edit, base, settings), passed, folder / f"member-{i}")


def trained(base: Base, document: Document, told: Sequence[Document], folders: Sequence[Path]) -> list[Path]:
    """One adapter for each text of `told`, all that are not there yet trained at once."""
    trainer = LocalTrainer(base)
    missing = {
        folder: list(jobs(document, text, folder, base.name))
        for text, folder in zip(told, folders, strict=True)
        if not (folder / "mean").is_dir()
    }
    if missing:
        trainer.train([job for members in missing.values() for job in members])
    for folder, members in missing.items():
        trainer.merge([(job.candidate, job.folder) for job in members], folder / "mean")
    return [folder / "mean" for folder in folders]


def noise(good: Path, folder: Path, seed: int) -> Path:
    """Normal noise with the spread of each of the good adapter's matrices."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in good.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    draw = torch.Generator().manual_seed(seed)
    weights = {k: torch.randn(v.shape, generator=draw) * v.std() for k, v in load_file(good / WEIGHTS).items()}
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    return folder


def nulls(base: Base, documents: Sequence[Document], good: Sequence[Path], i: int, work: Path, count: int) -> Arms:
    """Null adapters for document i, `count` of each kind, under their kind and number."""
    document, own = documents[i], work / documents[i].id
    wrong = [exchanged(document, i + n * len(documents)) for n in range(count)]
    places = [own / f"exchanged-{n}" for n in range(count)]
    arms = {(EXCHANGED, n): path for n, path in enumerate(trained(base, document, wrong, places))}
    for n in range(count):
        arms[OTHER, n] = good[(i + 1 + n) % len(good)]
        arms[NOISE, n] = noise(good[i], own / f"noise-{n}", i + n * len(documents))
    return arms


@dataclass(frozen=True)
class Decided:
    """What the gate said of an adapter, which share of the questions that came along it answers, and whether that is
    more than the base."""

    verdict: Verdict
    right: float
    better: bool


def decisions(
    base: Base, documents: Sequence[Document], work: Path, count: int, limits: GateConfig
) -> dict[str, dict[str, list[Decided]]]:
    """By the probes that were asked (ASKED) and by the adapters (ARMS)."""
    model = LocalModel(base)
    found: dict[str, dict[str, list[Decided]]] = {asked: {arm: [] for arm in ARMS} for asked in ASKED}
    good = [
        trained(base, document, [document], [work / document.id / "good"])[0]
        for document in track(documents, "training good adapters", console=Console(stderr=True))
    ]
    for i, document in enumerate(track(documents, "null adapters and the gate", console=Console(stderr=True))):
        arms: Arms = {(GOOD, 0): good[i], **nulls(base, documents, good, i, work, count)}
        named = {f"{kind} {n}": path for (kind, n), path in arms.items()}
        bare = document.model_copy(update={"questions": ()})
        probes = dict(zip(ASKED, map(asked_of, (document, bare)), strict=True))
        every = {probe.id: probe for asked in probes.values() for probe in asked}
        scores = score(model, document.title, list(every.values()), {BASE: None, **named})
        measured = {who: Measured([s for s in scores if s.subject == who], FLAT) for who in (BASE, *named)}
        right = {who: _right(probes[ALL].given, measured[who]) for who in (BASE, *named)}
        for name, (kind, _) in zip(named, arms, strict=True):
            for asked in ASKED:
                decision = decide(Evidence(name, probes[asked], measured[BASE], measured[name]), limits)
                found[asked][kind].append(Decided(decision.verdict, right[name], right[name] > right[BASE]))
    return found


def asked_of(document: Document) -> ProbeSet:
    return ProbeSet.of(make_probes(document))


def _right(given: ProbeSet, subject: Measured) -> float:
    hits = [contains(subject.by_probe[probe.id].answer, probe.answer) for probe in given]
    return sum(hits) / len(hits) if hits else 0.0


def told(found: dict[str, dict[str, list[Decided]]]) -> dict[str, Any]:
    """How many were published, and of the good adapters how many of those and of the others are better for people."""
    published = {
        asked: {arm: {"published": sum(d.verdict == "publish" for d in of), "of": len(of)} for arm, of in arms.items()}
        for asked, arms in found.items()
    }
    foretold = {
        word: {"better": sum(d.better for d in of), "of": len(of), "right": sum(d.right for d in of) / max(1, len(of))}
        for word, of in (
            ("published", [d for d in found[OWN][GOOD] if d.verdict == "publish"]),
            ("others", [d for d in found[OWN][GOOD] if d.verdict != "publish"]),
        )
    }
    return {**published, "foretold": foretold}


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="seal bench gate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("articles", help="JSONL of short articles, two or more")
    parser.add_argument("--work", type=Path, default=Path("gate-bench"), help="folder for the adapters")
    parser.add_argument("--nulls", type=int, default=1, help="null adapters of each kind for an article")
    parser.add_argument("--alpha", type=float, help="instead of the configuration's gate.alpha")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    args = parser.parse_args(argv)
    config = load_config(None, {}, None)
    items = read(args.articles, timeout=config.source.timeout, max_words=config.write.max_words)
    documents = [item for item in items if not isinstance(item, Failure)]
    if not 1 <= args.nulls < len(documents):
        parser.error(f"--nulls must be at least 1 and less than the number of articles ({len(documents)})")
    base = load_base(config.model.name, config.models_dir, config.model.device, config.model.dtype)
    limits = config.gate.model_copy(update={"max_retention_loss": 1.0, "alpha": args.alpha or config.gate.alpha})
    result = told(decisions(base, documents, args.work, args.nulls, limits))
    if args.json:
        print(json.dumps(result))
        return
    for asked in ASKED:
        table = Table("adapters", "published", "of", "95% interval", title=asked)
        for arm, row in result[asked].items():
            table.add_row(arm, str(row["published"]), str(row["of"]), _interval(row["published"], row["of"]))
        Console().print(table)
    for word, row in result["foretold"].items():
        print(
            f"Good adapters, {word} {OWN}: {row['better']} of {row['of']} ({_interval(row['better'], row['of'])}) "
            f"answer more of people's questions than the base, on average {row['right']:.0%}."
        )


def _interval(count: int, n: int) -> str:
    found = share(count, n)
    return "none" if found.low is None or found.high is None else f"{found.low:.0%} to {found.high:.0%}"
