"""What packages outside add to seal, by entry points (Python Packaging User Guide, "Entry points specification")."""

from __future__ import annotations

from collections.abc import Collection
from importlib.metadata import entry_points
from typing import Any

from agent.errors import ConfigError


def installed(group: str, what: str, several: str, taken: Collection[str]) -> dict[str, Any]:
    """Every object of an entry point group by its own `name`, in the words of the errors a `what` of `several`.

    Raises:
        ConfigError: one cannot be imported, or has a name that is taken.
    """
    found: dict[str, Any] = {}
    for entry in entry_points(group=group):
        try:
            one = entry.load()
        except (ImportError, AttributeError) as error:
            mend = "reinstall its package"
            raise ConfigError(f"the {what} {entry.value} cannot be imported: {error}", mend) from error
        if one.name in taken or one.name in found:
            raise ConfigError(f"two {several} are called {one.name!r}", f"remove the package of {entry.value}")
        found[one.name] = one
    return found
