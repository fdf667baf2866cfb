"""Rich text (RTF), read by striprtf: small, in pure Python, kept up since 2018."""

from __future__ import annotations

import re
from typing import ClassVar

from agent.errors import SourceError
from agent.sources.base import FormatSource, Items
from agent.sources.document import make_document, without_heading
from agent.sources.payload import Payload
from agent.sources.raised import raised
from agent.text.normal import normalize, one_line

_TITLE = re.compile(r"\{\\title\s+([^{}]*)\}")
_RAISED = re.compile(r"(?:\{\\super(?:\\\w+)*\s+([^{}\\]{1,8})\}|\\super\s+([^{}\\]{1,8})\\(?:nosupersub|plain)\b ?)")
_GONE = re.compile(r"\{(?:\\\w+ ?)*\\deleted\b(?:[^{}\\]|\\[^{}])*\}")
_MEND = "open it in a word processor and save it as .docx, .odt or plain text"


class RtfSource(FormatSource):
    name: ClassVar[str] = "RTF"
    suffixes: ClassVar[frozenset[str]] = frozenset({".rtf"})
    media_types: ClassVar[frozenset[str]] = frozenset({"application/rtf", "text/rtf"})

    @classmethod
    def recognizes(cls, head: str) -> bool:
        return head.lstrip().startswith("{\\rtf")

    def parse(self, payload: Payload) -> Items:
        source = payload.data.decode("ascii", errors="replace")  # RTF escapes all other characters
        if not self.recognizes(source[:64]):
            raise SourceError(f"{payload.location} is no RTF", _MEND)
        title = one_line(_plain(payload, match.group(1))) if (match := _TITLE.search(source)) else ""
        text = _plain(
            payload, _RAISED.sub(_sign, _GONE.sub("", source.replace("HYPERLINK", "")))
        )  # else its address is text
        text = normalize(re.sub(r"\|?\n", "\n\n", text).replace("|", ", "))
        if not text:
            raise SourceError(f"{payload.location} is RTF without text", "leave it out")
        yield make_document(title, without_heading(title, text), source=payload.location, name=payload.stem)


def _plain(payload: Payload, source: str) -> str:
    from striprtf.striprtf import rtf_to_text

    try:
        return str(rtf_to_text(source, errors="replace"))
    except (ValueError, LookupError, OverflowError, TypeError, AttributeError) as error:
        raise SourceError(f"{payload.location} is RTF that cannot be read: {error}", _MEND) from error


def _sign(match: re.Match[str]) -> str:
    """Raised digits as characters of their own, which RTF writes by number."""
    sign = raised(match.group(1) or match.group(2), "1")
    return "".join(c if c.isascii() else f"\\u{ord(c)}?" for c in sign)
