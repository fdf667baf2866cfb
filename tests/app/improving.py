"""`seal improve` at the command line over articles in which `facts` is worth most."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphs.runtime
from tests.app.fake_seal import CommandRuntime, Seal
from tests.fakes.house import known_answers, mills

ARTICLES = mills(24)
WORTH = {"passage": -3.0, "sentences": -2.0, "cloze": -1.0, "facts": -0.05}
SMALL = ("--rounds", "2", "--set", "improve.documents=5", "--set", "improve.heldout=6", "--set",
         "improve.heldout_share=0.45", "--set", "improve.free_gib=0", "--set", "probe.parsed=false", "--set",
         "probe.cloze=false")  # fmt: skip


def practising(home: Path, monkeypatch: pytest.MonkeyPatch) -> Seal:
    class Runtime(CommandRuntime):
        def __init__(self, *arguments: object, **more: object) -> None:
            super().__init__(*arguments, **more)  # type: ignore[arg-type]
            self.fake_model.answers = known_answers(ARTICLES)
            self.fake_trainer.logprob_of = WORTH

    monkeypatch.setattr(graphs.runtime, "Runtime", Runtime)
    return Seal(home)
