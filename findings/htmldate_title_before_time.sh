#!/usr/bin/env bash
# htmldate takes the day that a page's title tells of for its date, though a <time> below the title states the date.
#
# Versions: htmldate 1.11.0, dateparser 1.5.0, lxml 6.1.3.
#
# Expected: the day of the <time> element. The README (https://github.com/adbar/htmldate) names the steps in this order:
#   markup in the header; "structural markers like `abbr` or `time` elements and a series of attributes"; bare content.
#   Of extensive_search=False a maintainer says that it restricts "the search to less error-prone patterns":
#   https://github.com/adbar/htmldate/issues/124.
# Seen: title and h1 are read before <time> elements, but for those with a class or attribute that htmldate knows. An
#   article on a flood is dated to the day of the flood, with extensive_search=False, too, and also where no date is
#   stated. In fast mode an h2 or a paragraph is not read so. A class such as "published" on the <time> mends it.
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export TMPDIR="$tmp"
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -q htmldate==1.11.0 dateparser==1.5.0 lxml==6.1.3

cat > "$tmp/pages.py" <<'PYTHON'
import sys
from importlib.metadata import version

from htmldate import find_date

WHAT = "The flood of 12 August 2005"
STATED = '<p>Published <time datetime="2021-03-04">4 March 2021</time></p>'
CLASS = STATED.replace("<time", '<time class="published"')
TEXT = "<p>The river left its bed and took the bridge with it.</p>"


def page(title, body):
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><article>{body}{TEXT}</article></body></html>"
    )


print(f"htmldate {version('htmldate')}, the page states 2021-03-04 or nothing: the date found in fast mode; by default")
for what, html, expected in (
    ("a plain title, stated", page("The flood", STATED), ("2021-03-04", "2021-03-04")),
    ("a day in the title, stated", page(WHAT, STATED), ("2005-08-12", "2005-08-12")),
    ("a day in the h1, stated", page("The flood", f"<h1>{WHAT}</h1>{STATED}"), ("2005-08-12", "2005-08-12")),
    ("a day in the h1, stated, class", page("The flood", f"<h1>{WHAT}</h1>{CLASS}"), ("2021-03-04", "2021-03-04")),
    ("a day in the title, not stated", page(WHAT, ""), ("2005-08-12", "2005-08-12")),
    ("a day in an h2, not stated", page("The flood", f"<h2>{WHAT}</h2>"), (None, "2005-08-12")),
    ("a day in a paragraph, not stated", page("The flood", f"<p>{WHAT}</p>"), (None, "2005-08-12")),
):
    for original in (False, True):
        found = tuple(find_date(html, extensive_search=mode, original_date=original) for mode in (False, True))
        if found != expected:
            sys.exit(f"changed: {what}: {found}, expected {expected}")
    print(f"{what}: {found[0]}; {found[1]}")
PYTHON

# htmldate 1.11.0, the page states 2021-03-04 or nothing: the date found in fast mode; by default
# a plain title, stated: 2021-03-04; 2021-03-04
# a day in the title, stated: 2005-08-12; 2005-08-12
# a day in the h1, stated: 2005-08-12; 2005-08-12
# a day in the h1, stated, class: 2021-03-04; 2021-03-04
# a day in the title, not stated: 2005-08-12; 2005-08-12
# a day in an h2, not stated: None; 2005-08-12
# a day in a paragraph, not stated: None; 2005-08-12
"$tmp/venv/bin/python" "$tmp/pages.py"
