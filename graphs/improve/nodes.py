"""The nodes of the outer loop, thin: what a round is about is in the ledger, its state only says where it is."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from agent.errors import ConfigError, SourceError
from agent.failures import tried, words
from agent.ports import Failure
from agent.records import Calibration, Document, Event, Practised, Promotion, Round, RunKind, content_id
from agent.redact import without_credentials
from agent.sources import read
from graphs.context import Context
from graphs.improve.budget import between_rounds, within_round
from graphs.improve.screening import Seeds
from graphs.improve.verdict import compare_arms
from graphs.library.publishing import promote
from graphs.methods import method_of, method_of_round
from graphs.methods.method import Choosers, Method, former
from graphs.methods.practice import Practice, action_of, heldout_run, practice_run
from graphs.queue import Queue


class ImproveState(TypedDict, total=False):
    improve: str
    """The run of the outer loop. `run` is the one of its round's practice or test that is in hand."""
    sources: list[str]
    number: int
    """The round in hand, from 1."""
    run: str
    document: str
    """The one in hand; "" before the first and after the last one of the run (see `graphs.queue`)."""
    stop: str
    """Why the loop ends; "" while it goes on."""


Update = dict[str, Any]


def gather(state: ImproveState, runtime: Runtime[Context]) -> Update:
    """Read the sources into the ledger, once; without sources, take every document that it holds.

    Raises:
        SourceError: a source gave nothing.
        ConfigError: too few documents, or all of them on one side.
    """
    context, run = runtime.context, state["improve"]
    ledger = context.ledger
    if all(known.id != run for known in ledger.runs()):  # the graph was not started by `seal improve`
        context.start_run(run, "improve", state["sources"])
    if any(e.step == "read" and e.status == "ok" for e in ledger.events(run)):  # the run goes on as it began
        return {"stop": ""}
    with context.tracer.step(run, "read") as span:
        if not state["sources"]:
            for document in ledger.documents():
                ledger.add_document(document, run)
        for location in state["sources"]:
            span.data[without_credentials(location)] = _read(context, run, location)
        practice, heldout = _sides(context, run)
        span.data |= {"practice": len(practice), "heldout": len(heldout)}
        if not practice or not heldout:
            cause = f"{len(practice)} documents to practise on and {len(heldout)} held out are too few"
            raise ConfigError(cause, "name sources with more documents, or change the share", "improve.heldout_share")
    return {"stop": ""}


def _read(context: Context, run: str, location: str) -> int:
    config, found = context.config, 0
    for item in read(location, timeout=config.source.timeout, max_words=config.write.max_words):
        failed = item if isinstance(item, Failure) else _add(context, run, item)
        if failed:
            told = Event(run=run, step="read-item", status="failed", subject=failed.where, message=failed.reason)
            context.ledger.add_event(told.model_copy(update={"at": context.clock.now()}))
        else:
            found += 1
    if not found:
        raise SourceError(f"{without_credentials(location)} holds no document that can be read")
    return found


def _add(context: Context, run: str, document: Document) -> Failure | None:
    """Keep a document; a Failure where the ledger does not take it."""
    where = document.source or document.title

    def add() -> Failure | None:
        context.ledger.add_document(document, run)
        return None

    return tried(add, lambda error: Failure(where, words(error)), where)


def _sides(context: Context, run: str) -> tuple[list[str], list[str]]:
    return split_sides(context.ledger.documents(run), context.config.improve.heldout_share)


def open(state: ImproveState, runtime: Runtime[Context]) -> Update:
    """Begin the next round, or end the loop where a budget is used up."""
    context, run = runtime.context, state["improve"]
    number = len(context.ledger.rounds(run)) + 1
    with context.tracer.step(run, "open") as span:
        stop = between_rounds(context.config, context.ledger, run)
        span.message, span.data = stop, {"round": number}
        if stop:
            return {"stop": stop}
        child, method = practice_run(run, number), method_of_round(context, number)
        drawn = draw_round(run, number, _sides(context, run)[0], context.config.improve.documents)
        left = _begin(context, child, "practice", run, number, method, drawn)
        method = method_of(context, child)
        span.data |= {"practice": left, "policy": method.acting().id, "trains": method.name}
    return {"number": number, "run": child, "document": "", "stop": ""}


