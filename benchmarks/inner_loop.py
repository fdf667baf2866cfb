"""`seal bench inner`: what a candidate costs to train, ask, score and save, ours against others', in one process."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import torch

from agent.records import TrainSettings
from benchmarks.inner.batched import Batched
from benchmarks.inner.cost import PHASES, Cost, Method, matmul_peak
from benchmarks.inner.ladder import rungs
from benchmarks.inner.running import loaded, model_options, progress, settings_of
from benchmarks.inner.shipped import Shipped
from benchmarks.inner.show import plot, show
from benchmarks.inner.trl_sft import TrlSft
from benchmarks.inner.warm_peft import WarmPeft
from benchmarks.inner.workload import Work, from_file, synthetic
from seal_train.model.base import MIXED, Base

GIB = 2**30


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="seal bench inner", description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    p.add_argument("--workload", type=Path, help="JSONL of self-edits (title, text, completions, questions); "
                   "without it an invented one of the same lengths")  # fmt: skip
    model_options(p)
    p.add_argument("--candidates", type=int, default=8, help="K: candidates that seal runs at once")
    p.add_argument("--others", type=int, default=1, help="candidates that each one-by-one method runs in a repeat")
    p.add_argument("--sweep", default="", help="further K to run seal with, e.g. 1,2,4,16,32")
    p.add_argument("--ladder", action="store_true", help="seal without what makes it fast, step by step, too")
    p.add_argument("--repeats", type=int, default=5, help="measured rounds over all methods, after a short warm-up")
    p.add_argument("--only", default="", help="methods to run, by parts of their names: peft,shipped,padded,trl")
    p.add_argument("--plot", type=Path, help="write a picture (SVG or PNG) there; needs matplotlib")
    return p


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser().parse_args(arguments)
    settings = settings_of(options)
    sweep = [int(k) for k in options.sweep.split(",") if k]
    most = max([options.candidates, options.others, *sweep])
    work = from_file(options.workload, most) if options.workload else synthetic(most)
    base, path = loaded(options)
    ours, *others = methods(base, path, options.only, settings)
    turns = [(ours.name, ours, options.candidates), *((m.name, m, options.others) for m in others)]
    turns += [(f"K = {k}", ours, k) for k in sweep] + (rungs(options) if options.ladder else [])
    costs = measure(turns, work, settings, options.repeats)
    kinds = {name: method.base.loss_head.weight.dtype for name, method, _ in turns}
    found = summary(base, costs, kinds, settings, options)
    if options.plot:
        plot(found, options.plot)
    if options.json:
        print(json.dumps(found))
    else:
        show(found)


def methods(base: Base, path: str, only: str, settings: TrainSettings) -> list[Method]:
    """Ours first, then the others that were asked for. A method whose package is missing is left out, and said."""
    # Mixed precision is ours; the nearest that PEFT has is a bfloat16 base under float32 adapters.
    dtype = base.loss_head.weight.dtype
    makers: dict[str, Callable[[], Method]] = {
        "peft": lambda: WarmPeft(base, path, dtype, settings),
        "padded": lambda: Shipped(base, path, dtype, padded=False),
        "shipped": lambda: Shipped(base, path, dtype, padded=True),
        "trl": lambda: TrlSft(base, path, dtype),
    }
    wanted = [name for name in only.split(",") if name] or list(makers)
    made: list[Method] = [Batched(base)]
    for name in wanted:
        try:
            made.append(makers[name]())
        except ImportError as error:
            print(f"left out: {name} ({error}); pip install 'seal[bench]'", file=sys.stderr)
    return made


def measure(
    turns: Sequence[tuple[str, Method, int]], work: Sequence[Work], settings: TrainSettings, repeats: int
) -> dict[str, list[Cost]]:
    """Every turn (its name, the method, how many candidates) in every round, so that a busy minute of the machine
    meets all of them."""
    costs: dict[str, list[Cost]] = {name: [] for name, _, _ in turns}
    warm_up, rounds = settings.model_copy(update={"epochs": 1}), repeats + 1
    with tempfile.TemporaryDirectory(prefix="seal-bench-") as folder, progress(len(turns) * rounds) as tell:
        for repeat in range(rounds):
            for name, method, count in turns:
                tell(f"round {repeat} of {repeats}: {name}" if repeat else f"warm-up: {name}")
                with redirect_stdout(StringIO()):  # trainers print their logs there
                    cost = method.run(work[:count], settings if repeat else warm_up, Path(folder))
                if repeat:
                    costs[name].append(cost)
    return costs


def summary(
    base: Base, costs: dict[str, list[Cost]], kinds: dict[str, torch.dtype], settings: TrainSettings,
    options: argparse.Namespace,
) -> dict[str, Any]:  # fmt: skip
    """The figures, as --json prints them: medians over the repeats, with the least and the most. Each method is held
    against the peak of its number type."""
    peaks = {kind: matmul_peak(base.device, kind) for kind in set(kinds.values())}
    peak, flops = peaks[base.loss_head.weight.dtype], _flops(base, settings.rank)
    rows = {name: _row(found, flops, peaks[kinds[name]]) for name, found in costs.items()}
    ours, per_hour = rows[Batched.name], {name: row["candidates_per_hour"] for name, row in rows.items()}
    return {
        "candidates": options.candidates,
        "model": base.name, "device": _device(base), "dtype": _dtype(base),
        "workload": str(options.workload or "invented"), "settings": settings.model_dump(), "repeats": options.repeats,
        "candidates_per_hour": per_hour,
        "ratio_vs_warm_peft": _ratio(per_hour, WarmPeft.name),
        "ratio_vs_seal_as_shipped": _ratio(per_hour, "SEAL as shipped"),
        "matmul_peak_gflops": round(peak / 1e9, 1),
        "matmul_share": ours["matmul_share"],
        "peak_memory_gib": ours["peak_memory_gib"],
        "parity": _parity(costs),
        "methods": rows,
    }  # fmt: skip


def _row(costs: Sequence[Cost], flops: float, peak: float) -> dict[str, Any]:
    rates = [3600 * cost.candidates / cost.total for cost in costs]
    speeds = [cost.tokens / cost.seconds["train"] for cost in costs]
    return {
        "candidates_per_hour": round(statistics.median(rates), 1),
        "spread": [round(min(rates), 1), round(max(rates), 1)],
        "seconds": {p: round(statistics.median(c.seconds[p] / c.candidates for c in costs), 3) for p in PHASES},
        "tokens_per_second": round(statistics.median(speeds), 1),
        "matmul_share": round(statistics.median(speeds) * flops / peak, 3),
        "peak_memory_gib": round(max(cost.peak_memory for cost in costs) / GIB, 2),
        "steps_timed": round(min(cost.share for cost in costs), 4),
    }


def _flops(base: Base, rank: int) -> float:
    """FLOP that a trained token needs: products with the frozen weights forward and for the input's gradient, with
    the adapters' also for their own. Attention's, a few percent at these lengths, are left out."""
    frozen = sum(layer.in_features * layer.out_features for layer in base.layers)
    head = base.loss_head.weight.numel()
    adapter = sum(rank * (layer.in_features + layer.out_features) for layer in base.layers)
    return 4.0 * (frozen + head) + 6.0 * adapter


def _parity(costs: dict[str, list[Cost]]) -> dict[str, Any] | None:
    """How far ours and the warm PEFT loop, with the same seeds and order, agree on the candidates that both ran."""
    if WarmPeft.name not in costs:
        return None
    ours, theirs = costs[Batched.name][0], costs[WarmPeft.name][0]
    answers = [(a, b) for x, y in zip(ours.answers, theirs.answers, strict=False) for a, b in zip(x, y, strict=True)]
    apart = [
        abs(a - b) for x, y in zip(ours.logprobs, theirs.logprobs, strict=False) for a, b in zip(x, y, strict=True)
    ]
    return {
        "answers": len(answers),
        "answers_equal": sum(a == b for a, b in answers),
        "logprob_median_difference": round(statistics.median(apart), 5),
    }


def _ratio(per_hour: dict[str, float], other: str) -> float | None:
    return round(per_hour[Batched.name] / per_hour[other], 2) if other in per_hour else None


def _dtype(base: Base) -> str:
    head = base.head(torch.zeros(1, base.loss_head.in_features, device=base.device, dtype=base.model.dtype))
    same = head.dtype == base.loss_head.weight.dtype
    return str(head.dtype).removeprefix("torch.") if same else MIXED


def _device(base: Base) -> str:
    if base.device.type == "cuda":
        return torch.cuda.get_device_name(base.device)
    return f"CPU, {torch.get_num_threads()} threads"


if __name__ == "__main__":
    main()
