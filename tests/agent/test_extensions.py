"""What packages outside add, and what is said where that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.records import Document
from agent.strategies import all_strategies
from tests.fakes.packages import install

SHOUT = """
from agent.records import Example
from agent.strategies.deterministic import DeterministicStrategy
SHOUT = DeterministicStrategy({name!r}, "in capitals", lambda d: [Example(completion=d.text.upper())], 1, 0.1)
"""


def test_a_package_outside_adds_a_strategy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = all_strategies()
    install(monkeypatch, tmp_path, "toy_shout", "seal.strategies", SHOUT.format(name="shout"), "SHOUT")
    added = all_strategies()
    assert list(added) == [*ours, "shout"]
    (example,) = added["shout"].write(Document.make("A mill", "It grinds."), "", None)
    assert example.completion == "IT GRINDS."


@pytest.mark.parametrize(
    ("source", "entry", "said"),
    [
        (SHOUT.format(name="cloze"), "SHOUT", "two strategies are called 'cloze'"),
        (SHOUT.format(name="shout"), "CRY", "the strategy toy_wrong:CRY cannot be imported"),
        ("import no_such_package_anywhere", "SHOUT", "the strategy toy_wrong:SHOUT cannot be imported"),
        ("SHOUT = 1 / 0", "SHOUT", "the strategy toy_wrong:SHOUT cannot be imported: division by zero"),
        ("def shout(): ...", "shout", "the strategy toy_wrong:shout has no name of its own"),
    ],
)
def test_one_that_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, entry: str, said: str
) -> None:
    install(monkeypatch, tmp_path, "toy_wrong", "seal.strategies", source, entry)
    with pytest.raises(ConfigError, match=said) as found:
        all_strategies()
    assert "the package toy_wrong" in found.value.mend


def test_two_packages_may_not_add_the_same_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("toy_first", "toy_second"):
        source = SHOUT.format(name="shout")
        install(monkeypatch, tmp_path / package, package, "seal.strategies", source, "SHOUT")
    with pytest.raises(ConfigError, match="two strategies are called 'shout'"):
        all_strategies()
