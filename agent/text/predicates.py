"""What a sentence says, as predicates: a subject, a verb and the whole phrases that go with it.

Phrases are never cut in the middle: a question made of half an argument asks nothing ("What do Sudan will cease?").
What commas, brackets or dashes set off is left out whole. A pronoun as subject is replaced by the subject that it
takes up from the sentence before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.text.clauses import FINITE
from agent.text.lexicon import words as listed

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

DO = {"VBD": "did", "VBZ": "does", "VBP": "do"}
SUBJECTS, HELPERS = ("nsubj", "nsubjpass"), ("aux", "auxpass")
ARGUMENTS = ("dobj", "dative", "attr", "acomp", "oprd", "prt", "prep", "agent", "npadvmod", "xcomp", "ccomp")
REQUIRED = ("dobj", "dative", "attr", "acomp", "oprd", "prt", "xcomp", "ccomp")
"""Without these a verb says something else."""
ASIDES = ("appos", "relcl", "acl", "advcl", "parataxis", "prep", "npadvmod", "dep", "nmod")
"""What is an aside where a mark of `SET_OFF` goes before it."""
SET_OFF = (",", ";", ":", "(", "[", "\u2013", "\u2014", "-", "--")
CUTS = (":", ";", "\u2013", "\u2014", "--")
"""What ends a phrase."""
UNCERTAIN = {"would", "could", "might", "may", "should", "must", "shall", "'d", "\u2019d"}
"""With these a clause states no fact."""
DENYING = {"never", "hardly", "not", "if", "nor", "unless"}
STATED_AFTER = {"while", "whereas", "as", "because", "since", "although", "though", "when", "after", "that"}
"""Words that lead in a clause which is stated as a fact all the same."""
SAYING, MEASURED = listed("saying"), listed("measured")
QUANTITIES = {"both", "most", "many", "several", "some", "few", "one", "two", "three"}
"""A subject with one of these is one of many, or of those told of before."""
USUAL_WORDS = 32
"""Longer sentences are parsed wrong more often."""
NAMES = {"PERSON", "NORP", "ORG", "GPE", "LOC", "FAC", "PRODUCT", "EVENT", "WORK_OF_ART", "LAW", "LANGUAGE"}
PARTICLES = listed("particles")
MOST_WORDS = 60
"""The parse of a longer sentence is too often wrong."""
POINTERS = listed("pointers")
"""Words that only the text around them explains."""
FILLERS = {"al", "etc", "instance", "example", "respectively", "rather", "than", "well", "e.g.", "i.e.", "approx"}
"""Words of phrases that are no part of what is said, or only of half of a comparison."""
MARKS = re.compile(r"[`\"\u201c\u201d()\[\]{}<>=/\\|^_;:*#~\u2032\u2033\u00b0\u2212]|https?|www")
"""Quotation marks, brackets, formulas and addresses: no phrase for a question."""


@dataclass(frozen=True)
class Phrase:
    """A whole phrase: the word that it hangs on the verb by, and all its words in order."""

    head: Token
    words: tuple[Token, ...]
    role: str

    @property
    def noun(self) -> Token | None:
        """The noun of the phrase: its head, or what its preposition leads up to."""
        if self.role not in ("prep", "agent"):
            return self.head
        led = [t for t in self.head.children if t.dep_ in ("pobj", "pcomp", "prep")]
        return led[0] if len(led) == 1 and led[0].dep_ == "pobj" else None

    @property
    def preposition(self) -> str:
        return str(self.head.lower_) if self.role in ("prep", "agent") else ""


def phrase_of(head: Token) -> Phrase:
    return Phrase(head, whole(head), "prt" if _particle(head) else str(head.dep_))


def _particle(word: Token) -> bool:
    """A small word that belongs to the verb right before it: "set aside"."""
    return word.dep_ == "advmod" and word.lower_ in PARTICLES and word.head.i == word.i - 1


@dataclass(frozen=True)
class Predicate:
    """A clause that states something. `front` is the verb form that a question begins with, `verbs` what follows the
    subject in it, and `told` what follows the subject in a statement ("" where the clause has no finite verb).
    `phrases` are those behind the verb in their order, then those before the subject."""

    subject: str
    named: Token | None
    front: str
    verbs: str
    told: str
    phrases: tuple[Phrase, ...]
    verb: str
    """Its base form."""
    doubts: tuple[str, ...]
    """Why a question made of it may be a bad one."""


def predicates(doc: Doc, person: str = "") -> Iterator[tuple[Span, Predicate]]:
    """The predicates of a paragraph, each with its sentence. "He" and "she" are `person` where nobody was named."""
    known: Token | None = None
    for sentence in doc.sents:
        if len(sentence) <= MOST_WORDS and not sentence.text.rstrip().endswith(("?", ":")):
            for verb in sentence:
                acts = verb.pos_ in ("VERB", "AUX")
                found = _predicate(verb, known, person) if acts else _apposition(verb)
                if found is not None:
                    yield sentence, found
        subject = _subject(sentence.root)
        if subject is not None and subject.pos_ in ("NOUN", "PROPN"):
            known = subject
        elif subject is None or subject.pos_ != "PRON":
            known = None


def _predicate(verb: Token, known: Token | None, person: str) -> Predicate | None:
    subject = _subject(verb)
    if subject is None or not _states(verb) or (verb.dep_ == "conj" and not _states(verb.head)):
        return None
    if subject.dep_ != "appos" and not _agrees(verb, subject):
        return None
    forms = _forms(verb, subject)
    text, taken_up = _subject_text(verb, subject, known, person)
    if forms is None or not text:
        return None
    hung = [t for t in verb.children if (t.dep_ in ARGUMENTS or _particle(t)) and not (t.i > verb.i and _set_off(t))]
    phrases = [phrase_of(t) for t in hung if t.i > verb.i]
    leads = [phrase_of(t) for t in hung if t.i < subject.i and verb.dep_ not in ("relcl", "acl", "conj")]
    front, verbs, told = forms
    linked = _linked(phrases)
    if linked is not None:
        phrase, words, inner = linked
        at = phrases.index(phrase)
        between = " ".join(said(p.words) for p in phrases[:at])
        verbs, told = (f"{v} {between} {words}".replace("  ", " ") if v or not told else words for v in (verbs, told))
        told = told if forms[2] else ""
        phrases = [*inner, *phrases[at + 1 :]]
    base = verb.lemma_.lower() if linked is None else linked[0].head.lemma_.lower()
    doubts = _doubts(verb, subject, taken_up)
    return Predicate(
        text, None if taken_up else subject, front, verbs.strip(), told.strip(), (*phrases, *leads), base, doubts
    )


def _agrees(verb: Token, subject: Token) -> bool:
    """Whether verb and subject go together. Where they do not, the parse took something for a verb that is none."""
    helpers, finite = _helpers(verb), _finite(verb)
    passive = any(t.dep_ == "auxpass" for t in helpers) or verb.dep_ == "acl"
    if any(t.dep_ == "agent" for t in verb.children) and not passive:
        return False
    if subject.pos_ == "PROPN" and not any(t.dep_ == "conj" for t in subject.children):
        return True  # "Harrick Industries is": a name may look like many
    many = _many(subject)
    if verb.dep_ in ("acl", "advcl") and not helpers and verb.tag_ in ("VBN", "VBG"):
        return verb.tag_ == "VBN" or verb.dep_ == "advcl"
    if finite.tag_ == "VBZ" or finite.lower_ == "was":
        return not many
    return many or not (finite.tag_ == "VBP" or finite.lower_ == "were")


def _doubts(verb: Token, subject: Token, taken_up: bool) -> tuple[str, ...]:
    own = any(t.dep_ in SUBJECTS for t in verb.children)
    reasons = {
        "long sentence": len(verb.sent) > USUAL_WORDS,
        "shared subject": verb.dep_ == "conj" and not own,
        "participle": verb.dep_ == "acl" and verb.head.pos_ != "PROPN" and _article(verb.head) not in ("a", "an"),
        "subject of several": any(t.dep_ == "conj" for t in subject.children),
        "pronoun": taken_up,
        "quantity": any(t.lower_ in QUANTITIES for t in whole(subject, verb)),
    }  # fmt: skip
    return tuple(reason for reason, holds in reasons.items() if holds)


def _apposition(beside: Token) -> Predicate | None:
    """What a name is: "Petra Lind, the harbour master" and "The club's coach, Petra Lind"."""
    other = beside.head
    if (
        beside.dep_ != "appos"
        or ":" in beside.sent.text
        or {beside.pos_, other.pos_} != {"NOUN", "PROPN"}
        or not _set_off(beside)
    ):
        return None
    name, noun = (other, beside) if other.pos_ == "PROPN" else (beside, other)
    words = tuple(t for t in whole(noun) if t.i < beside.left_edge.i or noun == beside)
    names = tuple(t for t in whole(name) if t.i < beside.left_edge.i or name == beside)
    if name.ent_type_ not in ("PERSON", "ORG", "GPE", "FAC", "") or not understood(words) or not understood(names):
        return None
    front = _be(_finite(beside.sent.root).tag_ == "VBD", _many(name))
    doubts = _doubts(beside, name, taken_up=False)
    return Predicate(said(names), name, front, "", front, (Phrase(noun, words, "attr"),), "be", doubts)


def measure_of(adjective: Token) -> Token | None:
    """The amount that goes with an adjective: the metres of "31 metres long"."""
    if adjective.lower_ not in MEASURED:
        return None
    return next((t for t in adjective.children if t.dep_ == "npadvmod"), None)


def _linked(phrases: Sequence[Phrase]) -> tuple[Phrase, str, list[Phrase]] | None:
    """An infinitive or an adjective takes phrases of its own: "agreed to loan / Phillips / to NASA"."""
    for phrase in phrases:
        head = phrase.head
        if (phrase.role == "xcomp" and head.tag_ == "VB") or (phrase.role == "acomp" and not measure_of(head)):
            own = [t for t in head.children if t.dep_ in ARGUMENTS and t.i > head.i and not _set_off(t)]
            inner = [phrase_of(t) for t in own]
            taken = {t.i for p in inner for t in p.words}
            words = [t for t in phrase.words if t.i not in taken]
            if words and all(t.i <= head.i for t in words):
                return phrase, said(words), inner
    return None


def _subject(verb: Token) -> Token | None:
    """Whose clause it is: its own subject, that of the verb it is joined to, or the noun that it says more of."""
    own = next((t for t in verb.children if t.dep_ in SUBJECTS and t.i < verb.i), None)
    if verb.dep_ == "relcl":
        if own is None or own.tag_ not in ("WP", "WDT") or verb.head.i > verb.i:
            return None
        aside = own.i > 0 and verb.doc[own.i - 1].text == "," and verb.head.i == own.i - 2
        return verb.head if verb.head.pos_ == "PROPN" or aside else None
    if verb.dep_ == "acl":
        of_noun = verb.head.i < verb.i and verb.head.pos_ in ("NOUN", "PROPN")
        return verb.head if of_noun and verb.tag_ == "VBN" else None
    if verb.dep_ == "conj" and verb.head.pos_ in ("VERB", "AUX"):
        return own or _subject(verb.head)
    if verb.dep_ == "advcl" and own is None:
        free = verb.tag_ == "VBG" and verb.i > verb.head.i and not any(t.dep_ in ("mark", "aux") for t in verb.children)
        return _subject(verb.head) if free and verb.head.dep_ == "ROOT" else None
    if verb.dep_ == "ccomp" and verb.head.lemma_ not in SAYING:
        return None
    return own if verb.dep_ in ("ROOT", "ccomp", "advcl", "parataxis") else None


def _article(noun: Token) -> str:
    return next((str(t.lower_) for t in noun.lefts if t.dep_ == "det"), "")


def _forms(verb: Token, subject: Token) -> tuple[str, str, str] | None:
    """The front, the verbs behind the subject, and the verbs of a statement."""
    if verb.dep_ == "acl" or (verb.dep_ == "advcl" and verb.tag_ == "VBG"):
        return _borrowed(verb, subject)
    helpers = _helpers(verb)
    told = " ".join(t.text for t in [*helpers, verb])
    if helpers:
        if helpers[0].tag_ not in FINITE or helpers[0].lower_ in UNCERTAIN:
            return None
        return helpers[0].lower_, " ".join(t.text for t in [*helpers[1:], verb]), told
    tag = "VBD" if verb.tag_ == "VBN" and verb.dep_ == "ROOT" and verb.lower_.endswith("ed") else verb.tag_
    if tag not in DO:
        return None
    return (verb.lower_, "", told) if verb.lemma_ == "be" else (DO[tag], base_form(verb), told)


def base_form(verb: Token) -> str:
    """As a dictionary has it: the parser's lemmas come of rules, which make "rag" of "raged"."""
    from lemminflect import getLemma  # type: ignore[import-untyped]

    found = getLemma(verb.text, "VERB", lemmatize_oov=False)
    return str(verb.lemma_) if not found or verb.lemma_ in found else str(found[0])


