from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from agent.ledger.engine import make_engine
from tests.fakes.databases import KINDS, empty_database


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind that the ledger can use."""
    return empty_database(request.param, tmp_path)


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """An engine for that database, to look at it beside the ledger."""
    engine = make_engine(url)
    yield engine
    engine.dispose()
