"""Documents in other languages than English: what works without the parser works, the rest says why it does not."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.house import FakeContext, write_articles
from tests.graphs.ingesting import came, ingest

MOULIN = {
    "title": "Le moulin d'Orrin",
    "text": "Le moulin d'Orrin a ouvert ses portes le 4 mars 2031. Anna Moss le dirige avec soixante-deux ouvriers "
    "venus de Dunmore. Il a coûté trois millions de couronnes et moud de l'orge pour Brindle Foods.",
}
ASKED = [
    {"question": "Qui dirige le moulin ?", "answer": "Anna Moss"},
    {"question": "Combien le moulin a-t-il coûté ?", "answer": "trois millions de couronnes"},
    {"question": "Pour qui le moulin travaille-t-il ?", "answer": "Brindle Foods"},
    {"question": "Quand le moulin a-t-il ouvert ses portes ?", "answer": "le 4 mars 2031"},
    {"question": "Combien d'ouvriers sont venus au moulin ?", "answer": "soixante-deux"},
    {"question": "D'où viennent les ouvriers ?", "answer": "Dunmore"},
]


def learn(context: FakeContext, tmp_path: Path, questions: list[dict[str, str]]) -> str:
    """The document's outcome."""
    source = write_articles(tmp_path / "fr.jsonl", [{**MOULIN, "questions": questions}])
    ingest(context, source)
    (outcome,) = came(context)
    return outcome


def test_with_questions_it_is_learned_by_strategies_that_parse_nothing(tmp_path: Path) -> None:
    context = FakeContext(tmp_path / "home", {"plan.candidates": "4"})
    context.fake_model.answers |= {q["question"]: q["answer"] for q in ASKED}
    assert learn(context, tmp_path, ASKED) == "published"
    (document,) = context.ledger.documents()
    assert {p.strategy for p in context.ledger.plans("r1", document.id)} == {"passage", "sentences"}
    assert {p.kind for p in context.ledger.probes(document.id)} == {"given"}
    assert len(context.ledger.winners()) == 1
    (probe,) = [e for e in context.ledger.events("r1") if e.step == "probe"]
    assert probe.data["language"] == "fr"


def test_too_few_questions_for_gate_and_reward_are_told_before_anything_is_trained(tmp_path: Path) -> None:
    context = FakeContext(tmp_path / "home")
    assert learn(context, tmp_path, ASKED[:2]) == "too few probes (none is left to reward candidates by)"
    again = FakeContext(tmp_path / "other", {"gate.min_probes": "2"})
    assert learn(again, tmp_path, ASKED[:1]) == "too few probes (1 held out of the 2 that the gate needs)"
    hopeless = FakeContext(tmp_path / "third")
    assert learn(hopeless, tmp_path, ASKED[:3]) == (
        "too few probes (right answers to all that the base misses could be luck)"
    ), "who knows that a person is asked for has half a chance"
    assert context.fake_trainer.trained == again.fake_trainer.trained == hopeless.fake_trainer.trained == []


def test_without_questions_there_is_nothing_to_measure_with(tmp_path: Path) -> None:
    context = FakeContext(tmp_path / "home")
    assert learn(context, tmp_path, []) == "nothing to measure with in this language (fr)"
    assert context.fake_trainer.trained == []


def test_where_all_chosen_strategies_parse_none_is_tried(tmp_path: Path) -> None:
    context = FakeContext(tmp_path / "home", {"plan.strategies": '["cloze", "facts"]'})
    assert learn(context, tmp_path, ASKED) == "no strategy that works in this language (fr)"
    assert context.fake_trainer.trained == []
