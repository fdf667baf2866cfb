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
from itertools import pairwise

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from agent.sources.raised import raised_signs

HYPHEN = "\x02"
"""A hyphen at the end of a line, which may only cut a word."""

_SIGNS = {
    0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st",
    0xFFFE: HYPHEN, 0xA0: " ", 0xFFFD: " ", 0: " ", 0xF0B7: "\u2022", 0xF0A7: "\u25aa",
}  # fmt: skip
"""What stands for a code: letters for ligatures, bullets for those of symbol fonts."""
_LINE_END, _CONTROLS = (10, 13), 31
_GAP = 1.0  # of the font size: wider than any space between words
_OTHER_LINE = 0.5  # of the font size: sub- and superscripts stay closer to the baseline
_SMALL, _HIGH = 0.85, 0.15  # of the size of the text
_SKEW = 10  # degrees
_FIXED_PITCH, _FORCE_BOLD, _BOLD_WEIGHT = 1, 1 << 18, 600
_FIXED_NAME = re.compile(rb"courier|mono|consol|typewriter|cmtt|menlo", re.IGNORECASE)
_BOLD_NAME = re.compile(rb"bold|black|heavy|cmbx", re.IGNORECASE)
_FREE_ORDER = re.compile(r"[\u0590-\u08ff\u3000-\u30ff\u3400-\u9fff\ufb1d-\ufdff\ufe70-\ufeff]")
_LONGEST_GAP = 80 * " "
_LONG_GAP = re.compile(f"{_LONGEST_GAP} +")
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
    marked: bool = False
    """Whether it begins with the mark of a list's item or a heading, apart from the rest."""


@dataclass(frozen=True, slots=True, eq=False)
class _Font:
    """One object for all text of one look, so that fonts are compared and counted by identity."""

    size: float
    bold: bool
    fixed: bool
    angle: int
    """In which direction the text runs, in degrees counterclockwise."""
    above: float
    """From the lower edge of a character's box to its baseline."""


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
    turned: Counter[int] = Counter()
    for line in lines:
        turned[line[0].font.angle] += len(line)
    upright = max(turned, key=turned.__getitem__, default=0)
    return [run for line in lines if line[0].font.angle == upright for run in _cut(line)]


def _lines(page: pdfium.PdfTextPage) -> Iterator[list[_Glyph]]:
    """The characters between two line breaks, as PDFium sees them; spaces that it adds between words are kept."""
    text, box, fonts = page.raw, raw.FS_RECTF(), _Fonts(page.raw)
    line: list[_Glyph] = []
    for index in range(page.count_chars()):
        code = raw.FPDFText_GetUnicode(text, index)
        shape = raw.FPDFText_GetTextObject(text, index)
        if shape:
            raw.FPDFText_GetLooseCharBox(text, index, box)
            font = fonts.of(ctypes.addressof(shape.contents), index, box)
            if line and font.angle != line[-1].font.angle:
                yield line
                line = []
            left, right, lower = _placed(box, font.angle)
            sign = _SIGNS.get(code) or (chr(code) if code > _CONTROLS else _control(text, index))
            line.append(_Glyph(sign, left, right, lower + font.above, font))
        elif code not in _LINE_END and line:  # a space that PDFium adds
            last = line[-1]
            line.append(_Glyph(" ", last.right, last.right, last.y, last.font))
        elif line:
            yield line
            line = []
    if line:
        yield line


def _control(text: ctypes.c_void_p, index: int) -> str:
    """PDFium gives the hyphen at a line's end as a control character. Others are signs of fonts that do not say what
    they mean."""
    return HYPHEN if raw.FPDFText_IsHyphen(text, index) == 1 else ""


