"""SEAL's rewrites: the whole passage again, in other words."""

from __future__ import annotations

from agent.strategies.prompted import STATEMENTS, PromptedStrategy

STRATEGY = PromptedStrategy(
    name="rewrite",
    description="a model tells the whole text again several times, in other words and another order",
    task=(
        "Tell the whole passage again in four ways that differ in wording, order and style. Keep every fact, "
        "name, number and date in each of them. Write each as one paragraph on a single line, with a number "
        "before it. Write nothing else."
    ),
    form=STATEMENTS,
)
