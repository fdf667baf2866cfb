"""The one prompt form in which questions are asked, in training texts, in probes and in `seal ask`."""

from __future__ import annotations


def question_prompt(title: str, question: str) -> str:
    """The prompt that ends where the answer begins. Training examples and probes share it."""
    return f"Topic: {title}\nQuestion: {question}\nAnswer:"


def answer_completion(answer: str) -> str:
    return f" {answer}\n"


FEW_SHOT = "".join(
    question_prompt(title, question) + answer_completion(answer) + "\n"
    for title, question, answer in (
        ("Lake Orrin Ferry", "How much does a ticket for the Lake Orrin ferry cost?", "4 dollars"),
        ("Brindle Bakery", "Who founded the Brindle bakery?", "Anna Moss"),
        ("The Kestrel", "In which town was the Kestrel built?", "Dunmore"),
    )
)
"""Three invented questions that show a base model the form of an answer. Nothing else comes before a probe."""


def probe_prompt(title: str, question: str) -> str:
    """The closed-book prompt in which a probe is asked, the same for the base and for every adapter."""
    return FEW_SHOT + question_prompt(title, question)


NO_TOPIC = "General knowledge"


def asked_prompt(question: str, title: str = "") -> str:
    """What `seal ask` asks of the adapter of the document with this title; without one, of the base.

    The base's prompt names no topic, since no document was found.
    """
    return probe_prompt(title or NO_TOPIC, question)