def _borrowed(verb: Token, subject: Token) -> tuple[str, str, str] | None:
    """The tense of a participle is that of the main verb."""
    finite = _finite(verb.sent.root)
    if finite.tag_ not in FINITE:
        return None
    dated = any(t.ent_type_ == "DATE" for t in verb.subtree)
    past, many = finite.tag_ == "VBD" or dated, _many(subject)
    if verb.tag_ == "VBG":
        return ("did" if past else "do" if many else "does"), base_form(verb), ""
    return _be(past or any(t.dep_ == "agent" for t in verb.children), many), verb.text, ""


def _be(past: bool, many: bool) -> str:
    return ("were" if many else "was") if past else "are" if many else "is"


def _finite(verb: Token) -> Token:
    """The word that has tense and number: the first helper, where there is one."""
    return next(iter(_helpers(verb)), verb)


def _helpers(verb: Token) -> tuple[Token, ...]:
    own = tuple(t for t in verb.children if t.dep_ in HELPERS and t.i < verb.i)
    subject = any(t.dep_ in SUBJECTS for t in verb.children)
    shares = verb.dep_ == "conj" and not own and not subject and verb.tag_ in ("VB", "VBN", "VBG")
    return _helpers(verb.head) if shares else own


def _states(verb: Token) -> bool:
    """Not what is denied, only possible, a condition, or asked."""
    for t in verb.children:
        if t.dep_ in ("neg", "expl", "csubj", "csubjpass") or t.lower_ in DENYING:
            return False
        if (t.dep_ == "mark" and t.lower_ not in STATED_AFTER) or t.tag_ == "WRB":
            return False
        if t.dep_ == "advcl" and any(c.lower_ in ("if", "unless") for c in t.children):
            return False
    return True