def _begin(
    context: Context, child: str, kind: RunKind, improve: str, number: int, method: Method, documents: list[str]
) -> int:
    """Write the run of a round down with its documents, once. Returns how many it has not finished."""
    ledger = context.ledger
    with ledger.transaction():
        ledger.start_run(child, kind, context.config.recorded(), [], improve, number, method.name)
        if not ledger.documents(child):
            for id in documents:
                ledger.add_document(ledger.document(id), child)
    return context.keep(Queue).fill(child)


def pick(state: ImproveState, runtime: Runtime[Context]) -> Update:
    """The next document, unless a budget is used up."""
    context = runtime.context
    stop = within_round(context.config, context.ledger, state["improve"])
    if stop:
        with context.tracer.step(state["improve"], "stop") as span:
            span.message = stop
        return {"document": "", "stop": stop}
    return {"document": context.keep(Queue).after(state["run"], state.get("document", ""))}


def learn(state: ImproveState, runtime: Runtime[Context]) -> Update:
    """Policies from all rewards so far: the learned one, and the controls, which are dealt them at random."""
    context, run, number = runtime.context, state["improve"], state["number"]
    child = practice_run(run, number)
    method = method_of(context, child)
    with context.tracer.step(run, "learn") as span:
        if method.learned(child) is None:
            method.learn(child, context.keep(Practice))
        context.ledger.finish_run(child, "done", {})
        learned = method.learned(child)
        assert learned is not None
        span.data = {"round": number, "trains": method.name, "policy": learned.id,
                     "learned_from": learned.learned_from}  # fmt: skip
    fresh = heldout_run(run, number)
    chosen = draw_round(f"{run} held-out", number, _sides(context, run)[1], context.config.improve.heldout)
    _begin(context, fresh, "held-out", run, number, method, chosen)
    return {"run": fresh, "document": ""}


def choosers_of(context: Context, heldout: str) -> Choosers:
    """Who is compared in a round's held-out run."""
    run = context.ledger.run(heldout)
    assert run.parent is not None
    assert run.round is not None
    return method_of(context, heldout).choosers(practice_run(run.parent, run.round))


def judge(state: ImproveState, runtime: Runtime[Context]) -> Update:
    """Hold the policies against each other on the held-out documents; promote what is proved to be better."""
    context, run, number = runtime.context, state["improve"], state["number"]
    ledger = context.ledger
    with context.tracer.step(run, "judge") as span:
        known = next((r for r in ledger.rounds(run) if r.number == number), None)
        round = known or _sum_up(context, run, number)
        with ledger.transaction():
            ledger.add_round(round)
            came = _act_on(context, round)
        ledger.finish_run(heldout_run(run, number), "done", {})
        span.subject, span.message = round.challenger, f"{round.word}: {round.reason}{came}"
        span.data = {"round": number, "differences": {k: d.model_dump() for k, d in round.differences.items()}}
    return {}


def _act_on(context: Context, round: Round) -> str:
    """Do what the gate said. Returns what is to be added to its word: whether that waits for a person."""
    if round.word == "keep":
        return ""
    back = round.word == "roll back"
    follows = former(context.ledger, round.base, round.kind, round.acting) if back else round.challenger
    promotion = Promotion.make(round.kind, round.run, round.number, round.base, follows, round.acting, round.reason)
    if back:
        context.ledger.promote(promotion)
        return ""
    return "; it waits for your word: seal approve" if promote(context, promotion) == "wait" else ""


