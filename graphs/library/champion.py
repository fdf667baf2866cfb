"""A document's champion: the candidate that the gate decided on, and what it is made of."""

from __future__ import annotations

from agent.ports import Ledger
from agent.records import Candidate, Reward


def champion_of(ledger: Ledger, run: str, document: str) -> Candidate | None:
    """The document's champion, where the gate has decided on it."""
    return next((c for c in ledger.candidates(run, document) if ledger.decision(c.id)), None)


def members_of(ledger: Ledger, champion: Candidate) -> list[Candidate]:
    """The trained candidates that a champion is made of, best one first."""
    return [ledger.candidate(id) for id in champion.members] or [champion]


def best_reward(ledger: Ledger, champion: Candidate) -> Reward:
    """The reward of the champion's best member, or of the champion itself where it has none."""
    best = ledger.reward(members_of(ledger, champion)[0].id)
    assert best is not None, "a champion is selected by its reward"
    return best
