"""Errors, named by the boundary they crossed. Each says what is wrong and what to do about it."""

from __future__ import annotations

from pathlib import Path


class SealError(Exception):
    """Base of every error that a person is meant to read. `mend` says what to do.

    `exit_code` is what the command line ends with. Anything that is not a SealError is a bug.
    """

    exit_code = 1

    def __init__(self, cause: str, mend: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.mend = mend


class ConfigError(SealError):
    """The configuration cannot be used. `key` is the one at fault, where a run may have recorded it."""

    exit_code = 2

    def __init__(self, cause: str, mend: str = "", key: str = "") -> None:
        super().__init__(cause, mend)
        self.key = key


class SourceError(SealError):
    """A source could not be read: missing, unreachable, not what it claims to be."""

    exit_code = 3


class ModelError(SealError):
    """The base model cannot be loaded or is of a kind that cannot be adapted."""

    exit_code = 4


class PromptTooLong(ModelError):
    """One text is longer than the model can take. Shorter ones are taken."""


class TrainerError(SealError):
    """Training failed: out of memory, not a number, disk full."""

    exit_code = 5


class StoreError(SealError):
    """The ledger, the memory or the adapter library cannot be read or written."""

    exit_code = 6


class UnknownName(StoreError):
    """What a person named is not in the ledger: a run, an adapter."""

    exit_code = ConfigError.exit_code


class RecordError(StoreError):
    """The store works, and refuses one record: it does not fit to what is there, or holds what no column takes."""


class AdapterError(StoreError):
    """One adapter, in `folder`, cannot be read. Others may be."""

    def __init__(self, folder: Path, why: str, mend: str) -> None:
        super().__init__(f"the adapter in {folder} {why}", mend)
        self.folder = folder


class EndpointError(SealError):
    """A model endpoint cannot be used as it is set up: no later request would fare better."""

    exit_code = 7


class AnswerError(EndpointError):
    """A model endpoint works, and gave no usable answer to this one request. Others may fare better."""


class MissingPackage(SealError):
    """A package is not installed. `mend` is the line that installs it."""

    exit_code = 8


class MissingExtra(MissingPackage):
    """An optional dependency is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the optional extra '{extra}'", f"pip install 'seal[{extra}]'")
