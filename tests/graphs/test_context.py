"""What nodes work with: each port is made when it is first asked for, and once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from agent.clock import Clock
from agent.config import load_config
from agent.errors import ConfigError
from graphs.context import Context, Makers
from graphs.wiring import open_context
from tests.fakes.engine import FakeModel, FakeTrainer, FakeWriterTrainer
from tests.fakes.house import FakeContext, fake_makers


def telling(made: list[str]) -> Makers:
    """The usual makers, which note what they make."""
    usual = fake_makers()

    def noted(name: str) -> Any:
        def make(*given: Any) -> Any:
            made.append(name)
            return getattr(usual, name)(*given)

        return make

    return Makers(**{f.name: noted(f.name) for f in fields(Makers) if f.name != "clock"}, clock=usual.clock)


def test_nothing_is_made_before_it_is_asked_for(tmp_path: Path) -> None:
    made: list[str] = []
    context = Context(load_config(None, {}, tmp_path / "home"), telling(made))
    assert not context.begun
    assert context.chat("") is None
    assert context.under(context.config).config == context.config
    assert made == []
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("port", "needs"),
    [
        ("ledger", {"ledger"}), ("embedder", {"embedder"}), ("memory", {"memory", "embedder"}),
        ("router", {"router", "embedder"}), ("model", {"model"}), ("answerer", {"answerer", "model"}),
        ("attributor", {"attributor"}), ("trainer", {"trainer"}), ("writer_trainer", {"writer_trainer"}),
        ("strategies", {"strategies"}), ("judge", {"judge"}), ("tracer", {"ledger"}),
    ],
)  # fmt: skip
def test_a_port_is_made_once_with_what_it_needs_and_nothing_else(port: str, needs: set[str], tmp_path: Path) -> None:
    made: list[str] = []
    context = Context(load_config(None, {}, tmp_path / "home"), telling(made))
    assert getattr(context, port) is getattr(context, port)
    assert sorted(made) == sorted(needs)


def test_under_another_configuration_the_ledger_stays_open_and_the_rest_is_made_anew(tmp_path: Path) -> None:
    made: list[str] = []
    context = Context(load_config(None, {}, tmp_path / "home"), telling(made))
    ledger, model = context.ledger, context.model
    other = context.under(load_config(None, {"model.name": "another"}, tmp_path / "home"))
    assert other.ledger is ledger
    assert other.model is not model
    assert (other.config.model.name, context.config.model.name) == ("another", "packaged")
    assert made == ["ledger", "model", "model"]


def test_under_another_configuration_listener_and_progress_are_told_as_before(tmp_path: Path) -> None:
    steps: list[str] = []

    def progress(done: int, of: int) -> None: ...

    context = FakeContext(tmp_path / "home", listener=lambda event: steps.append(event.status), progress=progress)
    other = context.under(context.config)
    with other.tracer.step("r1", "probe"):
        pass
    assert steps == ["started", "ok"]
    assert other.progress is progress


def test_what_is_kept_is_made_once_for_each_context(tmp_path: Path) -> None:
    def remembering(context: Context) -> list[Context]:
        return [context]

    def other(context: Context) -> list[Context]:
        return [context]

    context = FakeContext(tmp_path / "home")
    first = context.keep(remembering)
    assert first == [context]
    assert context.keep(remembering) is first
    assert context.keep(other) is not first
    assert context.under(context.config).keep(remembering) is not first


class Steps(Clock):
    """Each look at it is a second later."""

    def __init__(self) -> None:
        self.looks = 0

    def ticks(self) -> float:
        self.looks += 1
        return float(self.looks)


def on(part: Any, gpus: int) -> Any:
    """A maker of a part that works on so many accelerators."""
    part.gpus = gpus
    return lambda _: part


@pytest.mark.parametrize(
    ("step", "port", "gpus"),
    [
        *((step, "model", 2) for step in ("probe", "sample", "evaluate", "gate", "examine", "drift")),
        ("train", "trainer", 3), ("train-writer", "writer_trainer", 4), ("plan", "model", 0), ("write", "model", 0),
    ],
)  # fmt: skip
def test_gpu_seconds_are_counted_for_the_port_that_the_step_works_with(
    step: str, port: str, gpus: int, tmp_path: Path
) -> None:
    parts = {"model": on(FakeModel(), 2), "trainer": on(FakeTrainer(), 3), "writer_trainer": on(FakeWriterTrainer(), 4)}
    context = FakeContext(tmp_path / "home", clock=Steps(), **parts)
    context.ledger.start_run("r1", "ingest", {}, [])
    with context.tracer.step("r1", step):
        pass  # it did not use what it may use, and that is not made to count it
    assert context.ledger.used(["r1"]).gpu_seconds == 0
    assert not parts.keys() & vars(context).keys()
    with context.tracer.step("r1", step):
        getattr(context, port)
    (_, event) = context.ledger.events("r1")
    assert event.data.get("gpus", 0) == gpus
    assert event.seconds > 0
    assert context.ledger.used(["r1"]).gpu_seconds == gpus * event.seconds


def test_a_key_that_is_not_in_the_environment_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEAL_TEST_KEY", raising=False)
    settings = {
        "endpoints.far.url": "http://127.0.0.1:9/v1",
        "endpoints.far.model": "m",
        "endpoints.far.api_key_env": "SEAL_TEST_KEY",
    }
    context = open_context(load_config(None, settings, tmp_path))
    with pytest.raises(ConfigError, match="SEAL_TEST_KEY is not set"):
        context.chat("far")
    monkeypatch.setenv("SEAL_TEST_KEY", "secret")
    chat = context.chat("far")
    assert chat is not None
    assert chat.name == "far"


def test_whoever_asks_an_endpoint_shares_its_limits(tmp_path: Path) -> None:
    """Else each had its own count of requests at once, and learned anew which parameters the endpoint refuses."""
    settings = {f"endpoints.{name}.{key}": value for name in ("far", "near") for key, value in (
        ("url", "http://127.0.0.1:9/v1"), ("model", "m"))}  # fmt: skip
    context = open_context(load_config(None, {**settings, "write.endpoint": "far", "judge.endpoint": "far"}, tmp_path))
    assert context.chat("far") is context.chat("far") is not None
    assert context.chat("near") is not context.chat("far")
    assert context.chat("") is None
    with ThreadPoolExecutor(8) as threads:
        assert len({id(chat) for chat in threads.map(context.chat, ["far"] * 50)}) == 1
