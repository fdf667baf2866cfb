"""How often does the gate publish what it should, and what it should not?

For each article (JSONL as `seal ingest` takes it) a known-good adapter, the mean of two `facts` candidates and a
`cloze` one, and null adapters, `--nulls` of each kind: the same on a text whose facts have changed places, other
articles' good adapters, and noise of the good one's scale. Adapters are kept in the work folder, so that a second run
only measures.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from safetensors.torch import load_file, save_file
from scipy.stats import binomtest

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
from evals.probes.scoring import score
from seal_train.adapters.folders import WEIGHTS
from seal_train.engines.local import LocalModel, LocalTrainer
from seal_train.model.base import Base, load_base

MEMBERS = (("facts", 0), ("facts", 1), ("cloze", 0))
GOOD, EXCHANGED, OTHER, NOISE = ARMS = ("good", "facts exchanged", "other article", "noise")
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
        settings = train.settings(usual_epochs(strategy, train), seed=seed)
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


def verdicts(
    base: Base, documents: Sequence[Document], work: Path, count: int, limits: GateConfig
) -> dict[str, list[Verdict]]:
    model = LocalModel(base)
    found: dict[str, list[Verdict]] = {arm: [] for arm in ARMS}
    good = [
        trained(base, document, [document], [work / document.id / "good"])[0]
        for document in track(documents, "training good adapters", console=Console(stderr=True))
    ]
    for i, document in enumerate(track(documents, "null adapters and the gate", console=Console(stderr=True))):
        arms: Arms = {(GOOD, 0): good[i], **nulls(base, documents, good, i, work, count)}
        named = {f"{kind} {n}": path for (kind, n), path in arms.items()}
        held = ProbeSet.of(make_probes(document)).held_out
        scores = score(model, document.title, held.probes, {BASE: None, **named})
        measured = {who: Measured([s for s in scores if s.subject == who], FLAT) for who in (BASE, *named)}
        for name, (kind, _) in zip(named, arms, strict=True):
            evidence = Evidence(name, held, measured[BASE], measured[name])
            found[kind].append(decide(evidence, limits).verdict)
    return found


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
    found = verdicts(base, documents, args.work, args.nulls, limits)
    counts = {arm: (sum(v == "publish" for v in found[arm]), len(found[arm])) for arm in ARMS}
    if args.json:
        print(json.dumps({arm: {"published": k, "of": n} for arm, (k, n) in counts.items()}))
        return
    table = Table("adapters", "published", "of", "95% interval")
    for arm, (k, n) in counts.items():
        interval = binomtest(k, n).proportion_ci(method="exact")
        table.add_row(arm, str(k), str(n), f"{interval.low:.0%} to {interval.high:.0%}")
    Console().print(table)
