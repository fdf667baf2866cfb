"""The ledger's conformance suite over SQLite in a file, SQLite in memory and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agent.ledger import SqlLedger, open_ledger
from agent.ports.ledger import Ledger
from tests.conformance.ledger import LedgerConformance
from tests.fakes.databases import POSTGRES


class TestDatabase(LedgerConformance):
    @pytest.fixture
    def ledger(self, url: str) -> Iterator[SqlLedger]:
        with open_ledger(url) as ledger:
            yield ledger


class TestMemory(LedgerConformance):
    @pytest.fixture
    def ledger(self) -> Iterator[SqlLedger]:
        with open_ledger("sqlite://") as ledger:
            yield ledger


def test_ledger_has_every_method_of_the_port() -> None:
    with open_ledger("sqlite://") as opened:
        ledger: Ledger = opened  # mypy compares the signatures here
        assert [name for name in vars(Ledger) if not name.startswith("_") and not hasattr(ledger, name)] == []


@pytest.mark.skipif(
    not POSTGRES,
    reason="POSTGRESQL IS NOT TESTED in this run: set SEAL_TEST_POSTGRES_URL to a database that the tests may empty, "
    "e.g. postgresql://seal:seal@127.0.0.1:5432/seal_test",
)
def test_postgresql_is_tested_too(url: str) -> None:
    assert POSTGRES.startswith("postgresql:")
