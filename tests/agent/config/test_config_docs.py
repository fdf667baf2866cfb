"""The schema explains itself, and the files written from it are current."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from agent.config import Config, load_config
from agent.config import docs as config_docs
from agent.config.schema import ANY_NAME, field_at, keys, nearest, section_of

KEYS = list(keys(Config))
ROOT = Path(__file__).parents[3]


def test_every_key_and_section_says_what_it_means() -> None:
    assert [key.name for key in KEYS if not (key.field.description or "").endswith(".")] == []
    sections = {key.path[:-1] for key in KEYS if len(key.path) > 1}
    fields = [field_at(Config, at) for at in sections]
    assert all(field and (section_of(field) or BaseModel).__doc__ for field in fields)


def test_every_key_is_found_by_its_own_name() -> None:
    assert [key.name for key in KEYS if field_at(Config, key.path) is not key.field] == []
    assert [key.name for key in KEYS if nearest(Config, key.path) != [key.name]] == []


def test_the_page_and_the_example_are_current() -> None:
    """Fails after a change of the schema until `make docs` was run."""
    assert (ROOT / "docs" / "config.md").read_text(encoding="utf-8") == config_docs.render_markdown()
    assert (ROOT / "seal.example.toml").read_text(encoding="utf-8") == config_docs.render_toml()


def test_the_files_are_written_where_they_belong(tmp_path: Path) -> None:
    paths = config_docs.write(tmp_path)
    assert {str(path.relative_to(tmp_path)) for path in paths} == {"docs/config.md", "seal.example.toml"}
    assert all(path.read_text(encoding="utf-8") for path in paths)


def test_the_example_says_what_the_defaults_say(tmp_path: Path) -> None:
    assert load_config(ROOT / "seal.example.toml", home=tmp_path) == load_config(home=tmp_path)


def test_the_example_holds_every_key_and_loads_with_its_comments_taken_off(tmp_path: Path) -> None:
    text = re.sub(r"^#(?!#|\s)", "", config_docs.render_toml(), flags=re.MULTILINE)
    file = tmp_path / "seal.toml"
    file.write_text(text, encoding="utf-8")
    config = load_config(file)
    assert list(config.endpoints) == [ANY_NAME]
    given_keys = tomllib.loads(text)
    for key in KEYS:
        value: Any = given_keys
        for part in key.path:
            value = value[part]


def test_the_page_names_every_key() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", config_docs.render_markdown(), flags=re.MULTILINE)
    assert rows == [key.path[-1] for key in KEYS]
