"""What a run reads, item by item: what is new to the ledger, what is known, what cannot be read."""

from __future__ import annotations

from typing import Literal

from agent.failures import storable
from agent.ports import Failure
from agent.records import Document, Event, Outcome
from agent.text.normal import count_words
from graphs.context import Context
from graphs.library.unfinished import unfinished

SHORTEST_DOCUMENT = 5
"""Words, as `count_words` counts them."""

TWICE = "stands in the sources twice"
KNOWN = Outcome(kind="known already")
PUBLISHED = ("published", KNOWN.kind)
"""Outcomes after which an adapter answers, unless it was taken back."""


class Items:
    """What a run reads, one item at a time, written to the ledger. Each method says what became of the item."""

    def __init__(self, context: Context, run: str) -> None:
        self.ledger, self.clock, self.run, self.base = context.ledger, context.clock, run, context.config.model.name
        ledger, base = self.ledger, self.base
        self.again = ledger.run(run).kind == "ingest --again"
        self.answered = {adapter.document for adapter in ledger.current(base)}
        self.elsewhere = unfinished(ledger, besides=run, base=base)
        self.before = {document.id for document in ledger.documents(run)}
        self.seen: set[str] = set()
        self.taken: set[str] = set()
        """What this process has added to the run."""

    def failed(self, item: Failure) -> str:
        return self._tell("failed", f"{item.where}: {item.reason}", subject=item.where)

    def document(self, item: Document) -> str:
        """A document that another run left unfinished stays that run's, so that it is in the data set once."""
        if item.id in self.taken:
            self.ledger.add_document(item, self.run)  # its questions may stand here only
        if item.id in self.taken or (item.id in self.seen and not self._new_questions(item)):
            return self._tell("skipped", TWICE, document=item.id, subject=item.title)
        self.seen.add(item.id)
        if item.id in self.before:  # the run was cut off while it read, and reads again
            return "known"
        outcome = self.ledger.outcome(item.id, self.base)
        learned = outcome if outcome and outcome.is_final else None
        if learned and not self._anew(item, learned):
            return self._tell("skipped", KNOWN.kind, document=item.id, subject=item.title)
        if item.id in self.elsewhere:
            other = self.elsewhere[item.id]
            why = f"run {other} was cut off before it had learned this, and does when it goes on (--resume {other})"
            return self._tell("skipped", why, document=item.id, subject=item.title)
        questions = self._new_questions(item) if learned else 0
        self.taken.add(item.id)
        with self.ledger.transaction():  # read and closed at once: a run that goes on learns what is open
            self.ledger.add_document(item, self.run)
            if count_words(item.text) < SHORTEST_DOCUMENT:
                self.ledger.finish_document(self.run, item.id, Outcome(kind="too short to learn from"), self.base)
            if questions:
                came = f"{questions} questions came that were not there when it was learned"
                self._tell("ok", f"{came}: it is learned again with them", document=item.id, subject=item.title)
        return "again" if learned else "new"

    def _anew(self, item: Document, outcome: Outcome) -> bool:
        """Whether a document that this base has finished is to be learned again.

        Not by itself where it was taken back: that may have been for what it says.
        """
        if item.id in self.answered:
            return bool(self._new_questions(item))
        return self.again or (outcome.kind not in PUBLISHED and bool(self._new_questions(item)))

    def _new_questions(self, item: Document) -> int:
        """How many questions it comes with that the ledger's document does not have."""
        known = self.ledger.document(item.id)
        return len(known.with_questions(item.questions).questions) - len(known.questions)

    def _tell(self, status: Literal["ok", "failed", "skipped"], message: str, **about: str) -> str:
        said = {name: storable(text) for name, text in {"message": message, **about}.items()}
        event = Event(run=self.run, step="read-item", status=status, at=self.clock.now(), **said)
        self.ledger.add_event(event)
        return status
