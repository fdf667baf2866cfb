"""What the readers of all formats share: loading a location and saying when nothing could be read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from typing import ClassVar, TypeVar

from agent.errors import SealError, SourceError
from agent.failures import ends_reading, note, storable, tried, unforeseen, words
from agent.ports import Failure
from agent.records import Document
from agent.redact import without_credentials
from agent.sources.fetch import fetch
from agent.sources.files import read_file
from agent.sources.payload import Payload, is_url

T = TypeVar("T")
R = TypeVar("R")
Items = Iterator[Document | Failure]


REPORT = "leave it out, and report it with what --debug shows"


def load(location: str, timeout: float) -> Payload:
    """The bytes of a file or of a web address. Raises SourceError where nothing could be loaded."""
    return fetch(location, timeout) if is_url(location) else read_file(location)


class FormatSource(ABC):
    """One format: a `Source` by itself, and a parser for payloads that others have loaded.

    `suffixes` and `media_types` are how files and servers name the format. A package outside adds one through the entry
    point group "seal.formats"; its object is a subclass of this.
    """

    name: ClassVar[str]

    suffixes: ClassVar[frozenset[str]] = frozenset()
    media_types: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, timeout: float = 20.0) -> None:
        self.timeout = timeout

    def read(self, location: str) -> Items:
        """A file or web address as this format."""
        yield from self.parse(load(location, self.timeout))

    @classmethod
    def recognizes(cls, head: str) -> bool:
        """Whether the beginning of the content itself says that it is of this format."""
        return False

    @abstractmethod
    def parse(self, payload: Payload) -> Items:
        """Raises SourceError where nothing at all could be read from the payload."""


def failure(where: str, error: Exception) -> Failure:
    """An error as a failed item. The reason need not repeat where it happened."""
    return Failure(storable(where), words(error).removeprefix(f"{storable(where)} "))


def one_item(read: Callable[[T, str], R], item: T, where: str) -> R | Failure:
    """What `read` makes of one item of a location, e.g. an entry of a feed, given where it stands; a Failure for
    whatever it raises, foreseen or not, but what keeps all others from being read (see `agent.failures`)."""
    return tried(lambda: read(item, where), partial(failure, where), where, ends_reading)


def several(read: Callable[[T, str], Iterator[R]], item: T, where: str) -> list[R | Failure]:
    """The same where one item gives several things."""

    def listed(item: T, where: str) -> list[R | Failure]:
        return list(read(item, where))

    found = one_item(listed, item, where)
    return [found] if isinstance(found, Failure) else found


def whole(where: str, read: Callable[[], Items]) -> Items:
    """All items of a location, as `read` gives them.

    Raises:
        SourceError: also for what its reader raised that nobody foresaw. What came before that has been read.
    """
    try:
        yield from read()
    except Exception as error:
        if isinstance(error, SealError) or ends_reading(error):
            raise
        shown = without_credentials(storable(where))
        note(shown, error)
        raise SourceError(f"{shown} cannot be read: {unforeseen(error)}", REPORT) from error


def need_one(items: Items, nothing: Callable[[list[Failure]], SourceError]) -> Items:
    """The items in order; failures before the first document wait for it.

    Raises:
        SourceError: `nothing(failures)`, where no document came.
    """
    waiting: list[Failure] = []
    for item in items:
        if isinstance(item, Document):
            break
        waiting.append(item)
    else:
        raise nothing(waiting)
    yield from waiting
    yield item
    yield from items
