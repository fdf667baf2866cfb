"""What all records share: immutable values, whose ids are hashes of their content."""

from __future__ import annotations

import hashlib
import json

from pydantic import BaseModel, ConfigDict

BASE = "base"
"""The subject of a score or retention that belongs to no candidate: the bare base model."""


def content_id(*parts: object) -> str:
    """16 hex digits of the SHA-256 of the parts' canonical JSON."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Record(BaseModel):
    """Base of all records: immutable, and refuses fields that it does not know."""

    # JSON has no infinity and no NaN: as strings they come back as what they were, where null would not.
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")
