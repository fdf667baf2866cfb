"""A page for each round of the outer loop, in Markdown and HTML, with plots. Made from the ledger alone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import log2
from pathlib import Path
from statistics import fmean, stdev

from agent.files import write_whole
from agent.ports import Ledger
from agent.records import Document, Plan, SelfEdit
from agent.records.rounds import Practised, Round
from app.show.report import ARMS, spending
from app.show.round_plots import plots_of, used_in
from app.show.tables import MEANING, interval, value

SHOWN = 3
"""Self-edits that are shown of the best and of the worst."""
SHOWN_LINES = 6
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse}td,th{padding:.2rem .8rem;border-bottom:1px solid #ddd;text-align:left}"
    "pre{background:#f6f6f6;padding:.8rem;white-space:pre-wrap}svg{max-width:100%;height:auto;margin-top:1rem}"
)


def write_pages(ledger: Ledger, run: str, folder: Path) -> Path | None:
    """Write the pages that are missing. Returns the newest round's HTML page; None where no round is done.

    Raises:
        OSError: the folder cannot be written.
    """
    rounds, folder = ledger.rounds(run), folder / run
    page = None
    for place, round in enumerate(rounds):
        page = folder / f"round-{round.number:02d}.html"
        if not page.exists():
            folder.mkdir(parents=True, exist_ok=True)
            _write(ledger, rounds[: place + 1], page)
    return page


def _write(ledger: Ledger, rounds: Sequence[Round], page: Path) -> None:
    from markdown_it import MarkdownIt

    drawn: dict[str, str] = {}
    for name, plot in plots_of(rounds[-1]).items():
        svg = page.with_name(f"{page.stem}-{name}.svg")
        plot(rounds, svg)
        _, tag, inside = svg.read_text(encoding="utf-8").partition("<svg")
        drawn[svg.name] = tag + inside
    text = "\n".join(_lines(ledger, rounds, list(drawn)))
    page.with_suffix(".md").write_text(text, encoding="utf-8")
    rendered: str = MarkdownIt().enable("table").render(text)
    body = re.sub(r'<p><img src="([^"]+)"[^>]*></p>', lambda m: drawn[m[1]], rendered)
    head = f'<meta charset="utf-8"><title>Round {rounds[-1].number} of {rounds[-1].run}</title><style>{STYLE}</style>'
    # The page comes last: one that is there is whole, and so are its plots.
    write_whole(page, f"<!doctype html>\n<html><head>{head}</head><body>\n{body}</body></html>\n")


def _lines(ledger: Ledger, rounds: Sequence[Round], plots: Sequence[str]) -> Iterator[str]:
    round = rounds[-1]
    yield f"# Round {round.number} of run {round.run}: a {round.kind}\n"
    yield f"**{round.word.capitalize()}**: {round.reason}.\n"
    yield from _tested(round)
    yield from (f"![]({name})\n" for name in plots)
    yield from _trained(round)
    found = _rewarded(ledger, round)
    yield from (f"- {line}" for line in spending(used_in(ledger, round)))
    yield ""
    yield from _by_action(found)
    yield from _texts(round)
    yield from _drifted(round)
    yield from _edits(found)


def _tested(round: Round) -> Iterator[str]:
    held = len(round.results[0].trials) if round.results else 0
    left_out = f", {round.refused} left out since a step failed" if round.refused else ""
    yield f"## Held-out documents ({held}{left_out})\n"
    yield (
        "Each arm plans one self-edit per document. Gain is over the base, half accuracy and half answer probability, "
        "on all of a document's knowledge probes.\n"
    )
    yield "| arm | policy | gain | against current (95% interval) | p | forgetting | tokens per candidate | |"
    yield "|---|---|---|---|---|---|---|---|"
    for result in round.results:
        if not result.trials:
            continue
        found = round.differences.get(result.arm)
        against = f"{found.mean:+.3f} ({found.low:+.3f} to {found.high:+.3f}) | {found.p_value:.3f}" if found else " | "
        yield (
            f"| {result.arm} | {result.policies[0]} | {result.gain:.3f} | {against} "
            f"| {fmean(t.forgetting for t in result.trials):.2f} | {fmean(t.tokens for t in result.trials):.0f} "
            f"| {ARMS[result.arm]} |"
        )
    yield ""


def _trained(round: Round) -> Iterator[str]:
    from evals.statistics.noise import MOST, seeds_needed

    it = round.practised
    yield "## Practice\n"
    trained = f"{it.candidates} candidates, {it.tokens:,} tokens"
    yield f"- {len(it.rewards)} self-edits of {it.documents} documents, {trained}"
    if it.rewards:
        yield f"- mean reward {fmean(it.rewards):.3f}, from {min(it.rewards):.3f} to {max(it.rewards):.3f}"
        yield f"- diversity of plans: {entropy(it):.2f} bits over {len(it.actions)} actions"
        if it.predicted:
            yield f"- rewards as the acting policy expected them: rank correlation {_correlation(it)}"
    if it.noise:
        yield (
            f"- rewards vary by {it.noise.seed:.3f} from seed to seed of a self-edit and by {it.noise.own:.3f} between "
            f"a document's self-edits (standard deviations, {it.noise.freedom} degrees of freedom), which asks for "
            f"{seeds_needed(it.noise)} of {MOST} seeds"
        )
    yield f"- reward model, told before and measured after: {_calibrated(round)}"
    yield f"- the round took {round.seconds / 60:.1f} minutes"


def entropy(practised: Practised) -> float:
    """Of the actions that practice chose, in bits."""
    total = sum(practised.actions.values())
    return -sum(n / total * log2(n / total) for n in practised.actions.values())


def _correlation(practised: Practised) -> str:
    from scipy.stats import spearmanr

    if len(set(practised.predicted)) < 2 or len(set(practised.rewards)) < 2:
        return "none: it expects the same of every plan"
    found = spearmanr(practised.predicted, practised.rewards)
    return f"{found.statistic:.2f} (p = {found.pvalue:.3f}, n = {len(practised.rewards)})"


def _calibrated(round: Round) -> str:
    it = round.calibration
    if it is None:
        return "it had seen too little to tell anything"
    kept = f"; it kept {round.screened} drafts from being trained" if round.screened else ""
    return (
        f"rank correlation {it.spearman:.2f} within documents (p = {it.p_value:.3f}, n = {it.n}), "
        f"slope {it.slope:.2f}, mean error {it.error:.3f}{kept}"
    )


Rewarded = tuple[float, Document, Plan, SelfEdit]


def _rewarded(ledger: Ledger, round: Round) -> list[Rewarded]:
    """The round's self-edits, best first."""
    from graphs.methods.practice import practice_run, rewards

    child = practice_run(round.run, round.number)
    found = [(fmean(r), document, plan, edit) for document in ledger.documents(child)
             for plan, edit, r in rewards(ledger, child, document.id)]  # fmt: skip
    return sorted(found, key=lambda it: it[0], reverse=True)


