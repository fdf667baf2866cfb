"""The flows of the commands that run for long."""

from __future__ import annotations

from agent.ports import Ledger
from graphs.context import Context
from graphs.improve import budget
from graphs.improve.graph import improve_graph
from graphs.ingest.graph import ingest_graph
from graphs.ingest.reading import KNOWN
from graphs.methods import method_named
from graphs.runs.life import Flow
from graphs.views.improvement import Improvement, sum_up_improvement
from graphs.views.summary import Summary, summarize

STEPS_PER_DOCUMENT, MOST_DOCUMENTS = 20, 100_000


def close_known(context: Context, run: str) -> bool:
    """Close the documents that another run has learned since this one read them. Whether there were any.

    What came of them before does not count: this run may be there to learn them again.
    """
    ledger, base = context.ledger, context.config.model.name
    done = ledger.outcomes(run)
    left = [d.id for d in ledger.documents(run) if d.id not in done]
    later = {id: ledger.outcome(id, base, after=run) for id in left}
    known = [id for id, outcome in later.items() if outcome and outcome.is_final]
    for id in known:
        ledger.finish_document(run, id, KNOWN, base)
    return bool(known)


def check_improve(context: Context) -> None:
    """Raises ConfigError where nothing can be learned under the configuration, or a budget can never be used up."""
    context.check()
    for name in context.config.improve.learns:
        method_named(context, name).check()
    budget.check(context.config)


def runs_of_round(ledger: Ledger, run: str) -> list[str]:
    """The practice and the test of the round in hand, if they were begun."""
    number = len(ledger.rounds(run)) + 1
    return [known.id for known in ledger.runs() if (known.parent, known.round) == (run, number)]


INGEST: Flow[Summary] = Flow(
    verb="ingest", kinds=("ingest", "ingest --again"), graph=ingest_graph, thread="run",
    steps=STEPS_PER_DOCUMENT * MOST_DOCUMENTS, check=Context.check, at_work=lambda _, run: [run], catch_up=close_known,
    sum_up=summarize,
)  # fmt: skip
IMPROVE: Flow[Improvement] = Flow(
    verb="improve", kinds=("improve",), graph=improve_graph, thread="improve", steps=1_000_000, check=check_improve,
    at_work=runs_of_round, catch_up=lambda *_: False, sum_up=sum_up_improvement,
)  # fmt: skip
