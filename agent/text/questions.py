"""Questions with the wh-phrase in front, made of whole phrases of a predicate.

"The dukes began a programme of church reform in 1049" is asked "In what year did the dukes begin a programme of church
reform?" and "What did the dukes begin in 1049?". What bears on whether a question is good is kept with it as its doubts
(see LOG.md for how often questions with and without them were).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.text.answers import LONGEST_ANSWER, answer_head, answer_of, bare, core_of, count_of, has_weight, is_named
from agent.text.language import is_english
from agent.text.lexicon import words as listed
from agent.text.normal import is_block, paragraphs
from agent.text.nouns import PERSON_NOUNS, is_empty, is_place, who_or_what
from agent.text.parsing import PLACES, TIMES, parse, tells
from agent.text.predicates import (
    REQUIRED,
    Phrase,
    Predicate,
    lowered,
    measure_of,
    phrase_of,
    predicates,
    said,
    sayable,
)  # fmt: skip

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

STRANDED = {"with", "from", "against", "to", "through", "near", "on", "about", "upon"}
"""Prepositions that may end a question. After others the answer is mostly how or why something was done."""
KNOWN_AS = {"know", "refer", "describe", "regard"}
"""With these a question may end in "as"."""
COUNTED_AFTER = {"in", "to", "for", "from", "on", "with", "at", "of", "by", "after", "within"}
YEAR = re.compile(r"1\d\d\d|20\d\d")
SPAN = re.compile(rf"(?:{YEAR.pattern}) and (?:{YEAR.pattern})")
MOMENT = re.compile(
    r"\d|\b(?:january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday|"
    r"wednesday|thursday|friday|saturday|sunday|century|summer|winter|spring|autumn)\b", re.I
)  # fmt: skip
SPELL = re.compile(r"second|minute|hour|day|night|week|month|year|decade|centur")
NO_MOMENT = {"time", "year", "day", "month"}
LONGEST_LABEL = 8
LONGEST, WEIGHTY, SURELY_WEIGHTY = 24, 2, 3
"""Words of a question at most, and words in it that are not slight, at least and to be sure of it."""
SLIGHT = listed("slight")
"""Words that do not say what a question is about."""
LOCATING, UNITS = listed("locating"), listed("units")
PRESENT = {"does", "do", "is", "are", "has", "have", "can", "will"}


@dataclass(frozen=True)
class Asked:
    """What a sentence can be asked, with the words of the sentence that answer it.

    `forms` are wordings of the question, the fullest first: each later one leaves out a phrase that can be spared.
    `core` is what of the answer must be said.
    `doubts` are reasons for which it may be a bad question; `kind` groups answers that could stand for each other.
    """

    sentence: str
    forms: tuple[str, ...]
    answer: str
    core: str
    kind: str
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class _Draft:
    question: str
    answer: tuple[Token, ...]
    noun: Token
    doubts: tuple[str, ...] = ()


def questions(title: str, text: str) -> list[Asked]:
    """Everything that can be asked about an English text, in order; nothing about texts in other languages and blocks.

    Not asked for is what stands in the title, which every prompt names.
    """
    if not is_english(text):
        return []
    docs = [parse(paragraph) for paragraph in paragraphs(text) if not is_block(paragraph)]
    person = title if any(_is_about(title, doc) for doc in docs) else ""
    found = [asked for doc in docs for asked in (*_labelled(doc), *(_ask(doc, person) if tells(doc) else ()))]
    return [asked for asked in found if asked.answer.casefold() not in title.casefold()]


def _labelled(doc: Doc) -> Iterator[Asked]:
    """What stands behind a label: "Length of the vessel: 31 m; captain: Wanda Moss"."""
    for line in re.split(r";\s+|(?<=[.])\s+(?=[A-Z])", doc.text):
        label, colon, value = line.rstrip(".").partition(": ")
        value = re.sub(r"^(?:an?|the) ", "", value)
        if not colon or "," in value or not 1 <= len(value.split()) <= LONGEST_ANSWER:
            continue
        parsed = list(parse(label))
        noun = next((t for t in parsed if t.dep_ == "ROOT"), None)
        if noun is None or not 1 < len(parsed) <= LONGEST_LABEL or noun.tag_ != "NN":
            continue
        if not any(t.pos_ in ("VERB", "PRON") for t in parsed):
            lead = "" if parsed[0].pos_ in ("DET", "PROPN") else "the "
            person = noun.lemma_.lower() in PERSON_NOUNS and value[:1].isupper()
            question = f"{'Who' if person else 'What'} is {lead}{lowered(parsed)}?"
            yield Asked(line, (question,), value, said(core_of(tuple(parse(value)))), "NOUN", ())


def _is_about(title: str, doc: Doc) -> bool:
    """Whether the title names a person that the paragraph is about."""
    last = title.split()[-1] if title.split() else ""
    return len(title.split()) <= 3 and any(e.label_ == "PERSON" and e.text.split()[-1:] == [last] for e in doc.ents)


def _ask(doc: Doc, person: str) -> Iterator[Asked]:
    for sentence, predicate in predicates(doc, person):
        kept = [phrase for phrase in predicate.phrases if sayable(phrase)]
        lost = [phrase for phrase in predicate.phrases if phrase not in kept and phrase.role in REQUIRED]
        forms: dict[tuple[Token, ...], list[_Draft]] = {}
        for some in _fewer(kept):
            for draft in (*_about_phrases(predicate, some, lost), *_about_subject(predicate, some, lost)):
                if _specific(draft):
                    forms.setdefault(draft.answer, []).append(draft)
        for answer, drafts in forms.items():
            doubts = (*predicate.doubts, *drafts[0].doubts, *_doubts(drafts[0]))
            wordings = tuple(dict.fromkeys(draft.question for draft in drafts))
            kind = drafts[0].noun.ent_type_ or drafts[0].noun.pos_
            yield Asked(sentence.text.strip(), wordings, said(answer), said(core_of(answer)), kind, doubts)


def _fewer(phrases: Sequence[Phrase]) -> Iterator[list[Phrase]]:
    """All of the phrases, then without those that can be spared, the last one first."""
    kept = list(phrases)
    yield kept
    for phrase in reversed(phrases):
        if phrase.role not in REQUIRED:
            kept = [other for other in kept if other is not phrase]
            yield kept


def _weight(question: str) -> int:
    return sum(word not in SLIGHT for word in re.findall(r"[\w'\u2019-]+", question.casefold()))


def _specific(draft: _Draft) -> bool:
    """Whether the question says what it is about, and does not hold its own answer."""
    told, answer = (set(re.findall(r"\w+", text.casefold())) for text in (draft.question, said(draft.answer)))
    return len(draft.question.split()) <= LONGEST and _weight(draft.question) >= WEIGHTY and not answer <= told


def _doubts(draft: _Draft) -> Iterator[str]:
    if _weight(draft.question) < SURELY_WEIGHTY:
        yield "short"
    if any(t.dep_ in ("relcl", "acl") and t not in draft.answer for t in draft.noun.rights):
        yield "more is said of the answer"


def _about_phrases(p: Predicate, kept: Sequence[Phrase], lost: Sequence[Phrase]) -> Iterator[_Draft]:
    for phrase in p.phrases:
        noun = phrase.noun
        if any(other is not phrase for other in lost) or noun is None:
            continue
        if noun.pos_ not in ("NOUN", "PROPN", "NUM", "SYM") and phrase.role != "acomp":
            continue
        others = [other for other in kept if other is not phrase]
        drafts = (rule(p, phrase, noun, others) for rule in (_when, _how_many, _how_long, _where, _what))
        first = next((draft for draft in drafts if draft is not None), None)
        inside = _inside(p, phrase, noun, others)
        yield from (draft for draft in (first, inside) if draft is not None)


def _when(p: Predicate, phrase: Phrase, noun: Token, others: list[Phrase]) -> _Draft | None:
    words, prep = tuple(bare(phrase_of(noun).words)), phrase.preposition
    if noun.ent_type_ not in TIMES or phrase.role in ("dobj", "attr") or not 0 < len(words) <= LONGEST_ANSWER:
        return None
    if any(other.noun is not None and other.noun.ent_type_ in TIMES for other in others):
        return None
    if SPELL.search(noun.lower_) and any(t.tag_ == "CD" for t in words):
        return _Draft(_fronted(p, "for how long", others), words, noun) if prep == "for" else None
    if prep == "between" and SPAN.fullmatch(said(words)):
        return _Draft(_fronted(p, "between which years", others), words, noun)
    if not MOMENT.search(said(words)) or noun.lemma_.lower() in NO_MOMENT:
        return None
    if prep == "in" and YEAR.fullmatch(said(words)):
        return _Draft(_fronted(p, "in what year", others), words, noun)
    if prep in ("since", "until"):
        return _Draft(_fronted(p, f"{prep} when", others), words, noun)
    plain = prep in ("in", "on", "during", "throughout", "at", "around", "by") or phrase.role == "npadvmod"
    return _Draft(_fronted(p, "when", others), words, noun) if plain else None


def _how_many(p: Predicate, phrase: Phrase, noun: Token, others: list[Phrase]) -> _Draft | None:
    counted, prep = count_of(noun), phrase.preposition
    told = phrase.role != "attr" or p.verbs or noun.lemma_.lower() in UNITS
    if counted is None or not told or (prep and prep not in COUNTED_AFTER):
        return None
    number, things = counted
    return _Draft(_fronted(p, f"{prep} how many {said(things)}".strip(), others), tuple(number), noun)


def _how_long(p: Predicate, phrase: Phrase, noun: Token, others: list[Phrase]) -> _Draft | None:
    """A measure with its adjective: "The crack is 70 centimetres long"."""
    measure = measure_of(noun)
    if phrase.role != "acomp" or measure is None or p.verbs:
        return None
    words = phrase_of(measure).words
    exact = any(t.like_num for t in words) and len(words) <= LONGEST_ANSWER
    return _Draft(_fronted(p, f"how {noun.text}", others), words, measure) if exact else None


def _where(p: Predicate, phrase: Phrase, noun: Token, others: list[Phrase]) -> _Draft | None:
    answer = answer_of(noun)
    located = p.verb in LOCATING and noun.pos_ == "NOUN" and not is_empty(noun)
    named = noun.pos_ == "PROPN" and not is_place(noun)
    located = located or named or is_place(noun)
    if phrase.preposition not in ("in", "at", "on") or not located or answer is None or noun.ent_type_ in TIMES:
        return None
    rest = [o for o in others if not (o.preposition and o.noun is not None and o.noun.ent_type_ in PLACES)]
    return _Draft(_fronted(p, "where", rest), answer, noun, ("unknown name",) if named else ())


def _what(p: Predicate, phrase: Phrase, noun: Token, others: list[Phrase]) -> _Draft | None:
    if phrase.role == "acomp":
        return None
    answer, wh = answer_of(noun), who_or_what(answer_head(noun))
    if answer is None or noun.ent_type_ in TIMES or (is_empty(noun) and not is_named(answer)):
        return None
    if any(t.like_num for t in answer) and noun.pos_ != "PROPN":
        if phrase.role == "attr":
            return _what_it_comes_to(p, noun, answer, others)
        measured = phrase.role == "dobj" and (noun.text == "%" or noun.ent_type_ in ("PERCENT", "MONEY"))
        return _Draft(_fronted(p, "how much", others), answer, noun) if measured else None
    doubts = () if has_weight(answer) else ("one word",)
    if phrase.role == "attr":
        return _what_it_is(p, noun, answer, others)
    if not wh:
        return None
    if phrase.role == "agent":
        return _Draft(_fronted(p, "by whom" if wh == "who" else "by what", others), answer, noun, doubts)
    if phrase.role == "dobj":
        had = ("had",) if p.verb == "have" and not is_named(answer) else ()
        return _Draft(_fronted(p, wh, others), answer, noun, (*doubts, *had))
    short = all(o.role in REQUIRED for o in others) and sum(len(o.words) for o in others) <= 5
    fits = {
        "of": p.verb in ("make", "consist", "compose", "build"),
        "under": noun.ent_type_ == "PERSON",
        "as": p.verb in KNOWN_AS,
    }
    stranded = fits.get(phrase.preposition, phrase.preposition in STRANDED)
    if not stranded or not short or (others and phrase.preposition == "on"):
        return None
    place = noun.ent_type_ in PLACES and phrase.preposition in ("to", "from")
    return _Draft(_fronted(p, "where" if place else wh, others, phrase.preposition), answer, noun, doubts)


def _what_it_comes_to(p: Predicate, noun: Token, answer: tuple[Token, ...], others: list[Phrase]) -> _Draft | None:
    """A figure that is given for a thing: "The density was 4,098 people per square mile"."""
    counts = p.named is None or p.named.pos_ != "NOUN" or p.verbs or any(c.isdigit() for c in p.subject)
    return None if counts or noun.ent_type_ in TIMES else _Draft(_fronted(p, "what", others), answer, noun)


def _what_it_is(p: Predicate, noun: Token, answer: tuple[Token, ...], others: list[Phrase]) -> _Draft | None:
    """What a name is, or the name of what is described."""
    if p.named is None or p.verbs or not has_weight(answer):
        return None
    if p.named.pos_ == "PROPN" and noun.pos_ == "NOUN":
        return _Draft(_fronted(p, "what", others), answer, noun)
    wh = "who" if who_or_what(p.named) == "who" else who_or_what(noun)
    named = p.named.pos_ == "NOUN" and noun.pos_ == "PROPN" and wh
    return _Draft(_fronted(p, wh, others), answer, noun) if named else None


def _inside(p: Predicate, phrase: Phrase, noun: Token, others: list[Phrase]) -> _Draft | None:
    """What the last phrase of an object is about: "What did Luther write a prayer for?"."""
    if phrase.role not in ("dobj", "attr", "prep") or noun.pos_ != "NOUN" or is_empty(noun):
        return None
    if phrase.preposition in ("in", "at", "on", "by", "as") or any(o.role in REQUIRED for o in others):
        return None
    led = [t for t in noun.rights if t.dep_ == "prep" and t.lower_ in ("of", "for", "on", "to", "about")]
    if len(led) != 1 or any(t.dep_ in ("relcl", "acl", "conj", "prep") and t not in led for t in noun.children):
        return None
    tail = phrase_of(led[0])
    first = Phrase(phrase.head, tuple(t for t in phrase.words if t.i < led[0].i), phrase.role)
    about = tail.noun
    answer = None if about is None else answer_of(about)
    if about is None or answer is None or any(t.like_num for t in answer) or is_empty(about):
        return None
    wh = who_or_what(about)
    cut = not tail.words or phrase.words[-1].i > tail.words[-1].i or len(first.words) < 2
    if not wh or cut or not sayable(first) or any(t.tag_ == "PRP$" for t in first.words):
        return None
    question = _question([wh, p.front, p.subject, p.verbs, lowered(first.words), led[0].text])
    return _Draft(question, answer, about)


def _about_subject(p: Predicate, kept: list[Phrase], lost: Sequence[Phrase]) -> Iterator[_Draft]:
    noun = p.named
    if noun is None or lost or not p.told:
        return
    told = [p.told, *(lowered(phrase.words) for phrase in kept)]
    counted = count_of(noun)
    if counted is not None:
        number, things = counted
        yield _Draft(_question(["how many", said(things), *told]), tuple(number), noun)
        return
    answer = answer_of(noun)
    if answer is None or noun.pos_ != "PROPN" or any(t.like_num for t in answer):
        return
    attr = next((phrase for phrase in kept if phrase.role == "attr"), None)
    if attr is None:
        yield from _cleft(p, noun, answer, kept, told)
    elif attr.words[0].lower_ == "the" and attr.head.pos_ == "NOUN" and len(attr.words) > 2 and not p.verbs:
        person = "who" in (who_or_what(noun), who_or_what(attr.head))
        yield _Draft(_question(["who" if person else "what", *told]), answer, noun)


def _cleft(
    p: Predicate, noun: Token, answer: tuple[Token, ...], kept: Sequence[Phrase], told: Sequence[str]
) -> Iterator[_Draft]:
    """Who did it, asked unlike the sentence tells it: "Who was it that bought the mill in 2031?"."""
    wh = who_or_what(noun)
    if not wh or (wh == "what" and noun.ent_type_ not in PLACES and len(answer) == 1):
        return
    asks = "who or what" if wh == "what" and noun.ent_type_ not in PLACES else wh
    many = noun.tag_ == "NNPS" or any(t.dep_ == "conj" for t in noun.children)
    if (many and p.front != "did") or (p.front in ("is", "are", "was", "were") and not p.verbs):
        return
    words = [t for phrase in kept for t in phrase.words]
    if any(t.tag_ == "PRP$" for t in words) or sum(t.pos_ in ("NOUN", "PROPN", "NUM", "ADJ") for t in words) < 2:
        return
    yield _Draft(_question([f"{asks} {'is' if p.front in PRESENT else 'was'} it that", *told]), answer, noun)


def _fronted(p: Predicate, wh: str, others: Sequence[Phrase], stranded: str = "") -> str:
    return _question([wh, p.front, p.subject, p.verbs, *(lowered(other.words) for other in others), stranded])


def _question(parts: Sequence[str]) -> str:
    text = " ".join(part for part in parts if part).strip().rstrip(",")
    return text[:1].upper() + text[1:] + "?"
