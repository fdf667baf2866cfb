"""`seal explain` as a person uses it, over the fake engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ModelError
from agent.ports import Attributor
from graphs.context import Context
from tests.app.fake_seal import LENIENT, Seal
from tests.conformance.attributor import AttributorConformance
from tests.fakes.attributor import FakeAttributor
from tests.fakes.engine import UNKNOWN, FakeModel
from tests.fakes.house import known_answers

QUESTION = "Who commanded the Kestrel?"
ASKED = ("explain", QUESTION, *LENIENT)


class TestFakeAttributor(AttributorConformance):
    @pytest.fixture
    def adapter(self, tmp_path: Path) -> Path:
        (tmp_path / "one").mkdir()
        (tmp_path / "one" / "adapter_model.safetensors").write_text("[]")
        return tmp_path / "one"

    @pytest.fixture
    def attributor(self) -> FakeAttributor:
        return FakeAttributor()


def test_it_explains_the_answer_of_ask(learned: Seal) -> None:
    said = learned.json("ask", QUESTION, "--show-adapters", *LENIENT)
    why = learned.json(*ASKED)
    assert all(why[key] == said[key] for key in ("answer", "adapter", "document", "base_answer", "considered", "model"))
    cosines = [line["cosine"] for line in why["lines"]]
    assert cosines == sorted(cosines, reverse=True)
    assert why["lines"][0]["states_answer"]
    assert "Ilse Brandt" in why["lines"][0]["prompt"] + why["lines"][0]["completion"]
    assert not why["lines"][-1]["states_answer"]
    assert [it["module"] for it in why["modules"]] == [
        "model.layers.1.self_attn.q_proj", "model.layers.1.mlp.down_proj",
        "model.layers.0.self_attn.q_proj", "model.layers.0.mlp.down_proj",
    ]  # fmt: skip
    assert why["modules"][0]["relative"] == 0.4


def test_the_lines_are_those_of_all_members_once_each(learned: Seal) -> None:
    why, ledger = learned.json(*ASKED), learned.context().ledger
    champion = ledger.candidate(ledger.adapter(why["adapter"]).candidate)
    assert len(champion.members) > 1
    edits = [ledger.self_edit(ledger.candidate(id).self_edit) for id in champion.members]
    assert why["strategies"] == [edit.strategy for edit in edits]
    texts = {example.text for edit in edits for example in edit.examples}
    shown = [line["prompt"] + line["completion"] for line in why["lines"]]
    assert sorted(shown) == sorted(texts)
    for line in why["lines"]:
        text = line["prompt"] + line["completion"]
        by = {edit.strategy for edit in edits if text in {example.text for example in edit.examples}}
        assert set(line["strategies"]) == by


def test_what_is_shown(learned: Seal) -> None:
    done, why = learned(*ASKED), learned.json(*ASKED)
    assert done.exit_code == 0
    assert done.stdout.startswith("Ilse Brandt\n")
    shown = " ".join(done.stdout.split())
    assert f"by adapter {why['adapter']}, the mean of {' + '.join(why['strategies'])}, learned from" in shown
    assert f"8 of {len(why['lines'])}, by cosine" in shown
    assert "model.layers.1.self_attn.q_proj 40.0% 4.00 10.0" in shown
    rows = [line for line in done.stdout.splitlines() if line.startswith(("mlp.down_proj ", "self_attn.q_proj "))]
    assert [row.split(maxsplit=1)[1] for row in rows] == ["▓▓", "░░██"], "the first cell of the first row is blank"
    assert "Orrin Mill Opens" in done.stdout, "the adapters that were considered"


def test_the_base_has_nothing_to_explain(learned: Seal, tmp_path: Path) -> None:
    far = ("explain", QUESTION, "--set", "ask.max_distance=0.01")
    done = learned(*far, "--plot", tmp_path / "why.png")
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, UNKNOWN)
    shown = " ".join(done.stdout.split())
    assert "answered by the base model: no document that was learned is near this question" in shown
    assert "there is nothing to explain" in shown
    assert not (tmp_path / "why.png").exists()
    why = learned.json(*far)
    assert (why["adapter"], why["document"], why["modules"], why["lines"]) == (None, None, [], [])
    assert "nothing to explain" in why["why"]


def test_no_adapters(learned: Seal) -> None:
    for _ in range(2):
        learned("rollback")
    why = learned.json(*ASKED)
    assert f"learn it again with: seal ingest SOURCE --again --home {learned.home}; no adapter" in why["why"]


def test_a_picture(learned: Seal, tmp_path: Path) -> None:
    plot = tmp_path / "why.PNG"
    assert learned.json(*ASKED, "--plot", plot)["plot"] == str(plot)
    assert plot.read_bytes().startswith(b"\x89PNG\r\n")
    assert f"Drawn in {plot}" in learned(*ASKED, "--plot", plot).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "cause", "mend"),
    [
        (("explain", "  "), 2, "the question is empty", 'seal explain "Who'),
        (("explain", QUESTION, "--plot", "why.svg"), 2, "--plot why.svg is no PNG file", "ends in .png"),
        (("explain", QUESTION, "--plot", "no/where/why.png"), 2, "there is no folder", "make it"),
        (("explain", QUESTION), 6, "there is nothing at", "seal ingest SOURCE"),
    ],
)
def test_errors(seal: Seal, arguments: tuple[str, ...], code: int, cause: str, mend: str) -> None:
    done = seal(*arguments, "--json")
    said = json.loads(done.stdout)
    assert (done.exit_code, cause in said["error"], mend in said["mend"]) == (code, True, True), said
    assert not seal.home.exists()


def test_an_adapter_that_is_gone(learned: Seal) -> None:
    adapter = learned.json("ask", QUESTION, *LENIENT)["adapter"]
    (learned.home / "adapters" / adapter / "adapter_model.safetensors").unlink()
    done = learned(*ASKED)
    assert (
        done.exit_code,
        f"the adapter in {learned.home.resolve() / 'adapters' / adapter} cannot be read" in done.stderr,
    ) == (6, True)


def not_here(_: Context) -> Attributor:
    raise ModelError("cannot load the model big", "check [model] name")


def test_a_server_answered_and_the_model_is_not_here(learned: Seal) -> None:
    elsewhere = learned.made_by(answerer=lambda _: FakeModel(known_answers()), attributor=not_here)
    served = ("--set", "ask.endpoint=far", "--set", "endpoints.far.url=http://127.0.0.1:9/v1", "--set",
              "endpoints.far.model=big")  # fmt: skip
    done = elsewhere(*ASKED, *served)
    assert (done.exit_code, "check [model] name" in done.stderr) == (4, True)
    cause = "the endpoint gave the answer, but to explain it the model must be loaded here: cannot load the model big"
    assert f"error: {cause}\n" in done.stderr
    assert "error: cannot load the model big\n" in elsewhere(*ASKED).stderr, "no server has part in this one"


class SilentModel(FakeModel):
    def answer(self, queries: Any, max_tokens: int = 24) -> list[str]:
        return [""] * len(queries)


def test_an_empty_answer_was_moved_by_no_line(learned: Seal) -> None:
    silent = learned.made_by(model=lambda _: SilentModel())
    assert silent.json(*ASKED)["lines"] == []
    done = silent(*ASKED, "--plot", learned.home / "why.png")
    assert (done.exit_code, "no training line moved it" in done.stdout) == (0, True)