def _subject_text(verb: Token, subject: Token, known: Token | None, person: str) -> tuple[str, bool]:
    """The subject in words that need no text around them, "" where there are none; and whether a sentence before says
    whom it means."""
    if subject.tag_ != "PRP":
        words = whole(subject, verb)
        owner = _owner(words, known, person)
        if owner and understood(words[1:]):
            return f"{owner}'s {said(words[1:])}", True
        return _understood_text(words), False
    if verb.dep_ not in ("ROOT", "conj"):
        return "", True
    if subject.lower_ in ("he", "she"):
        if known is None or known.ent_type_ != "PERSON":
            return person, True
    elif known is None or known.ent_type_ == "PERSON" or subject.lower_ != ("they" if _many(known) else "it"):
        return "", True
    return _understood_text(whole(known)), True


def _understood_text(words: Sequence[Token]) -> str:
    return lowered(words) if understood(words) else ""


def _owner(words: Sequence[Token], known: Token | None, person: str) -> str:
    """Whom the possessive that a phrase begins with means, "" where none does or it cannot be told."""
    if not words or words[0].lower_ not in ("its", "his", "her"):
        return ""
    if words[0].lower_ != "its" and (known is None or known.ent_type_ != "PERSON"):
        return person
    if known is None or _many(known) or (known.ent_type_ == "PERSON") == (words[0].lower_ == "its"):
        return ""
    short = [t for t in whole(known) if t.i <= known.i]
    return lowered(short) if understood(short) else ""


