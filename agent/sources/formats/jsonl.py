"""Documents with questions, one JSON object a line. A broken line or question is a Failure, the rest is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import BaseModel, ValidationError

from agent.errors import SourceError
from agent.ports import Failure
from agent.sources.base import FormatSource, Items, failure, need_one, several
from agent.sources.document import make_document
from agent.sources.formats.fields import Said, Text, given, wrong_fields
from agent.sources.payload import Payload, refuse_binary
from agent.sources.wrapping import unwrap

_SHAPE = '{"title": ..., "text": ..., "questions": [{"question": ..., "answer": ...}]}'


class _Line(BaseModel):
    """The fields that we use. Others are left alone, since data sets carry ids and dates of their own."""

    text: Said
    title: Text | None = None
    source: Text | None = None
    questions: tuple[Any, ...] | None = None


class JsonlSource(FormatSource):
    name: ClassVar[str] = "JSONL"
    suffixes: ClassVar[frozenset[str]] = frozenset({".jsonl", ".ndjson"})
    media_types: ClassVar[frozenset[str]] = frozenset(
        {"application/jsonl", "application/jsonlines", "application/x-jsonlines", "application/x-ndjson"}
    )

    def parse(self, payload: Payload) -> Items:
        refuse_binary(payload)

        def nothing(failures: list[Failure]) -> SourceError:
            first = f"{failures[0].where}: {failures[0].reason}" if failures else "it has blank lines only"
            return SourceError(f"{payload.location} has no line that can be read; {first}", f"write lines as {_SHAPE}")

        lines = _lines(payload.data)
        read = (item for number, line in lines for item in several(_read, line, f"{payload.location} line {number}"))
        yield from need_one(read, nothing)


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Cuts at "\\n" only: inside a JSON string, other line separators are ordinary characters."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16", errors="replace").encode(errors="replace")
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip():
            yield number, line


def _read(line: bytes, where: str) -> Items:
    """The document of a line, and a Failure for what is wrong in it."""
    try:
        said = _Line.model_validate(json.loads(line.decode()))
        asked = given(said.questions or (), "questions")
        if not asked.useless:
            text, source = unwrap(said.text), said.source or where
            yield make_document(said.title or "", text, source=source, questions=asked.questions)
        if asked.wrong:
            yield Failure(where, asked.wrong)
    except UnicodeDecodeError as error:
        yield Failure(where, f"not UTF-8: {error.reason} at byte {error.start + 1}")
    except RecursionError:
        yield Failure(where, "the JSON is nested too deeply")
    except ValidationError as error:
        yield Failure(where, wrong_fields(error))
    except SourceError as error:
        yield failure(where, error)
    except ValueError as error:
        yield Failure(where, f"not JSON: {error}")
