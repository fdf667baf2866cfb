"""What a person reads after `seal ingest`, and before and after `seal improve`."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.markup import escape

from agent.records import Used
from app.show.tables import counted, percent, screen, table
from evals.meters.retention import items
from evals.probes.foresight import in_words
from graphs.views.improvement import Estimate, Improvement
from graphs.views.summary import DocumentRow, Summary

Command = Callable[[str], str]
"""What a person types to have `seal WORDS` done in this home."""

MOST_TABLES = 12
"""Documents whose questions are shown one by one; `seal trace` and --json have all of them."""


def show_summary(summary: Summary, command: Command, console: Console | None = None) -> None:
    """Each document with its questions before and after, the overall figures, and what could not be read."""
    console = console or screen()
    soft = not console.is_terminal  # a sentence in a file stays on one line
    if not summary.documents:
        known = summary.skipped
        console.print(f"Nothing new: {counted(known, 'document')} known already. Nothing was changed.")
        if summary.unanswered:
            console.print(
                f"No adapter answers for {summary.unanswered} of them (taken back, or not published): the same "
                "command with --again learns those again that have none.", soft_wrap=soft,
            )  # fmt: skip
    else:
        _documents(summary, command, console)
        console.print(overall(summary, command), markup=False, soft_wrap=soft)
    for note in summary.notes:
        console.print(f"[yellow]skipped:[/yellow] {escape(note)}", soft_wrap=soft)
    for failure in summary.failures:
        console.print(f"[red]not read:[/red] {escape(failure)}", soft_wrap=soft)


def _documents(summary: Summary, command: Command, console: Console) -> None:
    for place, row in enumerate(summary.results):
        console.print(f"[bold]{escape(row.title)}[/bold]\n{_outcome(row)}")
        answers = [answer for answer in summary.answers if answer.document == row.document]
        if place < MOST_TABLES and answers:
            cells = [
                (escape(a.question), escape(a.reference), _said(a.before, a.right_before),
                 _said(a.after, a.right_after), a.routed_to or "not asked")
                for a in answers
            ]  # fmt: skip
            console.print(table(("question", "right answer", "before", "after", "routed to"), cells))
        else:
            console.print()
    left = len(summary.results) - MOST_TABLES
    if left > 0:
        console.print(f"The questions of {counted(left, 'more document')}: {_trace(summary, command)}\n")


def _trace(summary: Summary, command: Command) -> str:
    return command(f"trace {summary.run}")


def _outcome(row: DocumentRow) -> str:
    if not row.strategy:
        return escape(str(row.outcome))
    several = " + " in row.strategy
    made = f"mean of {row.strategy}, the best one's reward" if several else f"{row.strategy}, reward"
    why = f"{escape(row.gate)}. Adapter: {made} {row.reward:+.2f}"
    if row.outcome.kind == "published":
        return f"[green]published[/green]: {why}"
    return f"[yellow]{escape(str(row.outcome))}[/yellow], so its adapter does not answer: {why}"


def _said(answer: str, right: bool) -> str:
    return f"[green]✓ {escape(answer)}[/green]" if right else f"[dim]✗ {escape(answer)}[/dim]"


_METHODS = {
    "contains": "answer contains the reference",
    "judge": "the judge calls the answer right",
    "likelihood": "the right answer is the likeliest",
}


def _methods(summary: Summary) -> str:
    """How answers were graded, and how many the judge left to the comparison of words."""
    used = " or ".join(words for method, words in _METHODS.items() if method in summary.methods)
    missed = summary.not_judged
    return f"{used}; {counted(missed, 'answer')} not judged" if missed else used


def _forced(summary: Summary) -> str:
    """What an adapter does where it does not belong, beside the base's own figure over the same questions."""
    before, after = summary.forced_retention_before, percent(summary.forced_retention_after)
    told = after if before is None else f"{percent(before)} to {after}"
    return f"with an adapter forced on, on the {sum(item.common for item in items())} common ones: {told}"


def _counted(summary: Summary) -> str:
    """Which questions the figures are over."""
    if not summary.questions_given:
        return "made by seal; they reword what was trained: recall in other words, not understanding"
    made = summary.questions_made
    return f"those that came with the documents{f', without the {made} that seal made' if made else ''}"


def _by_prompt(summary: Summary) -> int:
    """Answers of the base that were right on one side alone: before it was told the document's title, after not."""
    return sum(a.routed_to == "base" and a.right_before != a.right_after for a in summary.answers)


