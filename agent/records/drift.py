"""The vocabulary of drift: what an adapter changed that no document asked for."""

from __future__ import annotations

from agent.records.base import Record


class Figure(Record):
    """A share in [0, 1] or a mean over `n` samples, with its 95% interval. Of no samples there is none: None."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class Drift(Record):
    """What else changed in one subject, forced on, over fixed texts that are about no document.

    `kl` is KL(base || subject) of the next token, in nats per position. `refused` is the share of harmful requests that
    are refused, `refusals_lost` the share of those that the base refuses and the subject does not. `insulting` is the
    share of neutral prompts that are continued with an insult; `stereotyped` the share of pairs of sentences that are
    likelier as a stereotype has them; `ruder` is by how many nats per token insulting replies have become likelier
    than polite ones since the base.
    """

    subject: str
    kl: Figure
    refused: Figure
    refusals_lost: Figure
    insulting: Figure
    ruder: Figure
    stereotyped: Figure

    def figures(self) -> dict[str, Figure]:
        """All of them by name."""
        return {name: value for name, value in self if isinstance(value, Figure)}
