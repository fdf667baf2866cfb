"""A package outside that adds something to seal, installed as pip would do it: a module and its metadata."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest


def install(monkeypatch: pytest.MonkeyPatch, site: Path, name: str, group: str, source: str, entry: str) -> None:
    """A module `name` with this source, whose `entry` is an entry point of the group."""
    metadata = site / f"{name}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{name} = {name}:{entry}\n")
    (site / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, name, raising=False)
