"""Scripts that put no spaces between words."""

from __future__ import annotations

import re

UNSPACED_RANGES = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff"
)
"""Thai, Lao, Tibetan, Burmese, Khmer, kana, Han: for use inside a character class."""
UNSPACED = re.compile(f"[{UNSPACED_RANGES}]")
