"""Invariant 5: killed right before any single write, a run that goes on ends like one that was never killed."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.databases import start_python
from tests.fakes.house import ARTICLES, mills, write_articles
from tests.invariants.crash_at_write import MILLS

PROGRAM = "from tests.invariants.crash_at_write import program; program()"

# NOT EVERY CUT IS MADE HERE. A run of one document is killed before writes that are drawn by a fixed seed, one of two
# documents twice in a row, and so is one of the outer loop. To kill all three before each of their writes (several
# hundred; most of an hour):
#     SEAL_TEST_EVERY_CUT=1 make test ARGS="tests/invariants/test_crash_at_write.py"
SAMPLE = 0 if os.environ.get("SEAL_TEST_EVERY_CUT") == "1" else 25
"""Cuts of each run; 0 is every one."""

MOMENTS = 5
"""Kills of the outer loop at random moments, beside those before writes."""

DOORS = ("writing memory/writer.stamp", "writing work/.draft-", "os.rename dataset.jsonl", "os.rename routing.npz",
         "os.rename work/", "os.rename adapters/", "INSERT INTO scores",
         "INSERT INTO trainings", "INSERT INTO rewards", "INTO checkpoints", "INTO writes", "UPDATE runs")  # fmt: skip
"""What must be among the writes, or else they were looked for in the wrong place."""

Run = dict[str, Any]


def crash(
    folder: Path, articles: Any, sample: int, more: int, verb: str = "ingest", error: int = 0, moments: int = 0
) -> tuple[Run, list[Run]]:
    """A run that was not killed, and those that were, at last so many at random moments; or whose writes were refused
    with an error."""
    source = write_articles(folder / "articles.jsonl", articles)
    (folder / "runs").mkdir()
    with start_python(PROGRAM, verb, *map(str, (folder / "runs", source, sample, more, error, moments))) as process:
        out, err = process.communicate()
    assert process.returncode == 0, err
    whole, *killed = map(json.loads, out.splitlines())
    assert whole["statuses"] == [0, 0], err
    return whole, killed


def check_alike(whole: Run, killed: list[Run]) -> None:
    """They end alike, and a candidate is trained twice only where the training was not in the ledger yet."""
    wrong = {
        " and ".join(run["killed_before"]): {key: (run["facts"] or {}).get(key) for key in different(whole, run)}
        for run in killed
        if run["statuses"][-2:] != [0, 0] or run["facts"] != whole["facts"]
    }
    assert wrong == {}
    for run in killed:
        if len(run["trained"]) > len(whole["trained"]):
            assert any("work/" in before or "INTO trainings" in before for before in run["killed_before"])


def different(whole: Run, run: Run) -> list[str]:
    return [key for key, value in whole["facts"].items() if (run["facts"] or {}).get(key) != value]


@pytest.mark.slow
@pytest.mark.timeout(900)  # a minute of a quiet machine, and many of a busy one
def test_killed_before_any_write_it_ends_like_an_unbroken_run(tmp_path: Path) -> None:
    short = {"title": "Hm", "text": "Hm", "questions": []}
    whole, killed = crash(tmp_path, [ARTICLES[0], short], SAMPLE, more=0)
    assert whole["facts"]["outcomes"] == [[ARTICLES[0]["title"], "published"], ["Hm", "too short to learn from"]]
    assert [door for door in DOORS if not any(door in write for write in whole["writes"])] == []
    assert [len(run["killed_before"]) for run in killed] == [1] * (SAMPLE or len(whole["writes"]))
    assert not [name for name in whole["facts"]["files"] if "draft" in name]
    check_alike(whole, killed)


@pytest.mark.slow
@pytest.mark.timeout(900 if SAMPLE else 3600)
def test_killed_twice_in_a_run_of_two_documents_it_ends_like_an_unbroken_run(tmp_path: Path) -> None:
    whole, killed = crash(tmp_path, ARTICLES, SAMPLE, more=1)
    assert [outcome for _, outcome in whole["facts"]["outcomes"]] == ["published", "published"]
    assert len(killed) == (SAMPLE or len(whole["writes"]))
    assert any(len(run["killed_before"]) == 2 for run in killed)
    check_alike(whole, killed)


@pytest.mark.slow
@pytest.mark.timeout(900 if SAMPLE else 7200)
def test_a_killed_outer_loop_ends_like_an_unbroken_one(tmp_path: Path) -> None:
    whole, killed = crash(tmp_path, mills(MILLS), SAMPLE // 2, more=1, verb="improve", moments=MOMENTS)
    assert [r["number"] for r in whole["facts"]["rounds"]] == [1, 2]
    assert whole["facts"]["promotions"], "a run without a promotion cannot show that none is doubled"
    assert len(killed) == (SAMPLE // 2 or len(whole["writes"])) + MOMENTS
    assert all(run["killed_before"] for run in killed[-MOMENTS:]), "a moment after its end is none"
    assert whole["facts"]["writers"]
    assert [name for name in whole["facts"]["files"] if name.endswith("round-02.html")]
    assert not [name for name in whole["facts"]["files"] if "draft" in name]
    check_alike(whole, killed)


@pytest.mark.slow
@pytest.mark.timeout(900 if SAMPLE else 7200)
@pytest.mark.parametrize("verb", ["ingest", "improve"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_a_refused_write_is_said_and_gone_on_from(tmp_path: Path, verb: str, error: int) -> None:
    """A full or broken disk at any file that is written or renamed: the run goes on, or says what was refused
    and ends alike when it is taken up again."""
    articles = mills(MILLS) if verb == "improve" else [ARTICLES[0]]
    whole, refused = crash(tmp_path, articles, SAMPLE // 4, more=0, verb=verb, error=error)
    wrong = [(run["killed_before"], run["statuses"], different(whole, run)) for run in refused
             if run["facts"] != whole["facts"] or run["statuses"][-2:] != [0, 0]]  # fmt: skip
    assert wrong == []
    stopped = [run for run in refused if len(run["statuses"]) > 2]
    assert stopped, "no refused write stopped a run: none was refused"
    assert all(run["said"] for run in stopped)
