"""Champions, the candidates that the gate decided on, and winners, which are made of those that it did not reject and
held by dataset and memory, which follow the ledger."""

from __future__ import annotations

from agent.errors import SealError, StoreError
from agent.ports import Ledger
from agent.records import Adapter, Candidate, Reward, Verdict, Winner
from graphs.context import Context


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


def wins(ledger: Ledger, champion: Candidate, verdict: Verdict) -> bool:
    """Whether the champion's self-edit is a winner: not where the gate rejected it.

    Nor where the gate could not decide on a second attempt while an adapter of the first one answers, whose winner it
    would replace.
    """
    answered = champion.document in {adapter.document for adapter in ledger.current(champion.base)}
    return verdict == "publish" or (verdict == "undecided" and not answered)


def winner_of(ledger: Ledger, champion: Candidate) -> Winner:
    """The champion's self-edit as a winner of its document."""
    document, edit = ledger.document(champion.document), ledger.self_edit(champion.self_edit)
    best = best_reward(ledger, champion)
    plan = next(p for p in ledger.plans(champion.run, champion.document) if p.id == edit.plan)
    return Winner(
        candidate=champion.id, base=champion.base, document=document.id, title=document.title,
        text=document.text, self_edit=edit.id, strategy=champion.strategy, instruction=plan.instruction,
        settings=champion.settings, reward=best.value, gain=best.gain,
    )  # fmt: skip


def follow(context: Context) -> None:
    """Make dataset and memory hold the ledger's winners, whatever happened to them since.

    Raises:
        StoreError: one of the three cannot be read or written.
    """
    from seal_train.policies.dataset import write_dataset

    ledger, path = context.ledger, context.config.dataset_path
    winners = ledger.winners()
    while True:  # a learner and a rollback may write at once: who writes last has seen what the other did
        if winners or path.exists():
            write_dataset(path, winners, ledger.self_edit)
        context.memory.sync(winners)
        written, winners = winners, ledger.winners()
        if written == winners:
            return


def take_back(context: Context, adapter: str | None, reason: str) -> list[Adapter]:
    """Roll the library back as the ledger does, and take the winners out of dataset and memory.

    Raises:
        StoreError: nothing is published, the adapter is not current, or, with the rollback done, dataset or
            memory could not be written.
    """
    taken = context.ledger.rollback(adapter, reason)
    try:
        follow(context)
    except SealError as error:
        names = ", ".join(gone.id for gone in taken)
        raise StoreError(
            f"taken back: {names}; but dataset or memory still hold what they were trained on: {error.cause}",
            "do not roll back again: the next seal ingest removes it before it learns anything",
        ) from error
    return taken
