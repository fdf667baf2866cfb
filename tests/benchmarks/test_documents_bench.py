"""From document to published adapter, two codes in turn."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from agent.errors import ConfigError
from benchmarks.documents.bench import OURS, THEIRS, main
from benchmarks.documents.figures import between, of_one
from benchmarks.documents.running import Code, Learned, busy
from benchmarks.ruler.processes import OWN
from tests.fakes.house import write_articles
from tests.fakes.models import save_tiny

Right = dict[str, tuple[bool, ...]]


def learned(code: str, number: int, seconds: float, right: Right, published: int = 1) -> Learned:
    return Learned(
        code=code, round=number, documents=len(right), seconds=seconds, processor=2 * seconds, peak_mib=1000 + seconds,
        steps={"train": seconds / 2}, published=published, right=right, retention=(0.5, 0.5),
    )  # fmt: skip


A: Right = {"a": (True, True), "b": (True, False)}
B: Right = {"c": (False, False), "d": (True, True)}


def test_the_figures_of_one_code() -> None:
    found = of_one([learned(OURS, 1, 100, A), learned(OURS, 2, 300, B, published=2)])
    assert found["documents_per_hour"] == {"median": 48, "least": 24, "most": 72, "n": 2}
    assert found["seconds_per_document"]["median"] == 100
    assert found["processor_seconds_per_document"]["median"] == 200
    assert (found["peak_mib"], found["steps"]) == (1300, {"train": 50})
    assert (found["right"].value, found["right"].n) == (5 / 8, 8)
    assert (found["published"].value, found["published"].n) == (3 / 4, 4)
    assert found["retention"] == [0.5, 0.5]


def test_what_is_between_two_codes_is_paired() -> None:
    """By round, and of rights by article. A round that one of them has not done yet does not count."""
    ours = [learned(OURS, 1, 100, A), learned(OURS, 2, 100, B), learned(OURS, 3, 1, A)]
    theirs = [learned(THEIRS, 1, 200, {"a": (True, False), "b": (True, False)}), learned(THEIRS, 2, 800, B)]
    found = between(ours, theirs)
    assert found["rounds"] == 2
    assert found["times_as_fast"].value == pytest.approx(math.sqrt(2 * 8))
    assert found["times_the_processor"].value == pytest.approx(1 / 4)
    assert (found["right"].value, found["right"].n) == (0.5 / 4, 4)
    assert found["times_as_fast"].low < 4 < found["times_as_fast"].high


def test_a_core_is_kept_busy_and_let_go() -> None:
    with busy(1):
        pass
    with pytest.raises(ZeroDivisionError), busy(1):
        raise ZeroDivisionError


def test_what_is_no_checkout_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no checkout"):
        Code("this", tmp_path, tmp_path / "work", ()).prepare()


def test_too_few_articles_for_the_rounds(tmp_path: Path) -> None:
    file = write_articles(tmp_path / "a.jsonl")
    with pytest.raises(ConfigError, match="2 articles with questions for 3 rounds"):
        main([str(file), "--rounds", "3", "--out", str(tmp_path / "d.jsonl")])


@pytest.mark.slow
def test_two_codes_learn_the_same_in_turn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A random model learns nothing. A round that was cut off is done anew."""
    file, out = write_articles(tmp_path / "a.jsonl"), tmp_path / "d.jsonl"
    tiny = save_tiny("llama", tmp_path / "tiny")
    settings = {"model.name": tiny, "model.dtype": "float32", "train.epochs": 1, "train.rank": 4, "plan.candidates": 2}
    run = [str(file), "--rounds", "1", "--against", str(OWN), "--out", str(out), "--busy", "1", "--json"]
    run += [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    main(run)
    found = json.loads(capsys.readouterr().out)
    for name in (OURS, THEIRS):
        assert (found[name]["documents"], found[name]["right"]["n"], found[name]["published"]["value"]) == (2, 8, 0)
        assert 0 < found[name]["steps"]["train"] < found[name]["seconds_per_document"]["median"]
        assert found[name]["processor_seconds_per_document"]["median"] > 1
        assert found[name]["peak_mib"] > 300
    assert found["difference"]["right"]["value"] == 0
    with pytest.raises(ConfigError, match="holds results already"):
        main(run)
    with pytest.raises(ConfigError, match="other options"):
        main([*run, "--seed", "2", "--resume"])
    whole = out.read_text().splitlines()
    out.write_text("\n".join(whole[:-1]) + "\n")
    main([*run, "--resume"])
    capsys.readouterr()
    again = out.read_text().splitlines()
    assert again[:-1] == whole[:-1]
    assert json.loads(again[-1])["code"] == json.loads(whole[-1])["code"]
