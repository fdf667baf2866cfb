"""Empty databases for tests: a new SQLite file, or the PostgreSQL database that the environment names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import create_engine, text

ROOT = Path(__file__).parents[2]

POSTGRES = os.environ.get("SEAL_TEST_POSTGRES_URL", "")

KINDS = ["sqlite", "postgresql"] if POSTGRES else ["sqlite"]


def empty_database(kind: str, folder: Path) -> str:
    """The URL of a database of that kind without a table in it. Empties the PostgreSQL database."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'ledger.sqlite'}"
    engine = create_engine(POSTGRES.replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return POSTGRES


def start_python(code: str, *arguments: str) -> subprocess.Popen[str]:
    """A Python process in the repository's root, with pipes."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
