"""Settings for the whole suite."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

if "PYTEST_XDIST_WORKER" in os.environ:
    # Several processes that compute with as many threads as there are cores slow each other down many times over.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# On a busy machine a slow example says nothing about the code, so time decides nothing. The profile
# that hypothesis picked by itself (another one in CI) stays in force otherwise.
settings.register_profile("seal", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("seal")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests first, so that no worker is left alone with one at the end. Each file stays together."""
    longest = ("test_whole_run", "test_crash_at_write", "test_ray_trainer", "test_kill")
    rank = {name: place for place, name in enumerate(longest)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))
