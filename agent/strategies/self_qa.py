"""SEAL's self-QA: the passage turned into questions with their answers."""

from __future__ import annotations

from agent.strategies.prompted import QUESTIONS, PromptedStrategy

STRATEGY = PromptedStrategy(
    name="self-qa",
    description="a model turns the text into questions and short answers, in the form in which questions are asked",
    task=(
        "Turn everything that the passage says into questions with short answers. Each question names what it is "
        "about, so that it can be understood without the passage. Each answer is a few words long and stands in the "
        "passage. Use two lines for each, and write nothing else:\n"
        "Question: ...\nAnswer: ..."
    ),
    form=QUESTIONS,
)
