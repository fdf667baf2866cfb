#!/usr/bin/env bash
# MarkItDown turns text cells of a workbook into numbers, 00417 into 417 and 3.10 into 3.1, or not: by the column.
#
# Versions: markitdown 0.1.9, pandas 3.1.1, openpyxl 3.1.5.
#
# Expected: what Excel shows. Every cell here is stored as text (type "s"), so there is nothing to guess. MarkItDown's
#   README speaks of preserving "important document structure and content"; it reads a sheet with pandas.read_excel, of
#   which https://pandas.pydata.org/docs/reference/api/pandas.read_excel.html says at dtype: "Use object to preserve
#   data as stored in Excel and not interpret dtype".
# Seen: a column whose texts can all be read as numbers, or all as true or false, is written as such: leading zeros, the
#   last digit of a release and a plus sign are gone, 1e5 is 100000.0. Where one text of the column is no number, all
#   stay as they are: a row added at the end changes the rows before it.
# Known are its numbers (issues 2484 and 2532 of https://github.com/microsoft/markitdown): 1 is 1.0 beside a blank cell.
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export TMPDIR="$tmp"
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -q "markitdown[xlsx]==0.1.9" pandas==3.1.1 openpyxl==3.1.5

cat > "$tmp/cells.py" <<'PYTHON'
import sys
from importlib.metadata import version
from pathlib import Path

from markitdown import MarkItDown
from openpyxl import Workbook, load_workbook

ROWS = [
    ["part", "release", "batch", "phone", "word"],
    ["00417", "3.10", "1e5", "+31201234567", "true"],
    ["00052", "3.9", "2e3", "+31207654321", "false"],
]
LAST = ["A17", "beta", "none", "unlisted", "maybe"]
NUMBERS = ["| 417 | 3.1 | 100000.0 | 31201234567 | True |", "| 52 | 3.9 | 2000.0 | 31207654321 | False |"]


def row(cells):
    return "| " + " | ".join(cells) + " |"


print(f"markitdown {version('markitdown')}, pandas {version('pandas')}; all cells are text")
for rows, expected in ((ROWS, NUMBERS), ([*ROWS, LAST], [row(cells) for cells in [*ROWS[1:], LAST]])):
    book = Workbook()
    for cells in rows:
        book.active.append(cells)
    path = Path(sys.argv[1]) / "book.xlsx"
    book.save(path)
    assert {cell.data_type for cells in load_workbook(path).active for cell in cells} == {"s"}
    lines = MarkItDown().convert(path).markdown.splitlines()
    print(*(row(cells) for cells in rows), "becomes", *lines, sep="\n")
    if lines[3:] != expected:
        sys.exit(f"changed: expected {expected}")
PYTHON

# markitdown 0.1.9, pandas 3.1.1; all cells are text
# | part | release | batch | phone | word |
# | 00417 | 3.10 | 1e5 | +31201234567 | true |
# | 00052 | 3.9 | 2e3 | +31207654321 | false |
# becomes
# ## Sheet
# | part | release | batch | phone | word |
# | --- | --- | --- | --- | --- |
# | 417 | 3.1 | 100000.0 | 31201234567 | True |
# | 52 | 3.9 | 2000.0 | 31207654321 | False |
# The same with | A17 | beta | none | unlisted | maybe | below: every cell as it was.
mkdir "$tmp/books"
"$tmp/venv/bin/python" "$tmp/cells.py" "$tmp/books"
