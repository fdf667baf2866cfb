"""In which encoding the bytes of a text are.

Decided in this order, each step only where the one before says nothing:

1. a byte order mark;
2. UTF-16 or UTF-32 without a mark, which show by the bytes of zeros between their letters;
3. UTF-8 without a fault;
4. UTF-8 with faults, where much more of it is UTF-8 than is not: bad bytes become U+FFFD;
5. the declared encoding, as browsers take its name (WHATWG Encoding Standard, section 4.2);
6. the legacy encoding that makes the likeliest text.

UTF-8 stands before the declared encoding, because text of another encoding is hardly ever valid UTF-8, and servers
often declare a wrong one.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import partial

import charset_normalizer

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = {"utf-32-le": 4, "utf-32-be": 4, "utf-16-le": 2, "utf-16-be": 2}  # bytes a unit
# Encodings that text without a declaration is really found in. The first wins where two read equally
# well, e.g. Hebrew stands before Cyrillic because Russian text is hardly ever valid in its encoding.
_LEGACY = (
    "cp1252", "gb18030", "cp1255", "cp1251", "big5", "euc_jp", "cp949", "cp874", "cp932", "cp1250",
    "koi8_r", "cp1256", "cp1253", "cp1254",
)  # fmt: skip
# What is meant by a name: the wider encoding, whose letters stand in texts that are declared by the narrower one.
_MEANT = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "shift_jis": "cp932", "gb2312": "gb18030",
    "gbk": "gb18030", "euc_kr": "cp949", "big5": "big5hkscs",
}  # fmt: skip
# First bytes, in an encoding, of the characters that most words of its language are written with: kana and the everyday
# half of the ideographs or syllables. Bytes of another encoding make rare ones of all kinds.
_EVERYDAY = {
    "gb18030": ("gb2312", b"\xa1\xa3\xb0-\xd7"), "big5": ("big5", b"\xa1-\xc6"),
    "euc_jp": ("euc_jp", b"\xa1-\xa5\xb0-\xcf"), "cp949": ("euc_kr", b"\xa1\xb0-\xc8"),
    "cp932": ("shift_jis", b"\x81-\x98"),
}  # fmt: skip
_MOST_RARE = 0.3  # of the characters beyond ASCII
_SAMPLE_BYTES, _SAMPLE_CHARACTERS = 65_536, 2_000
_SHORT_BYTES = 64  # below these, text in UTF-16 must not end inside a unit: "a\0b" is no text
_COMMON_SHARE, _RARE_SHARE = 0.02, 0.01  # of the characters of a text in UTF-16
_OUTWEIGHS = 4  # so many characters of UTF-8 outweigh one bad byte, wherever they stand
_RARE = frozenset({"Cc", "Cn", "Co", "Cs"})  # controls, unassigned, private use, half characters
_COMMON = re.compile("[ -~\t\n\r\u3001\u3002\uff0c\uff1a]")
_HIGH, _HIGH_RUN = bytes(range(0x80, 0x100)), re.compile(rb"[\x80-\xff]+")
# A character of UTF-8 whose end is missing. A single byte from 0xdf on is as likely a letter of a legacy encoding.
_CUT_OFF = re.compile(rb"(?:(?<=[A-Za-z])[\xc2-\xde]|[\xe0-\xef][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{1,2})\s*\Z")


def decoded(data: bytes, declared: Iterable[str]) -> str | None:
    """The text in the bytes, None where they are text in no encoding that can be told.

    `declared` are the encodings that others name, the likeliest first; they may be unknown or wrong."""
    if encoding := told(data):
        return data.decode(encoding, errors="replace")
    if (text := _try(data, "utf-8")) is not None:
        return text
    if _mostly_utf8(data):
        return data.decode(errors="replace")
    text = _first(data, _meant(declared))
    return _detected(data) if text is None else text


def told(data: bytes) -> str:
    """The encoding that a byte order mark or the units of UTF-16 tell, "" where neither does."""
    return next((encoding for mark, encoding in _BOMS if data.startswith(mark)), "") or _wide(data)


def _wide(data: bytes) -> str:
    """UTF-16 or UTF-32 without a mark. Without any letter or space below U+0100 it cannot be told."""
    sample = data[:_SAMPLE_BYTES]
    if b"\0" not in sample:
        return ""
    share, encoding = max((_common_share(sample, encoding), encoding) for encoding in _WIDE)
    return encoding if share >= _COMMON_SHARE else ""


def _common_share(data: bytes, encoding: str) -> float:
    """How much of the bytes are everyday characters in the encoding; 0.0 where they make no text in it."""
    over = len(data) % _WIDE[encoding]
    if over and len(data) < _SHORT_BYTES:
        return 0.0
    text = data[: len(data) - over].decode(encoding, errors="replace")
    rare = sum(c == "\ufffd" or (c not in "\t\n\r\f\ufeff" and unicodedata.category(c) in _RARE) for c in text)
    return len(_COMMON.findall(text)) / len(text) if text and rare <= _RARE_SHARE * len(text) else 0.0


def _mostly_utf8(data: bytes) -> bool:
    """Whether the bytes are UTF-8 with faults: cut inside the last character, or with some bad bytes.

    In a legacy encoding a run of bytes above 0x7f is now and then valid UTF-8 by chance, but not mostly.
    """
    marks = data.decode(errors="replace").count("\ufffd")
    bad = marks - data.count("\ufffd".encode())
    if bad == 1 and _CUT_OFF.search(data):
        return True
    good = len(data.translate(None, bytes(range(0x80)) + bytes(range(0x80, 0xC0)))) - bad  # first bytes of characters
    if good >= _OUTWEIGHS * bad:
        return True
    runs = [_try(run, "utf-8") is not None for run in _HIGH_RUN.findall(data[:_SAMPLE_BYTES])]
    return good >= bad and sum(runs) * 2 >= len(runs)


def _meant(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        try:
            known = codecs.lookup(name).name
        except (LookupError, ValueError):  # unknown, or no name at all: "a\0b"
            continue
        yield _MEANT.get(known, known)
        yield known


def _first(data: bytes, encodings: Iterable[str]) -> str | None:
    """The text in the first of the encodings in which the bytes are one."""
    return next((text for encoding in encodings if (text := _try(data, encoding)) is not None), None)


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeError, LookupError):  # LookupError: it encodes no text, like "base64"
        return None


def _detected(data: bytes) -> str | None:
    """The text in the legacy encoding that makes the likeliest one of it.

    Each encoding is tried alone: asked for the best of all, charset-normalizer stops at the first good
    one, and then takes French for Czech.
    """
    ranked = sorted(rank for rank in map(partial(_likeliness, data), _LEGACY) if rank)
    return _first(data, (_LEGACY[index] for *_, index in ranked))


def _likeliness(data: bytes, encoding: str) -> tuple[bool, float, float, int] | None:
    """Sorts the likeliest encoding first; None where the bytes make no text in it."""
    cuts = (data[: _SAMPLE_BYTES - cut] for cut in range(4))  # the sample may end inside a character
    sample = next((cut for cut in cuts if _try(cut, encoding) is not None), None)
    if sample is None:
        return None
    matches = charset_normalizer.from_bytes(sample, cp_isolation=[encoding])
    best = next((match for match in matches if match.encoding == encoding), None)
    if best is None:
        return None
    return _rare(sample, encoding), round(best.chaos, 3), -round(best.coherence, 3), _LEGACY.index(encoding)


def _rare(data: bytes, encoding: str) -> bool:
    """Whether the bytes make too many seldom characters in an encoding of East Asia."""
    if encoding not in _EVERYDAY:
        return False
    narrow, first_bytes = _EVERYDAY[encoding]
    beyond = [c for c in data.decode(encoding) if c > "\x7f"][:_SAMPLE_CHARACTERS]
    everyday = re.compile(b"[%b]." % first_bytes, re.DOTALL)
    common = sum(everyday.match(c.encode(narrow, "ignore")) is not None for c in beyond)
    return len(beyond) - common > _MOST_RARE * len(beyond)
