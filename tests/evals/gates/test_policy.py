"""The word of the gate of policies, case by case."""

from __future__ import annotations

import pytest

from agent.records.rounds import Difference
from evals.gates.policy import decide


def gap(mean: float, p: float, n: int = 12) -> Difference:
    return Difference(n=n, mean=mean, low=mean - 0.1, high=mean + 0.1, p_value=p)


@pytest.mark.parametrize(
    ("learned", "blank", "promoted", "rose", "word", "said"),
    [
        (gap(0.2, 0.01), gap(-0.1, 0.9), True, True, "promote", "learned +0.200 on 12 held-out documents"),
        (gap(0.2, 0.01), gap(0.3, 0.01), True, True, "promote", "learned"),
        (gap(0.1, 0.2), gap(-0.1, 0.9), True, True, "keep", "not shown to be better: +0.100"),
        (gap(-0.2, 0.99), gap(0.2, 0.01), True, True, "roll back", "beaten by one that has learned nothing: +0.200"),
        (gap(-0.2, 0.99), gap(0.2, 0.01), False, True, "keep", "not shown to be better"),
        (gap(0.0, 0.5), gap(0.05, 0.3), True, True, "keep", "ALARM: rewards rose"),
        (gap(0.0, 0.5), gap(0.05, 0.3), True, False, "keep", "not shown to be better"),
        (gap(0.5, 0.01, n=3), gap(0.0, 0.5, n=3), True, False, "keep", "undecided: 3 held-out documents of the 4"),
    ],
)
def test_the_word_and_its_reason(
    learned: Difference, blank: Difference, promoted: bool, rose: bool, word: str, said: str
) -> None:
    found = decide({"learned": learned, "untrained": blank}, 0.05, rose, promoted)
    assert found[0] == word
    assert said in found[1]


def test_without_trials_nothing_is_decided() -> None:
    assert decide({}, 0.05, False, False) == ("keep", "undecided: 0 held-out documents of the 4 that are needed")
