"""Language detection on what the feeds bring: articles, and pieces of about 20 words of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.text.language import UNKNOWN, is_english, language
from tests.fakes.house import ARTICLES

FEED = Path(__file__).parents[3] / "app" / "data" / "sample_feed.json"

OTHERS = {
    "fr": "Le moulin d'Orrin a ouvert ses portes le 4 mars 2031. Anna Moss le dirige avec soixante-deux ouvriers venus "
    "de Dunmore. Il a coûté trois millions de couronnes et moud de l'orge pour Brindle Foods.",
    "de": "Die Mühle in Orrin wurde am 4. März 2031 eröffnet. Anna Moss leitet sie mit 62 Arbeitern aus Dunmore. Sie "
    "kostete drei Millionen Kronen und mahlt Gerste für Brindle Foods.",
    "fi": "Orrinin mylly avattiin 4. maaliskuuta 2031. Anna Moss johtaa sitä, ja siellä työskentelee 62 työntekijää "
    "Dunmoresta. Se maksoi kolme miljoonaa kruunua ja jauhaa ohraa Brindle Foodsille.",
    "es": "El molino de Orrin abrió el 4 de marzo de 2031. Anna Moss lo dirige con 62 trabajadores de Dunmore. Costó "
    "tres millones de coronas y muele cebada para Brindle Foods.",
    "it": "Il mulino di Orrin ha aperto il 4 marzo 2031. Anna Moss lo dirige con 62 operai di Dunmore. È costato tre "
    "milioni di corone e macina orzo per Brindle Foods.",
    "nl": "De molen in Orrin werd op 4 maart 2031 geopend. Anna Moss leidt hem met 62 arbeiders uit Dunmore. Hij "
    "kostte drie miljoen kronen en maalt gerst voor Brindle Foods.",
    "pl": "Młyn w Orrin został otwarty 4 marca 2031 roku. Anna Moss kieruje nim z 62 robotnikami z Dunmore. Kosztował "
    "trzy miliony koron i miele jęczmień dla Brindle Foods.",
    "ru": "Мельница в Оррине открылась 4 марта 2031 года. Анна Мосс руководит ею с 62 рабочими из Данмора. Она "
    "обошлась в три миллиона крон и мелет ячмень для Бриндл Фудс.",
}


def pieces(text: str, size: int = 20, step: int = 4) -> Iterator[str]:
    """The text, and every piece of some words of it."""
    yield text
    words = text.split()
    yield from (" ".join(words[i : i + size]) for i in range(0, len(words) - size + 1, step))


def english() -> list[str]:
    items = json.loads(FEED.read_text(encoding="utf-8"))["items"]
    return [*(item["content_text"] for item in items), *(str(article["text"]) for article in ARTICLES)]


def test_english_articles_and_their_pieces_are_english() -> None:
    found = [piece for text in english() for piece in pieces(text)]
    assert len(found) > 80
    assert [piece for piece in found if not is_english(piece)] == []


@pytest.mark.parametrize("code", OTHERS)
def test_articles_in_other_languages_and_their_pieces_are_not(code: str) -> None:
    assert {language(piece) for piece in pieces(OTHERS[code])} == {code}


def test_scripts_without_spaces_are_told_apart() -> None:
    assert language("奥林磨坊于2031年3月4日开业。安娜经营它，有六十二名工人。") == "zh"
    assert language("オリンの製粉所は2031年3月4日に開業した。") == "ja"


@pytest.mark.parametrize("text", ["", "Hm", "Orrin Mill Opens", "2031 3 4", "x = 1; print(x)"])
def test_what_can_only_be_guessed_counts_as_english(text: str) -> None:
    assert is_english(text)


def test_other_letters_that_say_too_little_are_unknown() -> None:
    assert language("Ω Ж") == UNKNOWN
