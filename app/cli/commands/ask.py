"""`seal ask` and `seal explain`: one question, closed book, through the routed adapter, and why its answer is so."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from agent.errors import ConfigError
from app.cli.session import Session
from app.show.progress import bar

if TYPE_CHECKING:
    from graphs.context import Context
    from graphs.views.answers import Answer, Explanation


def run(
    session: Session,
    question: Annotated[str, typer.Argument(metavar="QUESTION", show_default=False, help="A question, in quotes")],
    base: Annotated[bool, typer.Option("--base", help="Ask the untrained base model, under the same title")] = False,
    show_adapters: Annotated[bool, typer.Option("--show-adapters", help="Show which adapters were considered")] = False,
) -> None:
    """Answer from what was learned, closed book.

    The answer is on stdout, the adapter that gave it and what the base says on stderr. A question that is near no
    document that was learned is answered by the base model, and seal says so. With --base the base model answers what
    the adapter would have been asked, also told the title of the document that the question is about.

    \b
    Examples:
      seal ask "Who runs the new ferry?"
      seal ask "Who runs the new ferry?" --base
      seal ask "Who runs the new ferry?" --show-adapters

    \f
    Raises StoreError where nothing is learned yet and not the base alone is asked.
    """
    from graphs.ask.asking import ask

    if not question.strip():
        raise ConfigError("the question is empty", 'seal ask "Who runs the new ferry?"')
    answer = ask(session.context() if base else session.opened(), question, base_only=base)
    hidden = {"told", "why_base"} | (set() if show_adapters else {"considered"})
    told = answer.model_dump(mode="json", exclude=hidden)
    session.tell(told, lambda: _show(session, answer, show_adapters))


def _show(session: Session, answer: Answer, adapters: bool) -> None:
    typer.echo(answer.answer)
    if answer.adapter:
        typer.secho(
            f"adapter {answer.adapter}, learned from {answer.document!r} (distance {answer.distance:.2f}); "
            f"the base says: {answer.base_answer}",
            err=True, dim=True,
        )  # fmt: skip
    else:
        typer.secho(f"answered by the base model: {why_base(session, answer)}", err=True, dim=True)
    for item in answer.considered if adapters else ():
        typer.secho(f"  {item.distance:.2f}  {item.adapter}  {item.title}", err=True, dim=True)


def why_base(session: Session, answer: Answer) -> str:
    """Why no adapter answered, in words."""
    match answer.why_base:
        case "asked for":
            return "--base asks for it" + (f" (told the title {answer.told!r})" if answer.told else "")
        case "none near":
            nearest = answer.considered[0]
            told = f"{nearest.title!r}, distance {nearest.distance:.2f}"
            return f"no document that was learned is near this question (nearest: {told})"
        case "all taken back":
            again = session.command("ingest SOURCE --again")
            return f"all that was published was taken back; learn it again with: {again}"
        case _:
            return f"nothing is published yet; start with: {session.command('ingest SOURCE')}"


def explain(
    session: Session,
    question: Annotated[str, typer.Argument(metavar="QUESTION", show_default=False, help="A question, in quotes")],
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png", show_default=False, help="Draw it all into a picture")
    ] = None,
) -> None:
    """Show why an answer is what it is.

    Asks the question as seal ask does. Of the adapter that answers it shows which lines of its training data moved
    this answer most (whose gradients are most like the answer's), and which weights of the base it changed most. What
    the base answers by itself was moved by no adapter: there is nothing to explain then.

    Takes a gradient for each line, a second or less each on a CPU. It needs the model on this machine, also where an
    endpoint answers. docs/explain.md says how to read it.

    \b
    Examples:
      seal explain "Who runs the new ferry?"
      seal explain "Who runs the new ferry?" --plot ferry.png

    \f
    Raises ConfigError where the question is empty or the plot cannot be written, and what `explain` raises.
    """
    from app.show.explain_report import show, show_base
    from graphs.ask.asking import ask

    if not question.strip():
        raise ConfigError("the question is empty", 'seal explain "Who runs the new ferry?"')
    _check_plot(plot)
    context = session.opened()
    answer = ask(context, question)
    told = answer.model_dump(mode="json", exclude={"distance", "told", "why_base"})
    if not answer.adapter:
        why = f"{why_base(session, answer)}; no adapter had part in it, so there is nothing to explain"
        nothing: dict[str, Any] = {"why": why, "strategies": [], "modules": [], "lines": [], "plot": None}
        session.tell(told | nothing, lambda: show_base(answer, why))
        return
    found = _explained(context, answer)
    if plot:
        from app.show.explain_report import draw

        draw(answer, found, plot)
    result = told | found.model_dump(mode="json") | {"plot": str(plot) if plot else None}
    session.tell(result, lambda: show(answer, found, plot))


def _check_plot(plot: Path | None) -> None:
    """Before anything is computed."""
    if plot and (plot.suffix.lower() != ".png" or plot.is_dir()):
        raise ConfigError(f"--plot {plot} is no PNG file", "name a file that ends in .png")
    if plot and not plot.absolute().parent.is_dir():
        raise ConfigError(f"--plot {plot}: there is no folder {plot.absolute().parent}", "make it, or name another one")


def _explained(context: Context, answer: Answer) -> Explanation:
    """With a bar on stderr while the gradients are taken."""
    from graphs.ask.explain import explain as explained

    with bar(Console(file=sys.stderr, highlight=False)) as shown:
        task = shown.add_task("gradients of the training lines", total=None)
        return explained(context, answer, lambda done, total: shown.update(task, completed=done, total=total))
