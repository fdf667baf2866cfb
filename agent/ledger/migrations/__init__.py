"""Alembic's scripts for the ledger. They freeze history: they import nothing from the tables of today."""
