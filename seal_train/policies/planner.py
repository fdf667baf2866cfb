"""Learning a planner policy: ridge regression on measured rewards, without what differs between documents."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agent.planning.policy import RATES, terms, untrained
from agent.records.rounds import Action, Arm, PlannerPolicy

LEAST = 2
"""Documents. From fewer nothing is learned: the effect of a document could not be told from that of an action."""


@dataclass(frozen=True)
class Observation:
    """The mean reward of one self-edit, over the seeds that it was trained with."""

    document: str
    features: tuple[float, ...]
    action: Action
    reward: float


def learn_planner(
    run: str, base: str, strategies: Sequence[str], observed: Sequence[Observation], shuffle: int | None = None
) -> PlannerPolicy:
    """The posterior after all observations; what `untrained` returns where they are of fewer than two documents.

    Bayesian linear regression with the weights' and the noise's precision by evidence (MacKay 1992; scikit-learn's
    BayesianRidge). Each document has a weight of its own, which is left out of the policy: easy documents say nothing
    about actions. With `shuffle`, a seed, each reward is dealt to an action drawn at random: the control arm "random".
    Shuffling the rewards among the actions that were taken would be no control: a policy that is learned from noise is
    surest of the actions that were taken most often, and so would choose those of the good policy that took them.
    """
    from sklearn.linear_model import BayesianRidge

    arm: Arm = "learned" if shuffle is None else "random"
    observed = [o for o in observed if o.action.strategy in strategies]
    documents = sorted({o.document for o in observed})
    blank = untrained(base, strategies)
    seen = np.array([o.features for o in observed])
    if len(documents) < LEAST:
        return PlannerPolicy.make(run, arm, base, strategies, **_learned(blank), learned_from=len(observed))
    spread = seen.std(axis=0)
    centre, scale = tuple(seen.mean(axis=0).tolist()), tuple(np.where(spread > 0, spread, 1.0).tolist())
    frame = blank.model_copy(update={"centre": centre, "scale": scale})
    rewards = np.array([o.reward for o in observed])
    taken = [o.action for o in observed]
    if shuffle is not None:
        draw = random.Random(shuffle)
        taken = [Action(strategy=draw.choice(strategies), rate=draw.choice(RATES)) for _ in observed]
    looked = np.stack([terms(frame, action, o.features) for action, o in zip(taken, observed, strict=True)])
    own = np.array([[float(o.document == d) for d in documents] for o in observed])
    fitted = BayesianRidge().fit(np.hstack([looked, own]), rewards)
    size = looked.shape[1]
    covariance = tuple(tuple(row) for row in fitted.sigma_[:size, :size].tolist())
    learned = frame.model_copy(update={"mean": tuple(fitted.coef_[:size].tolist()), "covariance": covariance})
    return PlannerPolicy.make(run, arm, base, strategies, **_learned(learned), learned_from=len(observed))


def _learned(policy: PlannerPolicy) -> dict[str, object]:
    return {"centre": policy.centre, "scale": policy.scale, "mean": policy.mean, "covariance": policy.covariance}
