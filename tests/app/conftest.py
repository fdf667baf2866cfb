"""The seal command over the fake engine, with a fresh home folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.fake_seal import Seal
from tests.fakes.house import write_articles


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    return Seal(tmp_path / "home")


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """Two articles with four questions each."""
    return write_articles(tmp_path / "articles.jsonl")


@pytest.fixture
def learned(seal: Seal, articles: Path) -> Seal:
    """A home in which both articles were published."""
    assert seal.ingest(articles)["published"] == 2
    return seal
