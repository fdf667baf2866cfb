"""What every implementation of the `Ledger` port must do. Inherit, and define a fixture `ledger` that is empty."""

from __future__ import annotations

from tests.conformance.ledger_alone import LedgerAlone
from tests.conformance.ledger_approvals import LedgerApprovals
from tests.conformance.ledger_library import LedgerLibrary
from tests.conformance.ledger_policies import LedgerPolicies
from tests.conformance.ledger_records import LedgerRecords
from tests.conformance.ledger_transactions import LedgerTransactions


class LedgerConformance(LedgerRecords, LedgerTransactions, LedgerLibrary, LedgerPolicies, LedgerApprovals, LedgerAlone):
    """Every method of the port."""