def _drifted(round: Round) -> Iterator[str]:
    """How far a learned writer is from the base model."""
    if round.drift is None:
        return
    yield "## Drift of the learned writer from the base model\n"
    yield "| | value | 95% interval | n |"
    yield "|---|---|---|---|"
    for name, it in round.drift.figures().items():
        yield f"| {MEANING[name]} | {value(name, it)} | {interval(name, it)} | {it.n} |"
    yield ""


def _texts(round: Round) -> Iterator[str]:
    """About what the writers wrote."""
    if not round.texts:
        return
    yield "## Texts for the held-out documents\n"
    yield "| arm | texts | usable | words per text | distinct word pairs | entropy, nats per token |"
    yield "|---|---|---|---|---|---|"
    for arm, it in round.texts.items():
        sure = "" if it.entropy is None else f"{it.entropy:.2f}"
        yield f"| {arm} | {it.written} | {it.usable} | {it.words:.0f} | {it.distinct:.0%} | {sure} |"
    yield ""


def _by_action(found: Sequence[Rewarded]) -> Iterator[str]:
    groups: dict[tuple[str, float], list[float]] = defaultdict(list)
    for reward, _, plan, _ in found:
        groups[plan.strategy, plan.settings.learning_rate].append(reward)
    yield "| strategy | learning rate | self-edits | mean reward | spread |"
    yield "|---|---|---|---|---|"
    for (strategy, rate), values in sorted(groups.items(), key=lambda item: -fmean(item[1])):
        spread = f"{stdev(values):.3f}" if len(values) > 1 else ""
        yield f"| {strategy} | {rate:g} | {len(values)} | {fmean(values):.3f} | {spread} |"
    yield ""


def _edits(found: Sequence[Rewarded]) -> Iterator[str]:
    for name, some in (("Best", found[:SHOWN]), ("Worst", found[-SHOWN:][::-1])):
        yield f"## {name} self-edits\n"
        for reward, document, plan, edit in some:
            told = f"{plan.strategy} at {plan.settings.learning_rate:g}, *{document.title}*: {plan.reason}"
            yield f"**{reward:.3f}**, {told}\n"
            yield "```"
            yield from (example.text.strip().replace("\n", " / ") for example in edit.examples[:SHOWN_LINES])
            yield "```\n"
