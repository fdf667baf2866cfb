"""Bytes as they came from a file or the web, and the characters in them."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import charset_normalizer

from agent.errors import SourceError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Encodings that text without a declaration is really found in. The first wins where two read equally
# well, e.g. Hebrew stands before Cyrillic because Russian text is hardly ever valid in its encoding.
_LEGACY = (
    "cp1252", "gb18030", "cp1255", "cp1251", "big5", "euc_jp", "euc_kr", "cp874", "shift_jis", "cp1250",
    "koi8_r", "cp1256", "cp1253", "cp1254",
)  # fmt: skip
_SAMPLE_BYTES = 65_536
_CONTROLS = bytes([*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F])
_HEAD_BYTES = 16_384
_NOT_TEXT = "convert it to PDF, HTML, Markdown or plain text first"


@dataclass(frozen=True)
class Payload:
    """What a location holds. `media_type` and `charset` are what a web server said, "" where none did."""

    location: str
    data: bytes
    media_type: str = ""
    charset: str = ""

    @property
    def is_url(self) -> bool:
        return is_url(self.location)

    @property
    def suffix(self) -> str:
        return PurePosixPath(self._path).suffix.lower()

    @property
    def stem(self) -> str:
        """The last name of the path without its suffix, e.g. "harbour" of /news/harbour.txt."""
        return PurePosixPath(self._path).stem

    @property
    def _path(self) -> str:
        return urlsplit(self.location).path if self.is_url else self.location.replace("\\", "/")

    @property
    def head(self) -> str:
        """The beginning, decoded without care: enough to see what kind of content this is."""
        start = self.data[:_HEAD_BYTES]
        return start.decode(_bom_encoding(start) or "utf-8", errors="replace")


def is_url(location: str) -> bool:
    return location.lower().startswith(("http://", "https://"))


def refuse_binary(payload: Payload) -> None:
    """Lets text of any encoding pass.

    Raises:
        SourceError: NUL bytes without a mark of UTF-16 or UTF-32, or more than 2% control characters.
    """
    data = payload.data
    if _bom_encoding(data):
        return
    controls = len(data) - len(data.translate(None, _CONTROLS))
    if b"\0" in data or controls > max(2, len(data) // 50):
        kind = f" ({payload.media_type})" if payload.media_type else ""
        raise SourceError(f"{payload.location} is binary{kind}, not text", _NOT_TEXT)


def decode(payload: Payload, declared: str = "") -> str:
    """The payload as text: by its byte order mark, as UTF-8, as declared, else by detection.

    UTF-8 is tried before the declared encoding, because text of another encoding is hardly ever valid
    UTF-8, and servers often declare a wrong one.

    Raises:
        SourceError: the payload is binary or in an encoding that cannot be told.
    """
    refuse_binary(payload)
    text = _first(payload.data, filter(None, (_bom_encoding(payload.data), "utf-8", declared, payload.charset)))
    return _detect(payload) if text is None else text


def _bom_encoding(data: bytes) -> str:
    return next((encoding for mark, encoding in _BOMS if data.startswith(mark)), "")


def _first(data: bytes, encodings: Iterable[str]) -> str | None:
    """The text in the first of the encodings in which the bytes are one."""
    return next((text for encoding in encodings if (text := _try(data, encoding)) is not None), None)


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeError, LookupError):  # a declared encoding may be wrong or unknown: then the next one
        return None


def _detect(payload: Payload) -> str:
    """Reads the payload in the legacy encoding that makes the likeliest text of it.

    Each encoding is tried alone: asked for the best of all, charset-normalizer stops at the first good
    one, and then takes French for Czech.
    """
    ranked = sorted(rank for rank in map(partial(_likeliness, payload.data), _LEGACY) if rank)
    text = _first(payload.data, (_LEGACY[index] for _, _, index in ranked))
    if text is None:
        cause = f"{payload.location} is binary, or text in an encoding that cannot be told"
        raise SourceError(cause, f"save it as UTF-8, or {_NOT_TEXT}")
    return text


def _likeliness(data: bytes, encoding: str) -> tuple[float, float, int] | None:
    """Sorts the likeliest encoding first; None where the bytes make no text in it."""
    cuts = (data[: _SAMPLE_BYTES - cut] for cut in range(4))  # the sample may end inside a character
    sample = next((cut for cut in cuts if _try(cut, encoding) is not None), None)
    if sample is None:
        return None
    matches = charset_normalizer.from_bytes(sample, cp_isolation=[encoding])
    best = next((match for match in matches if match.encoding == encoding), None)
    return None if best is None else (round(best.chaos, 3), -round(best.coherence, 3), _LEGACY.index(encoding))
