"""The fields of JSON that people write by hand, and plain sentences for what is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationError
from pydantic_core import PydanticCustomError

from agent.records import Question

_MOST_NAMED = 5  # of the faults of one line
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


def _number_as_text(value: object) -> object:
    """Years and counts are often written as numbers."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return str(value) if is_number else value


class _GivenQuestion(BaseModel):
    question: Said
    answer: Annotated[Said, BeforeValidator(_number_as_text)]


@dataclass(frozen=True)
class Given:
    """The questions that somebody wrote for a document, and what is wrong with the others ("" where nothing is)."""

    questions: tuple[Question, ...] = ()
    wrong: str = ""

    @property
    def useless(self) -> bool:
        """Whether there are questions, and none of them can be used."""
        return bool(self.wrong) and not self.questions


def given(raw: Sequence[Any], *path: str) -> Given:
    """The questions of a list that stands at a path of names."""
    good: list[Question] = []
    wrong: list[str] = []
    for number, one in enumerate(raw):
        try:
            said = _GivenQuestion.model_validate(one)
        except ValidationError as error:
            wrong.append(wrong_fields(error, *path, number))
        else:
            good.append(Question(question=said.question, answer=said.answer))
    return Given(tuple(good), "; ".join(wrong[:_MOST_NAMED]))


def wrong_fields(error: ValidationError, *path: int | str) -> str:
    """Each field that is wrong, and how; at most five. `path` leads to the value that was read."""
    wrong = error.errors(include_url=False, include_context=False, include_input=False)[:_MOST_NAMED]
    return "; ".join(f"{_path((*path, *item['loc']))} {_WORDING.get(item['type'], item['msg'])}" for item in wrong)


def _path(location: tuple[int | str, ...]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return path.lstrip(".") or "the value"
