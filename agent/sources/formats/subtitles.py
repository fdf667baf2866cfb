"""Subtitles as running text, without their times. Read by pysubs2 (SRT, WebVTT, SubStation, MicroDVD)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from agent.errors import SourceError
from agent.sources.base import FormatSource, Items
from agent.sources.document import make_document
from agent.sources.payload import Payload, decode
from agent.text.normal import clean, ends_with_stop, one_line

_VOICE = re.compile(r"<v(?:\.[\w.]+)?[ \t]+([^>]*)>")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<\d[\d:.]*>")
_VTT = re.compile(r"\ufeff?\s*WEBVTT(?:[ \t\n]|$)")
_NO_CUE = re.compile(r"^(?:NOTE|STYLE|REGION)\b[^\n]*\n(?:[^\n]+\n)*", re.MULTILINE)  # blocks of WebVTT
_PAUSE_MS, _PARAGRAPH_WORDS = 3_000, 60
_MEND = "save it as SRT or WebVTT again, or its words as plain text"


class SubtitleSource(FormatSource):
    name: ClassVar[str] = "subtitles"
    suffixes: ClassVar[frozenset[str]] = frozenset({".vtt", ".srt", ".ass", ".ssa"})
    media_types: ClassVar[frozenset[str]] = frozenset({"text/vtt", "application/x-subrip"})

    @classmethod
    def recognizes(cls, head: str) -> bool:
        return _VTT.match(head) is not None

    def parse(self, payload: Payload) -> Items:
        text = "\n\n".join(_paragraphs(_cues(payload)))
        if not text:
            raise SourceError(f"{payload.location} holds no subtitle that can be read", _MEND)
        yield make_document(payload.stem, text, source=payload.location, name=payload.stem)


def _cues(payload: Payload) -> Iterator[tuple[int, int, str]]:
    """Begin and end in milliseconds, and the words, of each subtitle."""
    import pysubs2

    text = clean(decode(payload))
    if _VTT.match(text):
        text = _NO_CUE.sub("", text)
    try:
        found = pysubs2.SSAFile.from_string(_VOICE.sub(r"\1: ", text))
    except (
        pysubs2.exceptions.Pysubs2Error,
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
        OverflowError,
    ) as error:
        raise SourceError(f"{payload.location} holds no subtitles that can be read: {error}", _MEND) from error
    for event in found.events:
        if event.is_text:
            yield event.start, event.end, _TAG.sub("", event.plaintext)


def _paragraphs(cues: Iterable[tuple[int, int, str]]) -> Iterator[str]:
    """Sentences run on from one subtitle to the next. A paragraph ends with a sentence, at a pause or when it is long.

    Live captions repeat the line above in each subtitle: said once is enough."""
    said: list[str] = []
    last, until = "", 0
    for start, end, text in cues:
        lines = [line for raw in text.split("\n") if (line := one_line(raw).removeprefix("- "))]
        done = bool(said) and ends_with_stop(said[-1])
        if done and (start - until > _PAUSE_MS or sum(len(line.split()) for line in said) > _PARAGRAPH_WORDS):
            yield " ".join(said)
            said = []
        new = [line for line in lines if line != last]
        said += new
        last, until = (new[-1] if new else last), end
    if said:
        yield " ".join(said)
