from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.redact import without_credentials


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://anna:secret@example.org/feed?x=1#top", "https://example.org/feed?x=1#top"),
        ("https://key@example.org", "https://example.org"),
        ("http://anna:s@cret@[::1]:80/", "http://[::1]:80/"),
        ("http://anna:secret@not an address", "http://not an address"),
        ("postgresql+psycopg://u:p%40s#?@h/db", "postgresql+psycopg://h/db"),
        ("postgresql://h/db?user=u&password=secret&x=1", "postgresql://h/db?user=u&password=***&x=1"),
        ("no answer from http://a:b@h/v1, then http://c:d@i/v1", "no answer from http://h/v1, then http://i/v1"),
        ("https://example.org/@anna/notes", "https://example.org/@anna/notes"),
        ("sqlite:////a/b@c", "sqlite:////a/b@c"),
        ("notes/mail from anna@example.org.txt", "notes/mail from anna@example.org.txt"),
    ],
)
def test_credentials_go_and_the_rest_stays(location: str, shown: str) -> None:
    assert without_credentials(location) == shown


@given(st.from_regex(r"[^/\s]+", fullmatch=True), st.sampled_from(["", "/", "/a@b", "/a?c=d@e"]))
def test_no_user_and_no_password_is_left(user: str, rest: str) -> None:
    assert without_credentials(f"https://{user}@host{rest}") == f"https://host{rest}"
