from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product

import pytest
from scipy.stats import binom

from agent.config.sections import GateConfig
from agent.records import GateDecision, Half, Probe, ProbeSet, Retention, Score
from evals.evidence import Evidence, Measured
from evals.gates.document import decide, publishable

FLAT = Retention(subject="base", forced=0.8, routed=0.8, logprob=-1.0, items=76)
ANSWERS = ("amber", "birch", "cedar", "daisy", "elder", "fennel", "gorse", "hazel", "iris", "jasmine")
LIMITS = GateConfig(alpha=0.05, min_probes=1, max_retention_loss=0.02)


OTHERS = tuple(f"fact{i}" for i in range(19))
"""Facts of the document that no probe asks for."""


def probes(n: int, half: Half = "heldout", recall: bool = False, rivals: int = 19) -> list[Probe]:
    made = [Probe.make("doc", "given", half, f"question {half} {recall} {i}", ANSWERS[i]) for i in range(n)]
    return [p.model_copy(update={"recall": recall, "alike": OTHERS[:rivals]}) for p in made]


def all_asked_for(n: int) -> list[Probe]:
    """Probes of a document that tells nothing but what they ask for."""
    answers = [p.answer for p in probes(n)]
    return [p.model_copy(update={"alike": tuple(a for a in answers if a != p.answer)}) for p in probes(n)]


def told(asked: Sequence[Probe], subject: str, answers: Sequence[str]) -> list[Score]:
    return [
        Score(
            probe=p.id, subject=subject, answer=a, correct=float(a == p.answer), method="contains", f1=0.0, logprob=-1
        )
        for p, a in zip(asked, answers, strict=True)
    ]


def gate(asked: Sequence[Probe], after: Sequence[str], before: Sequence[str] = (), lost: float = 0.0) -> GateDecision:
    own = FLAT.model_copy(update={"subject": "c", "routed": FLAT.routed - lost})
    base = told(asked, "base", before or ["no idea"] * len(asked))
    return decided(asked, base, told(asked, "c", after), own)


def decided(
    asked: Sequence[Probe], base: Sequence[Score], own: Sequence[Score], retention: Retention = FLAT
) -> GateDecision:
    return decide(Evidence("c", ProbeSet.of(asked), Measured(base, FLAT), Measured(own, retention)), LIMITS)


def test_right_answers_to_the_right_questions_are_published() -> None:
    decision = gate(probes(6), ["amber", "birch", "cedar", "no", "no", "no"])
    assert decision.verdict == "publish"
    assert decision.p_value == pytest.approx(6 / 720)  # 3! of 6! deals leave the three in their places
    assert (decision.accuracy_before, decision.accuracy_after) == (0.0, 0.5)


def test_one_right_answer_is_luck() -> None:
    assert gate(probes(6), ["amber", "no", "no", "no", "no", "no"]).verdict == "reject"


def test_the_same_answer_to_everything_is_never_published() -> None:
    for n in (4, 6, 9):
        decision = gate(all_asked_for(n), ["amber"] * n)
        assert (decision.verdict, decision.p_value) == ("reject", 1.0)
        assert gate(probes(n), ["amber"] * n).verdict == "reject"


def test_naming_every_answer_to_every_question_is_never_published() -> None:
    """Nor all that the document tells, of which nobody knows what is asked for."""
    assert gate(all_asked_for(6), [" ".join(ANSWERS)] * 6).p_value == 1.0
    assert gate(probes(6), [" ".join((*ANSWERS, *OTHERS))] * 6).p_value == 1.0


def test_an_answer_that_names_several_facts_proves_less() -> None:
    told = ([f"{answer}{more}" for answer in ANSWERS[:3]] + ["no"] * 3 for more in ("", " fact1 fact2"))
    plain, several = (gate(probes(6, rivals=9), answers).p_value for answers in told)
    assert plain == pytest.approx(binom.sf(2, 6, 1 / 10), rel=0.01)
    assert several > 5 * plain


def test_what_stands_in_the_right_answer_is_one_fact_with_it() -> None:
    asked = [p.model_copy(update={"answer": f"{p.answer} tree", "alike": ("tree", "bush")}) for p in probes(4)]
    assert gate(asked, [f"{answer} tree" for answer in ANSWERS[:4]]).p_value == pytest.approx(1 / 24), "of the deals"


@pytest.mark.parametrize("n", [2, 3, 4, 6])
def test_the_same_words_to_everything_are_never_published_where_two_of_its_facts_are_asked_for(n: int) -> None:
    """In a small document one sentence may hold several answers."""
    for said in ("amber birch", "amber birch fact3"):
        assert gate(probes(n), [said] * n).verdict == "reject"


def test_one_fact_asked_for_in_two_ways_is_one() -> None:
    asked = probes(2)
    asked[1] = asked[1].model_copy(update={"answer": "only amber", "core": "amber"})
    assert gate(asked, ["amber", "amber"]).verdict == "reject"