def _sum_up(context: Context, run: str, number: int) -> Round:
    from evals.gates.limits import find_fault
    from evals.gates.policy import decide, differences

    ledger, child, practised_in = context.ledger, heldout_run(run, number), practice_run(run, number)
    method = method_of(context, child)
    current, documents, choosers = method.acting(), ledger.documents(child), method.choosers(practised_in)
    results, practised = compare_arms(context, child, choosers, documents), _practised(context, practised_in, method)
    found = differences(results)
    earlier = [r for r in ledger.rounds(run) if r.kind == method.name]
    rose = bool(earlier) and _mean(practised.rewards) > _mean(earlier[0].practised.rewards)
    word, reason = decide(found, context.config.improve.alpha, rose, promoted=current.arm != "untrained")
    drifted = method.drifted(practised_in)
    if drifted and word == "promote" and (wrong := find_fault(context.config.gate, drifted.base, drifted.own)):
        word, reason = "keep", wrong[1]
    return Round(
        kind=method.name, run=run, number=number, base=current.base, acting=current.id,
        challenger=choosers["learned"].policies[0],
        practised=practised, results=tuple(results), differences=found,
        refused=len(documents) - len(results[0].trials), word=word, calibration=_calibrate(context, practised_in),
        screened=_screened(context, practised_in), drift=drifted.own if drifted else None,
        texts=method.texts(child, results), reason=reason,
        seconds=ledger.run(run).seconds - sum(r.seconds for r in ledger.rounds(run)),
    )  # fmt: skip


def _calibrate(context: Context, child: str) -> Calibration | None:
    """The reward model's predictions, held against the rewards that were measured since."""
    from evals.statistics.calibration import calibration

    predicted = {p.self_edit: p.value for p in context.ledger.predictions(child)}
    found = [(it.document, predicted[it.self_edit.id], it.reward)
             for it in context.keep(Practice).of(child) if it.self_edit.id in predicted]  # fmt: skip
    return calibration(*zip(*found, strict=True)) if found else None


def _screened(context: Context, child: str) -> int:
    """Self-edits that could have been trained and were not."""
    ledger = context.ledger
    trained = {c.self_edit for c in ledger.candidates(child) if ledger.training(c.id)}
    predicted = {p.self_edit for p in ledger.predictions(child)}
    return len(predicted - trained)


def _practised(context: Context, child: str, method: Method) -> Practised:
    ledger, found, usual = context.ledger, context.keep(Practice).of(child), context.config.train.learning_rate
    documents = ledger.documents(child)
    expected = dict(zip((d.id for d in documents), method.expected(documents), strict=True))
    taken = [action_of(it.plan, usual) for it in found]
    candidates, tokens = ledger.trained([child])
    return Practised(
        documents=len(documents), candidates=candidates, tokens=tokens,
        actions=dict(Counter(f"{action.strategy} x{action.rate:g}" for action in taken)),
        rewards=tuple(it.reward for it in found),
        predicted=tuple(expected[it.document].get(action, 0.0) for it, action in zip(found, taken, strict=True))
        if any(expected.values()) else (),
        noise=context.keep(Seeds).noise(child),
    )  # fmt: skip


def _mean(values: tuple[float, ...]) -> float:
    return fmean(values) if values else 0.0


def is_heldout(document: str, share: float) -> bool:
    """By its id alone, so that a document stays on its side whatever else comes."""
    return int(content_id("held-out", document), 16) / 16**16 < share


def split_sides(documents: Sequence[Document], share: float) -> tuple[list[str], list[str]]:
    """The documents to practise on, and those that are held out."""
    sides: tuple[list[str], list[str]] = ([], [])
    for document in documents:
        sides[is_heldout(document.id, share)].append(document.id)
    return sides


def draw_round(run: str, number: int, pool: Sequence[str], count: int) -> list[str]:
    """The documents of a round: the pool in a random order, taken on where the last round ended, then anew.

    At most as many as there are: none comes twice in one round.
    """
    count = min(count, len(pool))
    taken = _endless(run, sorted(pool))
    for _ in range((number - 1) * count):
        next(taken)
    chosen: dict[str, None] = {}
    while len(chosen) < count:
        chosen[next(taken)] = None
    return list(chosen)


def _endless(run: str, pool: list[str]) -> Iterator[str]:
    turn = 0
    while True:
        yield from random.Random(content_id("order", run, turn)).sample(pool, len(pool))
        turn += 1
