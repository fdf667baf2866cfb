"""Dates: what is understood is right to the second, and everything else is none."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.sources.dates import stated, utc
from agent.sources.document import make_document

NOON = "2026-05-04T10:00:00+00:00"
DAY = "2026-05-04T00:00:00+00:00"


@pytest.mark.parametrize(
    "words",
    [
        "2026-05-04T10:00:00Z", "2026-05-04T10:00Z", "2026-05-04t10:00:00z", "2026-05-04 10:00",
        "2026-05-04 10:00:00 UTC", "2026-05-04T12:00:00+02:00", "2026-05-04T12:00:00+0200", "2026-05-04T12:00+02",
        "2026-05-04 12:00:00 +0200", "2026-05-04T12:00:00.1234567+02:00", "2026-05-04T10:00:00,5Z",
        "20260504T100000Z", "20260504100000", "2026-5-4 10:00", "2026/5/4 10:00:00", "2026.05.04 10:00",
        "2026-W19-1T10:00:00Z", "2026W191T100000Z", "2026-124T10:00:00Z", "Mon, 04 May 2026 10:00:00 GMT",
        "Mon, 4 May 2026 10:00 +0000", "Mon,4 May 26 10:00:00 UT", "4 May 2026 10:00:00",
        "Mon, 04 May 2026 06:00:00 EDT", "Mon, 04 May 2026 12:00:00 CEST", "Mon, 04 May 2026 12:00:00 +0200 (CEST)",
        "Mon, 04 May 2026 12:00:00 GMT+2", "Monday, 04-May-26 10:00:00 GMT", "Mon May  4 10:00:00 2026",
        "Mon May 4 12:00:00 CEST 2026", "Mon May 04 2026 12:00:00 GMT+0200 (Central European Summer Time)",
        "May 4, 2026 10:00 AM", "May 4th, 2026 at 10:00 a.m.", "Monday, May 4, 2026, 10:00",
        "Mon., 4. Mai 2026 10:00 Uhr", "lun., 4 mai 2026 10:00:00", "4 de mayo de 2026 10:00", "04.05.2026 10:00",
        "4. 5. 2026, 10:00", "2026年5月4日 10:00", "1777888800", "1777888800000", " 2026-05-04\n10:00 ",
    ],
)  # fmt: skip
def test_many_ways_to_write_one_moment(words: str) -> None:
    assert utc(words) == NOON


@pytest.mark.parametrize(
    "words",
    [
        "2026-05-04", "20260504", "2026-W19-1", "2026-124", "May 4, 2026", "4 May 2026", "4-May-2026", "04.05.2026",
        "4 mai 2026", "2026-05-04Z",
    ],
)  # fmt: skip
def test_a_day_is_its_midnight(words: str) -> None:
    assert utc(words) == DAY


@pytest.mark.parametrize(
    ("words", "right"),
    [
        ("Mon, 04 May 2026 24:00:00 +0000", "2026-05-05T00:00:00+00:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ("25/12/2026", "2026-12-25T00:00:00+00:00"),
        ("12/25/2026 1:05 PM", "2026-12-25T13:05:00+00:00"),
        ("05/05/2026", "2026-05-05T00:00:00+00:00"),
        ("5/5/2026 12:30 AM", "2026-05-05T00:30:00+00:00"),
        ("06 Sep 99 10:00:00 GMT", "1999-09-06T10:00:00+00:00"),
        ("2026-05-04T00:30:00+05:30", "2026-05-03T19:00:00+00:00"),
    ],
)
def test_days_that_follow_from_the_rules(words: str, right: str) -> None:
    assert utc(words) == right


@pytest.mark.parametrize(
    "words",
    [
        "", "soon", "2026", "2026-05", "May 2026", "04/05/2026", "04-05-2026", "26.05.04", "2026-02-30T10:00:00Z",
        "2026-13-01", "2026-W54-1", "2026-366", "30 Feb 2026 10:00:00 GMT", "Mon, 04 May 2026 10:00:00 BST",
        "Mon, 04 May 2026 10:00:00 XYZ", "2026-05-04T10:00:00 Mars/Base", "2026-05-04T25:00:00Z",
        "2026-05-04T10:61:00Z", "2026-05-04 13:00 PM", "2026-05-04T10:00:00+99:00", "2026-05-04 10:00:00 and more",
        "Mon, 30 Nov -0001 00:00:00 +0000", "0001-01-01T00:00:00Z", "0000-00-00 00:00:00", "4 foo 2026",
        "Mon, 31 Feb 99999 25:61:61 +9999", "177788880012", "9" * 400, "10:00", "4 May 2026 - 6 May 2026",
    ],
)  # fmt: skip
def test_what_is_not_understood_whole_is_none(words: str) -> None:
    assert utc(words) == ""


@given(st.text() | st.from_regex(re.compile(r"[\d:/. TZ+-]{1,25}"), fullmatch=True))
def test_no_words_raise(words: str) -> None:
    assert utc(words) == "" or datetime.fromisoformat(utc(words)).tzinfo is not None


@given(st.integers(-2_000_000_000, 7_000_000_000))
def test_what_is_understood_comes_back(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert utc(moment.isoformat()) == utc(moment.strftime("%a, %d %b %Y %H:%M:%S +0000")) == moment.isoformat()


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("2026-05-04", "2026-05-04"), ("4 May 2026", "2026-05-04"), ("20260504", "2026-05-04"),
        ("2026-05-04T00:00:00", "2026-05-04T00:00:00+00:00"), ("2026-05-04 12:00 +0200", NOON), ("1777888800", NOON),
        ("20260504T100000Z", NOON), ("May 4, 2026 10 AM", NOON), ("soon", ""), ("04/05/2026", ""), ("", ""),
    ],
)  # fmt: skip
def test_every_document_has_a_day_a_moment_or_the_words_as_they_were(words: str, kept: str) -> None:
    """Whatever format it came in."""
    assert stated(words) == kept
    document = make_document("Orrin", "The mill opened.", source="x", published=words)
    assert document.published == (kept or words)
    assert stated(kept) == kept
