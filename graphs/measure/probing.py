"""Making a document's probes, from what the configuration allows."""

from __future__ import annotations

from agent.records import Document, Probe, ProbeSet
from graphs.context import Context
from graphs.tracing import Span


def made(context: Context, document: Document, span: Span) -> list[Probe]:
    """Raises AnswerError where the prober gave no usable answer."""
    from evals.probes.making import make_probes
    from evals.probes.written import WrittenProber

    config = context.config.probe
    written: list[tuple[str, str]] = []
    chat = context.chat(config.endpoint)
    if chat and config.written:
        found = WrittenProber(chat, config.written).write(document)
        written = [(q.question, q.answer) for q in found.kept]
        span.data["refused_probes"] = [(q.question, reason) for q, reason in found.refused]
    return make_probes(document, parsed=config.parsed, cloze=config.cloze, written=written)


def given_since(context: Context, document: Document) -> list[Probe]:
    """Probes of the questions that the document did not have when its probes were made."""
    from evals.probes.making import make_probes

    known = {p.question for p in ProbeSet.of(context.ledger.probes(document.id)).given}
    if known.issuperset(q.question for q in document.questions):
        return []
    config = context.config.probe
    fresh = ProbeSet.of(make_probes(document, parsed=config.parsed, cloze=config.cloze))
    return [p for p in fresh.given if p.question not in known]
