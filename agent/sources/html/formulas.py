"""Formulas: MathML as one line of text, raised and lowered figures as their own signs."""

from __future__ import annotations

from lxml import etree  # type: ignore[import-untyped]

from agent.sources.html.tree import drop, names_of, tag_of, text_in

_RAISED = str.maketrans("0123456789+-\u2212=()n", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
                        "\u207a\u207b\u207b\u207c\u207d\u207e\u207f")  # fmt: skip
_RAISABLE = frozenset("0123456789+-\u2212=()n")
_NOT_SAID = frozenset({"annotation", "annotation-xml"})
_JOINED = {"mfrac": "/", "msup": "^", "msub": "_", "mover": "^", "munder": "_"}
_NO_FORMULA = ("body", "div", "p", "table")
_DEEPEST = 60


def write_formulas(root: etree._Element) -> None:
    """Puts a line of text in the place of each formula, and raised signs in that of raised figures: 10 and a raised 6
    are not 106."""
    for element in list(root.iter("math", "sup", "span", "mjx-container")):
        tag = tag_of(element)
        if tag == "math":
            if next(element.iter(*_NO_FORMULA), None) is None:  # one that never closes holds the page
                drop(element, written(element))
        elif tag == "sup":
            _raise(element)
        elif (names := element.get("class")) and "katex" in names:
            _say_once(element)
        elif tag == "mjx-container":
            for double in element.findall("mjx-assistive-mml"):
                drop(double, "" if text_in(double.getparent()) != text_in(double) else text_in(double))


def _raise(element: etree._Element) -> None:
    said = text_in(element)
    if _RAISABLE.issuperset(said) and any(character.isdigit() for character in said):
        drop(element, said.translate(_RAISED))


def _say_once(element: etree._Element) -> None:
    """KaTeX writes a formula twice, for the eye and for programs."""
    if " katex " not in names_of(element):
        return
    programs = [child for child in element if "katex-mathml" in names_of(child)]
    formula = next((math for child in programs for math in child.iter("math")), None)
    if formula is not None:
        said = written(formula)
        for child in list(element):
            element.remove(child)
        element.text = said
    elif (element.text or "").strip() or len(element) > len(programs):
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
