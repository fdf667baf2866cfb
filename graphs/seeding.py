"""How often each self-edit of practice is trained: as often as the noise that was measured asks for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from agent.policy import Kind, Noise
from graphs.outer import PRACTICE, kind_of
from graphs.practice import Practice
from graphs.runtime import Runtime

TO_MEASURE = 2
"""Seeds where the noise is to be measured: in the first document of every run, and until it is known."""
KNOWN_BY = 8
"""Degrees of freedom by which the noise is known."""
LOOKS_BACK = 4
"""Practice runs, with the one in hand. What policies write changes, and with it the noise."""


class Seeds:
    """A number that the configuration names, or one for each document by the noise of practice before it."""

    def __init__(self, runtime: Runtime, practice: Practice) -> None:
        self.rt, self.practice = runtime, practice
        self._counts: dict[tuple[str, str], int] = {}

    def count(self, run: str, document: str) -> int:
        """The same whenever it is asked for a document: its own rewards do not count."""
        if (run, document) not in self._counts:
            self._counts[run, document] = self.rt.config.improve.seeds or self._asked(run, document)
        return self._counts[run, document]

    def _asked(self, run: str, document: str) -> int:
        from evals.noise import seeds_needed

        found = self.noise(run, without=document)
        if found is None or found.freedom < KNOWN_BY:
            return TO_MEASURE
        first = self.rt.ledger.documents(run)[0].id == document
        return max(seeds_needed(found), TO_MEASURE if first else 1)

    def noise(self, run: str, without: str = "") -> Noise | None:
        """That of the latest practice up to a run, among rounds that train the same kind of policy."""
        from evals.noise import noise

        kinds = {str(it["run"]): _kind(it) for it in self.rt.ledger.runs() if it["kind"] == PRACTICE}
        names = list(kinds)
        alike = [name for name in names[: names.index(run) + 1] if kinds[name] == kinds[run]]
        found: dict[tuple[str, str], list[tuple[float, ...]]] = defaultdict(list)
        for name in alike[-LOOKS_BACK:]:
            for it in self.practice.of(name):
                if (name, it.document) != (run, without):
                    found[name, it.document].append(it.rewards)
        return noise(list(found.values()))


def _kind(practice: Mapping[str, Any]) -> Kind:
    learns = practice["config"]["improve"].get("learns", ("planner",))  # written before there were writers
    return kind_of(learns, str(practice["run"]))
