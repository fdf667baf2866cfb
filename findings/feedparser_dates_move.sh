#!/usr/bin/env bash
# feedparser reads a date as far as it can, ignores the rest, and takes a missing month or day from today's date.
#
# Versions: feedparser 6.0.14.
#
# Expected: a date that it cannot read in full has no *_parsed value. Its documentation says of a date that no handler
#   reads: "the *_parsed value will not be present in the results dictionary" (the end of docs/date-parsing.rst, shown
#   at https://pythonhosted.org/feedparser/date-parsing.html).
# Seen: the patterns for ISO 8601 match the beginning of the text only. Of "2016-W26-3" (ISO 8601: 29 June 2016) and of
#   "2016/6/29 15:07:41" the year is read; the month is the one in which the program runs, so the entry of a saved feed
#   gets another date next month. "15:07 29 Jun 2016" is today. Of "29-06-2016" and of seconds since 1970, two and four
#   digits become a year. Nothing tells these from dates that were read: bozo is False.
#   https://github.com/kurtmckee/feedparser/issues/75 (2016) shows one such date; that it moves is not said there.
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export TMPDIR="$tmp"
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -q feedparser==6.0.14

cat > "$tmp/dates.py" <<'PYTHON'
import sys
import time
from unittest import mock

import feedparser

FEED = """<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News</title>
<item><title>One</title><dc:date>{}</dc:date></item></channel></rss>"""
GMTIME = time.gmtime


def read(text, today):
    """The date of an entry, as parsed on that day; None where it has none."""
    now = time.strptime(today, "%Y-%m-%d")
    with mock.patch("time.gmtime", lambda *seconds: GMTIME(*seconds) if seconds else now):
        feed = feedparser.parse(FEED.format(text))
    assert not feed.bozo
    parsed = feed.entries[0].get("updated_parsed")
    return parsed and time.strftime("%Y-%m-%d %H:%M", parsed)


print(f"feedparser {feedparser.__version__}: what is in the feed; read on 2 March 2026; read on 30 November 2026")
for text, march, november in (
    ("2016-06-29T15:07:41Z", "2016-06-29 15:07", "2016-06-29 15:07"),
    ("29.06.2016", None, None),
    ("2016-W26-3", "2016-03-01 00:00", "2016-11-01 00:00"),
    ("2016/6/29 15:07:41", "2016-03-01 00:00", "2016-11-01 00:00"),
    ("15:07 29 Jun 2016", "2026-03-02 15:07", "2026-11-30 15:07"),
    ("29-06-2016", "2029-06-20 00:00", "2029-06-20 00:00"),
    ("1467212861", "1467-07-31 00:00", "1467-07-31 00:00"),
):
    found = read(text, "2026-03-02"), read(text, "2026-11-30")
    print(f"{text}; {found[0]}; {found[1]}")
    if found != (march, november):
        sys.exit(f"changed: expected {march}; {november}")
PYTHON

# feedparser 6.0.14: what is in the feed; read on 2 March 2026; read on 30 November 2026
# 2016-06-29T15:07:41Z; 2016-06-29 15:07; 2016-06-29 15:07
# 29.06.2016; None; None
# 2016-W26-3; 2016-03-01 00:00; 2016-11-01 00:00
# 2016/6/29 15:07:41; 2016-03-01 00:00; 2016-11-01 00:00
# 15:07 29 Jun 2016; 2026-03-02 15:07; 2026-11-30 15:07
# 29-06-2016; 2029-06-20 00:00; 2029-06-20 00:00
# 1467212861; 1467-07-31 00:00; 1467-07-31 00:00
TZ=UTC "$tmp/venv/bin/python" "$tmp/dates.py"
