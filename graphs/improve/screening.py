"""What of practice is trained: which drafts of a document, as the reward model ranks them once it has earned it, and
how often each, as the noise that was measured asks for."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from agent.planning.policy import features
from agent.records import Document, Noise, Plan, SelfEdit, content_id
from agent.records.rounds import Calibration, Prediction
from graphs.context import Context
from graphs.methods.practice import Practice, action_of

if TYPE_CHECKING:
    from seal_train.policies.reward_model import Draft, RewardModel

EARNED, SURE = 0.3, 0.05
"""The rank correlation within documents that a round's predictions must have had, and its largest p-value."""


def has_earned_it(last: Calibration | None) -> bool:
    return last is not None and last.spearman >= EARNED and last.p_value <= SURE


class Screen:
    """Predicts rewards from all practice before the run in hand, and chooses by them. Ask by `context.keep(Screen)`."""

    def __init__(self, context: Context) -> None:
        self.context, self.practice = context, context.keep(Practice)
        self._vectors: dict[str, tuple[float, ...]] = {}
        self._models: dict[str, RewardModel | None] = {}

    def drafts(self, run: str) -> int:
        """How many self-edits are to be written for a document of the run."""
        config, ledger = self.context.config.improve, self.context.ledger
        rounds = ledger.rounds(ledger.run(run).parent or "")
        earned = bool(rounds) and has_earned_it(rounds[-1].calibration)
        return config.self_edits * (config.screen if earned else 1)

    def predict(self, run: str, document: Document, edits: Sequence[tuple[Plan, SelfEdit]]) -> dict[str, float]:
        """What each self-edit will earn, by its id, written down before any of them is trained. Nothing where too
        little was practised to tell."""
        model = self._model(run)
        if model is None or not edits:
            return {}
        seen = features(document)
        drafts = [self.draft(seen, plan, edit) for plan, edit in edits]
        told = {edit.id: value for (_, edit), value in zip(edits, model.predict(drafts), strict=True)}
        self.context.ledger.add_predictions(
            Prediction(self_edit=id, run=run, value=value, learned_from=model.learned_from)
            for id, value in told.items()
        )
        return told

    def choose(self, run: str, document: str, predicted: dict[str, float], edits: Sequence[str]) -> set[str]:
        """The self-edits to be trained: the best predicted, and in the last place any other one, so that the model goes
        on seeing what it thinks little of. All, where no more were written than wanted."""
        asked = self.context.config.improve.self_edits
        wanted = max(asked, len(edits) - (self.drafts(run) - asked))
        if len(edits) <= wanted or not predicted:
            return set(edits)
        ranked = sorted(edits, key=lambda id: (-predicted[id], id))
        draw = random.Random(content_id("explore", run, document))
        return {*ranked[: wanted - 1], draw.choice(ranked[wanted - 1 :])}

    def _model(self, run: str) -> RewardModel | None:
        """Learned once a run, from the practice runs before it."""
        from seal_train.policies.reward_model import LEAST, RewardModel

        if run not in self._models:
            seen = [it for it in self.practice.rewarded(before=run) if it.self_edit.examples]
            drafts = [self.draft(it.features, it.plan, it.self_edit) for it in seen]
            enough = len(drafts) >= LEAST
            self._models[run] = RewardModel(drafts, [it.reward for it in seen]) if enough else None
        return self._models[run]

    def draft(self, seen: tuple[float, ...], plan: Plan, edit: SelfEdit) -> Draft:
        """A self-edit as the reward model sees it; `seen` are its document's features."""
        from seal_train.policies.reward_model import Draft

        if edit.id not in self._vectors:
            text = "\n".join(example.text.strip() for example in edit.examples)
            self._vectors[edit.id] = tuple(self.context.embedder.embed([text])[0])
        action = action_of(plan, self.context.config.train.learning_rate)
        return Draft(self._vectors[edit.id], seen, action, edit.examples)


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
