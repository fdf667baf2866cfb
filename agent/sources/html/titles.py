"""A page's title: its headline, without the name of the site."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from lxml import etree  # type: ignore[import-untyped]

from agent.sources.html.lines import Line
from agent.sources.html.stated import Stated
from agent.sources.html.tree import names_of, tag_of
from agent.text.normal import count_words, one_line, wording

_SEPARATOR = re.compile(r"\s+(?:[|\u00b7\u2022\u00bb\u00ab\u203a\u2039/]|::|[-\u2013\u2014])\s+|\s*\|\s*|\s+::\s+")
_SIGNS = " |\u00b7\u2022\u00bb\u00ab\u203a\u2039/:\u2013\u2014-"
_STRONG = re.compile(r"\s*(?:\||::|\u00bb|\u00ab)\s*")
_SITE_WORDS = 4  # the name of a site that the page does not name is taken to be at most so long
_LONGEST = 200


def title_of(said: Stated, lines: Sequence[Line], url: str) -> str:
    """The title of a page, given its head, all its lines and its address; "" where it has none."""
    headline = next((one_line(entity.headline) for entity in said.entities if "webpage" not in entity.kind), "")
    headings = [line for line in lines if tag_of(line.element) in ("h1", "h2")]
    repeated = {wording(line.text) for line in headings if tag_of(line.element) == "h2"} | {wording(said.shared_title)}
    firsts = [line for line in headings if tag_of(line.element) == "h1" and len(line.text) <= _LONGEST]
    parts = [part for part in _SEPARATOR.split(said.title) if part.strip()]
    own = [line.text for line in firsts if not _names_site(line, parts, said.site, repeated - {""})]
    if own:
        return _best(own, (said.shared_title, headline, said.title))
    for candidate in (headline, said.shared_title, said.title):
        if candidate and wording(candidate) != wording(said.site):
            return _without_site(candidate, said.site, repeated - {""}, url)
    return firsts[0].text if firsts else ""


def _best(own: Sequence[str], named: Sequence[str]) -> str:
    """Of several headlines the one that the head of the page repeats, else the first."""
    within = [wording(name) for name in named]
    return next((text for text in own if any(wording(text) in name for name in within if wording(text))), own[0])


def _names_site(line: Line, parts: Sequence[str], site: str, said: set[str]) -> bool:
    """Whether a first heading is only the site's name, as on many blogs."""
    name = wording(line.text)
    if len(parts) < 2 and not site:
        return False
    others = {wording(part) for part in parts} - {name}
    if name == wording(site):
        return bool(others)
    if name not in {wording(part) for part in parts}:
        return False
    return bool(others & said) or (name == wording(parts[-1]) and _in_header(line.element))


def _in_header(element: etree._Element) -> bool:
    around = [element, *element.iterancestors()][:4]
    names = " ".join(names_of(each) for each in around)
    return any(tag_of(each) == "header" for each in around) or "header" in names or "banner" in names


def _without_site(title: str, site: str, said: set[str], url: str) -> str:
    parts = [part.strip() for part in _SEPARATOR.split(title) if part.strip()]
    if len(parts) < 2:
        return title
    for part in parts:
        if wording(part) in said:
            return part
    names = {wording(site), *_hosts(url)} - {""}
    for cut in (parts[-1], parts[0]):
        if wording(cut) in names or wording(cut).replace(" ", "") in names:
            return _cut(title, cut)
    if _STRONG.search(title) or count_words(parts[-1]) <= _SITE_WORDS < count_words(title):
        return _cut(title, parts[-1]) if not parts[-1].endswith(("?", "!")) else title
    return _cut(title, parts[-1]) if count_words(parts[-1]) <= 2 <= count_words(parts[0]) else title


def _cut(title: str, part: str) -> str:
    rest = title.removesuffix(part) if title.endswith(part) else title.removeprefix(part)
    return rest.strip(_SIGNS)


def _hosts(url: str) -> set[str]:
    """The names by which a site may call itself, by its address."""
    host = (urlsplit(url).hostname or "").removeprefix("www.") if "://" in url else ""
    return {host, host.split(".")[0], wording(host)} if host else set()
