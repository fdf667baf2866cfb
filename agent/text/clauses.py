"""The clause that an answer hangs on, and its question, out of the dependency parse of a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Span, Token

FINITE = {"VBD", "VBP", "VBZ", "MD"}
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


def _verb(span: Span) -> Token:
    verb = span.root
    while verb.dep_ != "ROOT" and verb.pos_ not in ("VERB", "AUX"):
        verb = verb.head
    return verb


def _join(words: Iterable[str]) -> str:
    return re.sub(r" (?=['\u2019]s\b|n't\b|[,%])", "", " ".join(words))


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
