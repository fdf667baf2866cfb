"""Drafts: files and folders in the making. Each takes its real name in one rename, so that it appears whole."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

PREFIX = ".draft-"


def sweep(*folders: Path) -> None:
    """Delete the drafts that killed processes left in these folders. What cannot be deleted is in nobody's way.

    To be called where no other process learns in these folders. Two commands may still be writing there. `seal ask`
    then goes without its cache; `seal rollback` says that it could not write the dataset, which the next run mends.
    """
    for draft in (draft for folder in folders for draft in folder.glob(f"{PREFIX}*")):
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)
        else:
            with suppress(OSError):
                draft.unlink()
