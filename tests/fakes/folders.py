"""Folders for tests of what happens without the right to write."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def readable_folder() -> Iterator[Path]:
    """A folder that any user can reach, unlike pytest's own, so that a test can give up root's rights."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "home").mkdir()
        yield folder / "home"
        (folder / "home").chmod(0o755)
