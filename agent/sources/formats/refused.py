"""What is no text to learn from, though its bytes may be letters: refused by name, with what to do instead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from agent.errors import SourceError
from agent.sources.base import FormatSource, Items
from agent.sources.formats.feed import after_prolog
from agent.sources.payload import Payload

_CONVERT = "save its text as PDF, DOCX, HTML or plain text, and give that"
_LOCKED = "EncryptedPackage".encode("utf-16-le")  # how Office names what it locked, inside an old kind of container


@dataclass(frozen=True)
class _Kind:
    what: str
    mend: str
    starts: re.Pattern[str]


_DATA = re.compile(r"\s*(?:<\?xml\s|<!DOCTYPE\s|\{\s*\"[^\"\n]*\"\s*:|\[\s*\{\s*\")")
_SVG = re.compile(r"<(?:\w+:)?svg[\s>]", re.IGNORECASE)
_KINDS = (
    _Kind("a file of an old office program (.doc, .xls, .ppt, .msg)",
          "save it as .docx, .xlsx, .pptx or .eml", re.compile("\ufffd\ufffd\x11\u0871\x1a\ufffd")),
    _Kind("a page of PostScript", "convert it to PDF, e.g. with ps2pdf", re.compile(r"%!PS")),
    _Kind("an archive", "unpack it and give the folder",
          re.compile("7z\ufffd\ufffd'\x1c|Rar!\x1a|\x1f\ufffd\x08|BZh[1-9]1AY|\ufffd7zXZ|!<arch>|(?s:.{257})ustar")),
)  # fmt: skip


class RefusedSource(FormatSource):
    """Raises SourceError for everything that it takes."""

    name: ClassVar[str] = "refused"
    suffixes: ClassVar[frozenset[str]] = frozenset({".svg", ".doc", ".xls", ".ppt", ".msg"})
    media_types: ClassVar[frozenset[str]] = frozenset(
        {"image/svg+xml", "application/msword", "application/vnd.ms-excel"}
    )

    @classmethod
    def recognizes(cls, head: str) -> bool:
        return _is_svg(head) or any(kind.starts.match(head) for kind in _KINDS)

    def parse(self, payload: Payload) -> Items:
        head = payload.head
        if _LOCKED in payload.data:
            cause = f"{payload.location} is locked with a password"
            raise SourceError(cause, "save a copy without a password and give that")
        for kind in _KINDS:
            if kind.starts.match(head):
                raise SourceError(f"{payload.location} is {kind.what}", kind.mend)
        if payload.suffix == ".svg" or _is_svg(head):
            raise SourceError(f"{payload.location} is a picture (SVG)", "write what it shows into a text file")
        data = "JSON" if head.lstrip()[:1] in ("{", "[") else "XML" if head.lstrip()[:1] == "<" else "a file"
        raise SourceError(f"{payload.location} is {data} of a kind that is not read", _CONVERT)


def _is_svg(head: str) -> bool:
    return head.lstrip()[:1] == "<" and _SVG.match(after_prolog(head)) is not None


def is_data(head: str) -> bool:
    """Whether a text begins like XML or JSON: learned as text, it would be learned as markup."""
    return _DATA.match(head) is not None
