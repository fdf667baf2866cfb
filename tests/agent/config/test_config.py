"""The configuration: what is read, what wins, and what is said when something is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy.engine import make_url

from agent.config.schema import ANY_NAME, Key, keys, takes, toml_value
from agent.config.sections import DEFAULT_HOME, ENDPOINT_NAME, Config, TrainConfig
from agent.config.settings import FILE_NAME, load_config
from agent.errors import ConfigError
from agent.records import TrainSettings

KEYS = list(keys(Config))
FIXED_KEYS = [key for key in KEYS if ANY_NAME not in key.path]

ENDPOINT = '[endpoints.local]\nurl = "http://127.0.0.1:1/v1"\nmodel = "m"\n'


def read(key: Key, config: Config) -> Any:
    value: Any = config
    for part in key.path:
        value = getattr(value, part)
    return value


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, so that the real one of whoever runs the tests plays no part."""
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    return tmp_path / "home"


def written(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / FILE_NAME
    file.write_text(text, encoding="utf-8")
    return file


def refusal(path: Path | None = None, **more: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_config(path, **more)
    return caught.value


# What is read, and what wins


def test_without_a_file_every_key_has_its_default(home: Path) -> None:
    config = load_config(home=home)
    assert config == Config(home=home)


def test_a_candidate_is_trained_as_the_section_says_where_its_plan_says_nothing_else() -> None:
    own: dict[str, Any] = {
        "rank": 2, "alpha": 3.0, "top_layers": 0.5, "learning_rate": 0.1, "seed": 9, "batch_size": 3,
        "tail_average": 0.25,
    }  # fmt: skip
    section, said = TrainConfig(**own, epochs=4), TrainSettings(**own, epochs=6)
    assert section.settings(6) == said
    assert section.settings(6, seed=10) == said.model_copy(update={"seed": 10})


def test_the_file_in_the_home_folder_is_read(home: Path) -> None:
    written(home, "[train]\nepochs = 3\n")
    assert load_config(home=home).train == TrainConfig(epochs=3)


def test_the_default_home_is_a_folder_of_the_user(home: Path) -> None:
    written(DEFAULT_HOME.expanduser(), "[train]\nepochs = 3\n")
    config = load_config()
    assert config.home == DEFAULT_HOME.expanduser().resolve()
    assert config.train.epochs == 3


def test_a_given_file_is_read_in_place_of_the_one_at_home(home: Path, tmp_path: Path) -> None:
    written(home, "[train]\nepochs = 3\nrank = 2\n")
    other = written(tmp_path / "other", "[train]\nepochs = 5\n")
    assert load_config(other, home=home).train == TrainConfig(epochs=5)


def test_flags_win_over_the_file_key_by_key(home: Path) -> None:
    written(home, "[train]\nepochs = 3\nrank = 2\n")
    assert load_config(home=home, overrides={"train.epochs": "4"}).train == TrainConfig(epochs=4, rank=2)


def test_the_home_flag_wins_over_file_and_overrides(home: Path, tmp_path: Path) -> None:
    file = written(tmp_path / "other", 'home = "elsewhere"\n')
    assert load_config(file).home == tmp_path / "other" / "elsewhere"
    assert load_config(file, {"home": str(tmp_path / "flag")}).home == tmp_path / "flag"
    assert load_config(file, {"home": str(tmp_path / "flag")}, home).home == home


def test_a_home_folder_given_as_an_override_is_where_the_file_is_looked_for(home: Path) -> None:
    written(home, "[train]\nepochs = 3\n")
    assert load_config(overrides={"home": str(home)}).train.epochs == 3


@pytest.mark.parametrize("key", FIXED_KEYS, ids=lambda key: key.name)
def test_no_environment_variable_beats_the_file(key: Key, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_config(home=home)
    for name in (key.path[-1], "_".join(key.path), "__".join(key.path), "seal_" + "_".join(key.path)):
        monkeypatch.setenv(name.upper(), "1")
        monkeypatch.setenv(name, "1")
    assert load_config(home=home) == before


@pytest.mark.parametrize("key", FIXED_KEYS, ids=lambda key: key.name)
def test_every_key_can_be_set_by_a_flag(key: Key, home: Path) -> None:
    config = load_config(home=home)
    default = read(key, config)
    value = (key.field.examples or [None])[0] if default is None else default
    changed = load_config(overrides={key.name: toml_value(value), "home": str(home)})
    assert read(key, changed) == value
    assert changed == config or default is None


@pytest.mark.parametrize("bare", ["cuda:0", "org/model", "~/models/m", "it's", "a b", '"half', "4\nx = 5", "[a"])
def test_what_is_not_a_toml_value_is_text(bare: str, home: Path) -> None:
    assert load_config(overrides={"model.name": bare}, home=home).model.name == bare


@pytest.mark.parametrize(("given_", "number"), [("1", 1.0), ("1e-3", 1e-3), ("0x10", 16.0), ("1_000.5", 1000.5)])
def test_numbers_are_written_as_toml_writes_them(given_: str, number: float, home: Path) -> None:
    assert load_config(overrides={"train.alpha": given_}, home=home).train.alpha == number


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.lists(st.text(st.characters(codec="utf-8"), min_size=1)))
def test_any_text_survives_the_way_through_a_flag(text: str, texts: list[str]) -> None:
    overrides = {"model.name": toml_value(text), "plan.strategies": toml_value(texts)}
    config = load_config(overrides=overrides, home=Path("nowhere"))
    assert config.model.name == text
    assert config.plan.strategies == tuple(texts)


def test_a_flag_can_add_an_endpoint_with_any_name(home: Path) -> None:
    dotted = 'endpoints."my.server"'
    config = load_config(overrides={f"{dotted}.url": "http://a/v1", f"{dotted}.model": "m"}, home=home)
    assert config.endpoint("my.server").url == "http://a/v1"


def test_a_configuration_cannot_be_changed(home: Path) -> None:
    config = load_config(home=home)
    with pytest.raises(ValidationError, match="frozen"):
        config.train.epochs = 3  # type: ignore[misc]


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path, home: Path) -> None:
    file = tmp_path / FILE_NAME
    file.write_bytes(b"\xef\xbb\xbf[train]\r\nepochs = 3\r\n")
    assert load_config(file, home=home).train.epochs == 3


# What is said when something is wrong


@pytest.mark.parametrize(
    ("text", "wrong", "meant"),
    [
        ("[train]\nepoch = 3", "train.epoch", "train.epochs"),
        ("[trian]\nepochs = 3", "trian", "train"),
        ("epochs = 3", "epochs", "train.epochs"),
        ("[train]\ncandidates = 3", "train.candidates", "plan.candidates"),
        (ENDPOINT + "modle = 'm'", "endpoints.local.modle", "endpoints.local.model"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(text: str, wrong: str, meant: str, home: Path) -> None:
    file = written(home, text)
    assert refusal(file).cause == f"{file}: {wrong} is not a known key, did you mean {meant}?"


def test_an_unknown_key_near_nothing_is_refused_without_a_guess(home: Path) -> None:
    file = written(home, "xyzzy = 1")
    assert refusal(file).cause == f"{file}: xyzzy is not a known key"


WRONG: dict[Any, tuple[str, ...]] = {
    bool: ('"true"', "1"),
    int: ('"4"', "4.5", "true", "[4]"),
    float: ('"4"', "nan", "inf", "true"),
    str: ("4", "true", "[]", "{}"),
    Path: ("4", "true", "[]"),
}


def wrong_values() -> list[tuple[str, str, str]]:
    rows = []
    for key in FIXED_KEYS:
        # Literals take only their choices, lists only lists: text that no key takes is wrong for both.
        wrong = WRONG.get(key.field.annotation, ('"none of these"',))
        rows += [(key.name, value, takes(key.field)) for value in wrong]
    return rows


@pytest.mark.parametrize(("name", "value", "wanted"), wrong_values())
def test_a_value_of_the_wrong_type_is_refused_by_name(name: str, value: str, wanted: str, home: Path) -> None:
    *section, last = name.split(".")
    file = written(home, (f"[{'.'.join(section)}]\n" if section else "") + f"{last} = {value}\n")
    cause = refusal(file).cause
    assert cause.startswith(f"{file}: {name}")
    assert cause.endswith(f"expected {wanted}")
    assert value in cause


@pytest.mark.parametrize(
    ("overrides", "cause"),
    [
        ({"train.rank": "0"}, "--set: train.rank is 0, expected a whole number, at least 1"),
        ({"gate.alpha": "1"}, "--set: gate.alpha is 1, expected a number, more than 0, less than 1"),
        ({"train": "3"}, "--set: train is 3, expected a section"),
        ({"train.rank.x": "3"}, '--set: train.rank is {"x" = 3}, expected a whole number, at least 1'),
        ({"model.name": ""}, '--set: model.name is "", expected text in quotes, not empty'),
        ({"improve.learns": '[""]'}, '--set: improve.learns.0 is "", expected a list of texts in quotes'),
        ({"improve.report_to": '["it"]'},
         '--set: improve.report_to.0 is "it", expected a list of "tensorboard", "trackio", "wandb", "mlflow"'),
        ({"improve.report_to": "[1]"},
         '--set: improve.report_to.0 is 1, expected a list of "tensorboard", "trackio", "wandb", "mlflow"'),
        ({"plan.planner": "best"}, '--set: plan.planner is "best", expected one of "policy", "thompson", "chat"'),
        ({"ledger.url": "host"}, '--set: ledger.url is "host", expected a database URL in quotes, or empty'),
        ({"plan.strategies": "[1]"}, "--set: plan.strategies.0 is 1, expected a list of texts in quotes"),
        ({"train epochs": "3"}, "--set: 'train epochs' is not a key"),
        ({"": "3"}, "--set: '' is not a key"),
        ({"a = 1\nb": "3"}, "--set: 'a = 1\\nb' is not a key"),
        ({"plan.planner": '"chat"'}, '--set: plan: planner "chat" needs an endpoint'),
        ({"home": "~nobody-of-this-name/x"}, "~nobody-of-this-name/x/seal.toml: Could not determine home directory."),
    ],
)  # fmt: skip
def test_a_wrong_flag_is_called_a_flag(overrides: dict[str, str], cause: str, tmp_path: Path) -> None:
    assert refusal(overrides={"home": str(tmp_path)} | overrides).cause == cause


def test_several_mistakes_are_named_at_once(home: Path) -> None:
    file = written(home, '[train]\nepoch = 1\nrank = "8"\n')
    causes = refusal(file, overrides={"plan.candidates": "0"}).cause.splitlines()
    assert len(causes) == 3
    assert [cause.split(": ")[0] for cause in causes].count(str(file)) == 2
    assert "--set: plan.candidates is 0, expected a whole number, at least 1" in causes


def test_an_endpoint_without_what_it_needs_is_refused(home: Path) -> None:
    file = written(home, "[endpoints.local]\nmodel = 'm'\n")
    cause = refusal(file).cause
    assert cause.startswith(f"{file}: endpoints.local.url is missing, expected an http:// or https:// address")


@pytest.mark.parametrize("key", [key for key in KEYS if ENDPOINT_NAME in key.field.metadata], ids=lambda key: key.name)
def test_an_endpoint_that_is_not_defined_is_refused_with_those_that_are(key: Key, home: Path) -> None:
    section, last = key.path
    text = f'[{section}]\n{last} = "lokal"\n'
    assert refusal(written(home, text)).cause.endswith(f'{key.name}: no endpoint is named "lokal" (defined: none)')
    assert refusal(written(home, text + ENDPOINT)).cause.endswith('"lokal" (defined: local)')
    config = load_config(written(home, text.replace("lokal", "local") + ENDPOINT))
    assert config.endpoint(read(key, config)) == config.endpoints["local"]


@pytest.mark.parametrize(
    ("text", "line"),
    [("[train]\nepochs = = 3\n", 2), ("\n\n[train", 3), ('a = """x\n\n', 2), ("[a]\n[a]\n", 2), ("a = 1\na = 2", 2)],
)
def test_broken_toml_is_refused_with_its_line(text: str, line: int, home: Path) -> None:
    file = written(home, text)
    cause = refusal(file).cause
    assert cause.startswith(f"{file}: not valid TOML")
    assert re.search(rf"line {line}\b", cause)


@pytest.mark.parametrize("flawed", ["missing", "folder", "bytes"])
def test_a_file_that_cannot_be_read_is_refused(flawed: str, tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    if flawed == "folder":
        file.mkdir()
    if flawed == "bytes":
        file.write_bytes(b"\xff\xfe[")
    error = refusal(file)
    assert error.cause.startswith(f"{file}: ")
    assert error.mend


def test_every_refusal_says_where_the_keys_stand(home: Path) -> None:
    assert "docs/config.md" in refusal(written(home, "x = 1")).mend
    assert "docs/config.md" in refusal(overrides={"a b": "1"}, home=home).mend


# Derived paths


def test_every_path_lies_under_home(home: Path) -> None:
    config = load_config(home=home)
    paths = [
        config.models_dir, config.adapters_dir, config.work_dir, config.dataset_path, config.memory_dir,
        config.checkpoints_path, Path(make_url(config.ledger_url).database or ""),
    ]  # fmt: skip
    assert all(path.is_relative_to(home) for path in paths)
    assert len(set(paths)) == len(paths)


@pytest.mark.parametrize("name", ["a b", "a?b", "a%41b", "a#b", "ünï", "a@b:c"])
def test_the_ledger_finds_a_home_folder_of_any_name(name: str, tmp_path: Path) -> None:
    config = load_config(home=tmp_path / name)
    assert make_url(config.ledger_url).database == str(tmp_path / name / "ledger.sqlite")


def test_a_ledger_url_is_taken_as_it_is(home: Path) -> None:
    url = "postgresql+psycopg://u:p@h/db"
    assert load_config(overrides={"ledger.url": url}, home=home).ledger_url == url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:p%40s@h/db", "postgresql://h/db"),
        ("postgresql://h/db?user=u&password=secret&x=1", "postgresql://h/db?user=u&password=***&x=1"),
        ("sqlite:////a/b@c", "sqlite:////a/b@c"),
    ],
)
def test_what_is_recorded_holds_no_password(url: str, shown: str, home: Path) -> None:
    recorded = load_config(overrides={"ledger.url": url}, home=home).recorded()
    assert recorded["ledger"]["url"] == shown
    assert recorded["train"]["epochs"] is None
