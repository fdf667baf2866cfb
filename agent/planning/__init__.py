"""Planners: how to learn a document, in K ways of which no two are the same."""

from __future__ import annotations

from agent.ports import Strategy
from agent.records import TrainDefaults

EPOCHS = 8
"""Where neither the configuration nor the strategy says."""


def usual_epochs(strategy: Strategy, defaults: TrainDefaults) -> int:
    """The configured number of epochs, or the strategy's own where none is configured."""
    return defaults.epochs or strategy.epochs or EPOCHS
