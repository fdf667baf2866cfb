"""Normalized text, words and sentences: what every source makes of the characters that it reads.

Normalized text is NFC, has "\\n\\n" between paragraphs and single spaces inside them, and holds no
control characters and no lone surrogates, so that every store and tokenizer downstream accepts it.

A paragraph with a line break inside is a block (code, verses as they were set): its lines and their indentation are
kept, and nothing is ever asked about it. `normalize` joins lines and so makes prose; `tidy` leaves them as they are.

A text is split into words in one of three ways: `words` tells whether two texts say the same, `answer_words` whether an
answer is right, `spaced_words` how a text is written. They differ where marks, spaces or articles stand:

                  "The mill's 6,200 staff"               "北京 2024"
    words         the mill s 6 200 staff                 北 京 2024
    answer_words  mill s 6200 staff                      北 京 2024
    spaced_words  The mill's 6,200 staff                 北京 2024

`count_words` says how long a text is.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterator

UNSPACED_RANGES = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff"
)
"""Scripts without spaces between words, for inside a character class: Thai, Lao, Tibetan, Burmese, Khmer, kana, Han."""
UNSPACED = re.compile(f"[{UNSPACED_RANGES}]")

# Han and kana with their punctuation: a line break between two of these stands for nothing.
_WIDE = "\u3000-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff9d\U00020000-\U0003ffff"
_WIDE_BREAK = re.compile(rf"(?<=[{_WIDE}])\n(?=[{_WIDE}])")

_LINE_END = re.compile("\r\n?|[\x0b\x85\u2028]")
_PARAGRAPH_END = re.compile("[\x0c\u2029]")
# Controls, byte order mark, soft hyphen, and marks without width where a line may or may not be broken, in formulas and
# for notes between lines. Joiners and direction marks stay: Persian and Hindi need them.
_WIDTHLESS = "\u00ad\u200b\u2060-\u2064\ufeff\ufff9-\ufffb"
_DROPPED = re.compile(f"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f{_WIDTHLESS}]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNCLEAN = re.compile(f"[\x00-\x08\x0b-\x1b\x7f-\x9f{_WIDTHLESS}\u2028\u2029\ud800-\udfff]")  # any of the above
_BLANK_LINES = re.compile(r"\n\s*\n")

_STOP, _CLOSING = r"[.!?\u2026\u061f\u06d4\u0964\u0965]", r"[\"'\u201d\u2019\u00bb)\]]*"
_WIDE_STOP = r"[\u3002\uff01\uff1f\uff61][\u300d\u300f\u201d\u2019\uff09\u3011]*"
_NO_ABBREVIATION = r"(?<!\b\w\.)(?<!\b\d\d\.)"  # "M. Dupont", "4. März"
_SENTENCE_END = re.compile(rf"{_STOP}{_NO_ABBREVIATION}{_CLOSING}(?= )|{_WIDE_STOP}")
_LAST_STOP = re.compile(rf"(?:{_STOP}{_CLOSING}|{_WIDE_STOP})$")

ARTICLES = ("a", "an", "the")


def clean(text: str) -> str:
    """The text without control characters and lone surrogates, in NFC, with "\\n" as the only line end."""
    if _UNCLEAN.search(text):
        text = _PARAGRAPH_END.sub("\n\n", _LINE_END.sub("\n", text))
        text = _SURROGATE.sub("\ufffd", _DROPPED.sub("", text))
    return unicodedata.normalize("NFC", text)


def normalize(text: str) -> str:
    """Normalized text (see the module). Normalizing it again changes nothing."""
    paragraphs = (_one_line(paragraph) for paragraph in _BLANK_LINES.split(clean(text)))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _one_line(paragraph: str) -> str:
    if "\n" not in paragraph:
        return " ".join(paragraph.split())
    lines = (" ".join(line.split()) for line in paragraph.split("\n"))
    joined = "\n".join(line for line in lines if line)
    return _WIDE_BREAK.sub("", joined).replace("\n", " ")


def tidy(text: str) -> str:
    """Normalized text whose single line breaks are kept: its paragraphs of several lines are blocks. Tidying it again
    changes nothing."""
    tidied = (
        block(paragraph) if "\n" in paragraph.strip("\n") else _one_line(paragraph)
        for paragraph in _BLANK_LINES.split(clean(text))
    )
    return "\n\n".join(paragraph for paragraph in tidied if paragraph)


def block(lines: str) -> str:
    """Lines as one block, without blank ones and what indents all of them. A single line is a plain paragraph."""
    kept = [line.expandtabs(4).rstrip() for line in clean(lines).split("\n") if line.strip()]
    return textwrap.dedent("\n".join(kept)) if len(kept) > 1 else _one_line("\n".join(kept))


def is_block(paragraph: str) -> bool:
    """Whether a paragraph of tidied text is a block: to be learned as it stands, and never asked about."""
    return "\n" in paragraph


def paragraphs(text: str) -> list[str]:
    """The paragraphs of tidied text: prose in one line each, and blocks."""
    return [paragraph for paragraph in tidy(text).split("\n\n") if paragraph]


def one_line(text: str) -> str:
    """The text as one normalized line, for titles and reasons."""
    return normalize(text).replace("\n\n", " ")


def words(text: str) -> list[str]:
    """Words without marks, lower case. In scripts that write no spaces every character counts as a word."""
    return re.findall(rf"[{UNSPACED_RANGES}]|[^\W{UNSPACED_RANGES}]+", text.casefold())


def wording(text: str) -> str:
    """The words alone, in one string: the same for texts that differ only in marks, spaces and case."""
    return " ".join(words(text))


def count_words(text: str) -> int:
    """Words between spaces; where a script has no spaces, two characters count as one word."""
    if not UNSPACED.search(text):
        return len(spaced_words(text))
    return sum(_weight(token) for token in spaced_words(text))


def _weight(token: str) -> int:
    unspaced = len(UNSPACED.findall(token))
    if not unspaced:
        return 1
    other = any(character.isalnum() for character in UNSPACED.sub("", token))
    return (unspaced + 1) // 2 + other


def spaced_words(text: str) -> list[str]:
    """What stands between spaces, with its marks and capitals, in any script."""
    return text.split()


def answer_text(text: str) -> str:
    """What counts of an answer: lower case, no punctuation, no English articles, single spaces, one way to write a
    number and a letter (SQuAD: Rajpurkar et al. 2016, arXiv 1606.05250, sec. 6). Doing it again changes nothing."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"(?<=\d)[,\u00a0](?=\d{3}\b)", "", text)  # 6,200 and 6200 are one number
    text = re.sub(rf"[^\w\s{UNSPACED_RANGES}]|_", " ", text)  # Thai vowels are no \w
    return " ".join(word for word in text.split() if word not in ARTICLES)


