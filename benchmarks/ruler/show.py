"""The figures of the ruler, for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent.records import Figure
from benchmarks.ruler.figures import ENOUGH, LONG

Told = Mapping[str, Any]


def figure(found: Figure, how: str = ".0%") -> str:
    """As "38% (21% to 55%)", each number as `how` has it; "-" where nothing was measured."""
    if found.value is None or found.low is None or found.high is None:
        return "-"
    return f"{found.value:{how}} ({found.low:{how}} to {found.high:{how}})"


def counts(found: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in found.items()) or "none"


def summary(name: str, found: Told) -> Iterator[str]:
    """The figures of one code on passages of one origin."""
    yield f"{name}: {found['passages']} passages, published {figure(found['published'])}"
    yield f"  outcomes: {counts(found['outcomes'])}"
    yield from _probes(found["probes"])
    yield "  reward against what people asked, rank correlation within passages:"
    for gain, row in found["correlation"].items():
        n = row["kendall"].n
        told = ", ".join(f"{how} {figure(value, '+.2f')}" for how, value in row.items())
        yield f"    {gain} ({n} passages):"
        yield f"      {told}"
    yield "  people's questions right, adapter forced on, of passages that were trained:"
    for who, value in found["forced"].items():
        yield f"    {who:15} {figure(value)}"
    yield from _gate(found["gate"])
    yield from _routed(found["routed"])


def _probes(found: Told) -> Iterator[str]:
    yield f"  probes: {counts(found['counts'])}"
    if found["checks"]:
        yield f"  made {found['made']}; refused: {counts(found['checks'])}"
    knowledge: Figure = found["knowledge"]
    if knowledge.value is not None:
        yield f"  knowledge probes a passage: {knowledge.value:.1f} ({knowledge.low:.1f} to {knowledge.high:.1f})"
    yield f"  at least {ENOUGH} of them, of passages of {LONG} words or more: {figure(found['enough'])}"


def _gate(found: Told) -> Iterator[str]:
    yield "  the gate, against whether people's questions improved:"
    for gain, row in found.items():
        yield f"    by {gain}: {row['improved'].n} decided on ({counts(row['verdicts'])})"
        yield f"      improved  {figure(row['improved'])}, agreement {figure(row['agreement'])}"
        yield f"      precision {figure(row['precision'])}, recall {figure(row['recall'])}"


def _routed(found: Told | None) -> Iterator[str]:
    if found is None:
        yield "  through gate and router: not asked yet, the run is not at its end"
        return
    yield "  people's questions right from bare text, through gate and router:"
    before, after = found["right"]
    yield f"    before          {figure(found['before'])}, {before} of {sum(found['by'].values())}"
    yield f"    after           {figure(found['after'])}, {after} of {sum(found['by'].values())}"
    yield f"    after, of published passages {figure(found['after_of_published'])}"
    yield f"    answered by: {counts(found['by'])}"


def difference(found: Told) -> Iterator[str]:
    yield f"this code minus the other, passage by passage: {found['passages']} passages"
    yield f"  published {figure(found['published'])}"
    for gain, row in found["correlation"].items():
        told = ", ".join(f"{how} {figure(value, '+.2f')}" for how, value in row.items())
        yield f"  rank correlation by {gain} ({row['kendall'].n} passages):"
        yield f"    {told}"
    if routed := found["routed"]:
        ours, theirs = routed["right"]
        times = f", {routed['times']:.1f} times as many" if routed["times"] is not None else ""
        yield f"  people's questions right through gate and router: {figure(routed['after'])}"
        yield f"    {ours} against {theirs}{times}"
