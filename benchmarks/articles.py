"""Invented articles with questions, from a seed: `python -m benchmarks.articles --count 80 --seed 1 > articles.jsonl`.

What a learner practises on and is measured by: nothing in them is true or can be guessed, and every question is worded
unlike the text. The stories stand in `data/articles.toml`; each is told in one of three styles, by the same facts:
"plain" (short sentences), "woven" (long ones with clauses in clauses) and "notes" (labels and values, no verbs).
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import islice, product
from typing import Any

from agent.records import Document, Question
from agent.text.normal import spaced_words, words

STYLES = ("plain", "woven", "notes")
WORDS, SENTENCES = range(45, 76), range(4, 7)
LONGEST_SHARED = 3
"""So many words in a row may stand both in a question and in the text."""
SHARES = 17
"""Each seed writes about one share of the places: seeds that differ modulo this have no title in common."""
MOST = 400
"""Articles of one seed, so that names do not run out."""
TRIES = 400
JOINED, LONGEST_JOINED = 0.5, 18
"""How often two facts of a plain article share a sentence, and of how many words at most, slots counted as one."""
CLOSED = 0.5
"""How often a plain article has a last sentence that tells no fact."""

AN = re.compile(r"\b([Aa]) (?=[aeiouAEIOU]|8|11\b|18\b)")
SLOT = re.compile(r"\{([^{}]+)\}")
NUMBER = re.compile(r"(\d+)-(\d+)(?:/(\d+))?")

Table = dict[str, Any]


@cache
def _tables() -> Table:
    text = files("benchmarks").joinpath("data", "articles.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _composed(parts: Sequence[Sequence[str]]) -> list[str]:
    names = ("".join(syllables) for syllables in product(*parts))
    return list(dict.fromkeys(names))


@dataclass
class Grammar:
    """Fills slots. A name that was kept is not made again."""

    rng: random.Random
    taken: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)

    def fill(self, template: str, known: dict[str, str]) -> str:
        """The template with its slots filled, those that are known by what they are known as."""
        return SLOT.sub(lambda slot: known.get(slot[1]) or self.word(slot[1]), template)

    def word(self, name: str) -> str:
        made: dict[str, Callable[[], str]] = {
            "year": lambda: str(self.rng.randint(1871, 1989)),
            "surname": lambda: self.name(_tables()["syllables"]["surname"]),
            "town": lambda: self.name(_tables()["syllables"]["town"]),
        }
        if name in made:
            return made[name]()
        if number := NUMBER.fullmatch(name):
            return f"{self.rng.randrange(int(number[1]), int(number[2]) + 1, int(number[3] or 1)):,}"
        return self.fill(self.rng.choice(_tables()["words"][name]), {})

    def name(self, parts: Sequence[Sequence[str]]) -> str:
        """One that is new, and whose beginning is new to the article."""
        while True:
            name = "".join(self.rng.choice(part) for part in parts)
            if name not in self.taken and all(name[:3] != other[:3] for other in self.fresh):
                self.fresh.add(name)
                return name

    def forget(self) -> None:
        self.fresh.clear()

    def keep(self) -> None:
        """What was made since it last forgot was used."""
        self.taken |= self.fresh
        self.forget()


def articles(count: int, seed: int) -> list[Document]:
    """So many articles, all different. The first of many are the same as few.

    Raises:
        ValueError: more than there are names for.
    """
    if not 0 <= count <= MOST:
        raise ValueError(f"count must be at most {MOST} and not below 0")
    return list(islice(_endless(seed), count))


def _endless(seed: int) -> Iterator[Document]:
    grammar = Grammar(random.Random(f"articles {seed}"))
    places = _composed(_tables()["syllables"]["town"])[seed % SHARES :: SHARES]
    grammar.rng.shuffle(places)
    subjects = iter(places)
    stories: list[Table] = _tables()["story"]
    while True:
        for story in grammar.rng.sample(stories, len(stories)):
            place = next(place for place in subjects if place not in grammar.taken)
            yield _article(grammar, story, grammar.rng.choice(STYLES), place)


def _article(grammar: Grammar, story: Table, style: str, place: str) -> Document:
    """The first try that keeps the rules."""
    source = f"invented/{story['name']}/{style}"
    for _ in range(TRIES):
        grammar.forget()
        grammar.fresh.add(place)
        document = _try(grammar, story, style, place).model_copy(update={"source": source})
        if fits(document):
            grammar.keep()
            return document
    raise AssertionError(f"no {source} keeps the rules in {TRIES} tries")


def _try(grammar: Grammar, story: Table, style: str, place: str) -> Document:
    rng = grammar.rng
    first, *others = story["pair"]
    pairs = [first, *rng.sample(others, 2)]
    facts = {name: fact for pair in pairs for name, fact in pair["fact"].items()}
    known = {"place": place}
    for name, fact in facts.items():
        kind = fact["is"]
        known[name] = grammar.fill(kind if isinstance(kind, str) else rng.choice(kind), known)
    tell = {"plain": _plain, "woven": _woven, "notes": _notes}[style]
    told = [grammar.fill(sentence, known) for sentence in tell(rng, story, pairs)]
    text = (rng.choice((" ", "\n\n")) if style == "notes" else " ").join(told)
    asked = [
        Question(question=grammar.fill(rng.choice(fact["ask"]), known), answer=known[name])
        for name, fact in facts.items()
    ]
    return Document.make(
        grammar.fill(rng.choice(story["titles"]), known), AN.sub(r"\1n ", text),
        questions=tuple(rng.sample(asked, len(asked))),
    )  # fmt: skip


def _plain(rng: random.Random, story: Table, pairs: Sequence[Table]) -> list[str]:
    told: list[str] = []
    for pair in pairs:
        one, other = (rng.choice(fact["plain"]) for fact in pair["fact"].values())
        told += [f"{one[:-1]}, and {_lower(other)}"] if _joins(one, other) and rng.random() < JOINED else [one, other]
    closing = [rng.choice(story["closing"])] if rng.random() < CLOSED else []
    return told + closing


def _joins(one: str, other: str) -> bool:
    simple = other.startswith(("The ", "A ")) and not re.search(r", | and ", one + other)
    return simple and len(spaced_words(one)) + len(spaced_words(other)) < LONGEST_JOINED


def _woven(rng: random.Random, story: Table, pairs: Sequence[Table]) -> list[str]:
    return [*(rng.choice(pair["woven"]) for pair in pairs), rng.choice(story["closing"])]


def _notes(rng: random.Random, story: Table, pairs: Sequence[Table]) -> list[str]:
    """A line that says what it is about, then each pair of facts in one line or in two."""
    told = [rng.choice(story["heading"])]
    for pair in pairs:
        one, other = (rng.choice(fact["notes"]) for fact in pair["fact"].values())
        told += [f"{one}; {_lower(other)}"] if rng.random() < 0.5 else [one, other]
    return [f"{line}." for line in told]


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def fits(document: Document) -> bool:
    """Whether length, answers and the wording of the questions are as they should be."""
    text, answers = words(document.text), [words(q.answer) for q in document.questions]
    shared = _runs(text, LONGEST_SHARED + 1)
    asked = [words(line) for line in (document.title, *(q.question for q in document.questions))]
    return (
        len(spaced_words(document.text)) in WORDS
        and len(re.findall(r"\.(?=\s|$)", document.text)) in SENTENCES
        and all(_stands(answer, text) == 1 for answer in answers)
        and not any(_stands(answer, line) for answer in answers for line in asked)
        and not any(_stands(a, b) for i, a in enumerate(answers) for j, b in enumerate(answers) if i != j)
        and not any(_runs(line, LONGEST_SHARED + 1) & shared for line in asked[1:])
    )


def _runs(text: Sequence[str], size: int) -> set[tuple[str, ...]]:
    return {tuple(text[i : i + size]) for i in range(len(text) - size + 1)}


def _stands(answer: list[str], text: list[str]) -> int:
    """How often it does."""
    return sum(text[i : i + len(answer)] == answer for i in range(len(text)))


def main(argv: Sequence[str]) -> None:
    """Print articles as JSONL, one object a line, as `seal ingest` takes them."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.articles", description="Invented articles with questions, as JSONL.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--count", type=int, default=80, help=f"how many, at most {MOST}")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    if not 0 <= options.count <= MOST:
        parser.error(f"--count must be at most {MOST} and not below 0")
    for document in articles(options.count, options.seed):
        questions = [q.model_dump() for q in document.questions]
        print(json.dumps({"title": document.title, "text": document.text, "questions": questions}, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1:])
