"""`seal ask`: one question, closed book, through the routed adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from agent.errors import ConfigError
from app.cli.session import Session

if TYPE_CHECKING:
    from graphs.views.answers import Answer


def run(session: Session, question: str, base: bool, show_adapters: bool) -> None:
    """The base can be asked where nothing is learned yet. Raises StoreError where there is nothing else to ask."""
    from graphs.ask.asking import ask

    if not question.strip():
        raise ConfigError("the question is empty", 'seal ask "Who runs the new ferry?"')
    answer = ask(session.context() if base else session.opened(), question, base_only=base)
    if session.as_json:
        hidden = {"told", "why_base"} | (set() if show_adapters else {"considered"})
        session.emit(answer.model_dump(mode="json", exclude=hidden))
        return
    typer.echo(answer.answer)
    if answer.adapter:
        typer.secho(
            f"adapter {answer.adapter}, learned from {answer.document!r} (distance {answer.distance:.2f}); "
            f"the base says: {answer.base_answer}",
            err=True, dim=True,
        )  # fmt: skip
    else:
        typer.secho(f"answered by the base model: {why_base(session, answer)}", err=True, dim=True)
    for item in answer.considered if show_adapters else ():
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
