"""Files that people write line by line for programs: settings, logs, program code. Read, but never as prose.

Of settings and logs each line says something by itself. Program code is kept in blocks, which are never asked about.
"""

from __future__ import annotations

import re
from typing import ClassVar

from agent.sources.base import FormatSource, Items
from agent.sources.document import make_document
from agent.sources.payload import Payload, decode
from agent.text.normal import block, clean

_NOTHING = re.compile(r"\s*(?:---|\.\.\.|[#;/*=-]*)\s*")  # the marks of YAML, an empty comment


class LinesSource(FormatSource):
    name: ClassVar[str] = "settings"
    suffixes: ClassVar[frozenset[str]] = frozenset(
        {".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".properties", ".log"}
    )
    media_types: ClassVar[frozenset[str]] = frozenset(
        {"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "application/toml"}
    )

    def parse(self, payload: Payload) -> Items:
        lines = (line.strip() for line in clean(decode(payload)).split("\n") if not _NOTHING.fullmatch(line))
        yield make_document(payload.stem, "\n\n".join(lines), source=payload.location, name=payload.stem)


class CodeSource(FormatSource):
    name: ClassVar[str] = "program code"
    suffixes: ClassVar[frozenset[str]] = frozenset({
        ".bash", ".bat", ".c", ".cc", ".cpp", ".cs", ".css", ".dart", ".ex", ".go", ".h", ".hpp", ".hs", ".java", ".jl",
        ".js", ".jsx", ".kt", ".less", ".lua", ".mjs", ".php", ".pl", ".ps1", ".py", ".r", ".rb", ".rs", ".scala",
        ".scss", ".sh", ".sql", ".swift", ".ts", ".tsx", ".vue", ".zig",
    })  # fmt: skip

    def parse(self, payload: Payload) -> Items:
        text = block(decode(payload))
        yield make_document(payload.stem, text, source=payload.location, name=payload.stem)
