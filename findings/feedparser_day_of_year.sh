#!/usr/bin/env bash
# feedparser reads most days of January to July wrong in a form that its documentation lists: year and day, 2003-335.
#
# Versions: feedparser 6.0.14.
#
# Expected: day 181 of 2015 is 30 June 2015. docs/date-parsing.rst, shown at
#   https://pythonhosted.org/feedparser/date-parsing.html, lists "valid ISO 8601 (yyyy-o)" among the "Recognized Date
#   Formats", with the example 2003-335, which is read correctly.
# Seen: days 002 to 199 are all wrong, as patterns for other forms are tried first. 002 to 012 are taken for a month; of
#   013 to 039 the last two digits are taken for a day, in the month in which the program runs (in January that is
#   right); from 040 on the first two for a month, 18 being June of the next year. Without the hyphen all are right.
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export TMPDIR="$tmp"
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -q feedparser==6.0.14

cat > "$tmp/days.py" <<'PYTHON'
import sys
import time
from datetime import date, timedelta
from unittest import mock

import feedparser

FEED = """<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News</title>
<item><title>One</title><dc:date>{}</dc:date></item></channel></rss>"""
GMTIME = time.gmtime
TODAY = time.strptime("2026-11-30", "%Y-%m-%d")


def read(text):
    with mock.patch("time.gmtime", lambda *seconds: GMTIME(*seconds) if seconds else TODAY):
        return date(*feedparser.parse(FEED.format(text)).entries[0].updated_parsed[:3])


def wrong(form):
    days = (date(2015, 1, 1) + timedelta(number) for number in range(365))
    return [day.strftime("%j") for day in days if read(day.strftime(form)) != day]


print(f"feedparser {feedparser.__version__}, read on 30 November 2026")
for text, right, expected in (
    ("2003-335", "2003-12-01", "2003-12-01"),
    ("2015-006", "2015-01-06", "2015-06-01"),
    ("2015-020", "2015-01-20", "2015-11-20"),
    ("2015-060", "2015-03-01", "2015-06-01"),
    ("2015-181", "2015-06-30", "2016-06-01"),
):
    print(f"{text} ({right}) is read as {read(text)}")
    if str(read(text)) != expected:
        sys.exit(f"changed: expected {expected}")
for form, expected in (("%Y-%j", [f"{day:03}" for day in range(2, 200)]), ("%Y%j", [])):
    days = wrong(form)
    print(f"{form}: {len(days)} of 365 days are wrong", *days[:1], *days[-1:])
    if days != expected:
        sys.exit(f"changed: expected {expected}")
PYTHON

# feedparser 6.0.14, read on 30 November 2026
# 2003-335 (2003-12-01) is read as 2003-12-01
# 2015-006 (2015-01-06) is read as 2015-06-01
# 2015-020 (2015-01-20) is read as 2015-11-20
# 2015-060 (2015-03-01) is read as 2015-06-01
# 2015-181 (2015-06-30) is read as 2016-06-01
# %Y-%j: 198 of 365 days are wrong 002 199
# %Y%j: 0 of 365 days are wrong
TZ=UTC "$tmp/venv/bin/python" "$tmp/days.py"
