"""Records that belong together, for tests of the stores: a whole chain from one document to one adapter."""

from __future__ import annotations

from dataclasses import dataclass

from agent.config.sections import TrainConfig
from agent.ports.ledger import Ledger
from agent.records import (
    Adapter,
    Candidate,
    Document,
    Example,
    GateDecision,
    Plan,
    Probe,
    Question,
    Refusal,
    Retention,
    Reward,
    RoutedAnswer,
    Score,
    SelfEdit,
    Training,
    Winner,
    content_id,
)
from agent.records.measures import Drift, Figure


@dataclass(frozen=True)
class Chain:
    """One document's way through a run, with one candidate."""

    run: str
    document: Document
    plan: Plan
    self_edit: SelfEdit
    candidate: Candidate
    training: Training
    probes: tuple[Probe, ...]
    scores: tuple[Score, ...]
    routed: tuple[RoutedAnswer, ...]
    retention: Retention
    drift: Drift
    reward: Reward
    decision: GateDecision
    winner: Winner
    adapter: Adapter


def chain(name: str = "a", run: str = "run-1", seed: int = 0, base: str = "tiny", strategy: str = "sentences") -> Chain:
    """The same arguments make the same records. `seed` tells two candidates of one document apart."""
    document = Document.make(
        f"Title {name}", f"The mayor of {name} opened a bridge.", source=f"http://127.0.0.1/{name}",
        questions=(Question(question=f"Who opened the bridge of {name}?", answer="The mayor"),),
    )  # fmt: skip
    settings = TrainConfig().settings(epochs=5, seed=seed)
    plan = Plan.make(run, document.id, strategy, settings, planner="bandit", reason="tried least")
    refused = (Refusal(example=Example(completion="no"), reason="too short"),)
    examples = (Example(completion=f"A bridge opened in {name}."), Example(prompt="Q: who? A:", completion=" mayor"))
    self_edit = SelfEdit.make(plan, "rules", examples, refused)
    candidate = Candidate.make(run, self_edit, base, settings)
    probes = _probes(document)
    return Chain(
        run, document, plan, self_edit, candidate,
        Training(candidate=candidate.id, path="/p", losses=(2.5, 1.25), tokens=80, steps=16, seconds=3.5),
        probes, tuple(_score(probe, candidate.id) for probe in probes),
        tuple(_routed(probe, version) for version in (0, 1) for probe in probes),
        Retention(subject=candidate.id, forced=0.75, routed=0.75, logprob=-1.5, items=8),
        _drift(candidate.id),
        Reward(candidate=candidate.id, gain=0.5 + seed, forgetting=0.25, value=0.25 + seed),
        _decision(candidate.id), _winner(document, self_edit, candidate),
        Adapter(
            id=content_id("weights", candidate.id), candidate=candidate.id, document=document.id,
            title=document.title, base=base, path=f"/adapters/{candidate.id}", run=run,
        ),
    )  # fmt: skip


def _probes(document: Document) -> tuple[Probe, ...]:
    given = Probe.make(document.id, "given", "reward", "Who opened it?", "The mayor", distractors=("The king",))
    return (given, Probe.make(document.id, "cloze", "heldout", "The ___ opened it.", "mayor", recall=True))


def _score(probe: Probe, subject: str) -> Score:
    return Score(
        probe=probe.id, subject=subject, answer="mayor", correct=1.0, method="exact", f1=1.0, logprob=-0.25,
    )  # fmt: skip


def _routed(probe: Probe, version: int) -> RoutedAnswer:
    return RoutedAnswer(
        probe=probe.id, library=version, adapter=f"weights {version}" if version else "",
        routed_to="own" if version else "base", answer="mayor", correct=float(version), method="contains",
    )  # fmt: skip


def _drift(subject: str) -> Drift:
    some, none = Figure(value=0.5, low=0.25, high=0.75, n=20), Figure(value=None, low=None, high=None, n=0)
    return Drift(
        subject=subject, kl=some, refused=some, refusals_lost=none, insulting=some, ruder=some,
        stereotyped=some,
    )  # fmt: skip


def _decision(candidate: str) -> GateDecision:
    return GateDecision(
        candidate=candidate, verdict="publish", reason="better", n=12, p_value=0.01,
        accuracy_before=0.1, accuracy_after=0.6, retention_before=0.8, retention_after=0.8,
    )  # fmt: skip


def _winner(document: Document, self_edit: SelfEdit, candidate: Candidate) -> Winner:
    return Winner(
        candidate=candidate.id, base=candidate.base, document=document.id, title=document.title, text=document.text,
        self_edit=self_edit.id, strategy=candidate.strategy, instruction="", settings=candidate.settings,
        reward=0.4, gain=0.5,
    )  # fmt: skip


def start(ledger: Ledger, *runs: str) -> None:
    for run in runs or ("run-1",):
        ledger.start_run(run, "ingest", {}, [])


def add_chain(ledger: Ledger, it: Chain) -> None:
    """Everything up to the winner; the run has been started and nothing is published."""
    ledger.add_document(it.document, it.run)
    ledger.add_plans([it.plan])
    ledger.add_self_edit(it.self_edit)
    ledger.add_candidates([it.candidate])
    ledger.add_training(it.training)
    ledger.add_probes(it.probes)
    ledger.add_scores(it.run, it.scores)
    ledger.add_routed_answers(it.run, it.routed)
    ledger.add_retention(it.run, it.retention)
    ledger.add_drift(it.run, it.drift)
    ledger.add_reward(it.reward)
    ledger.add_decision(it.decision)
    ledger.add_winner(it.winner)


def published(ledger: Ledger, *chains: Chain) -> list[Adapter]:
    """Add the chains to a ledger and publish their adapters in this order."""
    start(ledger, *{it.run for it in chains})
    for it in chains:
        add_chain(ledger, it)
        assert ledger.publish(it.adapter, "better")
    return [it.adapter for it in chains]
