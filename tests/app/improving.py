"""`seal improve` at the command line over articles in which `facts` is worth most."""

from __future__ import annotations

from pathlib import Path

from graphs.context import Context
from tests.app.fake_seal import Seal
from tests.fakes.engine import FakeTrainer
from tests.fakes.house import fake_makers, mills

ARTICLES = mills(24)
WORTH = {"passage": -3.0, "sentences": -2.0, "cloze": -1.0, "facts": -0.05}
SMALL = ("--rounds", "2", "--set", "improve.documents=5", "--set", "improve.heldout=6", "--set",
         "improve.heldout_share=0.45", "--set", "improve.free_gib=0", "--set", "probe.parsed=false", "--set",
         "probe.cloze=false")  # fmt: skip


def practising(home: Path) -> Seal:
    def trainer(_: Context) -> FakeTrainer:
        made = FakeTrainer()
        made.logprob_of = WORTH
        return made

    return Seal(home, fake_makers(ARTICLES, trainer=trainer))
