"""`seal bench NAME`: each benchmark has options of its own."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer

from app.cli.guard import guard

BENCHES = {
    "inner": (
        "benchmarks.inner_loop",
        "What a candidate costs to train, ask, score and save, against PEFT one by one, SEAL's own trainer and TRL.",
    ),
    "ranking": (
        "benchmarks.ranking",
        "How far the order of a document's candidates depends on the seed, and on who trained them.",
    ),
    "improve": (
        "benchmarks.improve",
        "What a policy that seal improve promoted is worth on documents that had no part in it.",
    ),
    "gate": (
        "benchmarks.gate",
        "How often the gate publishes adapters that learned an article, and how often those that did not.",
    ),
    "ruler": (
        "benchmarks.ruler.bench",
        "Whether rewards, gate and figures by seal's own probes hold for questions that people wrote.",
    ),
    "documents": (
        "benchmarks.documents.bench",
        "How many documents an hour, from text to published adapter, beside another checkout.",
    ),
    "crashes": (
        "benchmarks.crashes",
        "Runs that are killed or whose disk refuses to write, at single writes and at random, and what became of them.",
    ),
    "screening": (
        "benchmarks.screening",
        "What it costs to train only those self-edits that the reward model thinks best.",
    ),
    "explain": (
        "benchmarks.explain",
        "How often a training line that states the answer stands first in what moved it, beside word overlap.",
    ),
}
"""The module of each benchmark, whose `main` takes its options, and what it shows."""

bench = typer.Typer(no_args_is_help=True, help="Benchmarks: seal against other ways to do the same.")


def _add(name: str, module: str, shows: str) -> None:
    @bench.command(
        name, help=f"{shows}\n\nseal bench {name} --help shows the options.", short_help=shows, add_help_option=False,
        context_settings={"ignore_unknown_options": True},
    )  # fmt: skip
    def run(arguments: Annotated[list[str] | None, typer.Argument(metavar="[OPTIONS]")] = None) -> None:
        from app.cli.session import quiet

        quiet()
        told = arguments or []
        guard(lambda: import_module(module).main(told), "--json" in told, debug=False)


for _name, (_module, _shows) in BENCHES.items():
    _add(_name, _module, _shows)
