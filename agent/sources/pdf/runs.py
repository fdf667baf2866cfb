"""The characters of a page as runs: pieces of one line that no gap interrupts, each with its place and font.

Lengths are in points. `y` grows downwards from line to line and is the baseline, so that text of several sizes on one
line has one y. A page whose text mostly runs upwards is turned, text that runs another way than most is left out.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as raw

HYPHEN = "\x02"
"""A hyphen at the end of a line, which may only cut a word."""

_SIGNS = str.maketrans({
    "\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "st", "\ufb06": "st",
    "\ufffe": HYPHEN, "\u00a0": " ", "\ufffd": "", "\x00": "", "\uf0b7": "\u2022", "\uf0a7": "\u25aa",
})  # fmt: skip
_RAISED = str.maketrans("0123456789", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
_GAP = 1.0  # of the font size: wider than any space between words
_OTHER_LINE = 0.5  # of the font size: sub- and superscripts stay closer to the baseline
_SMALL, _HIGH = 0.85, 0.15  # of the size of the text
_FIXED_PITCH, _FORCE_BOLD, _BOLD_WEIGHT = 1, 1 << 18, 600
_FIXED_NAME = re.compile(rb"courier|mono|consol|typewriter|cmtt|menlo", re.IGNORECASE)
_BOLD_NAME = re.compile(rb"bold|black|heavy|cmbx", re.IGNORECASE)
_FREE_ORDER = re.compile(r"[\u0590-\u08ff\u3000-\u30ff\u3400-\u9fff\ufb1d-\ufdff\ufe70-\ufeff]")
_MARKED = re.compile(r"(?:[^\W\d_]{4}|[^\W\d_]{2}[.,;:!?\"'\u201d\u2019)])\Z|[.,;:!?\u201d\u2019)]\Z")


@dataclass(slots=True)
class Run:
    text: str
    left: float
    right: float
    y: float
    size: float
    bold: bool = False
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class _Font:
    size: float
    bold: bool
    fixed: bool
    angle: int  # degrees, counterclockwise
    above: float  # from the lower edge of a character's box to its baseline


@dataclass(slots=True)
class _Glyph:
    sign: str
    left: float
    right: float
    y: float
    font: _Font


def runs(page: pdfium.PdfPage) -> list[Run]:
    """The runs of a page in the order in which the file draws them.

    Raises:
        pypdfium2.PdfiumError: the page has no text layer that can be loaded.
    """
    text = page.get_textpage()
    try:
        lines = list(_lines(text))
    finally:
        text.close()
    turned = Counter(glyph.font.angle for line in lines for glyph in line)
    upright = max(turned, key=turned.__getitem__, default=0)
    return [run for line in lines if line[0].font.angle == upright for run in _cut(line)]


def _lines(text: pdfium.PdfTextPage) -> Iterator[list[_Glyph]]:
    """The characters between two line breaks, as PDFium sees them; spaces that it adds between words are kept."""
    fonts: dict[int, _Font] = {}
    box, address = raw.FS_RECTF(), ctypes.addressof
    line: list[_Glyph] = []
    for index in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text, index)
        shape = raw.FPDFText_GetTextObject(text, index)
        if not shape:  # added by PDFium
            if code in (10, 13):
                if line:
                    yield line
                line = []
            elif line:
                last = line[-1]
                line.append(_Glyph(" ", last.right, last.right, last.y, last.font))
            continue
        raw.FPDFText_GetLooseCharBox(text, index, box)
        key = address(shape.contents)
        font = fonts.get(key) or fonts.setdefault(key, _font(text, index, box))
        if line and font.angle != line[-1].font.angle:
            yield line
            line = []
        line.append(_glyph(chr(code), box, font))
    if line:
        yield line


def _font(text: pdfium.PdfTextPage, index: int, box: raw.FS_RECTF) -> _Font:
    matrix, flags, name = raw.FS_MATRIX(), ctypes.c_int(), ctypes.create_string_buffer(128)
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetMatrix(text, index, matrix)
    raw.FPDFText_GetFontInfo(text, index, name, len(name), flags)
    raw.FPDFText_GetCharOrigin(text, index, x, y)
    angle = round(math.degrees(math.atan2(matrix.b, matrix.a))) % 360
    size = abs(raw.FPDFText_GetFontSize(text, index)) * math.hypot(matrix.c, matrix.d)
    weight = raw.FPDFText_GetFontWeight(text, index)
    return _Font(
        size=min(max(size, 1.0), 1000.0) if math.isfinite(size) else 1.0,
        bold=weight >= _BOLD_WEIGHT or bool(flags.value & _FORCE_BOLD or _BOLD_NAME.search(name.value)),
        fixed=bool(flags.value & _FIXED_PITCH or _FIXED_NAME.search(name.value)),
        angle=angle,
        above=_baseline(x.value, y.value, angle) - _placed(box, angle)[2],
    )


def _baseline(x: float, y: float, angle: int) -> float:
    return {90: x, 180: y, 270: -x}.get(angle, -y)


def _placed(box: raw.FS_RECTF, angle: int) -> tuple[float, float, float]:
    """Left, right and lower edge as one sees them who turns the page until the text is upright."""
    match angle:
        case 90:
            return box.bottom, box.top, box.right
        case 180:
            return -box.right, -box.left, box.top
        case 270:
            return -box.top, -box.bottom, -box.left
        case _:
            return box.left, box.right, -box.bottom


def _glyph(sign: str, box: raw.FS_RECTF, font: _Font) -> _Glyph:
    left, right, lower = _placed(box, font.angle)
    return _Glyph(sign.translate(_SIGNS), left, right, lower + font.above, font)


def _cut(line: list[_Glyph]) -> Iterator[Run]:
    """The runs of one line: cut where it goes on elsewhere, so that columns and cells come apart."""
    start = 0
    for index in range(1, len(line)):
        if _apart(line[index - 1], line[index]):
            yield from _run(line[start:index])
            start = index
    yield from _run(line[start:])


def _apart(glyph: _Glyph, following: _Glyph) -> bool:
    if _FREE_ORDER.match(glyph.sign) or _FREE_ORDER.match(following.sign):  # right to left, or downwards
        return False
    small, large = sorted((glyph.font.size, following.font.size))
    forth, up = following.left - glyph.right, abs(following.y - glyph.y)
    return up > _OTHER_LINE * large or forth > _GAP * small or forth < -2 * large


def _run(glyphs: list[_Glyph]) -> Iterator[Run]:
    shown = [glyph for glyph in glyphs if glyph.sign.strip() or glyph.sign == HYPHEN]
    if not shown:
        return
    font = Counter(glyph.font for glyph in shown).most_common(1)[0][0]
    y = next(glyph.y for glyph in shown if glyph.font is font)
    yield Run(
        _written(glyphs, font, y).strip(" "), min(glyph.left for glyph in shown), max(glyph.right for glyph in shown),
        y, font.size, 2 * sum(glyph.font.bold for glyph in shown) > len(shown),
        2 * sum(glyph.font.fixed for glyph in shown) > len(shown),
    )  # fmt: skip


def _written(glyphs: list[_Glyph], font: _Font, y: float) -> str:
    text = ""
    for glyph in glyphs:
        raised = glyph.sign.isdecimal() and is_raised(glyph.font.size, font.size, y - glyph.y)
        text = with_raised(text, glyph.sign) if raised else text + glyph.sign
    return text


def is_raised(size: float, text_size: float, height: float) -> bool:
    """Whether signs of a size stand raised, so high above the baseline of a text."""
    return size < _SMALL * text_size and height > _HIGH * text_size


def with_raised(text: str, digits: str) -> str:
    """A text and raised digits after it, as raised signs, so that 10 to the sixth is not 106. Those that mark a
    footnote, after a long word or a stop, are left out."""
    return text if _MARKED.search(text) else text + digits.translate(_RAISED)