def overall(summary: Summary, command: Command) -> str:
    """The figures in plain sentences."""
    lines = [f"{summary.published} of {counted(summary.documents, 'document')} published, run {summary.run}"]
    if summary.questions:
        lines.append(
            f"Closed-book accuracy ({_methods(summary)}): "
            f"{percent(summary.accuracy_before)} before, {percent(summary.accuracy_after)} after, "
            f"n = {summary.questions} ({_counted(summary)})"
        )
    if summary.heldout_questions:
        lines.append(
            f"Of these, held out from the reward: {percent(summary.heldout_accuracy_before)} before, "
            f"{percent(summary.heldout_accuracy_after)} after, n = {summary.heldout_questions}"
        )
    if summary.questions:
        lines.append(
            f"After is asked through the router, as in seal ask: {summary.routed_to_own} of "
            f"these {summary.questions} went to the adapter of their own document, "
            f"{summary.routed_to_other} to another one, {summary.routed_to_base} to the base"
        )
    if summary.published and summary.question_source != "given":
        lines.append(in_words())
    if _by_prompt(summary):
        lines.append(
            "Before, the base is told the document's title; after, where a question is left to it, it is not: "
            f"{counted(_by_prompt(summary), 'answer')} turned right or wrong with the prompt, not by learning"
        )
    if summary.documents > summary.published and summary.questions:
        lines.append(
            f"Learned, published or not (each document's champion switched on by hand): "
            f"{percent(summary.accuracy_champions)}"
        )
    if summary.published:
        lines.append(
            f"Retention (general questions, routed as in seal ask): {percent(summary.retention_before)} before, "
            f"{percent(summary.retention_after)} after; {_forced(summary)}"
        )
    over = f" in {summary.sittings} sittings" if summary.sittings > 1 else ""
    return "\n".join([*lines, f"{summary.seconds:.0f} seconds{over}. Details: {_trace(summary, command)}"])


ARMS = {
    "current": "the policy that acted in the last round",
    "learned": "what it taught",
    "random": "control: learned from rewards dealt out at random",
    "untrained": "control: has learned nothing",
    "usual": "what plans where there is no policy",
}


def spending(used: Used) -> list[str]:
    """What was used of accelerators and endpoints, a line each where there is anything."""
    lines = [f"{used.gpu_seconds / 3600:.2f} GPU-hours"] if used.gpu_seconds else []
    if used.answers:
        silent = f"; for {used.unreported} of them the server counted no tokens" if used.unreported else ""
        lines.append(
            f"{used.answers} answers of endpoints, {used.prompt_tokens:,} prompt and {used.completion_tokens:,} "
            f"completion tokens, {used.money:.4g} in money{silent}"
        )
    return lines


def show_estimate(found: Estimate) -> None:
    console = screen()
    if found.seeds:
        console.print(f"{found.rounds} rounds, at most {found.candidates} candidates")
    else:
        why = "the louder the rewards' noise, the more often each self-edit is trained (improve.seeds)"
        console.print(f"{found.rounds} rounds, about {found.candidates} candidates: {why}")
    if found.measured_on:
        assert found.seconds is not None
        console.print(
            f"about {found.seconds / 3600:.1f} hours and {found.tokens:,} tokens of training, "
            f"as the {found.measured_on} candidates of this ledger took"
        )
        gpu = f"{found.gpu_hours:.2f} GPU-hours and " if found.gpu else ""
        console.print(f"about {gpu}{found.money:.4g} in money to endpoints, likewise")
    else:
        console.print("no candidate was trained here yet, so nothing is known of the time; the demo trains a few")
    if not found.gpu:
        console.print("there is no accelerator to use here: improve.gpu_hours counts nothing on a CPU")


def show_improvement(summary: Improvement, console: Console | None = None) -> None:
    """Each round's verdict, what every arm came to in the last one, and what was spent."""
    console = console or screen()
    for number, word in enumerate(summary.words, 1):
        console.print(f"round {number}: {word}", markup=False, soft_wrap=True)
    if summary.gains:
        rows = []
        for arm, gain in summary.gains.items():
            found = summary.differences.get(arm)
            against = f"{found.mean:+.3f} ({found.low:+.3f} to {found.high:+.3f})" if found else ""
            rows.append((arm, f"{gain:.3f}", against, ARMS[arm]))
        console.print(table(("arm", "held-out gain", "against current (95% interval)", ""), rows))
    hours = summary.seconds / 3600
    used = spending(Used(gpu_seconds=summary.gpu_hours * 3600, **summary.endpoints.model_dump()))
    console.print(
        f"{summary.promoted} of {summary.rounds} rounds promoted a policy; {summary.candidates} candidates, "
        f"{summary.tokens:,} tokens, {'; '.join([f'{hours:.2f} hours', *used])}; stopped: {summary.stopped}",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    if summary.report:
        console.print(f"the rounds, with plots: {summary.report}", markup=False, soft_wrap=True)
