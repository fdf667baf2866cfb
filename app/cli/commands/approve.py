"""`seal approve`: what waits for a person, and the person's word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape

from agent.errors import ConfigError
from agent.records import Approval
from app.cli.session import Session
from app.show.tables import counted, screen, table


def run(
    session: Session,
    waiting: Annotated[
        str | None, typer.Argument(metavar="ID", show_default=False, help="What to answer. Default: list what waits")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Publish the adapter, or promote the policy")] = False,
    no: Annotated[bool, typer.Option("--no", help="Do not. The adapter's winner is withdrawn")] = False,
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the record")] = "",
) -> None:
    """List what waits for your word, with its evidence, or give it.

    Only with --approve, or gate.approve in the configuration, does anything wait. Runs go on meanwhile: until you say
    yes, what answered before answers, and the policy that planned before plans.

    \b
    Examples:
      seal ingest FEED --approve publish
      seal approve
      seal approve 1f2e3d4c5b6a7980 --yes --why "read it, it is right"

    \f
    Raises SealError where the answer is none, nothing of that id waits, or a store cannot be written.
    """
    from graphs.approve.graph import approve

    context = session.opened()
    if waiting is None:
        if yes or no:
            raise ConfigError("--yes or --no to what?", f"{session.command('approve')} lists what waits")
        left = [approval for approval, answer in context.ledger.asked() if answer is None]
        session.tell({"waiting": [a.model_dump(mode="json") for a in left]}, lambda: _list(session, left))
        return
    if yes == no:
        raise ConfigError("say either --yes or --no", session.command(f"approve {waiting} --yes"))
    approval = approve(context, waiting, yes, why)
    what = ("promoted" if approval.promotion else "published") if yes else "refused"
    others = sum(answer is None for _, answer in context.ledger.asked())
    session.tell(
        {"approval": approval.id, "title": approval.title, "done": what},
        lambda: typer.echo(f"{what}: {approval.title}; {counted(others, 'other')} left"),
    )


def _list(session: Session, left: Sequence[Approval]) -> None:
    if not left:
        typer.echo("nothing waits")
        return
    rows = [(a.id, "policy" if a.promotion else "adapter", escape(a.title), escape(a.evidence)) for a in left]
    screen().print(table(("id", "what", "of", "evidence"), rows))
    typer.echo(f"say: {session.command('approve ID --yes')} (or --no), with --why TEXT")
