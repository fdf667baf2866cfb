"""The nodes of the outer loop, thin: what a round is about is in the ledger, the state only says where it is."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from agent.errors import ConfigError, SourceError
from agent.ports import Failure
from agent.records import Event
from agent.records.rounds import Calibration, Practised, Promotion, Round
from agent.redact import without_credentials
from agent.sources import read
from graphs.approve.graph import promote
from graphs.improve.budget import between_rounds, within_round
from graphs.improve.seeding import Seeds
from graphs.improve.verdict import compared
from graphs.improve.writings import texts_by_arm
from graphs.methods.learners import Learner, before, learner_of
from graphs.methods.outer import (
    HELDOUT,
    IMPROVE,
    PRACTICE,
    action_of,
    drawn,
    heldout_run,
    pool,
    practice_run,
)
from graphs.methods.practice import Practice
from graphs.runtime import Runtime
from graphs.state import ImproveState

Update = dict[str, Any]


class ImproveNodes:
    def __init__(self, runtime: Runtime, practice: Practice) -> None:
        self.rt, self.practice = runtime, practice

    def gather(self, state: ImproveState) -> Update:
        """Read the sources into the ledger, once; without sources, take every document that it holds.

        Raises:
            SourceError: a source gave nothing.
            ConfigError: too few documents, or all of them on one side.
        """
        run, ledger = state["improve"], self.rt.ledger
        if all(r["run"] != run for r in ledger.runs()):  # the graph was not started by `seal improve`
            shown = [without_credentials(source) for source in state["sources"]]
            ledger.start_run(run, IMPROVE, self.rt.config.recorded(), shown)
        if any(e.step == "read" and e.status == "ok" for e in ledger.events(run)):  # the run goes on as it began
            return {"stop": ""}
        with self.rt.tracer.step(run, "read") as span:
            if not state["sources"]:
                for document in ledger.documents():
                    ledger.add_document(document, run)
            for location in state["sources"]:
                span.data[without_credentials(location)] = self._read(run, location)
            practice, heldout = self._pool(run)
            span.data |= {"practice": len(practice), "heldout": len(heldout)}
            if not practice or not heldout:
                cause = f"{len(practice)} documents to practise on and {len(heldout)} held out are too few"
                raise ConfigError(
                    cause, "name sources with more documents, or change the share", "improve.heldout_share"
                )
        return {"stop": ""}

    def _read(self, run: str, location: str) -> int:
        config, found = self.rt.config, 0
        for item in read(location, timeout=config.source.timeout, max_words=config.write.max_words):
            if isinstance(item, Failure):
                told = Event(run=run, step="read-item", status="failed", subject=item.where, message=item.reason)
                self.rt.ledger.add_event(told.model_copy(update={"at": time.time()}))
            else:
                self.rt.ledger.add_document(item, run)
                found += 1
        if not found:
            raise SourceError(f"{without_credentials(location)} holds no document that can be read")
        return found

    def _pool(self, run: str) -> tuple[list[str], list[str]]:
        return pool(self.rt.ledger.documents(run), self.rt.config.improve.heldout_share)

    def open(self, state: ImproveState) -> Update:
        """Begin the next round, or end the loop where a budget is used up."""
        run, ledger = state["improve"], self.rt.ledger
        number = len(ledger.rounds(run)) + 1
        with self.rt.tracer.step(run, "open") as span:
            stop = between_rounds(self.rt.config, ledger, run)
            span.message, span.data = stop, {"round": number}
            if stop:
                return {"stop": stop}
            child = practice_run(run, number)
            queue = self._sent(
                child, PRACTICE, drawn(run, number, self._pool(run)[0], self.rt.config.improve.documents)
            )
            learns = learner_of(self.rt, child)
            span.data |= {"practice": len(queue), "policy": learns.acting().id, "trains": learns.kind}
        return {"number": number, "run": child, "queue": queue, "stop": ""}

    def _sent(self, child: str, kind: str, documents: list[str]) -> list[str]:
        """Write the child run down with its documents, once. Returns those that it has not finished."""
        ledger = self.rt.ledger
        with ledger.transaction():
            ledger.start_run(child, kind, self.rt.config.recorded(), [])
            if not ledger.documents(child):
                for id in documents:
                    ledger.add_document(ledger.document(id), child)
        done = ledger.outcomes(child)
        return [d.id for d in ledger.documents(child) if d.id not in done]

    def pick(self, state: ImproveState) -> Update:
        """The next document, unless a budget is used up."""
        stop = within_round(self.rt.config, self.rt.ledger, state["improve"])
        if stop:
            with self.rt.tracer.step(state["improve"], "stop") as span:
                span.message = stop
            return {"document": "", "stop": stop}
        queue = state["queue"]
        return {"document": queue[0], "queue": queue[1:]} if queue else {"document": ""}

    def learn(self, state: ImproveState) -> Update:
        """Policies from all rewards so far: the learned one, and the controls, which are dealt them at random."""
        run, number, ledger = state["improve"], state["number"], self.rt.ledger
        child = practice_run(run, number)
        learns = learner_of(self.rt, child)
        with self.rt.tracer.step(run, "learn") as span:
            if learns.learned(child) is None:
                learns.learn(child, self.practice)
            ledger.finish_run(child, "done", {})
            learned = learns.learned(child)
            assert learned is not None
            span.data = {"round": number, "trains": learns.kind, "policy": learned.id,
                         "learned_from": learned.learned_from}  # fmt: skip
        fresh = heldout_run(run, number)
        chosen = drawn(f"{run} held-out", number, self._pool(run)[1], self.rt.config.improve.heldout)
        return {"run": fresh, "queue": self._sent(fresh, HELDOUT, chosen)}

    def judge(self, state: ImproveState) -> Update:
        """Hold the policies against each other on the held-out documents; promote what is proved to be better."""
        run, number, ledger = state["improve"], state["number"], self.rt.ledger
        with self.rt.tracer.step(run, "judge") as span:
            known = next((r for r in ledger.rounds(run) if r.number == number), None)
            round = known or self._round(run, number)
            with ledger.transaction():
                ledger.add_round(round)
                came = self._act_on(round)
            ledger.finish_run(heldout_run(run, number), "done", {})
            span.subject, span.message = round.challenger, f"{round.word}: {round.reason}{came}"
            span.data = {"round": number, "differences": {k: d.model_dump() for k, d in round.differences.items()}}
        return {}

    def _act_on(self, round: Round) -> str:
        """Do what the gate said. Returns what is to be added to its word: whether that waits for a person."""
        if round.word == "keep":
            return ""
        back = round.word == "roll back"
        follows = before(self.rt.ledger, round.base, round.kind, round.acting) if back else round.challenger
        promotion = Promotion.make(round.kind, round.run, round.number, round.base, follows, round.acting, round.reason)
        if back:
            self.rt.ledger.promote(promotion)
            return ""
        return "; it waits for your word: seal approve" if promote(self.rt, promotion) == "wait" else ""

    def _round(self, run: str, number: int) -> Round:
        from evals.gates.limits import find_fault
        from evals.gates.policy import decide, differences

        ledger, child, practised_in = self.rt.ledger, heldout_run(run, number), practice_run(run, number)
        learns = learner_of(self.rt, child)
        current, documents, choosers = learns.acting(), ledger.documents(child), learns.choosers(child)
        results, practised = compared(self.rt, child, choosers, documents), self._practised(practised_in, learns)
        found = differences(results)
        earlier = [r for r in ledger.rounds(run) if r.kind == learns.kind]
        rose = bool(earlier) and _mean(practised.rewards) > _mean(earlier[0].practised.rewards)
        word, reason = decide(found, self.rt.config.improve.alpha, rose, promoted=current.arm != "untrained")
        drifted = learns.drifted(practised_in)
        if drifted and word == "promote" and (wrong := find_fault(self.rt.config.gate, drifted.base, drifted.own)):
            word, reason = "keep", wrong[1]
        return Round(
            kind=learns.kind, run=run, number=number, base=current.base, acting=current.id,
            challenger=choosers["learned"].policies[0],
            practised=practised, results=tuple(results), differences=found,
            refused=len(documents) - len(results[0].trials), word=word, calibration=self._calibration(practised_in),
            screened=self._screened(practised_in), drift=drifted.own if drifted else None,
            texts=texts_by_arm(ledger, child, results) if learns.kind == "writer" else {}, reason=reason,
            seconds=float(ledger.run(run)["seconds"]) - sum(r.seconds for r in ledger.rounds(run)),
        )  # fmt: skip

    def _calibration(self, child: str) -> Calibration | None:
        """Of the reward model's predictions, against the rewards that were measured since."""
        from evals.statistics.calibration import calibration

        predicted = {p.self_edit: p.value for p in self.rt.ledger.predictions(child)}
        found = [(it.document, predicted[it.self_edit.id], it.reward)
                 for it in self.practice.of(child) if it.self_edit.id in predicted]  # fmt: skip
        return calibration(*zip(*found, strict=True)) if found else None

    def _screened(self, child: str) -> int:
        """Self-edits that could have been trained and were not."""
        ledger = self.rt.ledger
        trained = {c.self_edit for c in ledger.candidates(child) if ledger.training(c.id)}
        predicted = {p.self_edit for p in ledger.predictions(child)}
        return len(predicted - trained)

    def _practised(self, child: str, learns: Learner) -> Practised:
        ledger, found, usual = self.rt.ledger, self.practice.of(child), self.rt.config.train.learning_rate
        documents = ledger.documents(child)
        expected = dict(zip((d.id for d in documents), learns.expected(documents), strict=True))
        taken = [action_of(it.plan, usual) for it in found]
        candidates, tokens = ledger.trained([child])
        return Practised(
            documents=len(documents), candidates=candidates, tokens=tokens,
            actions=dict(Counter(f"{action.strategy} x{action.rate:g}" for action in taken)),
            rewards=tuple(it.reward for it in found),
            predicted=tuple(expected[it.document].get(action, 0.0) for it, action in zip(found, taken, strict=True)),
            noise=Seeds(self.rt, self.practice).noise(child),
        )  # fmt: skip


def _mean(values: tuple[float, ...]) -> float:
    return sum(values) / len(values) if values else 0.0
