"""Writes docs/config.md and seal.example.toml from the schema: `python -m agent.config.docs`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from agent.config.schema import ANY_NAME, Key, field_at, keys, section_of, takes, toml_value
from agent.config.sections import MACHINE, SETTLED, Config
from agent.config.settings import FILE_NAME

ROOT = Path(__file__).resolve().parents[2]

_MARKDOWN_HEAD = f"""# Configuration

<!-- Written by `make docs` from the schema in agent/config/sections.py. Do not edit by hand. -->

seal reads one TOML file: the one given with `--config`, or `{FILE_NAME}` in the home folder where
there is one. Flags win over the file, and no environment variable beats either. Unknown keys are
refused. [seal.example.toml](../seal.example.toml) holds every key with its default.

A run that was cut off continues under the configuration that it began with, as recorded in the ledger.
Only the keys that concern the machine take today's values: {{machine}}.
Keys that are given with `--set` replace the recorded ones for good, except {{settled}}.
"""
_TOML_HEAD = f"""# Every key of seal's configuration, each with its default.
# Copy to ~/.seal/{FILE_NAME} and keep only what you change. docs/config.md says what each key takes.
# Written by `make docs` from the schema in agent/config/sections.py. Do not edit by hand.
"""


def render_markdown() -> str:
    """The reference page."""
    machine, settled = (
        ", ".join(f"`{key.name}`" for key in keys(Config) if mark in key.field.metadata) for mark in (MACHINE, SETTLED)
    )
    return _MARKDOWN_HEAD.format(machine=machine, settled=settled) + "".join(
        _markdown_section(at, members) for at, members in _sections()
    )


def render_toml() -> str:
    """The example file: a valid configuration that says what the defaults say."""
    return _TOML_HEAD + "".join(_toml_section(at, members) for at, members in _sections())


def write(root: Path) -> list[Path]:
    """Writes both files under `root` and returns their paths."""
    rendered = {root / "docs" / "config.md": render_markdown(), root / "seal.example.toml": render_toml()}
    for path, text in rendered.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(rendered)


def _sections() -> Iterator[tuple[tuple[str, ...], list[Key]]]:
    for at, members in groupby(keys(Config), key=lambda key: key.path[:-1]):
        yield at, list(members)


def _about(at: tuple[str, ...]) -> str:
    field = field_at(Config, at)
    section = (section_of(field) if field else None) or Config
    return textwrap.dedent(section.__doc__ or "").strip()


def _markdown_section(at: tuple[str, ...], members: list[Key]) -> str:
    heading = f"## [{'.'.join(at)}]" if at else "## Top of the file"
    rows = [f"| `{key.path[-1]}` | {_default(key)} | {takes(key.field)} | {_meaning(key)} |" for key in members]
    table = "\n".join(("| key | default | takes | what it means |", "|---|---|---|---|", *rows))
    return f"\n{heading}\n\n{_about(at)}\n\n{table}\n"


def _meaning(key: Key) -> str:
    return " ".join((key.field.description or "").split())


def _default(key: Key) -> str:
    if key.field.is_required():
        return "required"
    return "left out" if key.field.default is None else f"`{toml_value(key.field.default)}`"


def _toml_section(at: tuple[str, ...], members: list[Key]) -> str:
    lines = [f"# {_about(at)}", f"[{'.'.join(at)}]"] if at else []
    for key in members:
        lines += [f"# {_meaning(key)}", _toml_line(key)]
    if ANY_NAME in at:  # names nothing that exists, so it stands there as a comment
        lines = ["#" + line for line in lines]
    return "\n" + "\n".join(lines) + "\n"


def _toml_line(key: Key) -> str:
    """The key with its default, or with an example: as a comment where the default is to leave it out."""
    default = None if key.field.is_required() else key.field.default
    value = (key.field.examples or [""])[0] if default is None else default
    left_out = default is None and not key.field.is_required()
    return f"{'#' if left_out else ''}{key.path[-1]} = {toml_value(value)}"


if __name__ == "__main__":
    write(ROOT)
