"""How often each self-edit of practice is trained: as often as the noise that was measured asks for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from agent.records import Noise
from graphs.context import Context
from graphs.methods.practice import Practice

TO_MEASURE = 2
"""Seeds where the noise is to be measured: in the first document of every run, and until it is known."""
KNOWN_BY = 8
"""Degrees of freedom by which the noise is known."""
LOOKS_BACK = 4
"""Practice runs, with the one in hand. What policies write changes, and with it the noise."""


class Seeds:
    """A number that the configuration names, or one for each document by the noise of practice before it. Ask by
    `context.keep(Seeds)`."""

    def __init__(self, context: Context) -> None:
        self.context, self.practice = context, context.keep(Practice)
        self._run, self._latest, self._counts = "", list[str](), dict[str, int]()

    def count(self, run: str, document: str) -> int:
        """The same whenever it is asked for a document: its own rewards do not count."""
        if run != self._run:
            self._run, self._latest, self._counts = run, self._alike(run), {}
        if document not in self._counts:
            self._counts[document] = self.context.config.improve.seeds or self._asked(run, document)
        return self._counts[document]

    def _asked(self, run: str, document: str) -> int:
        from evals.statistics.noise import seeds_needed

        found = self._noise(self._latest, without=(run, document))
        if found is None or found.freedom < KNOWN_BY:
            return TO_MEASURE
        first = self.context.ledger.documents(run)[0].id == document
        return max(seeds_needed(found), TO_MEASURE if first else 1)

    def noise(self, run: str) -> Noise | None:
        """That of the latest practice up to a run."""
        return self._noise(self._alike(run))

    def _noise(self, runs: Sequence[str], without: tuple[str, str] = ("", "")) -> Noise | None:
        from evals.statistics.noise import noise

        found: dict[tuple[str, str], list[tuple[float, ...]]] = defaultdict(list)
        for name in runs:
            for it in self.practice.of(name):
                if (name, it.document) != without:
                    found[name, it.document].append(it.rewards)
        return noise(list(found.values()))

    def _alike(self, run: str) -> list[str]:
        """The latest practice runs up to this one whose rounds train the same kind of policy."""
        trains = {it.id: it.trains for it in self.context.ledger.runs() if it.kind == "practice"}
        names = list(trains)
        alike = [name for name in names[: names.index(run) + 1] if trains[name] == trains[run]]
        return alike[-LOOKS_BACK:]
