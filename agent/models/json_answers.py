"""JSON objects as chat models give them: the schema that asks for one, and finding it in the answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any


def object_schema(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON schema of an object with exactly these properties, as OpenAI's strict mode wants it."""
    whole = {"required": list(properties), "additionalProperties": False}
    return {"type": "object", "properties": dict(properties), **whole}


def first_object(text: str) -> dict[str, Any] | None:
    """The first JSON object in a text, whatever stands around it."""
    decoder = json.JSONDecoder()
    for brace in re.finditer(r"\{", text):
        try:
            value, _ = decoder.raw_decode(text, brace.start())
        except (json.JSONDecodeError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return None
