"""`seal approve`: what waits for a person, and the person's word."""

from __future__ import annotations

import typer
from rich.markup import escape

from agent.errors import ConfigError
from app.cli.session import Session
from app.show.tables import counted, screen, table


def run(session: Session, id: str | None, yes: bool, no: bool, why: str) -> None:
    """Raises SealError where the answer is none, nothing of that id waits, or a store cannot be written."""
    from graphs.approve.graph import approve

    context = session.opened()
    if id is None:
        if yes or no:
            raise ConfigError("--yes or --no to what?", f"{session.command('approve')} lists what waits")
        left = [approval for approval, answer in context.ledger.asked() if answer is None]
        if session.as_json:
            session.emit({"waiting": [approval.model_dump(mode="json") for approval in left]})
        elif left:
            rows = [(a.id, "policy" if a.promotion else "adapter", escape(a.title), escape(a.evidence)) for a in left]
            screen().print(table(("id", "what", "of", "evidence"), rows))
            typer.echo(f"say: {session.command('approve ID --yes')} (or --no), with --why TEXT")
        else:
            typer.echo("nothing waits")
        return
    if yes == no:
        raise ConfigError("say either --yes or --no", session.command(f"approve {id} --yes"))
    approval = approve(context, id, yes, why)
    what = ("promoted" if approval.promotion else "published") if yes else "refused"
    if session.as_json:
        session.emit({"approval": approval.id, "title": approval.title, "done": what})
    else:
        left_over = sum(answer is None for _, answer in context.ledger.asked())
        typer.echo(f"{what}: {approval.title}; {counted(left_over, 'other')} left")
