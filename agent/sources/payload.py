"""Bytes as they came from a file or the web, and the characters in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from agent.errors import SourceError
from agent.sources.encodings import decoded, told

_CONTROLS = bytes([*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F])
_SHORT_BYTES = 64  # so few bytes with NUL bytes among them are no text
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
        return start.decode(told(start) or "utf-8", errors="replace")


def is_url(location: str) -> bool:
    return location.lower().startswith(("http://", "https://"))


def refuse_binary(payload: Payload) -> None:
    """Lets text of any encoding pass, also with some NUL bytes in it or after it, as broken disks and programs leave.

    Raises:
        SourceError: more than 2% control characters, or NUL bytes beside others or more of them than 10%.
    """
    data = payload.data.rstrip(b"\0")
    controls = len(data) - len(data.translate(None, _CONTROLS))
    nuls = data.count(0)
    if not controls and len(data) == len(payload.data):
        return
    with_nuls = nuls > 0 or len(data) < len(payload.data)
    most = len(data) // 500 if with_nuls else max(2, len(data) // 50)
    binary = controls - nuls > most or nuls > len(data) // 10 or (with_nuls and len(data) < _SHORT_BYTES)
    if binary and not told(payload.data):
        kind = f" ({payload.media_type})" if payload.media_type else ""
        raise SourceError(f"{payload.location} is binary{kind}, not text", _NOT_TEXT)


def decode(payload: Payload, declared: str = "") -> str:
    """The payload as text, see `encodings`.

    Raises:
        SourceError: the payload is binary or in an encoding that cannot be told.
    """
    refuse_binary(payload)
    text = decoded(payload.data, filter(None, (declared, payload.charset)))
    if text is None:
        cause = f"{payload.location} is binary, or text in an encoding that cannot be told"
        raise SourceError(cause, f"save it as UTF-8, or {_NOT_TEXT}")
    return text.replace("\0", "")
