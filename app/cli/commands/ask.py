"""`seal ask`: one question, closed book, through the routed adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agent.errors import ConfigError
from app.cli.session import Session

if TYPE_CHECKING:
    from graphs.views.answers import Answer


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
