"""The trace of a run as a tree in the terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.markup import escape
from rich.tree import Tree

from agent.records import Drift, Event, Example, GateDecision, Retention
from app.show.report import Command
from app.show.tables import BESIDE, MEANING, interval, screen, value
from evals.probes.foresight import in_words
from graphs.methods.practice import heldout_run, practice_run
from graphs.views.summary import QuestionRow
from graphs.views.trace import CandidateTrace, DocumentTrace, PlanTrace, RunTrace

SHOWN_LINES = 3
"""Training sequences that are shown of a self-edit; --json has them all."""
ROUND = ("open", "learn", "judge", "stop")
"""The steps of the outer loop."""


def show(trace: RunTrace, command: Command) -> None:
    run = trace.run
    began = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started_at))
    root = Tree(f"[bold]run {run.id}[/bold]  {run.kind}, {run.status}, began {began}")
    for event in trace.events:
        if event.step in ("read", "read-item"):
            root.add(_event(event))
        elif event.step in ROUND:
            _round(root.add(_event(event)), event, trace, command)
    for item in trace.documents:
        events = [e for e in trace.events if e.document == item.document.id and e.step != "read-item"]
        _document(root.add(f"[bold]{escape(item.document.title)}[/bold]  {item.outcome}"), item, events)
    for event in trace.events:
        if event.step == "examine":
            root.add(_event(event))
    screen().print(root)


def _round(node: Tree, event: Event, trace: RunTrace, command: Command) -> None:
    """Under a round's beginning where its documents are traced, under its verdict what each arm came to."""
    number, run = event.data.get("round", 0), trace.run.id
    if event.step == "open" and not event.message:
        node.add(f"[dim]{command(f'trace {practice_run(run, number)}')}[/dim]")
    for found in trace.rounds if event.step == "judge" else ():
        if found.number == number:
            node.add(f"[dim]{command(f'trace {heldout_run(run, number)}')}[/dim]")
            for result in found.results:
                gain = f"held-out gain {result.gain:.3f}" if result.trials else "no trial"
                node.add(f"{result.arm}: {gain}")


def _event(event: Event) -> str:
    colour = {"failed": "red", "skipped": "yellow", "stopped": "yellow"}.get(event.status, "green")
    told = [event.step, event.subject, event.message or _short(event.data)]
    cost = f"[dim]{event.seconds:.1f} s, {event.memory_mib:.0f} MiB[/dim]" if event.seconds else ""
    return f"[{colour}]{event.status}[/{colour}] {escape('  '.join(t for t in told if t))}  {cost}".rstrip()


def _short(data: dict[str, object]) -> str:
    plain = {k: v for k, v in data.items() if isinstance(v, int | float | str)}
    return ", ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in plain.items())


def _document(tree: Tree, item: DocumentTrace, events: Sequence[Event]) -> None:
    """Under the steps' events what they came to: where a run went on, under the last time that each went well."""
    tree.add(f"[dim]{escape(item.document.source)}[/dim]")
    last = {event.step: at for at, event in enumerate(events) if event.status == "ok"}
    for at, event in enumerate(events):
        node = tree.add(_event(event))
        if last.get(event.step) != at:
            continue
        if event.step == "recall":
            for r in event.data.get("recalled", []):
                told = f"{r['strategy']} gained {r['gain']:+.2f} on {escape(r['title'])}"
                node.add(f"{told} (distance {r['distance']:.2f})")
        elif event.step == "plan":
            _plans(node, item.plans)
        elif event.step == "check":
            for plan in event.data.get("plans", []):
                node.add(f"{plan['strategy']}: {plan['passed']} passed, {plan['refused']} refused")
        elif event.step == "reward":
            _candidates(node, item.candidates)
        elif event.step == "merge":
            names = [c.strategy for id in event.data["members"] for c in item.candidates if c.id == id]
            node.add(f"the mean of {', '.join(names)}" if names else "the best candidate alone")
        elif event.step == "gate" and item.gate:
            champion = next(c for c in item.candidates if c.id == item.champion)
            _gate(node, item.gate, champion.retention)
            if not any(row.kind == "given" for row in item.questions):
                node.add(in_words())
            _drift(node, item.base_drift, champion.drift)
    _questions(tree, item.questions)


