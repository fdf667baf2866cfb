"""Zip containers of office programs: what must hold of them before a library may open one, and what it may raise.

Sizes are those that the container's own list states. zipfile gives never more of a part than the list says, so a small
file that would unpack to gigabytes is refused before anything is unpacked.
"""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from lxml import etree  # type: ignore[import-untyped]

from agent.errors import SourceError
from agent.sources.payload import Payload
from agent.text.normal import one_line

MAX_PARTS = 20_000
MAX_UNPACKED_BYTES = 1024 * 2**20
MAX_XML_BYTES = 128 * 2**20  # of one part; its tree takes about ten times as much memory
_XML = (".xml", ".rels", ".xhtml", ".html", ".htm", ".opf", ".ncx")
_MEND = "open it in the program that made it and save it again"
# What zipfile, lxml and the libraries raise on broken files. python-docx, python-pptx, openpyxl and odfdo have no error
# of their own for most faults: a missing part is a KeyError, a wrong number a ValueError.
BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, etree.LxmlError, SyntaxError, EOFError,
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, RuntimeError, OSError,
)  # fmt: skip


@contextmanager
def opening(payload: Payload, kind: str) -> Iterator[None]:
    """Turns what a library raises about a broken file into a SourceError, and is silent about small flaws."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except BROKEN as error:
        reason = one_line(str(error)) or type(error).__name__
        raise SourceError(f"{payload.location} is no {kind}, or is broken: {reason[:200]}", _MEND) from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("docx", "pptx", "openpyxl", "odfdo"):
            raise
        raise SourceError(f"{payload.location} is no {kind}, or is broken: {one_line(str(error))}", _MEND) from error


def checked(payload: Payload, kind: str) -> zipfile.ZipFile:
    """The container, if it may be opened.

    Raises:
        SourceError: no zip file, broken, encrypted, too many parts or too large unpacked.
    """
    with opening(payload, kind):
        container = zipfile.ZipFile(io.BytesIO(payload.data))
    parts = container.infolist()
    if any(part.flag_bits & 0x1 for part in parts):
        raise SourceError(
            f"{payload.location} is locked with a password", "save a copy without a password and give that"
        )
    xml = max((part.file_size for part in parts if part.filename.lower().endswith(_XML)), default=0)
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES or xml > MAX_XML_BYTES:
        cause = f"{payload.location} unpacks to more than a document of its kind holds"
        raise SourceError(cause, "save its text as plain text, or split it into smaller files")
    return container


def xml_root(container: zipfile.ZipFile, name: str) -> etree._Element:
    """The root of a part, without entities from outside; they and a bomb of entities raise errors of `BROKEN`."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(container.read(name), parser)
