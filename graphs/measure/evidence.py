"""A document's probes, what came of them in a run, and what the gate says of that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from agent.ports import Ledger
from agent.records import BASE, Document, GateDecision, Half, Probe, ProbeSet
from agent.text.normal import wording
from evals.evidence import Measured, RewardEvidence
from graphs.context import Context
from graphs.measure.subjects import measure_drift
from graphs.tracing import Span


def made(context: Context, document: Document, span: Span) -> list[Probe]:
    """The document's probes; what was asked and refused is told in the trace.

    Raises AnswerError where the prober gave no usable answer.
    """
    from evals.probes.chat import WrittenProber
    from evals.probes.making import make_probes

    config = context.config.probe
    written: list[tuple[str, str]] = []
    chat = context.chat(config.endpoint)
    if chat and config.written:
        found = WrittenProber(chat, config.written).write(document)
        written = [(q.question, q.answer) for q in found.kept]
        span.data["refused_probes"] = [(q.question, reason) for q, reason in found.refused]
    checks: Counter[str] = Counter()
    probes = make_probes(document, parsed=config.parsed, cloze=config.cloze, written=written, refused=checks)
    span.data["checks"] = dict(checks)
    return probes


def given_since(context: Context, document: Document) -> list[Probe]:
    """Probes of the questions that the document did not have when its probes were made. One that asks what a probe
    asked takes that one's half: what has rewarded proves nothing later."""
    from evals.probes.making import make_probes

    stored = ProbeSet.of(context.ledger.probes(document.id))
    known = {p.question for p in stored.given}
    if known.issuperset(q.question for q in document.questions):
        return []
    halves = {wording(said): p.half for p in stored.knowledge for said in (p.question, p.least)}
    config = context.config.probe
    fresh = ProbeSet.of(make_probes(document, parsed=config.parsed, cloze=config.cloze))
    late = [p for p in fresh.given if p.question not in known]
    return [p.model_copy(update={"half": _half(p, halves)}) for p in late]


def _half(late: Probe, halves: Mapping[str, Half]) -> Half:
    return halves.get(wording(late.question)) or halves.get(wording(late.least)) or late.half


def probes_of(ledger: Ledger, run: str, document: str) -> ProbeSet:
    """The probes that the run is about."""
    return ProbeSet.of(ledger.probes(document)).measured(ledger.scores(run, BASE, document))


def lacking(context: Context, run: str, document: str) -> str:
    """What the gate or the reward lack of the document's probes, on which the base was measured; "" where nothing."""
    import evals.gates.document

    probes, needed = probes_of(context.ledger, run, document), context.config.gate.min_probes
    held = len(probes.held_out)
    if held < needed:
        return f"({held} held out of the {needed} that the gate needs)"
    if not probes.asked_in_practice:
        return "(none is left to reward candidates by)"
    retained = context.ledger.retention(run, BASE)
    assert retained is not None, "the base was measured just now"
    base = Measured(context.ledger.scores(run, BASE, document), retained)
    if not evals.gates.document.publishable(_by_name(context.ledger, document, probes), base, context.config.gate):
        return "(right answers to all that the base misses could be luck)"
    return ""


def evidence_on(ledger: Ledger, run: str, document: str, candidate: str) -> RewardEvidence | None:
    """What the run measured of a candidate and of the base; None where it did not measure one of them."""
    before, after = ledger.retention(run, BASE), ledger.retention(run, candidate)
    if before is None or after is None:
        return None
    return RewardEvidence(
        candidate=candidate, probes=_by_name(ledger, document, probes_of(ledger, run, document)),
        before=Measured(ledger.scores(run, BASE, document), before),
        after=Measured(ledger.scores(run, candidate, document), after),
        document=ledger.document(document), self_edit=ledger.self_edit(ledger.candidate(candidate).self_edit),
    )  # fmt: skip


def _by_name(ledger: Ledger, document: str, probes: ProbeSet) -> ProbeSet:
    """The probes with the facts that could be taken for their answers, where records of before only count these."""
    from evals.probes.making import make_probes

    if any(p.alike for p in probes.knowledge):
        return probes
    told = ledger.document(document)
    written = [(p.question, p.answer) for p in probes if p.kind == "written"]
    now = {p.id: p.alike for p in make_probes(told, cloze=False, written=written)}
    return ProbeSet.of(p.model_copy(update={"alike": now.get(p.id, ())}) for p in probes)


def decide(context: Context, run: str, document: str, champion: str) -> GateDecision:
    """What the probes say, held to the limits on drift. What the probes reject needs no drift measured."""
    import evals.gates.document
    from evals.gates.limits import within_limits

    evidence, settings = evidence_on(context.ledger, run, document, champion), context.config.gate
    assert evidence is not None, "the base was measured in probe, the champion before it is decided on"
    decision = evals.gates.document.decide(evidence, settings)
    if decision.verdict == "reject":
        return decision
    base, own = measure_drift(context, run, BASE), measure_drift(context, run, champion)
    return within_limits(decision, settings, base, own)
