"""Bytes to characters: marks, declarations, legacy encodings, and what is no text."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import SourceError
from agent.sources.payload import Payload, decode

TEXTS = {
    "cp1252": "Le président a été élu à Genève après des années de débats, où chacun rêvait d'être reçu.",
    "cp1250": "Zażółć gęślą jaźń. Wczoraj w Łodzi otwarto nowy most.",
    "cp1251": "Привет, мир. Сегодня хорошая погода в Москве.",
    "koi8_r": "Привет, мир. Сегодня хорошая погода в Москве.",
    "gb18030": "北京今天天气很好。人们出门散步。",
    "big5": "今天天氣很好，我們去散步。",
    "shift_jis": "今日は天気がいいです。散歩に行きましょう。",
    "euc_jp": "今日は天気がいいです。散歩に行きましょう。",
    "euc_kr": "오늘은 날씨가 좋습니다. 산책을 갑시다.",
    "cp1256": "مرحبا بالعالم. الطقس جميل اليوم",
    "cp1253": "Καλημέρα κόσμε. Ο καιρός είναι καλός.",
}


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_utf8_is_read_as_it_is(text: str) -> None:
    assert decode(Payload("x", text.encode())) == text.removeprefix("\ufeff")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides(encoding: str) -> None:
    assert decode(Payload("x", "Brücke 北京".encode(encoding))) == "Brücke 北京"


@pytest.mark.parametrize("encoding", TEXTS)
def test_legacy_encodings_are_told_by_their_text(encoding: str) -> None:
    assert decode(Payload("x", TEXTS[encoding].encode(encoding))) == TEXTS[encoding]


@pytest.mark.parametrize("encoding", ["cp1252", "gb18030", "shift_jis"])
def test_a_long_text_is_told_by_a_sample_that_may_end_inside_a_character(encoding: str) -> None:
    text = TEXTS[encoding] * 4_000
    for shift in range(3):
        assert decode(Payload("x", b"a" * shift + text.encode(encoding)))[shift:] == text


def test_a_declared_encoding_is_believed_where_the_bytes_are_not_utf8() -> None:
    data = "Straße".encode("cp1252")
    assert decode(Payload("x", data, charset="cp1252")) == "Straße"
    assert decode(Payload("x", data), declared="iso-8859-1") == "Straße"
    assert decode(Payload("x", "Straße".encode(), charset="iso-8859-1")) == "Straße"
    assert decode(Payload("x", TEXTS["cp1252"].encode("cp1252"), charset="no-such-charset")) == TEXTS["cp1252"]


@pytest.mark.parametrize(
    "data",
    [
        b"a\0b",
        b"\x89PNG\r\n\x1a\n\0\0",
        b"PK\x03\x04\x14\x00",
        bytes(range(1, 32)) * 9,
        random.Random(0).randbytes(5_000),
    ],
)
def test_what_is_no_text_is_binary(data: bytes) -> None:
    with pytest.raises(SourceError, match="x is binary") as raised:
        decode(Payload("x", data))
    assert "convert it" in raised.value.mend


def test_the_media_type_is_named_with_what_is_binary() -> None:
    with pytest.raises(SourceError, match="image/png"):
        decode(Payload("x", b"\0", "image/png"))


def test_bytes_of_no_encoding_are_an_error() -> None:
    with pytest.raises(SourceError, match="encoding that cannot be told"):
        decode(Payload("x", bytes(random.Random(3).choices(range(0x80, 0x100), k=200))))


@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_a_source_error(data: bytes) -> None:
    with suppress(SourceError):
        assert isinstance(decode(Payload("x", data)), str)


@pytest.mark.parametrize(
    ("location", "suffix", "stem"),
    [
        ("/news/Harbour.TXT", ".txt", "Harbour"),
        ("https://host/feed.xml?page=2#top", ".xml", "feed"),
        ("https://host/", "", ""),
        ("notes", "", "notes"),
    ],
)
def test_suffix_and_stem(location: str, suffix: str, stem: str) -> None:
    payload = Payload(location, b"")
    assert (payload.suffix, payload.stem) == (suffix, stem)


FAULTY = "Café Sund – größer, naïve, Žižkov, und über die Brücke."


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (FAULTY.encode() + b" Kaf\xe9 bar", FAULTY + " Kaf\ufffd bar"),
        (b"\x80\xff" + FAULTY.encode(), "\ufffd\ufffd" + FAULTY),
        ("Its owner is Zoë".encode()[:-1], "Its owner is Zo\ufffd"),
        ("The price is 4 €".encode()[:-1], "The price is 4 \ufffd"),
        (FAULTY.encode()[: len("Café Sund –".encode()) - 1], "Café Sund \ufffd"),
        ("港の新しい船は五月三日に出航した。".encode()[:-2], "港の新しい船は五月三日に出航した\ufffd"),
        ("港の新しい船は".encode() + b"\xff" + "五月三日に".encode(), "港の新しい船は\ufffd五月三日に"),
    ],
)
@pytest.mark.parametrize("declared", ["", "iso-8859-1", "utf-8", "shift_jis"])
def test_utf8_with_faults_stays_utf8(data: bytes, text: str, declared: str) -> None:
    assert decode(Payload("x", data, charset=declared)) == text


@pytest.mark.parametrize("encoding", TEXTS)
def test_legacy_text_is_hardly_ever_taken_for_faulty_utf8(encoding: str) -> None:
    text = TEXTS[encoding]
    pieces = [text[start : start + 12].encode(encoding) for start in range(len(text) - 6)]
    taken = [piece for piece in pieces if "\ufffd" in decode(Payload("x", b"Notes: " + piece))]
    assert len(taken) <= len(pieces) // 20


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize(
    "text", ["Café Sund.\r\nThe ferry sails.", "Новый паром пошёл 3 мая.", "港の新しい船\n五月三日。\n"]
)
def test_wide_text_needs_no_mark(encoding: str, text: str) -> None:
    assert decode(Payload("x", text.encode(encoding))) == text
    assert Payload("x", text.encode(encoding)).head == text


def test_wide_text_may_be_cut_inside_a_letter() -> None:
    text = "The ferry Marlinspike sails from Ostrava Quay on 3 May."
    assert decode(Payload("x", text.encode("utf-16-le")[:-1])).rstrip("\ufffd") == text[:-1]


def test_some_nul_bytes_in_a_text_are_left_out() -> None:
    page = "<html><body><p>" + "The ferry sails on 3 May. " * 8 + "</p></body></html>"
    broken = page.replace("May.", "M\0ay.").encode() + b"\0" * 500
    assert decode(Payload("x", broken)) == page


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("shift_jis", "①番の船は㈱大津".encode("cp932"), "①番の船は㈱大津"),
        ("gb2312", "港口的镕".encode("gbk"), "港口的镕"),
        ("latin-1", b"It\x92s late", "It\u2019s late"),
        ("us-ascii", b"It\x92s late", "It\u2019s late"),
        ("base64", b"It\x92s late", "It\u2019s late"),
    ],
)
def test_a_declared_name_means_the_wider_encoding(name: str, data: bytes, text: str) -> None:
    assert decode(Payload("x", data, charset=name)) == text


def test_a_short_list_of_words_is_told_by_its_everyday_letters() -> None:
    for text in ("港,高さ\n大津,3.1\n東浜,2.7\n", "新しい船は五月三日に出航した。"):
        assert decode(Payload("x", text.encode("cp932"))) == text
    assert decode(Payload("x", "Новый паром пошёл 3 мая.".encode("koi8_r"))) == "Новый паром пошёл 3 мая."
