"""The cases of PDF files that once failed: each read as a user's file is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agent.errors import SourceError
from agent.ports import Failure
from agent.records import Document
from agent.sources.registry import source_for
from agent.text.normal import normalize

CASES = Path(__file__).parents[2] / "cases" / "pdf"

HEADER = """
The ferry Marlinspike began to sail between Ostrava Quay and Hollow Point on 3 May, and it carries 140 passengers
on each of its nine daily crossings. The council of Tarn paid 2.4 million crowns for it, and the yard at Tarn Mouth
built it in 2019. Ilse Brandvold, who chairs the council, said that the crossing takes eleven minutes. The old ferry,
the Grey Gull, had carried workers to the cannery since the spring of the year 1961. It will be shown in the museum at
Hollow Point from the autumn."""
COLUMNS = """
The ferry Marlinspike began to sail between Ostrava Quay and Hollow Point on 3 May. It carries 140 passengers and
makes nine crossings a day. The harbour council paid 2.4 million crowns for the vessel, which was built in the yard at
Tarn Mouth. Ilse Brandvold chairs the council and Odo Marsh runs the ticket office near the old net loft on the quay.

The old ferry, the Grey Gull, had carried workers to the cannery since 1961. It will be shown in the museum at Hollow
Point from the autumn. A ticket costs four crowns, and children under six travel free with them."""
LONG_TITLE = "A New Ferry between Ostrava Quay and Hollow Point and What the Town of Tarn Mouth Paid for the Vessel"

# The title, "" where it may be anything, and the text.
READ = {
    "aes-256_empty_password.pdf": (
        "Ferry notes", "The ferry Marlinspike began to sail on 3 May and makes nine crossings a day.",
    ),
    "plain_no_lig.pdf": ("Ferry notes", "The misfits of the five quays fled; the official file is fine."),
    "running_header.pdf": ("", HEADER),
    "two_columns.pdf": (LONG_TITLE, COLUMNS),
}  # fmt: skip
LOCKED = {"aes-128_user_password.pdf"}


def items(location: Path) -> list[Document | Failure]:
    return list(source_for(str(location), 5).read(str(location)))


def test_every_case_is_tested() -> None:
    assert {path.name for path in CASES.iterdir()} == READ.keys() | LOCKED


@pytest.mark.parametrize("name", READ)
def test_a_file_is_read_whole(name: str) -> None:
    (document,) = items(CASES / name)
    title, text = READ[name]
    assert isinstance(document, Document)
    assert document.text == normalize(text)
    assert document.title == title or (not title and document.title)


@pytest.mark.parametrize("name", sorted(LOCKED))
def test_a_locked_file_is_refused_and_a_folder_goes_on(name: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is encrypted") as raised:
        items(CASES / name)
    assert "save a copy without a password" in raised.value.mend
    shutil.copy(CASES / name, tmp_path / "a.pdf")
    shutil.copy(CASES / "plain_no_lig.pdf", tmp_path / "b.pdf")
    found = items(tmp_path)
    assert [type(item) for item in found] == [Failure, Document]
