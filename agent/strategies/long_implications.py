"""SEAL's longer variant of the implications: more of them, and further from the wording."""

from __future__ import annotations

from agent.strategies.prompted import STATEMENTS, PromptedStrategy

STRATEGY = PromptedStrategy(
    name="implications-long",
    description="like implications, but a long list: each fact from several sides, with causes and consequences",
    task=(
        "Make a long list, at least twice as long as the passage, of what the passage says and of what follows "
        "from it. Take every fact from several sides: say it about each person or thing that it is about, turn "
        "it round, join it with other facts, name causes, consequences and what it rules out. Write every point "
        "as one full sentence on a line of its own that can be understood without the passage. Write nothing else, "
        "and nothing that the passage does not support."
    ),
    form=STATEMENTS,
)
