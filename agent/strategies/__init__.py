"""Strategies: the ways to turn a document into training sequences. One small module each.

A package outside adds its own through the entry point group "seal.strategies"; its object must have the
attributes of the Strategy port.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent.errors import ConfigError
from agent.extensions import installed
from agent.ports import Strategy
from agent.text.language import ENGLISH

GROUP = "seal.strategies"
KEY = "plan.strategies"
"""The key that names strategies."""


def all_strategies() -> dict[str, Strategy]:
    """Every strategy by name, ours first, then those of installed packages.

    Raises:
        ConfigError: an installed strategy cannot be imported, or takes a name that is taken.
    """
    from agent.strategies import cloze, facts, implications, long_implications, passage, rewrite, self_qa, sentences

    ours = (passage, sentences, cloze, facts, rewrite, implications, long_implications, self_qa)
    found: dict[str, Strategy] = {module.STRATEGY.name: module.STRATEGY for module in ours}
    return found | installed(GROUP, "strategy", "strategies", taken=found)


def usable(names: Sequence[str], has_model: bool) -> dict[str, Strategy]:
    """The named strategies, or all of them; without a chat model only those that need none.

    Raises:
        ConfigError: an unknown name, or a named strategy that needs a model where there is none.
    """
    known = all_strategies()
    can_run = [name for name, strategy in known.items() if has_model or not strategy.needs_model]
    for name in names:
        if name not in known:
            raise ConfigError(f"there is no strategy {name!r}", f"choose from: {', '.join(can_run)}", KEY)
        if name not in can_run:
            mend = "name an endpoint under [write] endpoint"
            raise ConfigError(f"the strategy {name!r} needs a chat model", mend, KEY)
    return {name: known[name] for name in names or can_run}


def suited(strategies: Mapping[str, Strategy], language: str) -> dict[str, Strategy]:
    """Those that can write from a document in a language."""
    return {name: one for name, one in strategies.items() if language == ENGLISH or not one.needs_english}
