"""The tables that a person reads after a run."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table


def show_summary(summary: dict[str, Any], console: Console | None = None) -> None:
    """Per question before and after, per document outcome, and the overall figures."""
    console = console or Console(highlight=False)
    if not summary["documents"]:
        _nothing(summary, console)
        return
    if summary["answers"]:
        console.print(_answers(summary["answers"]))
    console.print(_documents(summary["results"]))
    console.print(overall(summary))
    for failure in summary["failures"]:
        console.print(f"[red]not read:[/red] {escape(failure)}")


def _nothing(summary: dict[str, Any], console: Console) -> None:
    known = summary["skipped"]
    console.print(f"Nothing new: {known} document{'s' if known != 1 else ''} known already. Nothing was changed.")
    for failure in summary["failures"]:
        console.print(f"[red]not read:[/red] {escape(failure)}")


def _answers(rows: list[dict[str, Any]]) -> Table:
    table = Table(title="Closed-book answers, before and after", title_justify="left", show_lines=False)
    for name, ratio in (("question", 5), ("right answer", 2), ("before", 3), ("after", 3)):
        table.add_column(name, ratio=ratio, overflow="fold")
    last = None
    for row in rows:
        if row["document"] != last:
            table.add_section()
            table.add_row(f"[bold]{escape(row['document'])}[/bold]")
            last = row["document"]
        table.add_row(
            escape(row["question"]), escape(row["reference"]),
            _said(row["before"], row["right_before"]), _said(row["after"], row["right_after"]),
        )  # fmt: skip
    return table


def _said(answer: str, right: bool) -> str:
    return f"[green]✓ {escape(answer)}[/green]" if right else f"[dim]✗ {escape(answer)}[/dim]"


def _documents(rows: list[dict[str, Any]]) -> Table:
    table = Table(title="Documents", title_justify="left")
    for name in ("title", "outcome", "strategy", "reward", "gate"):
        table.add_column(name, overflow="fold")
    for row in rows:
        reward = f"{row['reward']:+.2f}" if row["strategy"] else ""
        table.add_row(escape(row["title"]), row["outcome"], row["strategy"], reward, escape(row["gate"]))
    return table


def overall(summary: dict[str, Any]) -> str:
    """The figures in plain sentences."""
    lines = [f"{summary['published']} of {summary['documents']} documents published, run {summary['run']}"]
    if summary["questions"]:
        lines.append(
            f"Closed-book accuracy (answer contains the reference; questions {summary['question_source']}): "
            f"{percent(summary['accuracy_before'])} before, {percent(summary['accuracy_after'])} after, "
            f"n = {summary['questions']}"
        )
    if summary["heldout_questions"]:
        lines.append(
            f"Of these, held out from the reward: {percent(summary['heldout_accuracy_before'])} before, "
            f"{percent(summary['heldout_accuracy_after'])} after, n = {summary['heldout_questions']}"
        )
    if summary["published"]:
        lines.append(
            f"Retention (general questions, routed as in seal ask): {percent(summary['retention_before'])} before, "
            f"{percent(summary['retention_after'])} after; with an adapter forced on for all of them: "
            f"{percent(summary['forced_retention_after'])}"
        )
    return "\n".join([*lines, f"{summary['seconds']:.0f} seconds. Details: seal trace {summary['run']}"])


def percent(value: float | None) -> str:
    return "none" if value is None else f"{100 * value:.0f}%"
