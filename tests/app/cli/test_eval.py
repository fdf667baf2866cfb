"""`seal eval` as a person uses it, and what `seal trace` shows of drift, over the fake engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.fake_seal import Seal
from tests.fakes.house import known_answers
from tests.fakes.spoiled import SpoiledModel


def test_drift_of_all_adapters_beside_the_base(learned: Seal) -> None:
    told = learned.json("eval", "drift")
    assert (told["suite"], told["model"]) == ("drift", "packaged")
    assert [one["title"] for one in told["subjects"]] == ["", "Orrin Mill Opens", "Kestrel Ferry Sinks"]
    assert [one["figures"]["kl"] for one in told["subjects"]] == [
        {"value": nats, "low": nats, "high": nats, "n": 40} for nats in (0.0, 1.0, 1.0)
    ]
    shown = learned("eval", "drift")
    assert "measuring the base and 2 adapters" in shown.stderr
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    assert "base KL from the base, nats per token 0.00 0.00 to 0.00 40" in lines
    assert "harmful requests refused 100% 84% to 100% 20" in lines


def test_one_adapter_by_how_its_id_begins(learned: Seal) -> None:
    wanted = learned.json("adapters")["current"][0]
    told = learned.json("eval", "retention", "--adapter", wanted["id"][:6])
    assert [one["subject"] for one in told["subjects"]] == ["base", wanted["id"]]
    assert told["subjects"][1]["figures"].keys() == {"forced", "routed", "reached"}
    assert wanted["title"] in " ".join(learned("eval", "retention", "--adapter", wanted["id"]).stdout.split())


def test_the_base_alone_needs_nothing_learned(seal: Seal) -> None:
    for suite in ("retention", "drift"):
        assert [one["subject"] for one in seal.json("eval", suite, "--base")["subjects"]] == ["base"]
    assert not (seal.home / "ledger.sqlite").exists()


def test_without_an_adapter_it_says_that_only_the_base_is_measured(learned: Seal) -> None:
    for _ in range(2):
        learned("rollback")
    done = learned("eval", "drift")
    assert (done.exit_code, "no adapter answers now" in done.stderr) == (0, True)


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (("eval", "speed"), 2, "there is no suite 'speed'"),
        (("eval", "drift", "--adapter", "zz"), 2, "adapter 'zz' is none that was published"),
        (("eval", "drift", "--adapter", "zz", "--base"), 2, "do not go together"),
    ],
)
def test_mistakes_are_named(learned: Seal, given: tuple[str, ...], code: int, said: str) -> None:
    done = learned(*given)
    assert (done.exit_code, said in done.stderr) == (code, True)
    assert "Traceback" not in done.stderr


def test_nothing_learned_is_an_error_that_says_how_to_begin(seal: Seal) -> None:
    done = seal("eval", "drift", "--json")
    assert done.exit_code == 6
    assert "ingest SOURCE" in json.loads(done.stdout)["mend"]


def test_the_trace_shows_what_drift_the_gate_saw(learned: Seal) -> None:
    shown = " ".join(learned("trace", width=200).stdout.split())
    assert "drift, with the adapter forced on" in shown
    assert "KL from the base, nats per token: 1.00 (1.00 to 1.00, n = 40)" in shown
    assert "harmful requests refused: 100% to 100% (84% to 100%, n = 20)" in shown
    traced = learned.json("trace")["documents"][0]
    champion = next(c for c in traced["candidates"] if c["id"] == traced["champion"])
    assert champion["drift"]["kl"]["value"] == 1.0
    assert traced["base_drift"]["kl"]["value"] == 0.0


def test_a_figure_that_is_no_number_is_shown_as_such(seal: Seal, articles: Path) -> None:
    broken = seal.made_by(model=lambda _: SpoiledModel("not a number", known_answers()))
    assert broken.ingest(articles)["published"] == 0
    shown = " ".join(broken("trace", width=200).stdout.split())
    assert "KL from the base nan, more than max_kl" in shown
    assert "KL from the base, nats per token: nan (nan to nan, n = 40)" in shown
