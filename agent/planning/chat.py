"""The planner that asks a chat model how to learn a document, and holds it to K different plans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, product
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from agent.config.sections import TrainConfig
from agent.errors import AnswerError
from agent.models.json_answers import first_object, object_schema
from agent.models.quoting import AS_DATA, quoted
from agent.planning import EPOCHS as USUAL_EPOCHS
from agent.planning import usual_epochs
from agent.ports import Chat, Strategy
from agent.records import Document, Plan, Recalled

EPOCHS = (1, 30)
LEARNING_RATE = (1e-5, 5e-3)
"""What a model proposes beyond these ranges counts as their ends."""
_SCALES = (1.0, 2.0, 0.5, 1.5, 0.75)
"""Multiples of the default settings that fill up where even the strategies run out."""
_DOCUMENT_SHOWN = 6000
_TEXT_KEPT = 500
"""Characters of the document that the planner sees, and of an instruction or reason that are kept."""

_SYSTEM = (
    "You plan how a small language model learns a document. It is fine-tuned with LoRA on text that a strategy "
    "makes from the document, and is then asked questions about the document without seeing it. Propose different "
    "plans: different strategies first, different settings second. instruction tells the writer what to attend to; "
    "leave it empty where nothing special is needed. epochs is a whole number from {epochs[0]} to {epochs[1]}, "
    "learning_rate a number from {rates[0]:g} to {rates[1]:g}; the usual values are {usual} and "
    "{train.learning_rate:g}. reason says in one sentence why the plan suits this document. " + AS_DATA
)


class _Draft(BaseModel):
    """One plan as the model wrote it, before it is held to the ranges."""

    strategy: str
    instruction: str = ""
    epochs: Annotated[float, Field(allow_inf_nan=False)]
    learning_rate: Annotated[float, Field(allow_inf_nan=False)]
    reason: str = ""


class ChatPlanner:
    """A Planner over a chat model. `strategies` are those that can be used, by name.

    Every strategy is used once before any is used twice; where the model proposes too few
    different plans, the rest is filled up and the plan's reason says so.
    """

    name = "chat"

    def __init__(self, chat: Chat, strategies: Mapping[str, Strategy], train: TrainConfig) -> None:
        if not strategies:
            raise ValueError("a planner needs at least one strategy")
        self._chat, self._strategies, self._train = chat, dict(strategies), train

    def plan(self, run: str, document: Document, recalled: Sequence[Recalled], k: int) -> list[Plan]:
        """`k` plans that differ in strategy, or in settings where strategies run out."""
        system = _SYSTEM.format(
            epochs=EPOCHS, rates=LEARNING_RATE, usual=self._train.epochs or USUAL_EPOCHS, train=self._train
        )
        name = self._chat.name
        answer = self._chat.complete(system, self._request(document, recalled, k), self._schema())
        drafts = self._drafts(answer)
        if not drafts:
            mend = f'set a stronger model in [endpoints.{name}], or planner = "thompson" under [plan]'
            raise AnswerError(f"model '{name}' proposed no plan that can be used: {answer[:80]!r}", mend)
        winners = tuple(found.winner.candidate for found in recalled)
        return [
            Plan.make(
                run, document.id, draft.strategy,
                self._train.settings(int(draft.epochs), learning_rate=draft.learning_rate),
                instruction=draft.instruction, planner=self.name, reason=draft.reason, recalled=winners,
            )
            for draft in self._different(document, drafts, k)
        ]  # fmt: skip

    def _request(self, document: Document, recalled: Sequence[Recalled], k: int) -> str:
        known = "\n".join(f"- {name}: {strategy.description}" for name, strategy in self._strategies.items())
        past = "\n".join(_line(found) for found in recalled) or "- nothing yet"
        shown = quoted("document", f"{document.title}\n\n{document.text}"[:_DOCUMENT_SHOWN])
        return (
            f"Strategies:\n{known}\n\nWhat worked on similar documents, with the measured gain in accuracy:\n{past}\n\n"
            f"The document:\n{shown}\n\nPropose {k} different plans for it."
        )

    def _schema(self) -> dict[str, Any]:
        text = {"type": "string"}
        fields: dict[str, Any] = {
            "strategy": {"type": "string", "enum": list(self._strategies)},
            "instruction": text,
            "epochs": {"type": "integer"},
            "learning_rate": {"type": "number"},
            "reason": text,
        }
        return object_schema({"plans": {"type": "array", "items": object_schema(fields)}})

    def _drafts(self, answer: str) -> list[_Draft]:
        """The plans that are whole and name a known strategy. A bad one does not spoil the others."""
        proposed = (first_object(answer) or {}).get("plans")
        drafts: list[_Draft] = []
        for item in proposed if isinstance(proposed, list) else []:
            try:
                draft = _Draft.model_validate(item)
            except ValidationError:
                continue
            if draft.strategy in self._strategies:
                drafts.append(_held(draft))
        return drafts

    def _different(self, document: Document, drafts: Sequence[_Draft], k: int) -> list[_Draft]:
        """`k` drafts: one of each strategy first, then other settings of strategies that are in use."""
        first: dict[str, _Draft] = {}
        for draft in drafts:
            first.setdefault(draft.strategy, draft)
        unused = [self._filler(document, name) for name in self._strategies if name not in first]
        chosen: dict[tuple[str, float, float], _Draft] = {}
        for draft in chain(first.values(), unused, drafts, self._variations(document)):
            if len(chosen) == k:
                break
            chosen.setdefault((draft.strategy, draft.epochs, draft.learning_rate), draft)
        return list(chosen.values())

    def _filler(self, document: Document, strategy: str, epochs: float = 1.0, rate: float = 1.0) -> _Draft:
        """A plan that the model did not propose, with its settings as multiples of the usual ones."""
        what = "a strategy that it left out" if epochs == rate == 1.0 else "other settings of this strategy"
        reason = f"the model proposed too few different plans; filled up with {what}"
        epochs *= usual_epochs(self._strategies[strategy], self._train, document)
        rate *= self._train.learning_rate
        return _held(_Draft(strategy=strategy, epochs=epochs, learning_rate=rate, reason=reason))

    def _variations(self, document: Document) -> Iterator[_Draft]:
        for rate, epochs, strategy in product(_SCALES, _SCALES, self._strategies):
            if (rate, epochs) != (1.0, 1.0):
                yield self._filler(document, strategy, epochs, rate)


def _held(draft: _Draft) -> _Draft:
    """The draft with its numbers inside the ranges and its texts cut to length."""
    return draft.model_copy(
        update={
            "epochs": float(min(max(round(draft.epochs), EPOCHS[0]), EPOCHS[1])),
            "learning_rate": min(max(draft.learning_rate, LEARNING_RATE[0]), LEARNING_RATE[1]),
            "instruction": draft.instruction.strip()[:_TEXT_KEPT],
            "reason": draft.reason.strip()[:_TEXT_KEPT] or "the model gave no reason",
        }
    )


def _line(found: Recalled) -> str:
    won = found.winner
    wish = f", instruction: {won.instruction[:_TEXT_KEPT]}" if won.instruction else ""
    return (
        f"- {won.strategy}, {won.settings.epochs} epochs, learning rate {won.settings.learning_rate:g}: "
        f"gain {won.gain:+.2f} on {won.title!r}{wish}"
    )
