"""Pages that hold nothing to learn: they send on, list links, build their text with JavaScript, or were not found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.sources.html.article import outside_menus
from agent.sources.html.lines import HEADINGS, Line
from agent.sources.html.page import Page
from agent.sources.html.tree import tag_of
from agent.text.normal import count_words

_SENT_ON_WORDS = 40
_SHELL_WORDS = 8
_NOTICE_WORDS = 60
_MISSING_WORDS = 120
_FEWEST_LINKS, _FEWEST_LINES = 5, 8
_TEASER_WORDS = 60  # the most that stand under one headline of an index
_LONGEST_RUN = 0.4  # of the words of an index may stand between two of its headlines
_PROSE_WORDS = 25
_LINKED_SHARE = 0.7
_LINKED_LINE = 0.8

_LOADING = re.compile(
    r"^\W*(?:(?:page |content |data |app )?(?:is )?loading|please wait|just a moment|one moment|redirecting|"
    r"you are being redirected|wird geladen|l\u00e4dt|bitte warten|chargement|cargando|carregando|caricamento|"
    r"\u52a0\u8f7d\u4e2d|\u8aad\u307f\u8fbc\u307f\u4e2d|\u0437\u0430\u0433\u0440\u0443\u0437\u043a\u0430)\b",
    re.IGNORECASE,
)
_SWITCH_ON = re.compile(
    r"(?:enable|activate|turn on|requires?|needs?|without) java ?script|java ?script (?:is|must be|has to be|to be)? ?"
    r"(?:disabled|enabled|required|turned|not enabled|aktivier)|java ?script (?:aktivieren|ein)|activer java ?script|"
    r"habilit\w+ java ?script|activ\w+ java ?script",
    re.IGNORECASE,
)
_CHALLENGE = re.compile(
    r"verify (?:that )?you are (?:a )?human|are you a robot|checking your browser|complete the captcha|"
    r"access (?:to this page has been )?denied|unusual traffic|ray id",
    re.IGNORECASE,
)
_MISSING = re.compile(
    r"(?:page|article|content|document|file|site) (?:was |is |could |can ?)?(?:not|n't) (?:be )?"
    r"(?:found|available|exist)|"
    r"page (?:does not|doesn.t|no longer) exist|(?:404|410)\W+(?:error|not found|gone|page)|error\W+(?:404|410)\b|"
    r"seite (?:wurde |konnte )?(?:leider )?nicht (?:gefunden|vorhanden)|page (?:introuvable|non trouv\u00e9e)|"
    r"p\u00e1gina no (?:encontrada|existe)|p\u00e1gina n\u00e3o encontrada|pagina non trovata|pagina niet gevonden|"
    r"nie znaleziono strony|sidan hittades inte|siden blev ikke fundet|sivua ei l\u00f6ydy",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"^\W*(?:error\W*)?40[4]\b|\b404\W*$|^\W*oops\b", re.IGNORECASE)
_ABOUT_MISSING = re.compile(
    r"looking for|does not exist|doesn.t exist|no longer|been (?:moved|removed|deleted)|not (?:be )?found|"
    r"nicht gefunden|existiert nicht|n.existe (?:pas|plus)|no existe|n\u00e3o existe|non esiste|bestaat niet",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Refusal:
    """Why a page is not read, as the end of a sentence that its name begins, and what to do."""

    cause: str
    mend: str


def refusal(page: Page, url: str) -> Refusal | None:
    """None where the page is to be read."""
    words = count_words(page.text)
    if (to := page.said.goes_to) and to != url and words <= _SENT_ON_WORDS:
        return Refusal(f"only sends its reader on to {to}", f"read {to}")
    if not words or _is_shell(page.text, words):
        cause = "has no text to read: it may build its text with JavaScript"
        return Refusal(cause, _instead(page, "save the page as text from a browser and give the file"))
    if words <= _NOTICE_WORDS and _CHALLENGE.search(f"{page.title}\n{page.text}"):
        cause = "shows no text but asks whether a person is reading"
        return Refusal(cause, _instead(page, "open it in a browser, save the page and give the file"))
    if words <= _MISSING_WORDS and _is_missing(page):
        return Refusal("says that the page was not found", _instead(page, "check the address in a browser"))
    if _is_index(page):
        return Refusal("is a list of links to other pages", _instead(page, "read the pages that it links to"))
    return None


def _instead(page: Page, mend: str) -> str:
    return f"read its feed {page.said.feeds[0]}, or {mend}" if page.said.feeds else mend


def _is_shell(text: str, words: int) -> bool:
    if words <= _SHELL_WORDS and _LOADING.match(text):
        return True
    return words <= _NOTICE_WORDS and _SWITCH_ON.search(text) is not None


def _is_missing(page: Page) -> bool:
    named = (page.title, page.said.title, page.text.split("\n\n", 1)[0])
    if any(_MISSING.search(name) for name in named):
        return True
    return any(_NUMBER.search(name) for name in named[:2]) and _ABOUT_MISSING.search(page.text) is not None


def _is_index(page: Page) -> bool:
    lines = outside_menus(page.lines)
    runs = _runs(page, lines)
    short = len(lines) >= _FEWEST_LINES and max(runs) <= _TEASER_WORDS
    return short and (_is_of_teasers(runs) or _is_of_links(page, lines))


def _runs(page: Page, lines: Sequence[Line]) -> list[int]:
    """How many words of the text stand before the first, and under each, of the headlines that lead elsewhere."""
    text = set(page.text.split("\n\n"))
    runs = [0]
    for line in lines:
        if line.linked >= _LINKED_LINE and tag_of(line.element) in HEADINGS:
            runs.append(0)
        elif line.linked < _LINKED_LINE and line.text in text:
            runs[-1] += count_words(line.text)
    return runs


def _is_of_teasers(runs: Sequence[int]) -> bool:
    return len(runs) > _FEWEST_LINKS and 0 < max(runs) <= _LONGEST_RUN * sum(runs)


def _is_of_links(page: Page, lines: Sequence[Line]) -> bool:
    """Links and hardly a word beside them."""
    linked = [count_words(line.text) for line in lines if line.linked >= _LINKED_LINE]
    words = sum(count_words(line.text) for line in lines)
    prose = any(count_words(paragraph) >= _PROSE_WORDS for paragraph in page.text.split("\n\n"))
    return len(linked) >= _FEWEST_LINES and sum(linked) >= _LINKED_SHARE * words and not prose
