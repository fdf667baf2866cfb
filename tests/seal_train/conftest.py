from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from seal_train.model.base import Base, load_base
from tests.fakes.models import save_tiny

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The folder of a tiny random model of a kind, made once a session."""
    made: dict[tuple[str, str], Path] = {}

    def get(kind: str, dtype: str = "float32") -> Path:
        key = (kind, dtype)
        if key not in made:
            folder = tmp_path_factory.mktemp(f"{kind}-{dtype}")
            made[key] = save_tiny(kind, folder, getattr(torch, dtype))
        return made[key]

    return get


@pytest.fixture
def base_of(tiny: Callable[..., Path], tmp_path: Path) -> Callable[..., Base]:
    def get(kind: str = "llama", dtype: str = "float32") -> Base:
        return load_base(str(tiny(kind, dtype)), tmp_path, "cpu", dtype)

    return get
