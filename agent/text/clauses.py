"""The clause that an answer hangs on, and its question, out of the dependency parse of a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Span, Token

FINITE = {"VBD", "VBP", "VBZ", "MD"}
HELPERS = {"VBD": "did", "VBZ": "does", "VBP": "do", "VB": "do"}
TIMES, UNSAID = ("when", "how long"), ("at", "between", "during", "for", "in", "on")
BORROWS = {"conj", "xcomp", "advcl", "acl", "relcl"}
DROPPED = {"advcl", "relcl", "parataxis", "conj", "cc", "punct", "ccomp", "mark", "advmod", "appos", "prep", "npadvmod"}


def as_question(text: str) -> str:
    text = re.sub(r"\s+", " ", text).strip().rstrip(".!?;:, ")
    return text[:1].upper() + text[1:] + "?"


def clause(span: Span, kind: str, wh: str) -> str:
    """The sentence cut down to what the answer hangs on, with "{}" where the answer was."""
    keep = _hung_on(span, wh)
    told = ("{}" if t.i == span.start else t.text for t in span.sent if t.i in keep and not span.start < t.i < span.end)
    return _description(span, kind) or _join(told)


def fronted(span: Span, wh: str) -> str:
    """The clause as a question with the wh-phrase in front; "" where the parse does not allow one.

    Nor is one asked whose subject only other sentences name ("Who sold it?", "What are its doors made of?").
    """
    keep, verb = _hung_on(span, wh), _verb(span)
    subject = _subject(verb)
    if subject is None or subject.pos_ == "PRON" or subject.lower_ == "none" or _parts_from_its_noun(span, wh):
        return ""
    answers, named = set(range(span.start, span.end)), {t.i for t in subject.subtree}
    rest = [t for t in span.doc if t.i in keep - answers and not _leads_up(t, span, wh)]
    unnamed = subject.i in answers
    if any(_points_outside(t) for t in rest if unnamed or t.i in named):
        return ""
    if unnamed:
        words = [t.text for t in rest if t.i > span.start]
        return as_question(_join([wh, *words])) if len(words) > 1 else ""
    if named & answers:
        return ""
    auxiliary = _auxiliary(verb, keep)
    if not (auxiliary.tag_ in FINITE if auxiliary else verb.tag_ in HELPERS):
        return ""
    helper = auxiliary.text if auxiliary else HELPERS[verb.tag_]
    told = [t for t in rest if t.i not in named and t != auxiliary]
    told.sort(key=lambda t: t.i < subject.left_edge.i)  # "After the war, the mill" is "the mill ... after the war"
    tail = [verb.lemma_ if t == verb and auxiliary is None else _lower_start(t) for t in told]
    inner = [_lower_start(t) for t in rest if t.i in named]
    return as_question(_join([*_led_by(span, wh), wh, helper, *inner, *tail]))


def _parts_from_its_noun(span: Span, wh: str) -> bool:
    """Whether the wh-phrase in front would leave the noun behind that it asks about ("Which did she buy a shed?")."""
    return wh == "which" or (wh == "how many" and span.root.dep_ == "nummod")


def _points_outside(token: Token) -> bool:
    """Whether it stands for what other words name: pronouns but "itself", possessives of a subject, "this", "that"."""
    if token.tag_ in ("PRP", "WDT", "WP", "WP$"):
        return not token.lower_.endswith(("self", "selves"))
    possessive = token.tag_ == "PRP$" and token.head.dep_ in ("nsubj", "nsubjpass")
    return possessive or (token.dep_ == "det" and token.lower_ in ("this", "that", "these", "those"))


def _auxiliary(verb: Token, keep: set[int]) -> Token | None:
    """What goes before the subject in a question, where it is not "do"."""
    helpers = (t for head in (verb, verb.head) for t in head.children if t.dep_ in ("aux", "auxpass") and t.i in keep)
    first = next((t for t in helpers if t.tag_ != "TO"), None)
    return verb if first is None and verb.lemma_ == "be" else first


def _preposition(span: Span) -> Token | None:
    """The one that ties a time to the verb ("since 1988")."""
    head = span.root.head
    return head if head.dep_ == "prep" and head.i < span.start and head.head.pos_ in ("VERB", "AUX") else None


def _led_by(span: Span, wh: str) -> list[str]:
    """What goes before "when": "since when", "after how long", but not "on when"."""
    before = _preposition(span) if wh in TIMES else None
    return [before.lower_] if before is not None and before.lower_ not in UNSAID else []


def _description(span: Span, kind: str) -> str:
    """What a thing in apposition says of the name before it: "Anna Moss, a former miller" is "Anna Moss is a {}"."""
    described = span.root.head
    if span.root.dep_ != "appos" or kind != "NOUN" or described.i >= span.start:
        return ""
    name = [span.doc[i].text for i in _short(described) if i < span.start]
    lead = [t.text for t in span.root.lefts if t.dep_ in ("det", "poss") and t.i < span.start]
    return _join([*name, "are" if described.tag_ in ("NNS", "NNPS") else "is", *lead, "{}"])


def _subject(verb: Token) -> Token | None:
    """The verb's own subject, or that of the verb it is joined to by "and"."""
    while True:
        own = next((t for t in verb.children if t.dep_ in ("nsubj", "nsubjpass")), None)
        if own is not None or verb.dep_ != "conj":
            return own
        verb = verb.head