def answer_words(text: str) -> list[str]:
    """The words of `answer_text`; in scripts that put no spaces between words, its characters."""
    return re.findall(rf"[{UNSPACED_RANGES}]|[^\s{UNSPACED_RANGES}]+", answer_text(text))


def cut_at_stops(paragraph: str) -> Iterator[str]:
    """One normalized paragraph cut after its full stops, in order, each piece without the space around it.

    Sentences as far as marks can tell; English ones to train on come from the parse (`agent.text.parsing.sentences`).
    An abbreviation of several letters before a capital ("Prof. Moss") is taken for an end, and nothing is lost by it.
    """
    start = 0
    for match in _SENTENCE_END.finditer(paragraph):
        end = match.end()
        following = paragraph[end : end + 2].strip()[:1]
        if following and not following.islower():
            yield paragraph[start:end].strip()
            start = end
    if rest := paragraph[start:].strip():
        yield rest


def ends_with_stop(paragraph: str) -> bool:
    return _LAST_STOP.search(paragraph) is not None


def first_words(text: str, limit: int = 12) -> str:
    """The first words of the first sentence, for a title that the document did not bring."""
    sentence = next(cut_at_stops(text.split("\n\n", 1)[0]), "")
    if UNSPACED.search(sentence):
        return sentence[: 2 * limit]
    found = spaced_words(sentence)
    return " ".join(found[:limit]) + ("\u2026" if len(found) > limit else "")
