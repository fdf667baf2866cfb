"""Nouns by what they ask for: who, what or where. What is not listed is a thing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from agent.text.lexicon import words as listed
from agent.text.parsing import PLACES

if TYPE_CHECKING:
    from spacy.tokens import Token

PERSON_NOUNS = listed("people")
PLACE_NOUNS = listed("places")
EMPTY = listed("empty")
"""Nouns that answer nothing by themselves."""
DOER = re.compile(r"(?:[^e]er|or|ist|ian|ee|man|men)$")
"""How nouns for people often end."""
THINGS = listed("things")
"""Things whose names end so."""


def is_place(noun: Token) -> bool:
    return noun.ent_type_ in PLACES or (noun.pos_ == "NOUN" and noun.lemma_.lower() in PLACE_NOUNS)


def is_empty(noun: Token) -> bool:
    return noun.lemma_.lower() in EMPTY


def who_or_what(noun: Token) -> Literal["who", "what", ""]:
    """The word that asks for a noun, "" where it cannot be told: the recognizer often takes one kind of name for
    another."""
    if noun.pos_ == "NOUN":
        lemma = noun.lemma_.lower()
        return "who" if lemma in PERSON_NOUNS else "" if DOER.search(lemma) and lemma not in THINGS else "what"
    if noun.ent_type_ == "PERSON":
        in_full = sum(t.ent_type_ == "PERSON" for t in (noun, *noun.lefts)) > 1
        return "who" if in_full or _named_in_full(noun) else ""
    if noun.ent_type_ == "NORP":
        return "who" if noun.tag_ in ("NNS", "NNPS") else ""
    return "what" if noun.ent_type_ and not _named_in_full(noun) else ""


def _named_in_full(noun: Token) -> bool:
    """Whether the paragraph names a person of that last name with more than one word."""
    people = (entity for entity in noun.doc.ents if entity.label_ == "PERSON" and len(entity) > 1)
    return any(entity[-1].lower_ == noun.lower_ for entity in people)
