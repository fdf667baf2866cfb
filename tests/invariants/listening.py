"""A process that is refused every way out of the machine, and says which it tried.

Python tells of each look-up and connection in audit events before it makes them. What a library does outside of Python
is not seen.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

LOOKED_UP = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
SENT_TO = ("socket.connect", "socket.sendto", "socket.sendmsg")
OWN = (None, "", "localhost", b"localhost", "::1", "0.0.0.0", os.uname().nodename)

TRIED: list[str] = []


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in LOOKED_UP:
        host = arguments[0]
    elif event in SENT_TO and isinstance(arguments[1], tuple):  # a Unix socket's address is a string
        host = arguments[1][0]
    else:
        return
    if host not in OWN and not str(host).startswith("127."):
        TRIED.append(f"{event} {host}")
        raise OSError("the network is off")


def command(*words: str | Path) -> None:
    """seal's own, in this process."""
    from app.cli.main import main

    sys.argv = ["seal", *map(str, words), "--json"]
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise


def train_writer(model: Path, folder: Path) -> None:
    """A writer policy, by TRL."""
    from functools import partial

    from agent.ports import Lesson
    from seal_train.model.base import load_base, load_plain
    from seal_train.policies.writer import TRLTrainer

    fresh = partial(load_plain, str(model), folder, "cpu", "float32")
    trainer = TRLTrainer(load_base(str(model), folder, "cpu", "float32"), fresh, 2, 4, 1e-3, 1)
    assert trainer.train("sft", [Lesson("You write.", "The mill", "It opened.", 1.0)], 0, folder / "w", folder / "d")


def program() -> None:
    """Arguments: what to do, an empty folder, a tiny model, documents. Prints the hosts that it tried to reach."""
    what, folder, model, source = sys.argv[1], *map(Path, sys.argv[2:])
    sys.addaudithook(refuse)
    if what == "learn":
        options = ("--home", folder / "home", "--set", f"model.name={model}", "--set", "model.device=cpu")
        command("ingest", source, *options, "--set", "plan.candidates=2")
        command("ask", "Who runs the mill?", *options)
    train_writer(model, folder)
    if what == "tell":
        sys.modules["huggingface_hub.utils._telemetry"]._TELEMETRY_QUEUE.join()  # it is sent by a thread
    print("TRIED", json.dumps(TRIED), flush=True)  # noqa: T201
