"""Opening Chroma: embedded in a folder, one process at a time, or a server by URL.

Embedded Chroma is not safe for several processes: one that has it open does not see what another adds
to the index, and writes its own view over it. So a file lock lets one process in at a time, readers
too, and a stamp that every writer changes tells the others to open the store again.
"""

from __future__ import annotations

import re
import shutil
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from agent.errors import StoreError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.client import Client
    from chromadb.config import Settings

LOCK_SECONDS = 30.0
"""How long one process waits for another to be done with the memory's folder."""

REBUILD = "Rebuild it from the ledger: seal memory rebuild"


class ChromaServer:
    """A Chroma server, which takes care of concurrent clients itself. What it complains about comes as a StoreError."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: ClientAPI | None = None

    @contextmanager
    def open(self, writes: bool = False) -> Iterator[ClientAPI]:
        """A client, for as long as the context lasts."""
        with _chroma_errors(f"the memory at {self._url}", "Check that [memory] url is right and Chroma runs there."):
            if self._client is None:
                self._client = _connect(self._url)
            yield self._client

    @contextmanager
    def emptied(self, collection: str) -> Iterator[ClientAPI]:
        """A client of a store in which this collection is gone, whatever state the store was in."""
        from chromadb.errors import NotFoundError

        with self.open(writes=True) as client:
            with suppress(NotFoundError):
                client.delete_collection(collection)
            yield client


@cache
def in_folder(folder: Path) -> EmbeddedChroma:
    """The one EmbeddedChroma of a folder in this process, because Chroma shares its insides by folder."""
    return EmbeddedChroma(folder)


class EmbeddedChroma:
    """As `ChromaServer`, in this process, over the files of a folder. Made by `in_folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.patience = folder, LOCK_SECONDS
        self._threads = threading.RLock()
        self._client: Client | None = None
        self._seen = ""

    @contextmanager
    def open(self, writes: bool = False) -> Iterator[ClientAPI]:
        with self._alone():
            client = self._fresh()
            if writes:
                self._sign()
            yield client

    @contextmanager
    def emptied(self, collection: str) -> Iterator[ClientAPI]:
        """Everything goes, other collections too: a damaged store cannot be told what to keep."""
        with self._alone():
            self._close()
            self._wipe()
            self._sign()
            yield self._fresh()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        where = f"the memory in {self._folder}"
        with self._threads, _chroma_errors(where, REBUILD):
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                cause = f"the memory's folder {self._folder} cannot be made: {error.strerror}"
                raise StoreError(cause, "Move away what is in its place, or choose another --home.") from error
            lock = FileLock(self._folder / "writer.lock")
            try:
                lock.acquire(timeout=self.patience)
            except Timeout as error:
                cause = f"{where} has been in use by another process for {self.patience:g} s"
                raise StoreError(cause, "Stop the other seal, or wait for it.") from error
            except OSError as error:
                mend = "Make the folder writable, or choose another --home."
                raise StoreError(f"{where} cannot be locked: {error.strerror}", mend) from error
            try:
                yield
            finally:
                lock.release()

    def _fresh(self) -> ClientAPI:
        """A client that knows what other processes wrote, and that the folder was emptied since it was opened."""
        if not self._stamp.exists():
            self._close()
            self._sign()
        stamp = self._stamp.read_text()
        if self._client is None or stamp != self._seen:
            self._close()
            self._client, self._seen = _open_folder(self._folder), stamp
        return self._client

    @property
    def _stamp(self) -> Path:
        return self._folder / "writer.stamp"

    def _sign(self) -> None:
        # Before the write, not after: a writer that is killed half-way must not go unnoticed.
        self._seen = uuid.uuid4().hex
        self._stamp.write_text(self._seen)

    def _close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _wipe(self) -> None:
        """Delete what Chroma made, and nothing else that may lie in the folder."""
        for path in self._folder.iterdir():
            if re.fullmatch(r"chroma\.sqlite3.*|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", path.name):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()


def _open_folder(folder: Path) -> Client:
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient

    try:
        # Declared as less than what it is: what comes back can be closed.
        return cast("Client", chromadb.PersistentClient(folder, settings=_settings()))
    except Exception:
        # Chroma keeps a half-started system for this folder, which the next attempt would be given.
        SharedSystemClient.clear_system_cache()
        raise


def _connect(url: str) -> ClientAPI:
    import chromadb

    address = urlsplit(url)
    secure = address.scheme == "https"
    port = address.port or (443 if secure else 80)
    try:
        return chromadb.HttpClient(address.hostname or "", port, secure, settings=_settings())
    except ValueError as error:  # What Chroma raises where nobody answers.
        mend = "Check that [memory] url is right and Chroma runs there."
        raise StoreError(f"the memory at {url} cannot be reached: {error}", mend) from error


def _settings() -> Settings:
    from chromadb.config import Settings

    # Chroma would also read a .env file of the working folder.
    options: dict[str, Any] = {"anonymized_telemetry": False, "_env_file": None}
    return Settings(**options)


@contextmanager
def _chroma_errors(where: str, mend: str) -> Iterator[None]:
    import httpx
    from chromadb.errors import ChromaError

    try:
        yield
    except (ChromaError, httpx.HTTPError, OSError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise StoreError(f"{where} cannot be used: {reason}", mend) from error