def _lower_start(token: Token) -> str:
    """The first word of a sentence keeps its capital only where it is a name, an article never does."""
    lowered = token.pos_ == "DET" or (token.is_sent_start and token.pos_ != "PROPN")
    return token.lower_ if lowered else token.text


def _verb(span: Span) -> Token:
    verb = span.root
    while verb.dep_ != "ROOT" and verb.pos_ not in ("VERB", "AUX"):
        verb = verb.head
    return verb


def _join(words: Iterable[str]) -> str:
    return re.sub(r" (?=['\u2019]s\b|n't\b|[,%])", "", " ".join(words))


def _leads_up(token: Token, span: Span, wh: str) -> bool:
    """A word that only stands before the answer: "the" and "its", and "on" before what "when" asks for."""
    if token.i < span.start and token.head.i in range(span.start, span.end):
        return True
    return wh in TIMES and token.dep_ == "prep" and (token == _preposition(span) or token.i == span.start - 1)


def _hung_on(span: Span, wh: str) -> set[int]:
    """The words of the clause. "The" goes with "what", but not with "who"."""
    keep = _kept(_verb(span), span)
    if wh != "what":
        keep -= {t.i for t in span.root.lefts if t.dep_ == "det" and t.i < span.start}
    return keep


def _kept(verb: Token, span: Span) -> set[int]:
    """Subject, verb and the way down to the span; other modifiers of the verb are left out."""
    keep: set[int] = {verb.i, *range(span.start, span.end)}
    node, named = span.root, False
    while node.i != verb.i:
        if not named:
            lefts = [t for t in node.lefts if t.dep_ in ("det", "amod", "compound", "poss", "nummod", "case")]
            keep.update(x.i for t in lefts for x in (t.subtree if t.dep_ == "compound" else [t]))
        # "by an electrician, Ludo Fairnworth": the name stands in for all that it names.
        named = node.dep_ == "appos" and node.i == span.root.i
        node = node.head
        if not named:
            keep.add(node.i)
            keep.update(
                t.i for t in node.children if t.dep_ in ("det", "amod", "compound", "case") and node.i != verb.i
            )
            keep.update(t.i for t in node.children if node.dep_ == "prep" and t.dep_ == "pcomp" and t.tag_ == "IN")
    subject = _subject(verb)
    named_by_verb = subject is not None and span.root.i in {t.i for t in subject.subtree}  # "Who said that ...?"
    for child in verb.children:
        said = child.dep_ == "ccomp" and named_by_verb
        if verb.dep_ == "relcl" and child == subject and child.tag_ in ("WDT", "WP"):
            continue  # what it stands for is named instead: "Anna Moss, who runs" is "Anna Moss runs"
        if (said or child.dep_ not in DROPPED) and not (child.left_edge.i <= span.root.i <= child.right_edge.i):
            keep.update(_short(child))
    return keep | _borrowed_subject(verb, span)


def _borrowed_subject(verb: Token, span: Span) -> set[int]:
    """The subject of a verb that has none of its own: "and (the group will) have", "(she retires) to raise"."""
    keep: set[int] = set()
    node = verb
    while not any(t.dep_ in ("nsubj", "nsubjpass") for t in node.children) and node.dep_ in BORROWS:
        if node.dep_ in ("acl", "relcl"):
            keep.update(_short(node.head))
            break
        helpers = [t for t in node.head.children if t.dep_ in ("aux", "auxpass", "neg")]
        if node.dep_ in ("xcomp", "advcl"):
            keep.update([node.head.i, *(t.i for t in helpers)])
            keep.update(i for t in node.head.children if t.dep_ == "dobj" for i in _short(t))
        elif node.tag_ in ("VB", "VBN", "VBG") and not any(t.dep_ in ("aux", "auxpass") for t in node.children):
            keep.update(t.i for t in helpers)
        node = node.head
        keep.update(i for t in node.children if t.dep_ in ("nsubj", "nsubjpass") for i in _short(t))
    if verb.dep_ == "relcl":
        keep.update(_short(verb.head))
    return keep if span.root.i not in keep else set()


def _short(token: Token) -> list[int]:
    """A phrase without its relative clauses and appositions."""
    skip: set[int] = set()
    for t in token.subtree:
        if t.dep_ in ("relcl", "appos", "advcl", "acl") and t is not token:
            skip.update(x.i for x in t.subtree)
    return [t.i for t in token.subtree if t.i not in skip and not t.is_punct]
