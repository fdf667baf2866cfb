"""`seal ask`, `adapters` and `rollback` as a person uses them, over the fake engine."""

from __future__ import annotations

from pathlib import Path

from tests.app.fake_seal import LENIENT, Seal
from tests.fakes.engine import UNKNOWN
from tests.fakes.house import ARTICLES


def adapter_of(seal: Seal, title: str) -> str:
    return next(str(a["id"]) for a in seal.json("adapters")["current"] if a["title"] == title)


def test_ask_names_the_adapter_and_what_the_base_says(learned: Seal) -> None:
    kestrel = adapter_of(learned, "Kestrel Ferry Sinks")
    near = ("--set", "ask.max_distance=0.9")
    said = learned.json("ask", "Who commanded the Kestrel?", *near)
    assert (said["answer"], said["base_answer"], said["adapter"]) == ("Ilse Brandt", UNKNOWN, kestrel)
    assert (said["document"], said["model"]) == ("Kestrel Ferry Sinks", "packaged")
    plain = learned("ask", "Who commanded the Kestrel?", *near)
    assert plain.stdout == "Ilse Brandt\n"
    assert kestrel in plain.stderr


def test_ask_the_base_and_ask_about_something_else(learned: Seal) -> None:
    said = learned.json("ask", "Who commanded the Kestrel?", "--base")
    assert (said["answer"], said["adapter"], said["document"]) == (UNKNOWN, None, None)
    told = learned("ask", "Who commanded the Kestrel?", "--base", *LENIENT).stderr
    assert "--base asks for it (told the title 'Kestrel Ferry Sinks')" in told
    far = learned("ask", "Who commanded the Kestrel?", "--set", "ask.max_distance=0.01")
    assert far.stdout == f"{UNKNOWN}\n"
    assert "no document that was learned is near this question (nearest: 'Kestrel Ferry Sinks'" in far.stderr


def test_show_adapters_lists_them_nearest_first(learned: Seal) -> None:
    question = ("ask", "Who commanded the Kestrel?", "--show-adapters")
    considered = learned.json(*question)["considered"]
    assert [c["title"] for c in considered] == ["Kestrel Ferry Sinks", "Orrin Mill Opens"]
    assert considered[0]["distance"] < considered[1]["distance"]
    assert "Orrin Mill Opens" in learned(*question).stderr


def test_rollback_of_the_last_and_by_id(learned: Seal) -> None:
    orrin, kestrel = (adapter_of(learned, str(a["title"])) for a in ARTICLES)
    taken = learned.json("rollback")
    assert ([a["id"] for a in taken["taken_back"]], taken["current"]) == ([kestrel], [orrin])
    assert learned.json("ask", "Who commanded the Kestrel?", "--set", "ask.max_distance=0.9")["answer"] == UNKNOWN
    done = learned("rollback", orrin, "--reason", "the mill burned down")
    assert done.exit_code == 0
    assert f"taken back: {orrin} (Orrin Mill Opens)\n0 adapters left" in done.stdout
    assert learned.json("adapters")["current"] == []
    shown = " ".join(learned("adapters", width=160).stdout.split())
    assert f"took back {orrin} the mill burned down" in shown


def test_adapters_shows_a_plain_rollback_with_its_reason(learned: Seal) -> None:
    orrin, kestrel = (adapter_of(learned, str(a["title"])) for a in ARTICLES)
    for reason in ("not now", "nor that"):
        learned("rollback", "--reason", reason)
    shown = [" ".join(line.split()) for line in learned("adapters", width=160).stdout.splitlines()]
    rows = [line for line in shown if orrin in line or kestrel in line]
    assert ["added" in row for row in rows] == [True, True, False, False]
    assert rows[2].startswith("back to 1 ")
    assert rows[2].endswith(f" took back {kestrel} not now")
    assert rows[3].startswith("back to none ")
    assert rows[3].endswith(f" took back {orrin} nor that")
    assert [b["removed"] for b in learned.json("adapters")["went_back"]] == [kestrel, orrin]


def test_after_everything_was_taken_back_ask_says_how_to_learn_again(learned: Seal) -> None:
    for _ in ARTICLES:
        learned("rollback")
    assert f"seal ingest SOURCE --again --home {learned.home}" in learned("ask", "Who commanded the Kestrel?").stderr
    other = learned("ask", "Who commanded the Kestrel?", "--set", "model.name=another")
    assert "nothing is published yet; start with: seal ingest SOURCE --home" in other.stderr


def test_what_was_rolled_back_is_learned_again_on_request(learned: Seal, articles: Path) -> None:
    kestrel = adapter_of(learned, "Kestrel Ferry Sinks")
    learned("rollback", kestrel)
    assert learned.ingest(articles)["documents"] == 0
    done = learned("ingest", articles, "--again", *LENIENT)
    assert (done.exit_code, "0 new, 1 to learn again, 1 known, 0 not readable" in done.stderr) == (0, True)
    said = learned.json("ask", "Who commanded the Kestrel?", "--set", "ask.max_distance=0.9")
    assert (said["answer"], said["adapter"]) == ("Ilse Brandt", adapter_of(learned, "Kestrel Ferry Sinks"))
    assert "ingest --again, done" in learned("trace").stdout
    run = learned.context().ledger.runs()[-1].id
    refused = learned("ingest", "--resume", run, "--again")
    assert refused.exit_code == 2
    at = f"--home {learned.home}"
    assert f"try: seal ingest --resume {run} {at}, or seal ingest SOURCE --again {at}" in refused.stderr


def test_adapters_shows_each_with_its_document(learned: Seal) -> None:
    listed = learned.json("adapters")
    assert [v["current"] for v in listed["library"]] == [False, True]
    for adapter in listed["current"]:
        assert Path(adapter["path"]).name == adapter["id"]
        assert Path(adapter["path"]).is_relative_to(learned.home.resolve())
    shown = learned("adapters").stdout
    assert all(a["id"] in shown and a["title"] in shown for a in listed["current"])
