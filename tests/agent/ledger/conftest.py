from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.databases import KINDS, empty_database


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind that the ledger can use."""
    return empty_database(request.param, tmp_path)
