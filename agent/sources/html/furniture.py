"""How to tell what stands around a text from the text: by class names and by wording."""

from __future__ import annotations

import re

from agent.sources.html.lines import Line
from agent.sources.html.tree import names_of, tag_of
from agent.text.normal import count_words, ends_with_stop

_NAMES = re.compile(
    r"cookie|consent|gdpr|newsletter|subscri|signup|sign-up|share|sharing|social|related|recommend|promo|advert|"
    r"sponsor|breadcrumb|pagination|pager|sidebar|widget|comment|respond|footer|menu|navigation|navbar|nav-|-nav|"
    r"byline|author|tags|tag-|meta\b|popup|modal|banner|outbrain|taboola|teaser|toolbar|login|search|copyright|"
    r"more-|read-more|most-|popular|trending|latest|rating|disclaimer"
)
_CAPTION_NAMES = re.compile(r"caption|bildunterschrift|credit|photo|image|bild-|copyright|media")
_CREDIT = re.compile(
    r"^\W*(?:foto|photo|bild|image|picture|quelle|source|credit|cr\u00e9dit|imagen|kuva|fot\.|zdj\u0119cie|grafik|"
    r"titelbild|beitragsbild|abbildung|illustration|video)s?(?: (?:credit|photos?))?\s*(?::|\u00a9|\(c\))|\u00a9|"
    r"\(c\)\s+\d{4}|all rights reserved|alle rechte vorbehalten|getty images|shutterstock|picture[- ]alliance|"
    r"imago images",
    re.IGNORECASE,
)
_TAKEN_BY = re.compile(r"^\W*(?:foto|photo|bild|image|picture|video|photograph)s?\s+(?:by|von|par|de)\b", re.IGNORECASE)
_MORE = re.compile(
    r"^\W*(?:read (?:more|also|next|the full)|see also|also read|more (?:from|on|about|stories)|"
    r"(?:related|recommended|latest|popular)\W*(?:$|articles?|posts?|stor|news|content|topics|links|for you|reading)|"
    r"you (?:may|might) (?:also )?like|explore further|further reading|sign up|subscribe|newsletter|follow us|"
    r"share this|share on|advertisement|sponsored|leave a (?:reply|comment)|"
    r"mehr zum thema|mehr (?:\u00fcber|dazu|infos)|lesen sie|lies auch|auch (?:interessant|lesen)|zum weiterlesen|"
    r"weiterlesen|weitere (?:artikel|themen|beitr\u00e4ge|informationen|infos|news|aktuelle)|verwandte|\u00e4hnliche|"
    r"das k\u00f6nnte|passend dazu|anzeige|werbung|jetzt (?:lesen|abonnieren|anmelden)|zum newsletter|kommentare?\b|"
    r"kommentieren|aktuelle (?:berichte|artikel)|empfohlene|viel gelesen|meistgelesen|externer inhalt|"
    r"\u00e0 lire|lire aussi|vous aimerez|sur le m\u00eame|pour lire la suite|permalien|articles les plus|"
    r"lea (?:tambi\u00e9n|m\u00e1s)|lea:|ver tambi\u00e9n|vea tambi\u00e9n|le puede interesar|te puede interesar|"
    r"puedes ver|notas relacionadas|contenido relacionado|m\u00e1s sobre|mire:|mira:|leia (?:tamb\u00e9m|mais)|"
    r"veja (?:tamb\u00e9m|mais)|leggi anche|czytaj|zobacz|dowiedz si\u0119|przeczytaj|"
    r"lue (?:my\u00f6s|lis\u00e4\u00e4)|l\u00e4s (?:ocks\u00e5|mer)|les ogs\u00e5)",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(?:sign up|subscribe|register|get|join|receive|erhalten sie|abonnier\w*|melde\w* (?:dich|sie)|suscr[i\u00ed]b\w+|"
    r"inscri\w+)\b.{0,80}\bnewsletter|\bnewsletter\b.{0,80}\b(?:sign up|subscribe|your inbox|posteingang|anmeld|abonn)|"
    r"to your inbox|in deinen posteingang|subscribe (?:now|to our)|sign up (?:here|below|now)|follow us on|"
    r"folgen sie uns|s[i\u00ed]guenos en|suscr[i\u00ed]b(?:ete|ase)|"
    r"\u00fanete (?:a|desde)|download(?:e|en)? (?:the|our) app",
    re.IGNORECASE,
)
_MONTH = r"(?:jan|feb|m[a\u00e4]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z\u00e4\u00e9\u00fb]*\.?"
_DATE = re.compile(
    r"^\W*(?:[a-z\u00e4\u00f6\u00fc]+[,:.]?\s+){0,4}(?:\d{1,2}[./-]\s?\d{1,2}[./-]\s?\d{2,4}|\d{4}-\d{2}-\d{2}|"
    rf"\d{{1,2}}\.?\s+{_MONTH}\s+\d{{4}}|{_MONTH}\s+\d{{1,2}},?\s+\d{{4}})\W*(?:\S+\W*){{0,5}}$",
    re.IGNORECASE,
)
_MORE_WORDS, _ASKING_WORDS, _CREDIT_WORDS, _DATE_WORDS = 25, 45, 40, 9  # what is longer is part of the text
_BANNER = re.compile(
    r"\bcookies?\b.*\b(?:accept|agree|consent|partners|settings|zustimm|akzeptier|einwillig|acept|accett)|"
    r"\b(?:accept|agree|consent|zustimm|akzeptier)\w*\b.*\bcookies?\b|we value your privacy",
    re.IGNORECASE | re.DOTALL,
)


def is_furniture_name(names: str) -> bool:
    """Whether the class and id of an element are those of what stands around a text."""
    return bool(names) and _NAMES.search(names) is not None


def is_caption(line: Line) -> bool:
    """Whether a line stands under a picture."""
    element = line.element
    return any(
        tag_of(each) in ("figcaption", "figure", "caption") or _CAPTION_NAMES.search(names_of(each))
        for each in (element, element.getparent())
        if each is not None
    )


def is_credit(text: str) -> bool:
    """Whether a line says who made a picture, or owns a right."""
    if count_words(text) > _CREDIT_WORDS:
        return False
    return _CREDIT.search(text) is not None or (_TAKEN_BY.match(text) is not None and not ends_with_stop(text))


def asks_for_more(line: Line) -> bool:
    """Whether a line sends the reader elsewhere, or asks to subscribe. A plain sentence that begins alike does not."""
    text, words = line.text, count_words(line.text)
    if words <= _MORE_WORDS and _MORE.match(text):
        return line.linked > 0 or not ends_with_stop(text)
    return words <= _ASKING_WORDS and _ASKS.search(text) is not None


def is_cookie_banner(text: str) -> bool:
    """Whether a paragraph asks to take cookies; one about cookies reads alike, so ask only outside the main text."""
    return _BANNER.search(text) is not None


def says_only_when(text: str) -> bool:
    """Whether a line says no more than when, and perhaps by whom, a page was made."""
    return _DATE.match(text) is not None and count_words(text) <= _DATE_WORDS