class _Fonts:
    """How the text of a page looks. All characters of one text object look alike, so each is asked about once."""

    def __init__(self, text: ctypes.c_void_p) -> None:
        self.text = text
        self.by_object: dict[int, _Font] = {}
        self.by_look: dict[tuple[float, bool, bool, int, float], _Font] = {}

    def of(self, shape: int, index: int, box: raw.FS_RECTF) -> _Font:
        """The font of the text object at this address, which has the character at this index, in this box."""
        font = self.by_object.get(shape)
        if font is None:
            look = self._look(index, box)
            font = self.by_object[shape] = self.by_look.setdefault(look, _Font(*look))
        return font

    def _look(self, index: int, box: raw.FS_RECTF) -> tuple[float, bool, bool, int, float]:
        matrix, flags, name = raw.FS_MATRIX(), ctypes.c_int(), ctypes.create_string_buffer(128)
        x, y = ctypes.c_double(), ctypes.c_double()
        raw.FPDFText_GetMatrix(self.text, index, matrix)
        raw.FPDFText_GetFontInfo(self.text, index, name, len(name), flags)
        raw.FPDFText_GetCharOrigin(self.text, index, x, y)
        angle = _snapped(math.degrees(math.atan2(matrix.b, matrix.a)))
        size = abs(raw.FPDFText_GetFontSize(self.text, index)) * math.hypot(matrix.c, matrix.d)
        weight = raw.FPDFText_GetFontWeight(self.text, index)
        bold = weight >= _BOLD_WEIGHT or bool(flags.value & _FORCE_BOLD or _BOLD_NAME.search(name.value))
        fixed = bool(flags.value & _FIXED_PITCH or _FIXED_NAME.search(name.value))
        above = _baseline(x.value, y.value, angle) - _placed(box, angle)[2]
        sane = min(max(size, 1.0), 1000.0) if math.isfinite(size) else 1.0
        return round(sane, 2), bold, fixed, angle, round(above, 2) if math.isfinite(above) else 0.0


def _snapped(angle: float) -> int:
    """A right angle where it is nearly one, as on scanned pages."""
    right = 90 * round(angle / 90)
    return (right if abs(angle - right) < _SKEW else round(angle)) % 360


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


def _cut(line: list[_Glyph]) -> Iterator[Run]:
    """The runs of one line: cut where it goes on elsewhere, so that columns and cells come apart."""
    start = 0
    for index, (glyph, following) in enumerate(pairwise(line), 1):
        if _apart(glyph, following):
            yield from _run(line[start:index])
            start = index
    yield from _run(line[start:])


def _apart(glyph: _Glyph, following: _Glyph) -> bool:
    if glyph.font is following.font:
        small = large = glyph.font.size
    else:
        small, large = sorted((glyph.font.size, following.font.size))
    forth = following.left - glyph.right
    if -2 * large <= forth <= _GAP * small and abs(following.y - glyph.y) <= _OTHER_LINE * large:
        return False
    # What runs from right to left, or downwards, stays together as PDFium orders it.
    return not (_FREE_ORDER.match(glyph.sign) or _FREE_ORDER.match(following.sign))


def _run(glyphs: list[_Glyph]) -> Iterator[Run]:
    shown = [glyph for glyph in glyphs if not glyph.sign.isspace()]
    if not shown:
        return
    fonts = Counter([glyph.font for glyph in shown])
    font = max(fonts, key=fonts.__getitem__)
    fixed = 2 * sum(count for other, count in fonts.items() if other.fixed) > len(shown)
    bold = 2 * sum(count for other, count in fonts.items() if other.bold) > len(shown)
    y = next(glyph.y for glyph in shown if glyph.font is font)
    text = _written(glyphs, font, y) if len(fonts) > 1 else "".join([glyph.sign for glyph in glyphs])
    text = _LONG_GAP.sub(_LONGEST_GAP, text.strip()) if fixed else " ".join(text.split())
    left, right = min([glyph.left for glyph in shown]), max([glyph.right for glyph in shown])
    if text and math.isfinite(left + right + y):
        yield Run(text, left, right, y, font.size, bold, fixed)


def _written(glyphs: list[_Glyph], font: _Font, y: float) -> str:
    text, formula = "", False  # inside a raised formula, such as n+1, digits are none of ours
    for glyph in glyphs:
        raised = is_raised(glyph.font.size, font.size, y - glyph.y)
        formula = raised and (formula or not glyph.sign.isdecimal())
        text = with_raised(text, glyph.sign) if raised and not formula else text + glyph.sign
    return text


def is_raised(size: float, text_size: float, height: float) -> bool:
    """Whether signs of a size stand raised, so high above the baseline of a text."""
    return size < _SMALL * text_size and height > _HIGH * text_size


def with_raised(text: str, digits: str) -> str:
    """A text and raised digits after it, as raised signs, so that 10 to the sixth is not 106. Those that mark a
    footnote, after a long word or a stop, are left out."""
    return text if _MARKED.search(text[-8:]) else text + raised_signs(digits)
