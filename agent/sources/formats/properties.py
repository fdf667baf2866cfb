"""Title and date that the properties of an office file state."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from agent.text.normal import one_line

_NO_TITLE = re.compile(
    r"untitled|unnamed|title|(?:document|presentation|slide|workbook) ?\d*|powerpoint[ -]presentation|book ?\d+"
    r"|microsoft (?:word|excel|powerpoint)\b.*|.*\.(?:docx?|dotx?|pptx?|xlsx?|od[tsp]|rtf)",
    re.IGNORECASE,
)
# What the empty files say that python-docx and python-pptx start from.
_TEMPLATE_MOMENTS = ("2013-12-23T23:15:00", "2013-01-27T09:14:16")


def stated(core: Any) -> tuple[str, str]:
    """Title and date of creation by the "core properties" of Office, "" where they state none of use."""
    created: datetime | None = core.created
    moment = created.isoformat() if isinstance(created, datetime) else ""
    return usable_title(core.title or ""), "" if moment.startswith(_TEMPLATE_MOMENTS) else moment


def usable_title(title: str) -> str:
    """The title, "" where a program wrote one that says nothing."""
    line = one_line(title)
    return "" if _NO_TITLE.fullmatch(line) else line
