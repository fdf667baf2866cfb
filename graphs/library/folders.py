"""Where adapters are on this machine, and what they are asked there.

The paths in the ledger may be another machine's, or those of a home that was moved since.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from agent.config import Config
from agent.models.prompts import asked_prompt
from agent.ports import Query
from agent.records import Adapter, Candidate


def adapter_folder(config: Config, adapter: Adapter) -> Path:
    """That of a published adapter."""
    own = config.adapters_dir / adapter.id
    return own if own.is_dir() else Path(adapter.path)


def candidate_folder(config: Config, candidate: str) -> Path:
    """That of a candidate's adapter, from training until its document is closed."""
    return config.work_dir / candidate


def sweep_candidates(config: Config, candidates: Iterable[Candidate]) -> None:
    """Delete the adapters of candidates whose document is closed."""
    for candidate in candidates:
        shutil.rmtree(candidate_folder(config, candidate.id), ignore_errors=True)


def routed_query(config: Config, question: str, adapter: Adapter | None) -> Query:
    """What the routed adapter is asked, or the base where there is none."""
    if adapter:
        return Query(asked_prompt(question, adapter.title), adapter_folder(config, adapter))
    return Query(asked_prompt(question))