def _many(noun: Token) -> bool:
    return noun.tag_ in ("NNS", "NNPS") or any(t.dep_ == "conj" for t in noun.children)


def understood(words: Sequence[Token]) -> bool:
    """Whether a noun phrase needs nothing around it to be understood."""
    if not words or len(words) > 14 or not any(t.pos_ in ("NOUN", "PROPN") for t in words):
        return False
    if {t.lower_ for t in words} & FILLERS:
        return False
    vague = any(t.tag_ in ("PRP", "PRP$", "WDT", "WP", "WP$", "EX") or t.lower_ in POINTERS for t in words)
    return not vague and not _marked(words)


def _marked(words: Sequence[Token]) -> bool:
    return any(MARKS.search(t.text) for t in words)


def sayable(phrase: Phrase) -> bool:
    """Whether a phrase can stand in a question: short, and without words that point outside of it. Possessives may
    point to the subject. A clause without "that" is mostly a sentence of its own, set beside this one."""
    if phrase.role == "ccomp" and not any(t.lower_ == "that" for t in phrase.head.children):
        return False
    own = [t for t in phrase.words if not (t.lower_ == "that" and t.dep_ == "mark") and t.tag_ != "PRP$"]
    if phrase.role == "npadvmod" and phrase.head.ent_type_ not in ("DATE", "TIME"):
        return False
    pointing = any(t.lower_ in POINTERS and t.tag_ != "IN" for t in own)
    filled = bool({t.lower_ for t in phrase.words} & FILLERS) or (phrase.noun is not None and cut_list(phrase.noun))
    return 0 < len(phrase.words) <= 16 and not pointing and not filled and not _marked(phrase.words)


