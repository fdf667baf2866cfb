"""The fields of JSON that people write by hand, and plain sentences for what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationError
from pydantic_core import PydanticCustomError

from agent.records import Question

_WORDING = {
    "missing": "is missing",
    "string_type": "is not a string",
    "model_type": "is not an object",
    "model_attributes_type": "is not an object",
    "tuple_type": "is not a list",
}


def _without_surrogates(value: object) -> object:
    """JSON can spell half a character ("\\ud83d"), e.g. where an emoji was cut in two."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_without_surrogates)]
"""A string, with U+FFFD for half characters."""


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "is empty")
    return text.strip()


Said = Annotated[Text, AfterValidator(_not_blank)]
"""A string that says something."""


class GivenQuestion(BaseModel):
    question: Said
    answer: Said


def given(questions: Iterable[GivenQuestion] | None) -> tuple[Question, ...]:
    return tuple(Question(question=q.question, answer=q.answer) for q in questions or ())


def wrong_fields(error: ValidationError) -> str:
    """Each field that is wrong, and how; at most five."""
    wrong = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{_path(item['loc'])} {_WORDING.get(item['type'], item['msg'])}" for item in wrong[:5])


def _path(location: tuple[int | str, ...]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return path.lstrip(".") or "the value"
