"""Dates as feeds and pages write them. One that is not understood to the last sign is none, rather than another day.

Our own, because a parser that guesses does harm here: feedparser reads 2016/6/29 as the first of the month and 30
February as 2 March, dateutil fills in what is missing and takes 04/05/2026 for April, dateparser does both.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

_MONTHS = {
    name: number
    for number, names in enumerate((
        "january jan januar jänner janvier janv enero ene gennaio gen janeiro januari",
        "february feb februar feber février févr fév febrero febbraio fevereiro fev februari",
        "march mar mär mrz märz mars marzo março maart mrt",
        "april apr avril avr abril abr aprile",
        "may mai mayo maggio mag maio mei maj",
        "june jun juni juin junio giugno giu junho",
        "july jul juli juillet juil julio luglio lug julho",
        "august aug août aou agosto ago augustus augusti",
        "september sep sept septembre septiembre setiembre settembre set setembro",
        "october oct oktober okt octobre octubre ottobre ott outubro out",
        "november nov novembre noviembre novembro",
        "december dec dezember dez décembre déc diciembre dic dicembre dezembro",
    ), 1)
    for name in names.split()
}  # fmt: skip
"""English, and the languages of western Europe, whose names do not contradict each other."""
_ZONES = {
    "": 0, "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 1, "cet": 1, "mez": 1, "cest": 2, "mesz": 2, "eet": 2,
    "eest": 3, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "akst": -9,
    "akdt": -8, "hst": -10, "jst": 9, "kst": 9, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
}  # fmt: skip
"""Hours east of Greenwich: those of RFC 822, and others that name one zone only (BST and IST name several)."""

_NAME = r"[^\W\d_]+"
_WEEKDAY = re.compile(rf"^({_NAME})\.?(, ?| )(?=\d|{_NAME}\.? )")
# "May 4 10:00:00 CEST 2026", as date(1), C and Java write it: the year goes to the day.
_YEAR_LAST = re.compile(rf"^({_NAME} \d\d?) (\d\d?:\d\d:\d\d(?: [A-Za-z]+)?) (\d{{4}})$")
_ORDINAL_SIGN = r"(?:st|nd|rd|th|er|\.|º)?"
_NUMBERED = (
    re.compile(r"(?P<y>\d{4})([-/.])(?P<m>\d\d?)\2(?P<d>\d\d?)"),
    re.compile(r"(?P<d>\d\d?)\. ?(?P<m>\d\d?)\. ?(?P<y>\d{4})"),
    re.compile(r"(?P<y>\d{4})年(?P<m>\d\d?)月(?P<d>\d\d?)日"),
)
_NAMED = (
    re.compile(rf"(?P<d>\d\d?){_ORDINAL_SIGN}[ -](?:de )?(?P<m>{_NAME})\.?,?[ -](?:de )?(?P<y>\d{{4}}|\d\d(?=$| ))"),
    re.compile(rf"(?P<m>{_NAME})\.? (?P<d>\d\d?){_ORDINAL_SIGN},? (?P<y>\d{{4}})"),
)
_EITHER = re.compile(r"(\d\d?)([-/])(\d\d?)\2(\d{4})")
_ISO = re.compile(r"\d{4}-?W\d\d-?[1-7]|\d{8}(?=$|[T ]|\d{6}$)")
_DAY_OF_YEAR = re.compile(r"(\d{4})-(\d{3})")
_CLOCK = re.compile(
    r"(?:T|,? at |, ?| )?(?P<h>\d\d?)(?::(?P<m>\d\d)(?::(?P<s>\d\d)(?:[.,]\d+)?)?|(?P<hm>\d\d)(?P<hs>\d\d)?(?!\d))?"
    r"(?P<half> ?[ap]\.?m\b\.?)?(?: Uhr)?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r" ?(?:GMT|UTC?|Z)? ?(?P<sign>[+-])(?P<h>\d\d?):?(?P<m>\d\d)?(?: ?\([^()]*\))?", re.IGNORECASE)
_WIDEST = timedelta(hours=14)
_SINCE_1970 = re.compile(r"(\d{9,10})(?:\.\d+)?|(\d{10})\d{3}")
_HOURS = re.compile(r"\d:\d\d|\d ?[ap]\.?m\b|T\d\d|\d{9,}", re.IGNORECASE)
_EARLIEST_YEAR = 1900  # before it are the years 0 and 1 of programs that had no date


def utc(words: str) -> str:
    """The moment in UTC as ISO 8601, "" where it is not understood. A time without a zone counts as UTC."""
    try:
        found = _told(words)
        moment = found and datetime(found[0].year, found[0].month, found[0].day, tzinfo=UTC) + found[1]
    except (ValueError, OverflowError):  # a day, hour or offset that the calendar does not have
        return ""
    return moment.isoformat() if moment and moment.year >= _EARLIEST_YEAR else ""


def stated(words: str) -> str:
    """The same, but a day without a time stays a day, as YYYY-MM-DD."""
    moment = utc(words)
    return moment if _HOURS.search(words) else moment[:10]


def day(words: str) -> str:
    """The day as it is written, whatever the zone, as YYYY-MM-DD; "" where the words are not understood."""
    try:
        found = _told(words)
    except (ValueError, OverflowError):
        return ""
    return found[0].isoformat() if found and found[0].year >= _EARLIEST_YEAR else ""


def _told(words: str) -> tuple[date, timedelta] | None:
    """The day, and what is to be added to its midnight to have the moment in UTC."""
    words = " ".join(words.split())
    if seconds := _SINCE_1970.fullmatch(words):
        moment = datetime.fromtimestamp(int(seconds[1] or seconds[2]), UTC)
        return moment.date(), timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second)
    weekday = _WEEKDAY.match(words)
    if weekday and ("," in weekday[2] or not _month(weekday[1])):
        words = words[weekday.end() :]
    found = _day(_YEAR_LAST.sub(r"\1 \3 \2", words))
    if found is None:
        return None
    on, rest = found
    clock, zone = _clock(rest)
    hours_east = _hours_east(zone)
    return None if clock is None or hours_east is None else (on, clock - hours_east)


def _day(words: str) -> tuple[date, str] | None:
    """The day that the words begin with, and what follows it."""
    for pattern in (*_NUMBERED, *_NAMED):
        if (match := pattern.match(words)) and (month := _month(match["m"])):
            return date(_year(match["y"]), month, int(match["d"])), words[match.end() :]
    if match := _EITHER.match(words):
        low, high = sorted((int(match[1]), int(match[3])))
        return (date(int(match[4]), low, high), words[match.end() :]) if high > 12 or low == high else None
    if match := _ISO.match(words):
        return date.fromisoformat(match[0]), words[match.end() :]
    if match := _DAY_OF_YEAR.match(words):
        day = date(int(match[1]), 1, 1) + timedelta(days=int(match[2]) - 1)
        return (day, words[match.end() :]) if day.year == int(match[1]) else None
    return None


def _month(word: str) -> int:
    return int(word) if word.isdigit() else _MONTHS.get(word.lower(), 0)


def _year(digits: str) -> int:
    """Two digits as RFC 2822 has them (section 4.3)."""
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < 50 else 1900)


def _clock(words: str) -> tuple[timedelta | None, str]:
    """The time of day and what follows it; None for a time that no clock shows."""
    match = _CLOCK.match(words)
    if match is None or not (match["m"] or match["hm"] or match["half"]):
        return timedelta(0), words
    hour, minute = int(match["h"]), int(match["m"] or match["hm"] or 0)
    second = int(match["s"] or match["hs"] or 0)
    if half := match["half"]:
        hour = hour % 12 + 12 * ("p" in half.lower()) if 1 <= hour <= 12 else 99
    shown = (hour < 24 and minute < 60 and second <= 60) or (hour, minute, second) == (24, 0, 0)
    return timedelta(hours=hour, minutes=minute, seconds=second) if shown else None, words[match.end() :]


def _hours_east(zone: str) -> timedelta | None:
    """How far the zone's clocks are ahead of UTC; None where the words name no zone, or none that we know."""
    if offset := _OFFSET.fullmatch(zone):
        ahead = timedelta(hours=int(offset["h"]), minutes=int(offset["m"] or 0))
        return (-ahead if offset["sign"] == "-" else ahead) if ahead <= _WIDEST else None
    name = zone.strip(" ()").lower()
    return timedelta(hours=_ZONES[name]) if name in _ZONES else None
