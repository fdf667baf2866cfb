from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from graphs.runtime import Runtime

from agent.config import load_config
from agent.errors import ConfigError


def test_a_key_that_is_not_in_the_environment_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEAL_TEST_KEY", raising=False)
    settings = {
        "endpoints.far.url": "http://127.0.0.1:9/v1",
        "endpoints.far.model": "m",
        "endpoints.far.api_key_env": "SEAL_TEST_KEY",
    }
    runtime = Runtime(load_config(None, settings, tmp_path))
    with pytest.raises(ConfigError, match="SEAL_TEST_KEY is not set"):
        runtime.require_chat("far")
    monkeypatch.setenv("SEAL_TEST_KEY", "secret")
    assert runtime.require_chat("far").name == "far"


def test_whoever_asks_an_endpoint_shares_its_limits(tmp_path: Path) -> None:
    """Else each had its own count of requests at once, and learned anew which parameters the endpoint refuses."""
    settings = {f"endpoints.{name}.{key}": value for name in ("far", "near") for key, value in (
        ("url", "http://127.0.0.1:9/v1"), ("model", "m"))}  # fmt: skip
    runtime = Runtime(load_config(None, {**settings, "write.endpoint": "far", "judge.endpoint": "far"}, tmp_path))
    assert runtime.chat("far") is runtime.require_chat("far")
    assert runtime.require_chat("near") is not runtime.require_chat("far")
    assert runtime.chat("") is None
    with ThreadPoolExecutor(8) as threads:
        assert len({id(chat) for chat in threads.map(runtime.require_chat, ["far"] * 50)}) == 1
