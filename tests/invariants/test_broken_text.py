"""Whatever a text is made of, no stage of its document raises anything: reading, parsing, probes, strategies, check."""

from __future__ import annotations

import html
import json
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from agent.errors import SourceError
from agent.ports import Failure
from agent.records import Document
from agent.sources import read
from agent.strategies import all_strategies, suited
from agent.strategies.checking import check
from agent.text.language import is_english, language
from agent.text.parsing import facts, sentences
from evals.probes.making import make_probes

CASES = Path(__file__).parents[1] / "cases" / "crash"
WRITERS = {name: one for name, one in all_strategies().items() if not one.needs_model}

PIECES = (
    "", " ", "\n", "\n\n", "\n\n\n\n", "\r\n\r\n", "\t", "    ",
    "The ferry Marlinspike began to sail on 3 May.", "Ilse Brandvold, who chairs the council, paid 2.4 million crowns",
    "Why the council approved both", "It was them", "He gave her his", "Those who did", "both", "Each other's", "none",
    "\ud800", "\udfff tail", "\0", "\x07\x1b[31m", "\x0b\x0c\x85", "\u2028\u2029", "\ufeff", "\ufffe", "\ufffd",
    "\u200b\u200d\u2060", "\u202eevitcellocer\u202c", "\u0301\u0302\u0303", "a" + "\u0301" * 300,
    "\U0001f468\u200d\U0001f33e",
    "...", "!?!?", "--- *** ___", "()[]{}<>", "\u2014 \u2013 -", "\"'\u201c\u2019", ".", ",;:", "$ $ $", "% # @ & |",
    "x" * 5000, "word" * 400 + ".", "1" * 400, "3.14.15.92", "1,000,000,000 and 4/5 of 0x1F", "50% of \u20ac3bn",
    "\u05d4\u05e0\u05de\u05dc \u05e0\u05e4\u05ea\u05d7 \u05d1\u05de\u05d0\u05d9.",
    "\u0627\u0641\u062a\u062a\u062d \u0627\u0644\u0645\u064a\u0646\u0627\u0621.",
    "\u6e2f\u304c\u958b\u3044\u305f\u3002\u6771\u6d5c\u306f\u5e83\u3044\u3002",
    "\ud56d\uad6c\uac00 \uc5f4\ub838\ub2e4.",
    "\u041f\u043e\u0440\u0442 \u043e\u0442\u043a\u0440\u044b\u043b\u0441\u044f.",
    "\u0e17\u0e48\u0e32\u0e40\u0e23\u0e37\u0e2d\u0e40\u0e1b\u0e34\u0e14",
    "<p>", "</div>", "&nbsp;&#0;&#xD800;", "<script>if (a < b) {}</script>", "]]>", "```", "# Heading", "- item",
    "| a | b |", "http://x.example/?q=%ff", "{}", "____", "Question: Answer:", "\\u0000", "'s", "A", "I.",
)  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), max_size=12).map(" ".join) | st.lists(
    st.sampled_from(PIECES), max_size=8
).map("\n\n".join)


def files(text: str) -> Iterator[tuple[str, bytes]]:
    """The text in files of many formats, also where it breaks their rules."""
    raw = text.encode("utf-8", "surrogatepass")
    body = html.escape(text.replace("\0", ""), quote=False)
    yield from ((f"a.{suffix}", raw) for suffix in ("txt", "md", "html", "jsonl", "json", "xml"))
    yield "b.txt", text.encode("utf-16", "surrogatepass")
    yield (
        "b.html",
        f"<html><title>{text[:9]}</title><body><p>{body}</p><pre>{text}</pre></body></html>".encode(
            "utf-8", "surrogatepass"
        ),
    )
    yield (
        "b.jsonl",
        json.dumps({"text": text, "title": text[:30], "questions": [{"question": text[:20], "answer": "A"}]}).encode(),
    )
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [{"content_text": text}, {"content_html": text}]}
    yield "b.json", json.dumps(feed).encode()
    item = f"<item><title>{body[:20]}</title><description>{body}</description></item>"
    yield (
        "b.xml",
        f'<rss version="2.0"><channel><title>t</title>{item}{item}</channel></rss>'.encode("utf-8", "surrogatepass"),
    )