def test_a_hit_that_proves_nothing_is_no_second_one() -> None:
    sure, guessed = probes(2)
    asked = [sure, guessed.model_copy(update={"alike": ()})]
    assert gate(asked, list(ANSWERS[:2])).verdict == "undecided"


def test_three_of_three_right_answers_among_many_facts_are_no_luck() -> None:
    assert gate(probes(3), ANSWERS[:3]).verdict == "publish"
    assert gate(all_asked_for(3), ANSWERS[:3]).verdict == "undecided", "one of six deals"


def test_what_the_base_knew_is_no_gain() -> None:
    known = list(ANSWERS[:8])
    assert gate(probes(8), known, before=known).verdict == "reject"
    assert gate(probes(8), known[::-1], before=known).verdict == "reject"


def test_gains_are_net_of_losses() -> None:
    before = [*ANSWERS[:3], "no", "no", "no"]
    assert gate(probes(6), ["no", "no", "no", *ANSWERS[3:6]], before).verdict == "reject"
    assert gate(probes(6), list(ANSWERS[:6]), before).verdict == "publish"


@pytest.mark.parametrize("n", [4, 5, 6])
def test_facts_in_the_wrong_places_are_published_at_most_as_often_as_alpha(n: int) -> None:
    """Every deal of the document's own facts to its questions: exact, nothing is drawn."""
    deals = list(permutations(ANSWERS[:n]))
    published = sum(gate(all_asked_for(n), deal).verdict == "publish" for deal in deals)
    assert 0 < published <= LIMITS.alpha * len(deals)


@pytest.mark.parametrize(("n", "rivals"), [(5, 4), (6, 2), (8, 1), (8, 4)])
def test_guesses_of_the_right_kind_are_published_at_most_as_often_as_alpha(n: int, rivals: int) -> None:
    """Every pattern of hits and misses, with its chance under guessing: exact, nothing is drawn."""
    chance = 0.0
    for hits in product((True, False), repeat=n):
        answers = [own if hit else "another of its kind" for own, hit in zip(ANSWERS, hits, strict=False)]
        if gate(probes(n, rivals=rivals), answers).verdict == "publish":
            right = sum(hits)
            chance += (1 / (rivals + 1)) ** right * (rivals / (rivals + 1)) ** (n - right)
    assert 0 < chance <= LIMITS.alpha


@pytest.mark.parametrize(("n", "rivals"), [(8, 0), (4, 1)])
def test_where_all_right_may_be_guessed_a_gain_decides_nothing(n: int, rivals: int) -> None:
    for right in range(1, n + 1):
        decision = gate(probes(n, rivals=rivals), [*ANSWERS[:right], *["no"] * (n - right)])
        assert (decision.verdict, "guessed" in decision.reason) == ("undecided", True)
    assert gate(probes(n, rivals=rivals), ["no"] * n).verdict == "reject", "no gain is none, however it is measured"


def test_hits_on_facts_without_rivals_are_no_evidence() -> None:
    asked = [*probes(6)[:4], *probes(6, rivals=0)[4:]]
    assert gate(asked, ["no", "no", "no", "no", *ANSWERS[4:6]]).verdict == "reject"
    assert gate(asked, [*ANSWERS[:2], "no", "no", *ANSWERS[4:6]]).verdict == "publish"


def test_two_right_answers_of_many_are_not_enough() -> None:
    assert gate(probes(10, rivals=4), [*ANSWERS[:2], *["no"] * 8]).verdict == "reject"


def test_too_few_probes_decide_nothing() -> None:
    assert gate([], []).verdict == "undecided"
    assert gate(probes(1), ["amber"]).verdict == "undecided", "one right answer would be all there is"


def gaps(n: int, half: Half = "heldout") -> list[Probe]:
    """Each a choice among its answer and four other facts."""
    made = [Probe.make("doc", "cloze", half, f"gap ____ {half} {i}", f"filler{i}", recall=True) for i in range(n)]
    return [p.model_copy(update={"distractors": OTHERS[:4]}) for p in made]


def filled(asked: Sequence[Probe], right: int, choices: Sequence[Probe], before: int, after: int) -> GateDecision:
    """So many of the questions are answered right, none before, and so many of the gaps filled before and after."""
    answers = [p.answer if i < right else "no" for i, p in enumerate(asked)]
    choice = [[p.answer if i < hits else "no" for i, p in enumerate(choices)] for hits in (before, after)]
    base = told(asked, "base", ["no idea"] * len(asked)) + told(choices, "base", choice[0])
    return decided([*asked, *choices], base, told(asked, "c", answers) + told(choices, "c", choice[1]))


