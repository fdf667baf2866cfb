"""MDX: Markdown with the components and imports of JavaScript in it, which are no text."""

from __future__ import annotations

import re

_FENCE = re.compile(r"^ {0,3}(```+|~~~+)[^\n]*\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
_IMPORT = re.compile(
    r"^(?:import\s*(?:[\w*{][^;'\"]{0,400}?\bfrom\s*)?['\"]|export\s+(?:const|let|var|default|function|async|class|\{|\*))"
    r".*?(?:\n[ \t]*\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
_BRACES = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
_COMMENT = re.compile(r"\{\s*/\*.*?\*/\s*\}", re.DOTALL)
_TAG = re.compile(rf"</?[A-Z][\w.]*(?:[^<>{{}}'\"]|\"[^\"]*\"|'[^']*'|{_BRACES})*>|</?>")
_EXPRESSION = re.compile(rf"^[ \t]*{_BRACES}[ \t]*$", re.MULTILINE)


def without_jsx(text: str) -> str:
    """The Markdown alone. What stands between the tags of a component is text; code keeps everything."""
    parts, start = [], 0
    for fence in _FENCE.finditer(text):
        parts += [_strip(text[start : fence.start()]), fence.group()]
        start = fence.end()
    return "".join((*parts, _strip(text[start:])))


def _strip(text: str) -> str:
    for pattern, instead in ((_COMMENT, ""), (_IMPORT, "\n"), (_TAG, ""), (_EXPRESSION, "")):
        text = pattern.sub(instead, text)
    return text