def documents_of(folder: Path, text: str) -> list[Document]:
    found: list[Document] = []
    for name, data in files(text):
        path = folder / name
        path.write_bytes(data)
        try:
            items = list(read(str(path), max_words=300))
        except SourceError as error:
            items = [Failure(name, f"{error.cause}; {error.mend}")]
        for item in items:
            assert not (isinstance(item, Failure) and "--debug" in item.reason), f"nobody foresaw that: {item}"
        found += [item for item in items if isinstance(item, Document)]
    return found


def learn(document: Document, names: Iterable[str] = tuple(WRITERS)) -> int:
    """All that is done with a document before it is trained on. Returns how many training sequences it gives."""
    assert all(sentence.strip() for sentence in sentences(document.text))
    probes, count = make_probes(document), 0
    for name, writer in suited(WRITERS, language(document.text)).items():
        if name in names:
            examples = writer.write(document, "", None)
            passed, refused = check(document, examples, probes)
            assert len(passed) + len(refused) == len(examples)
            count += len(examples)
    return count


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=texts)
@example(text="".join(PIECES))
@example(text="\n\n".join(PIECES))
@example(text=" ".join(PIECES))
def test_broken_text_raises_nothing_at_any_stage(text: str, tmp_path: Path) -> None:
    for document in {it.id: it for it in documents_of(tmp_path, text)}.values():
        learn(document)


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: ascii(piece)[:20])
def test_a_text_that_ends_in_a_broken_piece_gives_the_facts_before_it(piece: str) -> None:
    text = "The council of Tarn bought the ferry in 2019. Odo Marsh runs it."
    document = Document.make("Ferry notes", f"{text}\n\n{piece}".encode("utf-8", "replace").decode())
    learn(document)
    if is_english(document.text):
        assert {fact.answer for fact in facts(document.text)} >= {fact.answer for fact in facts(text)}


def test_a_paragraph_that_ends_in_a_pronoun_raises_nothing_and_the_one_before_it_gives_facts() -> None:
    (document,) = read(str(CASES / "pronoun_at_end.txt"), max_words=300)
    assert isinstance(document, Document)
    assert (document.title, len(document.text.split("\n\n"))) == ("Ferry notes", 2)
    assert {"2019", "Odo Marsh"} <= {fact.answer for fact in facts(document.text)}
    assert make_probes(document)
    for name in ("facts", "cloze"):
        assert WRITERS[name].write(document, "", None)


def test_a_paragraph_that_ends_in_a_pronoun_gives_no_fact() -> None:
    (document,) = read(str(CASES / "pronoun_at_end.txt"), max_words=300)
    assert isinstance(document, Document)
    assert facts(document.text.split("\n\n")[-1]) == []


NAMES = ("Ilse Brandvold", "Odo Marsh", "Mia Tarn", "Dr. K. O'Neill-Brandt", "the Harbour Council",
         "IBM", "she", "they",
         "J. R. R. Moss", "Queen Ada II", "Brandvold et al.", "@odo_marsh", "someone", "both", "we",
         "neither")  # fmt: skip