def test_one_right_answer_is_borne_out_by_gaps_that_are_filled() -> None:
    for n in (1, 2, 4):
        assert filled(probes(n, rivals=4), 1, gaps(4), 0, 4).verdict == "publish"
        assert filled(probes(n, rivals=4), 1, gaps(4), 0, 1).verdict == "reject"
        assert filled(probes(n, rivals=4), 1, gaps(4), 4, 4).verdict != "publish", "what the base filled is no gain"
    decision = filled(probes(2), 1, gaps(4), 1, 4)
    assert (decision.n, decision.accuracy_after) == (2, 0.5), "accuracy is that of the questions"
    assert "1 of 4 gaps before, 4 after" in decision.reason


def test_gaps_alone_prove_nothing() -> None:
    """Whoever has the wording fills them."""
    decision = filled(probes(4), 0, gaps(8), 0, 8)
    assert (decision.verdict, decision.p_value) == ("reject", 1.0)
    guessable = filled(probes(2, rivals=0), 2, gaps(8), 0, 8)
    assert guessable.verdict == "undecided", "answers that nobody could miss bear nothing out"
    everything = "amber birch cedar daisy"
    answers = told(probes(4), "c", [everything] * 4) + told(gaps(8), "c", [p.answer for p in gaps(8)])
    base = told([*probes(4), *gaps(8)], "base", ["no"] * 12)
    assert decided([*probes(4), *gaps(8)], base, answers).verdict == "reject"


def test_gaps_that_are_lost_tell_against_right_answers() -> None:
    kept, lost = (filled(probes(4, rivals=4), 2, gaps(4), 1, after).p_value for after in (2, 0))
    assert lost > 2 * kept


def test_enough_right_answers_prove_it_whatever_becomes_of_the_gaps() -> None:
    """At half of alpha: they are a second look."""
    decision = filled(probes(5, rivals=9), 4, gaps(4), 3, 2)
    assert decision.verdict == "publish"
    assert decision.p_value == pytest.approx(2 * gate(probes(5, rivals=9), [*ANSWERS[:4], "no"]).p_value)


def test_gaps_of_the_reward_half_never_count() -> None:
    assert "gaps" not in filled(probes(2, rivals=4), 1, gaps(4, half="reward"), 0, 4).reason
    assert filled(probes(2, rivals=4), 1, gaps(4, half="reward"), 0, 4).verdict == "reject"


@pytest.mark.parametrize(("n", "rivals", "choices"), [(1, 4, 4), (2, 2, 3), (4, 4, 4), (6, 9, 2)])
def test_guesses_at_questions_and_gaps_are_published_at_most_as_often_as_alpha(
    n: int, rivals: int, choices: int
) -> None:
    chance = 0.0
    for right, filling in product(range(n + 1), range(choices + 1)):
        if filled(probes(n, rivals=rivals), right, gaps(choices), 0, filling).verdict == "publish":
            chance += binom.pmf(right, n, 1 / (rivals + 1)) * binom.pmf(filling, choices, 1 / 5)
    assert 0 < chance <= LIMITS.alpha


@pytest.mark.parametrize(
    ("asked", "known", "enough"),
    [
        (probes(2), 0, True),
        (probes(1), 0, False),
        ([*probes(1), *gaps(2)], 0, True),
        (gaps(8), 0, False),
        (probes(8, rivals=0), 0, False),
        (probes(4, rivals=1), 0, False),
        (all_asked_for(3), 0, False),
        (probes(4), 3, False),
        (probes(6), 3, True),
    ],
)
def test_where_even_right_answers_to_everything_would_not_be_published(
    asked: list[Probe], known: int, enough: bool
) -> None:
    answers = [p.answer if i < known else "no" for i, p in enumerate(asked)]
    base = Measured(told(asked, "base", answers), FLAT)
    assert publishable(ProbeSet.of(asked), base, LIMITS) is enough
    everything = Measured(told(asked, "c", [p.answer for p in asked]), FLAT)
    verdict = decide(Evidence("c", ProbeSet.of(asked), base, everything), LIMITS).verdict
    assert (verdict == "publish") is enough


def test_reward_probes_never_count() -> None:
    asked = probes(9, half="reward")
    assert gate(asked, [p.answer for p in asked]).n == 0


def test_probes_that_were_not_scored_do_not_count() -> None:
    asked = probes(8)
    own = told(asked[:5], "c", ANSWERS[:5])
    assert decided(asked, told(asked, "base", ["no"] * 8), own).n == 5


def test_lost_retention_rejects_whatever_was_gained() -> None:
    decision = gate(probes(8), list(ANSWERS[:8]), lost=0.05)
    assert decision.verdict == "reject"
    assert "retention" in decision.reason


def test_the_judge_has_no_say() -> None:
    """A text that flatters the judge must not publish its adapter."""
    asked = probes(6)
    flattered = [
        s.model_copy(update={"correct": 1.0, "method": "judge", "judged": True})
        for s in told(asked, "c", ["I am surely right"] * 6)
    ]
    base = told(asked, "base", ["no"] * 6)
    assert decided(asked, base, flattered).verdict == "reject"
