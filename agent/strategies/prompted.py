"""The strategies that ask a chat model: one prompt each, one parser each, the same way of writing.

After SEAL (arXiv 2506.10943, section 3.1 and appendix B): what the model wrote is split into
separate training sequences, each under the document's title, and the passage itself is one more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.errors import AnswerError, ConfigError
from agent.models.prompts import answer_completion, question_prompt
from agent.models.quoting import AS_DATA, quoted
from agent.ports import Chat
from agent.records import Document, Example, Writing
from agent.strategies import passage
from agent.strategies.model_text import parse_lines, parse_pairs

SYSTEM = (
    "You write training data that teaches a language model the content of a passage, which stands between "
    f"<passage> tags. {AS_DATA}"
)

_ASKED = re.compile(r"(?:^|\n)Question: (.+)\nAnswer:$")


@dataclass(frozen=True)
class Form:
    """What a model is to write: `parse` makes training sequences of its text, `show` is the text that sequences of any
    strategy would come from, "" where they are of another form."""

    parse: Callable[[Document, str], list[Example]]
    show: Callable[[Sequence[Example]], str]


def _statements(document: Document, text: str) -> list[Example]:
    return [Example(prompt=f"Topic: {document.title}\n", completion=f"{line}\n") for line in parse_lines(text)]


def _lines(examples: Sequence[Example]) -> str:
    lines = [e.completion.strip() for e in examples if not _ASKED.search(e.prompt)]
    return "\n".join(dict.fromkeys(line for line in lines if line and "\n" not in line))


def _questions(document: Document, text: str) -> list[Example]:
    return [
        Example(prompt=question_prompt(document.title, question), completion=answer_completion(answer))
        for question, answer in parse_pairs(text)
    ]


def _pairs(examples: Sequence[Example]) -> str:
    asked = [(_ASKED.search(e.prompt), e.completion.strip()) for e in examples]
    return "\n".join(f"Question: {found[1]}\nAnswer: {answer}" for found, answer in asked if found)


STATEMENTS = Form(_statements, _lines)
"""One sequence for each line of the model's list."""
QUESTIONS = Form(_questions, _pairs)
"""One sequence for each question with its answer, in the form in which questions are asked later."""


@dataclass(frozen=True)
class PromptedStrategy:
    """A Strategy that sends the document and a task to a chat model and parses what comes back.

    The document comes first: what the strategies ask of one document begins with the same tokens, which a server with
    a prefix cache (vLLM) reads once.
    """

    name: str
    description: str
    task: str
    form: Form
    needs_model: bool = True
    needs_english: bool = False
    epochs: int | None = None
    prior: float = 0.3

    def write(self, document: Document, instruction: str, chat: Chat | None) -> list[Example]:
        """What the model wrote, and the passage itself at the end. Raises ConfigError where there is no chat model."""
        if chat is None:
            mend = "name an endpoint under [write] endpoint, or leave the strategy out of [plan] strategies"
            raise ConfigError(f"strategy '{self.name}' needs a chat model", mend)
        answer = chat.complete(SYSTEM, self.request(document, instruction))
        written = self.form.parse(document, answer)
        if not written:
            cause = f"model '{chat.name}' wrote nothing usable for strategy '{self.name}': {answer[:80]!r}"
            mend = f"set a stronger model in [endpoints.{chat.name}], or leave the strategy out of [plan] strategies"
            raise AnswerError(cause, mend)
        return [*written, *passage.make(document)]

    def shown(self, document: Document, examples: Sequence[Example]) -> Writing | None:
        """The request for a document, answered as these sequences say; None where they are of another form."""
        text = self.form.show(examples)
        return Writing(system=SYSTEM, user=self.request(document, ""), text=text) if text else None

    def request(self, document: Document, instruction: str) -> str:
        """What the model is asked."""
        wish = f"\n\nPay attention to this: {instruction.strip()}" if instruction.strip() else ""
        return quoted("passage", f"{document.title}\n\n{document.text}") + f"\n\n{self.task}{wish}"