PLACES = ("Ostrava Quay", "Hollow Point", "the U.S.", "St. Tarn's", "Tarn Mouth, Lower Vell", "there", "home", "London")
AMOUNTS = (
    "2.4 million crowns",
    "$3bn",
    "140",
    "one in five",
    "12-14",
    "\u20ac1.20",
    "half",
    "3,000 kg",
    "50%",
    "no",
    "-7 \u00b0C",
)
TIMES = ("3 May", "2019", "last Tuesday", "5 p.m.", "the 1990s", "2026-05-04T10:00Z", "10/5", "now", "Q3 2025", "noon")
THINGS = (
    "ferry",
    "ticket office",
    "LED lights",
    "agreement",
    "C++ library",
    "H2O",
    "so-called \u2018plan\u2019",
    "e-mail",
    "thing",
)
VERBS = (
    "opened",
    "has been",
    "will cease",
    "couldn't sell",
    "'s",
    "is said to have built",
    "runs",
    "were",
    "ain't",
    "let",
)
SHAPES = (
    "{name} {verb} the {thing} in {place} on {time}.",
    "{name}, who {verb} {amount} {thing}s, {verb} {place} \u2014 and {name} {verb} it too",
    "\u201cWe {verb} {amount},\u201d said {name} ({time}). \u201cIt is {thing}.\u201d",
    "{thing}: {amount}; {thing}: {amount}; total {amount}",
    "- {amount} of {thing}",
    "{num}. {name} v. {name} [{num}] U.S. {num} ({place} {time})",
    "What {name} {verb} and why {name} {verb} both",
    "How {place} {verb} its",
    "{THING} {VERB} AS {NAME} {VERB} {PLACE}",
    "{time}: {name} | {place} | {amount} | {thing}",
    "Section {num}. (a) The {thing} shall not be {verb}; (b) {name} {verb}, unless {place} {verb}",
    "Mix {amount} {thing} with {amount} {thing}, then bake at {num} degrees for {num} minutes.",
    "{name} {num}\u2013{num} {name} (a.e.t.; {num}-{num} pens)",
    "See https://{place}.example/{num}?q={thing}#{num} or write to {thing}@{place}.example",
    "{name}'s {thing}'s {thing} of {place}'s {amount}",
    "In {time}, {amount} of {amount} of the {thing}s in {place} {verb}; {name} {verb} them, himself, and those",
    "The {thing} (also known as the {thing}, or {name}) {verb} {amount} times more than that of {place}, which {verb}",
    "Abstract: We {verb} {thing}, a $O(\\log n)$ {thing} with {amount} parameters ({name}, {time}).",
    "v{num}.{num}.{num} \u2013 fixed {thing} by @{name} in #{num}",
    "\u2022 {name} \u2022 {place} \u2022 {time}",
    "{amount}",
    "{name} {verb} {name}",
    "No {thing}, no {thing}; none of it, nor any of theirs",
    "There {verb} {amount} {thing}s, each of which {verb} {amount} each, or so {name} told us all",
    "Re: {thing} ??? {name} {verb} {time} !!! :-) {place}...",
)  # fmt: skip


def paragraph(draw: random.Random) -> str:
    """One or two sentences of these shapes, sometimes cut, in capitals or without its stop."""
    slots = {"name": NAMES, "place": PLACES, "amount": AMOUNTS, "time": TIMES, "thing": THINGS, "verb": VERBS}

    def fill(match: re.Match[str]) -> str:
        slot = match.group(1)
        if slot == "num":
            return str(draw.randrange(1, 3000))
        word = draw.choice(slots[slot.lower()])
        return word.upper() if slot.isupper() else word

    told = " ".join(re.sub(r"\{(\w+)\}", fill, draw.choice(SHAPES)) for _ in range(draw.choice((1, 1, 1, 2))))
    words = told.split(" ")
    if draw.random() < 0.3:
        told = " ".join(words[: draw.randrange(1, len(words) + 1)])
    if draw.random() < 0.1:
        told = draw.choice((told.lower(), told.upper(), told.rstrip(".") + ":", f"{told} \u2026"))
    return told


@pytest.mark.slow
def test_5000_paragraphs_of_real_shapes_raise_nothing_at_the_parser() -> None:
    draw, found = random.Random(16), 0
    for number in range(250):
        document = Document.make(f"Notes {number}", "\n\n".join(paragraph(draw) for _ in range(20)))
        found += learn(document, ("facts", "cloze"))
    assert found > 20_000, "the paragraphs tell something"
