"""SEAL's main strategy: what follows from the passage, one statement a line."""

from __future__ import annotations

from agent.strategies.prompted import STATEMENTS, PromptedStrategy

STRATEGY = PromptedStrategy(
    name="implications",
    description="a model lists what follows from the text, directly or indirectly, one statement a line",
    task=(
        "List what the passage says and what follows from it. Write every point as one full sentence "
        "on a line of its own that can be understood without the passage: name people, places and things "
        "instead of writing he, it or the text. Write nothing else, and nothing that the passage does not support."
    ),
    form=STATEMENTS,
)
