"""Probes: the questions that measure what was learned. Made before training, never trained on.

Questions that came with the document or that a model wrote give the reward in one half and are held out for the
gate in the other, and so do cloze probes. Of questions turned out of the parse, the gate gets two of three: it has
to be sure, where the reward only ranks candidates.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from agent.checking import words
from agent.parsing import Fact, facts
from agent.records import Document, Half, Probe, ProbeKind

PARSED, CLOZE, DISTRACTORS = 16, 8, 4
LONGEST_TOLD = 6
"""A parsed question with this many words in a row from the document is none."""
TURNS: dict[ProbeKind, tuple[Half, ...]] = {
    "given": ("reward", "heldout"), "written": ("reward", "heldout"), "cloze": ("heldout", "reward"),
    "parsed": ("heldout", "reward", "heldout"),
}  # fmt: skip
"""Which half the probes of a kind go to, in turn."""
SHORTEST_QUESTION = 4
"""A parsed question of fewer words does not say what it is about."""


def make_probes(
    document: Document, parsed: bool = True, cloze: bool = True, written: Sequence[tuple[str, str]] = ()
) -> list[Probe]:
    """Every probe of a document, in a fixed order. The same document always gives the same probes."""
    found = facts(document.text) if parsed or cloze else []
    answers = {question.answer.casefold() for question in document.questions}
    free = [fact for fact in found if fact.answer.casefold() not in answers]
    reworded = [fact for fact in free if not _stands_in(fact.fronted, document.text)]
    turned = _spread(reworded, PARSED) if parsed else []
    blanked = _spread(free, CLOZE) if cloze else []
    given = [(q.question, q.answer) for q in document.questions]
    return [
        *_probes(document, "given", given),
        *_probes(document, "written", written),
        *_probes(document, "parsed", [(fact.fronted, fact.answer) for fact in turned]),
        *_probes(document, "cloze", [(_blank(fact), fact.answer) for fact in blanked], found),
    ]


def _probes(
    document: Document, kind: ProbeKind, pairs: Sequence[tuple[str, str]], found: Sequence[Fact] = ()
) -> list[Probe]:
    """Those of one kind, in turn for the one half and the other; distractors come from the facts `found`."""
    halves = itertools.cycle(TURNS[kind])
    return [
        Probe.make(
            document.id, kind, half, question, answer,
            distractors=_distractors(question, answer, found), recall=kind == "cloze",
        )
        for half, (question, answer) in zip(halves, dict(pairs).items(), strict=False)
    ]  # fmt: skip


def _spread(found: Sequence[Fact], count: int) -> list[Fact]:
    """Up to `count` facts from as many sentences as there are; names, amounts and dates before things.

    An answer is asked for once: the gate takes each right answer as one piece of evidence.
    """
    clear = [f for f in found if len(f.fronted.split()) >= SHORTEST_QUESTION]
    clear.sort(key=lambda f: f.kind in ("NOUN", "ADJ"))
    once: dict[str, Fact] = {}
    for fact in clear:
        once.setdefault(fact.answer.casefold(), fact)
    by_sentence: dict[str, list[Fact]] = {}
    for fact in once.values():
        by_sentence.setdefault(fact.sentence, []).append(fact)
    rounds = itertools.zip_longest(*by_sentence.values())
    return [fact for turn in rounds for fact in turn if fact is not None][:count]


def _stands_in(question: str, text: str) -> bool:
    """Whether a run of the question's words stands in the text: it would then measure recall of wording.

    The check would also have to keep that sentence of the document itself out of training.
    """
    asked, told = words(question), f" {' '.join(words(text))} "
    runs = (asked[i : i + LONGEST_TOLD] for i in range(len(asked) - LONGEST_TOLD + 1))
    return any(f" {' '.join(run)} " in told for run in runs)


def _blank(fact: Fact) -> str:
    return f"{fact.sentence[: fact.start]}____{fact.sentence[fact.end :]}"


def _shape(text: str) -> str:
    if any(c.isdigit() for c in text):
        return "number"
    return "name" if text[:1].isupper() else "word"


def _distractors(question: str, answer: str, found: Sequence[Fact]) -> tuple[str, ...]:
    """Other facts of the same document, those of the answer's shape first: only knowledge tells them apart."""
    low = answer.casefold()
    kept = [
        text for text in dict.fromkeys(f.answer for f in found)
        if text.casefold() not in low and low not in text.casefold() and text.casefold() not in question.casefold()
    ]  # fmt: skip
    return tuple(sorted(kept, key=lambda text: _shape(text) != _shape(answer))[:DISTRACTORS])
