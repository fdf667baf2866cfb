"""What the ledger holds, as typed values for the terminal, --json and the browser."""