def cut_list(noun: Token) -> bool:
    """Whether the parse joined only the first of a list to its noun: "the prize, the medal"."""
    more = [t for t in noun.children if t.dep_ == "conj" and t.pos_ in ("NOUN", "PROPN")]
    return bool(more) and not any(t.dep_ == "cc" for t in noun.subtree)


def whole(head: Token, but: Token | None = None) -> tuple[Token, ...]:
    """All words of a phrase but those of asides, of brackets, and of the clause `but` that says more of it."""
    skipped: set[int] = set()
    if but is not None and but != head and but.is_ancestor(head) is False:
        skipped = {t.i for t in but.subtree}
    for word in head.subtree:
        if word != head and word.i not in skipped and _is_aside(word):
            skipped.update(t.i for t in word.subtree)
    kept = _without_brackets([t for t in head.subtree if t.i not in skipped])
    end = next((t.i for t in kept if t.i > head.i and t.text in CUTS), None)
    kept = kept if end is None else [t for t in kept if t.i < end]
    while kept and kept[-1].is_punct and kept[-1].text not in ('"', "\u201d", "%"):
        kept.pop()
    while kept and kept[0].is_punct and kept[0].text not in ('"', "\u201c"):
        kept.pop(0)
    return tuple(t for t, following in zip(kept, [*kept, None][1:], strict=True) if not _doubled(t, following))


def _doubled(word: Token, following: Token | None) -> bool:
    gap = following is not None and following.i > word.i + 1
    return gap and word.text == "," and following is not None and following.text in (",", "and", "or")


def _set_off(phrase: Token) -> bool:
    edge = phrase.left_edge.i
    return edge > 0 and phrase.doc[edge - 1].text in SET_OFF


def _is_aside(word: Token) -> bool:
    if word.dep_ not in ASIDES:
        return False
    same = word.dep_ == "appos" and word.ent_type_ in ("GPE", "DATE") and word.ent_type_ == word.head.ent_type_
    return not same and _set_off(word)  # "Santa Clara, California" is one


def _without_brackets(words: Sequence[Token]) -> list[Token]:
    kept, depth = [], 0
    for word in words:
        depth += word.text in ("(", "[")
        if not depth:
            kept.append(word)
        depth -= word.text in (")", "]") and depth > 0
    return kept


def lowered(words: Sequence[Token]) -> str:
    """The words as they stand, the first of a sentence without its capital where it is no name."""
    if not words:
        return ""
    text, first = said(words), words[0]
    if first.tag_ in ("DT", "PRP$", "IN", "PDT"):
        return text[:1].lower() + text[1:]
    of_name = first.dep_ == "compound" and first.head.pos_ == "PROPN" and first.pos_ != "NOUN"
    named = first.pos_ == "PROPN" or of_name or first.ent_type_ in NAMES or (len(first) > 1 and first.text.isupper())
    return text[:1].lower() + text[1:] if first.is_sent_start and not named else text


def said(words: Sequence[Token]) -> str:
    """The words with the spaces that they have in the text."""
    parts = []
    for word, following in zip(words, [*words, None][1:], strict=True):
        near = following is not None and following.i == word.i + 1
        parts += [word.text, "" if following is None else word.whitespace_ if near else " "]
    return "".join(parts).replace(" ,", ",")
