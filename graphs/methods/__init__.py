"""The ways to improve, behind a table of names: what `seal improve` may learn. Nothing outside asks which one it is.

A package outside adds its own through the entry point group "seal.methods"; its object is a class as
`graphs.methods.method.Method` describes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.errors import ConfigError
from agent.extensions import installed

if TYPE_CHECKING:
    from graphs.context import Context
    from graphs.methods.method import Method

GROUP = "seal.methods"


def all_methods(context: Context) -> dict[str, Method]:
    """Every method by name, ours first, then those of installed packages. Ask by `context.keep(all_methods)`.

    Raises:
        ConfigError: an installed method cannot be imported, or takes a name that is taken.
    """
    from graphs.methods.planner import PlannerMethod
    from graphs.methods.writer import WriterMethod

    ours = {one.name: one for one in (PlannerMethod, WriterMethod)}
    classes = ours | installed(GROUP, "method", "methods", taken=ours)
    return {name: one(context) for name, one in classes.items()}


def method_named(context: Context, name: str) -> Method:
    """Raises ConfigError where there is none of that name."""
    known = context.keep(all_methods)
    if name not in known:
        raise ConfigError(f"there is no method {name!r}", f"choose from: {', '.join(known)}", "improve.learns")
    return known[name]


def method_of(context: Context, run: str) -> Method:
    """That of the round which a practice or held-out run belongs to."""
    trains = context.ledger.run(run).trains
    assert trains is not None, "a practice or held-out run says what its round trains"
    return method_named(context, trains)


def method_of_round(context: Context, number: int) -> Method:
    """That of a round, from 1: rounds take turns."""
    learns = context.config.improve.learns
    return method_named(context, learns[(number - 1) % len(learns)])
