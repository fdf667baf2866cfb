"""Empty databases for tests: a new SQLite file, or the PostgreSQL database that the environment names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text

ROOT = Path(__file__).parents[2]

GIVEN, WORKER = os.environ.get("SEAL_TEST_POSTGRES_URL", ""), os.environ.get("PYTEST_XDIST_WORKER", "")


def _of_this_worker(url: str) -> str:
    """Tests that run side by side have a database each."""
    if not url or not WORKER:
        return url
    given = make_url(url)
    return given.set(database=f"{given.database}_{WORKER}").render_as_string(hide_password=False)


POSTGRES = _of_this_worker(GIVEN)

KINDS = ["sqlite", "postgresql"] if POSTGRES else ["sqlite"]


def empty_database(kind: str, folder: Path) -> str:
    """The URL of a database of that kind without a table in it. Empties the PostgreSQL database."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'ledger.sqlite'}"
    if POSTGRES != GIVEN:
        _create(str(make_url(POSTGRES).database))
    engine = _engine(POSTGRES)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return POSTGRES


def _create(name: str) -> None:
    engine = _engine(GIVEN).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if not connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}):
            connection.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()


def _engine(url: str) -> Engine:
    return create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))


def start_python(code: str, *arguments: str) -> subprocess.Popen[str]:
    """A Python process in the repository's root, with pipes."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
