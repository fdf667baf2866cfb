"""The ways to improve, behind a table of names: what `seal improve` may learn. Nothing outside asks which one it is.

A package outside adds its own through the entry point group "seal.methods"; its object is a class as
`graphs.methods.method.Method` describes.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from agent.errors import ConfigError

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

    found: dict[str, Method] = {one.kind: one(context) for one in (PlannerMethod, WriterMethod)}
    for entry in entry_points(group=GROUP):
        try:
            method: Method = entry.load()(context)
        except ImportError as error:
            cause = f"the method {entry.value} cannot be imported: {error}"
            raise ConfigError(cause, "reinstall its package") from error
        if method.kind in found:
            raise ConfigError(f"two methods are called {method.kind!r}", f"remove the package of {entry.value}")
        found[method.kind] = method
    return found


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
