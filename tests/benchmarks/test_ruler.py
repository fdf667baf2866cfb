"""The ruler's passages, statistics, table and results, on figures that are known beforehand."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from agent.errors import ConfigError, SourceError
from agent.records import Question
from benchmarks.ruler.figures import (
    all_figures,
    correlations,
    difference,
    forced,
    gate,
    probes,
    rank_correlation,
    through_router,
)
from benchmarks.ruler.passages import LONGEST, Passage, choose, invented, passages_of
from benchmarks.ruler.results import Asked, Learned, Library, OwnProbe, Results, Routed, Tried
from benchmarks.ruler.show import difference as difference_shown
from benchmarks.ruler.show import summary
from benchmarks.ruler.table import lines_of, read_table, shown, told_by, write_table

BASE = Asked(right=(False, False), logprob=(-3.0, -3.0))


def asked(right: int, logprob: float) -> Asked:
    """So many of two questions right."""
    return Asked(right=(right > 0, right > 1), logprob=(logprob, logprob))


def tried(*rows: tuple[float, int, float]) -> tuple[Tried, ...]:
    """Reward, questions right and log-probability of each."""
    return tuple(Tried(id=str(n), strategy="s", reward=r, human=asked(k, p)) for n, (r, k, p) in enumerate(rows))


def learned(key: str, verdict: str = "publish", right: int = 1, **more: object) -> Learned:
    champion = {"id": "c", "verdict": verdict, "n": 6, "before": 0.0, "after": 0.5,
                "human": asked(right, -3.5)}  # fmt: skip
    told = {"key": key, "origin": "o", "title": key, "words": 90, "detail": "", "base": BASE,
            "outcome": "published" if verdict == "publish" else verdict, "champion": champion}  # fmt: skip
    return Learned.model_validate(told | more)


def own_probe(question: str, answer: str, recall: bool = False) -> OwnProbe:
    return OwnProbe(
        kind="cloze" if recall else "parsed", half="heldout", recall=recall, question=question, answer=answer
    )


def passage(title: str, text: str, *questions: str) -> Passage:
    return Passage.make("o", title, text, [Question(question=q, answer="a") for q in questions])


def test_passages_that_are_skipped_too_long_or_broken(tmp_path: Path) -> None:
    lines = [{"title": f"T{n}", "text": "A word. " * (200 if n == 3 else 5)} for n in range(5)]
    file = tmp_path / "some.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    assert [p.title for p in passages_of(file, 1)] == ["T1", "T2", "T4"], f"the fourth is longer than {LONGEST} words"
    file.write_text('{"title": "T"}\n')
    with pytest.raises(SourceError, match="line 1"):
        passages_of(file)
    with pytest.raises(SourceError, match="cannot be read"):
        passages_of(tmp_path / "none.jsonl")


def test_the_choice_spreads_over_titles_and_the_first_of_many_are_few() -> None:
    some = [passage(title, f"{title} {n}") for title, n in (("a", 9), ("b", 1), ("c", 2)) for n in range(n)]
    many = choose(some, 7, seed=1)
    assert {p.title for p in many[:3]} == {"a", "b", "c"}
    assert choose(some, 4, seed=1) == many[:4]
    assert choose(some, 7, seed=2) != many
    assert len(choose(some, 99, seed=1)) == len(some)
    assert choose([*some, *some], 99, seed=1) == choose(some, 99, seed=1), "what stands there twice is taken once"


def test_ranks_agree_disagree_and_what_cannot_be_ranked_is_left_out() -> None:
    assert rank_correlation([1, 2, 3], [10, 20, 30], "kendall") == pytest.approx(1)
    assert rank_correlation([1, 2, 3], [30, 20, 10], "spearman") == pytest.approx(-1)
    assert rank_correlation([1, 2, 3, 4], [1, 2, 4, 3], "kendall") == pytest.approx(4 / 6)
    assert rank_correlation([1, 1, 1], [1, 2, 3], "kendall") == 0, "such rewards tell nothing"
    assert rank_correlation([1, 2, 3], [5, 5, 5], "kendall") is None, "there is nothing to tell"
    assert rank_correlation([1, 2], [1, 2], "kendall") is None


def test_correlations_are_within_passages() -> None:
    """The two passages have rewards of different sizes, which says nothing of the order within each."""
    rising = tried((0.1, 0, -2.0), (0.2, 0, -1.0), (0.3, 0, -0.5))
    falling = tried((9.1, 0, -2.0), (9.2, 1, -2.5), (9.3, 0, -2.9))
    rows = [learned("up", tried=rising), learned("down", tried=falling), learned("none", base=None, tried=rising)]
    assert correlations(rows, "log-likelihood", "kendall") == pytest.approx({"up": 1, "down": -1})
    assert correlations(rows, "accuracy", "spearman").keys() == {"down"}, "of the first all are alike"


def test_the_gate_by_what_people_asked() -> None:
    rows = [
        learned("a", "publish", 1), learned("b", "publish", 0), learned("c", "reject", 1), learned("d", "undecided", 0),
        learned("e", "undecided", 2), learned("f", champion=None), learned("g", "publish", 1, base=None),
    ]  # fmt: skip
    found = gate(rows)["accuracy"]
    assert {k: (found[k].value, found[k].n) for k in ("improved", "agreement", "precision", "recall")} == {
        "improved": (3 / 5, 5), "agreement": (2 / 5, 5), "precision": (1 / 2, 2), "recall": (1 / 3, 3),
    }  # fmt: skip
    assert found["precision"].low < 0.5 < found["precision"].high
    assert found["verdicts"] == {"publish": 2, "reject": 1, "undecided": 2}
    assert gate(rows)["log-likelihood"]["improved"].value == 0, "each answer became less likely"
    assert gate([])["accuracy"]["precision"].value is None


def test_what_is_told_apart_between_text_and_ruler() -> None:
    found = forced([learned("a", tried=tried((0.1, 2, -1), (0.9, 1, -1), (0.2, 0, -1))), learned("b")])
    assert {name: figure.value for name, figure in found.items()} == {
        "base": 0, "candidates": 0.5, "best rewarded": 0.5, "best by people": 1,
    }  # fmt: skip


def test_probes_are_counted_and_checks_added_up() -> None:
    four = tuple(own_probe(f"Who is {n}?", str(n)) for n in range(4))
    rows = [
        learned("a", probes=(*four, own_probe("____", "x", recall=True)), checks={"grammar": 3, "round trip": 1}),
        learned("b", probes=four[:2], checks={"grammar": 2}),
        learned("short", words=79, probes=()),
    ]
    found = probes(rows)
    assert found["counts"] == {"cloze heldout recall": 1, "parsed heldout": 6}
    assert (found["checks"], found["made"]) == ({"grammar": 5, "round trip": 1}, 13)
    assert (found["knowledge"].value, found["enough"].value, found["enough"].n) == (2, 0.5, 2)
    assert probes([learned("a", probes=four)])["made"] is None, "a code that does not count them"


def routed(before: str, after: str) -> Routed:
    """One letter a question: r for right."""
    return Routed(
        before=tuple(c == "r" for c in before), after=tuple(c == "r" for c in after), by=("own",) * len(after)
    )


def test_answers_through_the_router_count_by_question() -> None:
    library = Library(adapters=1, answers={"a": routed("--r-", "rrr-"), "b": routed("-", "-"), "c": routed("", "")})
    found = through_router(library, {"a"})
    assert (found["before"].value, found["after"].value) == pytest.approx((1 / 5, 3 / 5))
    assert found["after_of_published"].value == 3 / 4
    assert found["right"] == [1, 3]
    assert found["after"].low < 3 / 5 < found["after"].high


def results(file: Path, rows: list[Learned], library: Library | None = None) -> Results:
    found = Results(file)
    found.add("about", {"code": "abc", "set": {}})
    for row in rows:
        found.add("learned", row)
    if library:
        found.add("library", library)
    return found


def test_differences_are_paired_by_passage(tmp_path: Path) -> None:
    up, down = tried((1, 0, -2), (2, 1, -1), (3, 2, 0)), tried((3, 0, -2), (2, 1, -1), (1, 2, 0))
    ours = results(
        tmp_path / "a", [learned("a", tried=up), learned("b", tried=up), learned("c")],
        Library(adapters=2, answers={"a": routed("--", "rr"), "b": routed("--", "r-"), "c": routed("--", "--")}),
    )  # fmt: skip
    theirs = results(
        tmp_path / "b", [learned("b", "reject", tried=up), learned("a", tried=down)],
        Library(adapters=1, answers={"b": routed("--", "--"), "a": routed("--", "r-")}),
    )  # fmt: skip
    found = difference(ours, theirs)
    assert (found["passages"], found["published"].value) == (2, 0.5)
    kendall = found["correlation"]["log-likelihood"]["kendall"]
    assert (kendall.value, kendall.n) == (1, 2)
    assert found["routed"]["right"] == [3, 1]
    assert (found["routed"]["after"].value, found["routed"]["times"]) == (0.5, 3)
    assert all(len(line) <= 80 for line in difference_shown(found))


def test_results_are_read_back_without_a_line_that_was_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    row = learned("a", tried=tried((0.1, 1, -1)), probes=(own_probe("Who?", "x"),), checks={"grammar": 1})
    library = Library(adapters=1, answers={"a": routed("-", "r")})
    results(file, [row], library)
    with file.open("a") as cut:
        cut.write('{"learned": {"key"')
    found = Results.read(file)
    assert (found.learned, found.library, found.about["code"]) == ({"a": row}, library, "abc")
    found.add("learned", learned("b"))
    assert Results.read(file).learned.keys() == {"a", "b"}, "what came after the cut line stands in one of its own"
    assert found.of({"b"}).learned.keys() == {"b"}
    assert found.of({"b"}).library is None
    assert found.answered([])
    assert not found.answered([passage("t", "x")])


@pytest.mark.parametrize("text", ["some text\n", '{"learned": {"key": 1}}\n', '{"title": "t"}\n', "[1]\n"])
def test_what_is_no_file_of_results_is_not_gone_on_with(tmp_path: Path, text: str) -> None:
    file = tmp_path / "r.jsonl"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"r\.jsonl"):
        Results.read(file)


def test_a_summary_of_nothing_and_of_something_fits_the_terminal(tmp_path: Path) -> None:
    rows = [learned(key, tried=tried((1, 0, -2), (2, 1, -1), (3, 2, 0))) for key in ("a", "b")]
    full = results(tmp_path / "a", rows, Library(adapters=1, answers={"a": routed("--", "r-")}))
    for found in (Results(tmp_path / "none"), full):
        lines = list(summary("this code", all_figures(found)))
        assert [line for line in lines if len(line) > 80] == []
    assert any("1 of 2" in line for line in lines)


TEXT = (
    "Anna Moss runs the mill. It stands at Orrin, by the river. Later Anna Moss bought a ferry.\n\n"
    "The ferry sank near Port Lowen on 9 June 1911."
)


def test_a_row_shows_the_sentence_that_tells_the_answer() -> None:
    assert told_by(TEXT, own_probe("Who bought a ferry?", "Anna Moss")).endswith("Later Anna Moss bought a ferry.")
    assert "9 June" in told_by(TEXT, own_probe("Where did the ferry sink?", "Port Lowen"))
    assert told_by(TEXT, own_probe("What?", "nowhere to be found")) == TEXT


@pytest.mark.parametrize("name", ["t.tsv", "t.csv"])
def test_a_table_is_blind_and_its_marks_are_counted_by_who_made_it(tmp_path: Path, name: str) -> None:
    one = passage("The Mill", TEXT)
    both, ours, theirs = (own_probe(f"What is {w}?", "Orrin") for w in ("both", "ours", "theirs"))
    gap = own_probe("It stands at ____", "Orrin", recall=True)
    made = {"ours": {one.key: [both, ours, gap]}, "theirs": {one.key: [both, theirs]}}
    lines = lines_of([one], made, seed=1)
    file = tmp_path / name
    write_table(file, lines)
    text = file.read_text()
    assert len(lines) == 3
    assert "____" not in text, "recall measures no knowledge"
    assert lines_of([one], made, seed=1, most=2) == lines[:2]
    assert [line.id for line in lines_of([one], {"theirs": made["theirs"]}, seed=1)] == [
        line.id for line in lines if "theirs" in line.by
    ], "the name and place of a row do not tell who made it"
    assert read_table(file) == ({}, 3)
    mark(file, {"both": "g", "ours": "B", "theirs": ""})
    found, unmarked = read_table(file)
    assert {who: (round((f.value or 0) * f.n), f.n) for who, f in found.items()} == {
        "all": (1, 2), "ours": (1, 2), "theirs": (1, 1),
    }  # fmt: skip
    assert unmarked == 1
    assert "all        1 of 2 good, 50% (95% interval 9% to 91%)" in list(shown(found, unmarked))


def mark(file: Path, marks: dict[str, str]) -> None:
    """As a person does in a spreadsheet."""
    dialect = "excel" if file.suffix == ".csv" else "excel-tab"
    with file.open(newline="") as table:
        rows = list(csv.DictReader(table, dialect=dialect))
    with file.open("w", newline="") as table:
        out = csv.DictWriter(table, rows[0].keys(), dialect=dialect)
        out.writeheader()
        out.writerows(row | {"mark": marks[row["question"].split()[2][:-1]]} for row in rows)


def test_by_one_code_there_is_one_share_and_a_wrong_mark_is_named(tmp_path: Path) -> None:
    one, file = passage("The Mill", TEXT), tmp_path / "t.tsv"
    write_table(file, lines_of([one], {"ours": {one.key: [own_probe("What is it?", "Orrin")]}}, seed=1))
    mark(file, {"it": "good"})
    assert read_table(file)[0].keys() == {"all"}
    mark(file, {"it": "maybe"})
    with pytest.raises(SourceError, match="row 2 is marked 'maybe'"):
        read_table(file)
    with pytest.raises(SourceError, match="cannot be read"):
        read_table(tmp_path / "none.tsv")


def test_own_articles_come_with_questions() -> None:
    found = invented(3, seed=1)
    assert len(found) == 3
    assert all(p.questions and p.origin == "invented articles" for p in found)


def test_the_texts_of_other_kinds_are_passages_whose_answers_stand_in_them() -> None:
    found = passages_of(Path(__file__).parents[2] / "benchmarks/data/kinds.jsonl")
    assert len(found) == 24
    for passage in found:
        assert passage.questions
        assert all(q.answer.casefold() in passage.text.casefold() for q in passage.questions)