def _plans(node: Tree, plans: Sequence[PlanTrace]) -> None:
    for plan in plans:
        it = plan.settings
        branch = node.add(
            f"[bold]{plan.strategy}[/bold] rank {it.rank}, rate {it.learning_rate:g}, {it.epochs} epochs, "
            f"seed {it.seed}: {escape(plan.reason)}"
        )
        edit = plan.self_edit
        if not edit:
            continue
        for example in edit.examples[:SHOWN_LINES]:
            branch.add(f"[dim]{_line(example)}[/dim]")
        if len(edit.examples) > SHOWN_LINES:
            branch.add(f"[dim]and {len(edit.examples) - SHOWN_LINES} more[/dim]")
        for refusal in edit.refused:
            branch.add(f"[yellow]refused[/yellow] {escape(refusal.reason)}: [dim]{_line(refusal.example)}[/dim]")


def _line(example: Example) -> str:
    return escape(example.text.strip().replace("\n", " / "))


def _candidates(node: Tree, candidates: Sequence[CandidateTrace]) -> None:
    trained = [c for c in candidates if not c.members]
    for c in sorted(trained, key=lambda c: -c.reward.value if c.reward else 9):
        training, reward = c.training, c.reward
        if not training or not reward:
            node.add(f"[red]{c.strategy} failed[/red]")
            continue
        losses = training.losses
        node.add(
            f"{c.strategy}: reward {reward.value:+.3f} (gain {reward.gain:+.3f}, "
            f"forgot {reward.forgetting:.3f}), "
            f"loss {losses[0]:.2f} to {losses[-1]:.2f} in {training.steps} steps, {training.tokens} tokens"
        )


def _gate(node: Tree, gate: GateDecision, retention: Retention | None) -> None:
    from evals.statistics.intervals import share

    after = share(round(gate.accuracy_after * gate.n), gate.n)
    sure = f" (95% interval {after.low:.0%} to {after.high:.0%}, n = {gate.n})" if gate.n else ""
    node.add(f"held-out accuracy {gate.accuracy_before:.0%} to {gate.accuracy_after:.0%}{sure}")
    reached = ""
    if retention and retention.reached is not None:
        reached = f"; {retention.reached} of {retention.items} reached it"
    node.add(
        f"retention {gate.retention_before:.1%} to {gate.retention_after:.1%} (general questions as they are "
        f"routed{reached})"
    )


def _drift(node: Tree, base: Drift | None, own: Drift | None) -> None:
    """What else changed, forced on, and the base's own figures where it has any. Without word of it, it was not
    measured."""
    if not base or not own:
        node.add("drift was not measured")
        return
    branch = node.add("drift, with the adapter forced on")
    before, after = base.figures(), own.figures()
    for name in [name for name in MEANING if name in after]:
        since = f"{value(name, before[name])} to " if name in BESIDE else ""
        told = f"{value(name, after[name])} ({interval(name, after[name])}, n = {after[name].n})"
        branch.add(f"{MEANING[name]}: {since}{told}")


def _questions(tree: Tree, rows: Sequence[QuestionRow]) -> None:
    if not rows:
        return
    branch = tree.add("questions, before and after, as the router sends them")
    for row in rows:
        before, after = ("✓" if right else "✗" for right in (row.right_before, row.right_after))
        branch.add(
            f"{escape(row.question)} [dim]({row.kind}, {row.half})[/dim]\n"
            f"  want {escape(row.reference)}   {before} {escape(row.before)}   {after} {escape(row.after)} "
            f"[dim]({row.routed_to or 'not asked'})[/dim]"
        )
