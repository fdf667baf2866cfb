"""Planners: how to learn a document, in K ways of which no two are the same."""

from __future__ import annotations

from agent.config.sections import TrainConfig
from agent.ports import Strategy
from agent.records import Document
from agent.text.normal import count_words

EPOCHS = 8
"""Where neither the configuration nor the strategy says."""
SHORT, LEAST = 100, 0.6
"""Documents of up to SHORT words get all epochs of a strategy that parses them, longer ones fewer, at least this share:
the more facts are asked for, the more steps an epoch has (measured, see LOG.md)."""


def usual_epochs(strategy: Strategy, train: TrainConfig, document: Document) -> int:
    """The configured number of epochs, or the strategy's own for this document where none is configured."""
    if train.epochs:
        return train.epochs
    usual = strategy.epochs or EPOCHS
    if strategy.needs_model or not strategy.needs_english:
        return usual
    return round(usual * max(LEAST, min(1, SHORT / max(1, count_words(document.text)))))
