"""The gate against null edits: what makes an edit a null one, and that all are measured once."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from agent.config.sections import GateConfig
from agent.records import Document
from agent.text.parsing import facts
from benchmarks.articles import articles
from benchmarks.gate import ALL, ARMS, ASKED, GOOD, OWN, Decided, decisions, exchanged, main, noise, told
from seal_train.adapters.folders import WEIGHTS
from seal_train.model.base import load_base
from tests.fakes.models import save_tiny

LIMITS = GateConfig(min_probes=1, alpha=0.1, max_retention_loss=1.0)


def two() -> list[Document]:
    return list(articles(2, seed=3))


def test_facts_change_places_and_nothing_else() -> None:
    document = two()[0]
    told = exchanged(document, 0)
    assert told.id == document.id, "its probes stay those of the true text"
    assert told.text != document.text
    assert Counter(told.text.split()).total() == pytest.approx(len(document.text.split()), abs=3)
    moved = {fact.answer for fact in facts(document.text)}
    assert sum(answer in told.text for answer in moved) >= 0.8 * len(moved), "all are still there, elsewhere"
    assert exchanged(document, 1).text != told.text


def test_noise_is_of_the_adapter_s_size_and_of_another_seed_another_one(tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.mkdir()
    save_file({"a": torch.randn(40, 50) * 0.3, "b": torch.randn(40, 50) * 7}, good / WEIGHTS)
    one, other = (load_file(noise(good, tmp_path / str(seed), seed) / WEIGHTS) for seed in (0, 1))
    assert one["a"].std() == pytest.approx(0.3, rel=0.1)
    assert one["b"].std() == pytest.approx(7, rel=0.1)
    assert not torch.equal(one["a"], other["a"])


def test_all_are_measured_and_a_second_run_only_measures(tmp_path: Path) -> None:
    """A random model learns nothing, so nothing may be published."""
    base = load_base(str(save_tiny("llama", tmp_path / "tiny")), tmp_path, "cpu", "float32")
    found = decisions(base, two(), tmp_path / "work", 1, LIMITS)
    for asked in ASKED:
        assert {arm: len(of) for arm, of in found[asked].items()} == dict.fromkeys(ARMS, 2)
        assert not any(decided.verdict == "publish" for of in found[asked].values() for decided in of)
    weights = sorted((tmp_path / "work").glob(f"*/*/mean/{WEIGHTS}"))
    assert len(weights) == 4, "two good ones, two of exchanged facts"
    before = [path.stat().st_mtime_ns for path in weights]
    assert decisions(base, two(), tmp_path / "work", 1, LIMITS) == found
    assert [path.stat().st_mtime_ns for path in weights] == before


def test_what_seal_s_own_probes_foretell_is_counted_over_good_adapters() -> None:
    better, worse = Decided("publish", 0.75, True), Decided("reject", 0.25, False)
    none: dict[str, list[Decided]] = {arm: [better] for arm in ARMS}
    found = told({ALL: none, OWN: none | {GOOD: [better, better, worse, Decided("undecided", 0.75, True)]}})
    assert found["foretold"] == {
        "published": {"better": 2, "of": 2, "right": 0.75}, "others": {"better": 1, "of": 2, "right": 0.5},
    }  # fmt: skip
    assert found[OWN][GOOD] == {"published": 2, "of": 4}


def test_a_null_edit_more_than_there_are_other_articles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "two.jsonl"
    source.write_text("".join(json.dumps({"title": d.title, "text": d.text}) + "\n" for d in two()), encoding="utf-8")
    with pytest.raises(SystemExit):
        main([str(source), "--nulls", "2"])
    assert "--nulls must be at least 1 and less than the number of articles (2)" in capsys.readouterr().err
