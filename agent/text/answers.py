"""The words of a noun phrase that answer a question for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from agent.text.nouns import PERSON_NOUNS, is_place
from agent.text.parsing import PLACES
from agent.text.predicates import POINTERS, cut_list, understood, whole

if TYPE_CHECKING:
    from spacy.tokens import Token

LONGEST_ANSWER, LONGEST_COUNTED = 6, 7
"""Words."""
HEDGES = tuple(hedge.split() for hedge in (
    "as many as", "as much as", "at least", "more than", "up to", "about", "almost", "approximately", "around", "just",
    "nearly", "only", "over", "roughly", "some",
))  # fmt: skip
"""What may stand before a number that is the answer without it."""
MOSTLY = {"chiefly", "largely", "mainly", "mostly"}
WHERE = {"above", "at", "behind", "below", "beneath", "beside", "inside", "near", "outside"}
BEHIND_NAMES = {"from", "near"}
"""Prepositions that say where a thing is, and those that no name has inside."""


def answer_head(noun: Token) -> Token:
    """The person's name that says who is meant, where one stands beside the noun."""
    names = (t for t in noun.children if t.dep_ == "appos" and t.ent_type_ == "PERSON" and noun.pos_ == "NOUN")
    return next(names, noun)


def answer_of(noun: Token) -> tuple[Token, ...] | None:
    """A phrase of at most six words, without article, examples and what makes it too long. None where the rest would
    say something else, is one of several that are listed, or needs the text around it."""
    noun = answer_head(noun)
    listed = any(t.dep_ in ("conj", "cc", "preconj") for t in noun.children)
    if noun.dep_ == "conj" or (listed and len(whole(noun)) > LONGEST_ANSWER):
        return None
    if _named_as(noun) or _begins_a_list(noun) or cut_list(noun):
        return None
    words = bare(whole(noun))
    for end in _ends(noun, words):
        words = [t for t in words if t.i < end]
    while words and (words[-1].is_punct or words[-1].dep_ in ("cc", "prep", "det")):
        words.pop()
    if noun not in words or len(words) > LONGEST_ANSWER or not understood(words):
        return None
    cut_short = any(t.dep_ in ("relcl", "acl", "advcl", "neg") for t in words) or words[0].lower_ in ("no", "none")
    return None if cut_short else tuple(words)


def _named_as(noun: Token) -> bool:
    """Whether the parse took a person and what the person was made ("elected Anna Moss president") for one phrase."""
    return noun.lemma_.lower() in PERSON_NOUNS and any(
        t.dep_ == "compound" and t.ent_type_ == "PERSON" for t in noun.lefts
    )


def _begins_a_list(noun: Token) -> bool:
    """Whether what looks like its apposition are the next of a list: "the ferry, a tug and two boats"."""
    beside = next((t for t in noun.children if t.dep_ == "appos"), None)
    if beside is None or noun.tag_ not in ("NN", "NNP"):
        return False
    return any(t.dep_ in ("conj", "appos") for t in beside.children)


def _ends(noun: Token, words: Sequence[Token]) -> Iterator[int]:
    """Where a phrase may end: before its examples, and where it is too long before its own prepositions."""
    examples = [t.left_edge.i for t in noun.rights if t.lower_ in ("such", "including", "like")]
    yield from examples
    size = sum(t.i < min(examples, default=t.i + 1) for t in words)
    for tail in reversed([t for t in noun.rights if t.dep_ == "prep"]):
        if size > LONGEST_ANSWER or (noun.pos_ == "PROPN" and size > 4):
            yield tail.i
            size = sum(t.i < tail.i for t in words)


def core_of(answer: Sequence[Token]) -> tuple[Token, ...]:
    """What of an answer must be said: without hedges ("only 11") and without what says where its thing is ("swimming in
    the lower pool"). What says which thing it is stays: "programme of reform", "treaty with Denmark"."""
    kept = tuple(answer)[_hedge(answer) :]
    end = next((t.i for t in kept[1:] if t.head in kept and _says_where(t)), None)
    return tuple(t for t in kept if end is None or t.i < end)


def _hedge(answer: Sequence[Token]) -> int:
    """How many words lead up to what is the answer."""
    told = [t.lower_ for t in answer]
    if len(told) > 1 and told[0] in MOSTLY:
        return 1
    ends = (len(hedge) for hedge in HEDGES if told[: len(hedge)] == hedge)
    return next((end for end in ends if end < len(told) and answer[end].like_num), 0)


def _says_where(word: Token) -> bool:
    place = next((t for t in word.children if t.dep_ == "pobj"), None)
    if word.dep_ != "prep" or place is None or (word.head.is_title and word.lower_ not in BEHIND_NAMES):
        return False
    return word.lower_ in WHERE or (word.lower_ in ("in", "on", "from") and (place.pos_ == "PROPN" or is_place(place)))


def bare(words: Sequence[Token]) -> list[Token]:
    """The words without leading articles and possessives."""
    kept = list(words)
    while kept and (kept[0].tag_ in ("DT", "PRP$", "PDT") or kept[0].is_punct or kept[0].lower_ == "own"):
        kept.pop(0)
    return kept


def count_of(noun: Token) -> tuple[list[Token], list[Token]] | None:
    """The number before a noun in the plural, and what is counted: "62 / workers from Dunmore"."""
    number = next((t for t in noun.children if t.dep_ == "nummod"), None)
    if noun.tag_ != "NNS" or number is None or number.lower_ == "one" or noun.ent_type_ == "PERCENT":
        return None
    if any(t.dep_ in ("conj", "cc", "det", "poss") for t in noun.children):
        return None
    digits = [t for t in number.subtree if t.i <= number.i < noun.i]
    counted = [t for t in whole(noun) if t.i > number.i]
    clear = 0 < len(counted) <= LONGEST_COUNTED and not any(t.lower_ in POINTERS for t in counted)
    return (digits, counted) if digits and clear else None


def is_named(answer: Sequence[Token]) -> bool:
    return any(t.pos_ == "PROPN" or t.ent_type_ in PLACES for t in answer)


def has_weight(answer: Sequence[Token]) -> bool:
    """Not a bare noun ("progress"): a name, or at least two words that say something."""
    return is_named(answer) or sum(t.pos_ in ("NOUN", "ADJ", "NUM") for t in answer) > 1
