"""Formulas: MathML as one line of text, raised and lowered figures as their own signs."""

from __future__ import annotations

from lxml import etree  # type: ignore[import-untyped]

from agent.sources.html.tree import drop, names_of, tag_of, text_in
from agent.sources.raised import has_signs, raised_signs

_NOT_SAID = frozenset({"annotation", "annotation-xml"})
_JOINED = {"mfrac": "/", "msup": "^", "msub": "_", "mover": "^", "munder": "_"}
_NO_FORMULA = ("body", "div", "p", "table")
_SET_TWICE = etree.XPath(
    "//span[contains(concat(' ', @class, ' '), ' katex ') or contains(@class, 'mwe-math-element') or "
    "contains(concat(' ', @class, ' '), ' MathJax ')]"
)
_DEEPEST = 60


def write_formulas(root: etree._Element) -> None:
    """Puts a line of text in the place of each formula, and raised signs in that of raised figures: 10 and a raised 6
    are not 106."""
    for element in [*root.iter("mjx-container"), *_SET_TWICE(root)]:
        _say_once(element)
    for element in list(root.iter("math")):
        if next(element.iter(*_NO_FORMULA), None) is None:  # one that never closes holds the page
            drop(element, written(element))
    for element in list(root.iter("sup")):
        _raise(element)


def _raise(element: etree._Element) -> None:
    said = text_in(element)
    if has_signs(said) and any(character.isdigit() for character in said):
        drop(element, raised_signs(said))


def _say_once(element: etree._Element) -> None:
    """KaTeX, MathJax and Wikipedia write a formula twice, for the eye and for programs."""
    programs = [child for child in element.iterdescendants() if "mathml" in names_of(child)]
    formula = next(element.iter("math"), None)
    if formula is not None:
        shown = "".join(element.itertext())
        said = " " * shown[:1].isspace() + written(formula) + " " * shown[-1:].isspace()
        for child in list(element):
            element.remove(child)
        element.text = said
    elif text_in(element) not in [text_in(child) for child in programs]:
        for child in programs:
            drop(child)


def written(element: etree._Element, depth: int = 0) -> str:
    """A formula in one line: (a+b)/2, x^2, a_1, √(b)."""
    tag = tag_of(element)
    if not tag or tag in _NOT_SAID or depth > _DEEPEST:
        return ""
    parts = [written(child, depth + 1) for child in element]
    if not parts:
        return " ".join((element.text or "").split())
    if tag in _JOINED and len(parts) == 2:
        return f"{_group(parts[0])}{_JOINED[tag]}{_group(parts[1])}"
    if tag in ("msubsup", "munderover") and len(parts) == 3:
        return f"{_group(parts[0])}_{_group(parts[1])}^{_group(parts[2])}"
    if tag == "msqrt":
        return f"\u221a({''.join(parts)})"
    if tag == "mroot" and len(parts) == 2:
        return f"{_group(parts[0])}^(1/{parts[1]})"
    if tag in ("mtr", "mtable"):
        return ("; " if tag == "mtable" else ", ").join(filter(None, parts))
    return "".join(parts)


def _group(part: str) -> str:
    return part if len(part) <= 1 or part.isalnum() else f"({part})"
