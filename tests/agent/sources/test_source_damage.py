"""Damaged files of every format of text: read, or refused with advice, and never anything else."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest

from agent.errors import SourceError
from agent.ports import Failure
from agent.records import Document
from agent.sources.registry import source_for

CASES = Path(__file__).parents[2] / "cases"
MAIL = b"""From: a@b.example
Subject: =?x-unknown?Q?New_ferry?= =?utf-8?b?4oCT?=
Date: Mon, 4 May 2026 10:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=XX

--XX
Content-Type: text/plain; charset=no-such-charset
Content-Transfer-Encoding: base64

VGhlIGZlcnJ5IHNhaWxzIG9uIDMgTWF5Lg==
--XX
Content-Type: text/html; charset="utf-8"

<p>The ferry sails.</p>
--XX
Content-Disposition: attachment; filename*=utf-8''a%E2%80%93.bin

noise
--XX--
"""
SUBTITLES = b"1\n00:00:01,000 --> 00:00:04,000\n<i>The ferry sails\n\n2\n00:00:05,000 --> 00:00:09,000\non 3 May.\n"
SEEDS = {
    "a.eml": MAIL,
    "a.srt": SUBTITLES,
    **{
        path.name: path.read_bytes()
        for folder in ("md", "text")
        for path in sorted((CASES / folder).iterdir())
        if path.suffix not in (".txt", "")
    },
    "a.txt": (CASES / "text/no_blank_lines.txt").read_bytes(),
}
PIECES = (
    b"{", b"}", b"[", b"]", b"<", b">", b'"', b"\\", b"|", b":", b"---\n", b"\n", b"\r", b"\0", b"\xff\xfe",
    b"\xe2\x82",
    b"=?x?q?", b"\\u-99999?",
    b"\\'zz", b"99999999999:00:00,000 --> ", b"!!python/object:os.system {}",
    b"*a &a", b"[[", b"```",
)  # fmt: skip


@pytest.mark.parametrize("name", SEEDS)
def test_damage_raises_nothing_but_source_errors(tmp_path: Path, name: str) -> None:
    rng = random.Random(name)
    path = tmp_path / name
    for _ in range(150):
        path.write_bytes(_hurt(SEEDS[name], rng))
        with suppress(SourceError):
            for item in source_for(str(path), 5.0).read(str(path)):
                assert isinstance(item, Document | Failure)


@pytest.mark.parametrize("name", sorted({Path(name).suffix for name in SEEDS} | {".r", ".py", ".toml", ".mht", ".svg"}))
def test_noise_raises_nothing_but_source_errors(tmp_path: Path, name: str) -> None:
    rng = random.Random(name)
    path = tmp_path / f"a{name}"
    for _ in range(60):
        path.write_bytes(b"".join(rng.choices((*PIECES, b"word ", b"The ferry sails. ", rng.randbytes(3)), k=40)))
        with suppress(SourceError):
            for item in source_for(str(path), 5.0).read(str(path)):
                assert isinstance(item, Document | Failure)


def _hurt(data: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(4):
            case 0:
                data = data[:at] + rng.randbytes(1) + data[at + 1 :]
            case 1:
                data = data[:at] + data[at + rng.randint(1, 40) :]
            case 2:
                data = data[:at] + rng.choice(PIECES) * rng.choice((1, 1, 1, 300)) + data[at:]
            case _:
                data = data[:at]
    return data or b"x"
