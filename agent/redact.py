"""Passwords and keys, taken out of what reaches a ledger, a trace or a screen."""

from __future__ import annotations

import re

_BEFORE_THE_HOST = re.compile(r"(?<=://)[^/\s]*@")
_PASSWORD = re.compile(r"(?<=password=)[^&\s]+")


def without_credentials(location: str) -> str:
    """A location, or a text with some in it, without the user names and passwords of its addresses.

    What stood before the host is left out, so that a web address stays one; a parameter `password` becomes "***".
    """
    return _PASSWORD.sub("***", _BEFORE_THE_HOST.sub("", location))
