"""Writes `json_keys.json`: the keys of all that seal printed as JSON at commit e227431, before the great rebuilding.

It ran once, with `tests/app/json_commands.py` and `tests/app/json_shapes.py`, and otherwise the code of that commit:

    PYTHONPATH=. .venv/bin/python tests/data/make_json_keys.py

Run again with later code it would write down what that code prints, and what was lost would be lost for good.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tests.app.json_commands import everything
from tests.app.json_shapes import shape

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = {name: shape(printed) for name, printed in everything(Path(folder)).items()}
    text = json.dumps(found, indent=1, ensure_ascii=False)
    Path(__file__).with_name("json_keys.json").write_text(f"{text}\n", encoding="utf-8")
