"""About the texts that writer policies wrote: how many can be used, how varied they are, how sure the model was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean

from agent.ports.ledger import Ledger
from agent.records import SelfEdit
from agent.records.rounds import Arm, ArmResult, Texts
from agent.text.normal import words


def texts_by_arm(ledger: Ledger, run: str, results: Sequence[ArmResult]) -> dict[Arm, Texts]:
    """What each arm's writer wrote in a held-out run; arms that wrote nothing are left out."""
    edits: dict[str, list[SelfEdit]] = defaultdict(list)
    for document in ledger.documents(run):
        by = {plan.id: plan.writer for plan in ledger.plans(run, document.id)}
        for edit in ledger.self_edits(run, document.id):
            if edit.written:
                edits[by[edit.plan]].append(edit)
    sure, found = _entropies(ledger, run), dict[Arm, Texts]()
    for result in results:
        writer = ledger.writer(result.policies[0])
        adapter = writer.adapter if writer else ""
        own = edits[writer.id if writer and adapter else ""]
        if own:
            found[result.arm] = _texts(own, sure.get(adapter, ()))
    return found


def _texts(edits: Sequence[SelfEdit], entropies: Sequence[float]) -> Texts:
    said = [words(one.text) for edit in edits for one in edit.written]
    pairs = [pair for text in said for pair in pairwise(text)]
    return Texts(
        written=len(said),
        usable=sum(bool(edit.examples) for edit in edits),
        words=fmean(map(len, said)),
        distinct=len(set(pairs)) / max(1, len(pairs)),
        entropy=fmean(entropies) if entropies else None,
    )


def _entropies(ledger: Ledger, run: str) -> Mapping[str, list[float]]:
    """Of each text, by the adapter that wrote it, as the steps told that drew them."""
    found: dict[str, list[float]] = defaultdict(list)
    for event in ledger.events(run):
        for adapter, values in event.data.get("entropies", {}).items() if event.step == "sample" else ():
            found[adapter] += values
    return found
