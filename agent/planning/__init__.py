"""Planners: how to learn a document, in K different ways."""

from __future__ import annotations

from agent.ports import Strategy
from agent.records import TrainSettings

EPOCHS = 8
"""Where neither the configuration nor the strategy says."""


def usual_epochs(strategy: Strategy, defaults: TrainSettings) -> int:
    """The configured number of epochs, or the strategy's own where 0 is configured."""
    return defaults.epochs or strategy.epochs or EPOCHS
