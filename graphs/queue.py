"""Which document comes next. The list of them is asked of the ledger and kept in memory, so that no checkpoint holds
it: one a step would grow with the square of the documents."""

from __future__ import annotations

from graphs.context import Context


class Queue:
    """The documents of the run in hand that are not finished, in the order in which they came. Ask by
    `context.keep(Queue)`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._run, self._next = "", dict[str, str]()

    def fill(self, run: str) -> int:
        """Ask the ledger what is left of a run. Returns how many documents that is."""
        done = self.context.ledger.outcomes(run)
        left = [document.id for document in self.context.ledger.documents(run) if document.id not in done]
        self._run, self._next = run, dict(zip(["", *left], [*left, ""], strict=True))
        return len(left)

    def after(self, run: str, document: str) -> str:
        """The document that comes after one, "" after the last one. The first one comes after "", and after one that
        another process finished."""
        if run != self._run:
            self.fill(run)
        return self._next.get(document, self._next[""])
