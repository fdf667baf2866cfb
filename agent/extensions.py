"""What packages outside add to seal, by entry points (Python Packaging User Guide, "Entry points specification")."""

from __future__ import annotations

from collections.abc import Collection
from importlib.metadata import entry_points
from typing import Any

from agent.errors import ConfigError


def installed(group: str, what: str, several: str, taken: Collection[str]) -> dict[str, Any]:
    """Every object of an entry point group by its own `name`, in the words of the errors a `what` of `several`.

    Raises:
        ConfigError: one cannot be imported, has no name, or has one that is taken.
    """
    found: dict[str, Any] = {}
    for entry in entry_points(group=group):
        package = f"the package {entry.dist.name}" if entry.dist else "its package"
        try:
            one = entry.load()
        except Exception as error:  # importing runs the package's own code
            mend = f"mend, reinstall or remove {package}"
            raise ConfigError(f"the {what} {entry.value} cannot be imported: {error}", mend) from error
        if not isinstance(getattr(one, "name", None), str):
            mend = f"name the right object in the entry points of {package} (docs/extending.md), or remove it"
            raise ConfigError(f"the {what} {entry.value} has no name of its own", mend)
        if one.name in taken or one.name in found:
            raise ConfigError(f"two {several} are called {one.name!r}", f"rename {entry.value}, or remove {package}")
        found[one.name] = one
    return found
