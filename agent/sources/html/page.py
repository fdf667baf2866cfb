"""A web page: its title, its main text, and what it says about itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]

from agent.sources.html.article import found_by_extractor, main_lines, outside_furniture, outside_menus
from agent.sources.html.formulas import write_formulas
from agent.sources.html.lines import Line, lines
from agent.sources.html.marks import drop_marks
from agent.sources.html.reserve import reserved
from agent.sources.html.shown import keep_shown, open_wrappers
from agent.sources.html.stated import Stated, stated
from agent.sources.html.titles import title_of
from agent.sources.html.tree import parse, tag_of
from agent.sources.markup import fragment
from agent.text.normal import count_words

_FEW_WORDS = 25
_MUCH_MORE = 2.0  # so many times the words of the text: what stands in scripts is the text
_BODY_WORDS = 40  # an articleBody of fewer words is a summary
_LEAST_SHARE = 0.5  # of the prose outside menus and the like: what finds less has missed the text


@dataclass(frozen=True)
class Page:
    """A web page's title and text ("" where there is none), and all that it shows outside menus, line by line."""

    title: str
    text: str
    said: Stated
    lines: Sequence[Line] = ()


def page(source: str, url: str = "") -> Page:
    """The main text of a page, or all its visible text where no main text can be told apart."""
    root = parse(source)
    if root is None:
        return Page("", "", Stated("", "", "", "", (), "", ()))
    said = stated(root, url)
    every, chosen = _read(root, url)
    shown = _words(outside_furniture(every))
    if (more := reserved(source, max(_FEW_WORDS, _MUCH_MORE * shown))) is not None:
        every, chosen = _read(more, url)
    title = title_of(said, every, url)
    text = "\n\n".join(line.text for line in chosen if tag_of(line.element) != "h1" or line.text != title)
    body = max((fragment(entity.body) for entity in said.entities if entity.body), key=len, default="")
    if count_words(body) >= max(_BODY_WORDS, _MUCH_MORE * count_words(text)):
        text = body
    return Page(title, text, said, every)


def _read(root: etree._Element, url: str) -> tuple[list[Line], list[Line]]:
    """All lines of a page, and those of its main text. Takes the tree apart."""
    open_wrappers(root)
    keep_shown(root)
    drop_marks(root)
    write_formulas(root)
    every = lines(root)
    chosen = main_lines(every, found_by_extractor(root, url)) if every else []
    others = outside_furniture(every)
    best = chosen if _words(chosen) >= _LEAST_SHARE * _words(others) else others
    return every, best or outside_menus(every)


def _words(of: Sequence[Line]) -> int:
    return sum(count_words(line.text) for line in of)
