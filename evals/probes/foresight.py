"""What seal's own questions foretell of people's questions, as `seal bench ruler` has measured it (docs/ruler.md): 40
passages of an encyclopedia, learned bare by the packaged model."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from pydantic import BaseModel


class Share(BaseModel):
    """How many adapters answered more of people's questions than the base, and which share they answered on average."""

    better: int
    of: int
    right: float


class Foretold(BaseModel):
    """Of adapters that learned their text: those that the gate published by seal's own questions alone, and the
    others."""

    measured: str
    published: Share
    others: Share


@cache
def foretold() -> Foretold:
    return Foretold.model_validate_json(files("evals").joinpath("data/foretold.json").read_text(encoding="utf-8"))


def in_words() -> str:
    """How far a figure by seal's own questions can be trusted."""
    from evals.statistics.intervals import share

    found = foretold()
    published, others = found.published, found.others
    sure = share(published.better, published.of)
    return (
        f"Seal's own questions, in the bench: {published.better} of {published.of} adapters that they published "
        f"({sure.low:.0%} to {sure.high:.0%}) answered more of people's questions than the base, on average "
        f"{published.right:.0%}; so did {others.better} of {others.of} that they did not publish, {others.right:.0%}"
    )
