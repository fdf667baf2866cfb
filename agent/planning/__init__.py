"""Planners: how to learn a document, in K ways of which no two are the same."""

from __future__ import annotations

from agent.config.sections import TrainConfig
from agent.ports import Strategy

EPOCHS = 8
"""Where neither the configuration nor the strategy says."""


def usual_epochs(strategy: Strategy, train: TrainConfig) -> int:
    """The configured number of epochs, or the strategy's own where none is configured."""
    return train.epochs or strategy.epochs or EPOCHS
