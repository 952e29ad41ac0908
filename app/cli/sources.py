"""`nines sync`, `nines sources list`, `nines sources test`: live sources."""

from datetime import datetime
from typing import Annotated

import typer

from app.cli.errors import Misuse
from app.cli.facts import progress_bar
from app.cli.opening import console, engine

_SHOWN = 10


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command("sync")(sync)
    group = typer.Typer(help="The live sources of sources.yaml.", no_args_is_help=True)
    group.command("list")(list_)
    group.command("test")(test)
    app.add_typer(group, name="sources")


def sync(
    sources: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]…", help="Which; all without.")] = None,
    since: Annotated[str | None, typer.Option(help="Read again from this day or moment on: 2026-10-01.")] = None,
    due: Annotated[bool, typer.Option("--due", help="Only those whose every_minutes have passed.")] = False,
) -> None:
    """Pull facts from the configured sources; exit 3: rows were set aside, 1: a source could not be read."""
    from app import ingest_sync
    from app.people import local
    from app.settings import load

    settings = load()
    start = _moment(since) if since else None
    with engine() as opened, progress_bar() as progress:
        outcomes = ingest_sync.run(
            opened,
            settings.sources_file,
            sources or (),
            since=start,
            due=due,
            by=local(settings.user),
            progress=progress,
        )
    if not outcomes and not due:
        typer.echo(f"No live source is configured in {settings.sources_file}: docs/sources.md says how.", err=True)
    for outcome, line in zip(outcomes, ingest_sync.steps(outcomes), strict=True):
        typer.echo(line, err=outcome.failure is not None)
        told = [*outcome.unread, *outcome.notes]
        for sentence in told[:_SHOWN]:
            typer.echo(f"  {sentence}", err=True)
        if len(told) > _SHOWN:
            typer.echo(f"  … and {len(told) - _SHOWN:,} more, on Data health.", err=True)
        for one in outcome.rejects[:_SHOWN]:
            typer.echo(f"  {one.file}{f' line {one.line}' if one.line else ''}: {one.reason}", err=True)
    if any(one.failure or one.failed for one in outcomes):
        raise typer.Exit(1)
    if any(one.set_aside for one in outcomes):
        raise typer.Exit(3)


def list_() -> None:
    """List the configured sources, and when each was last read."""
    from app import ingest_sync
    from app.settings import load
    from app.store.engine import reading
    from app.store.freshness import sources as states

    path = load().sources_file
    found = ingest_sync.listed(path)
    if not found:
        typer.echo(f"No live source is configured in {path}: docs/sources.md says how.")
        return
    with engine() as opened, reading(opened) as conn:
        read = {one.name: one.last_read_at for one in states(conn)}
    from rich.table import Table

    table = Table("source", "kind", "where", "every", "last read", box=None, pad_edge=False)
    for one in found:
        at = read.get(one.name)
        every = f"{one.every_minutes:g} min" if one.every_minutes else "by hand"
        table.add_row(one.name, one.kind, one.where, every, f"{at:%Y-%m-%d %H:%M} UTC" if at else "never")
    console().print(table)


def test(name: Annotated[str, typer.Argument(help="A source of sources.yaml.")]) -> None:
    """Ask a source for little: says what it holds, or what is wrong with address, credentials, permission, version."""
    from app import ingest_sync
    from app.settings import load

    typer.echo(f"{name}: {ingest_sync.test(load().sources_file, name)}")


def _moment(text: str) -> datetime:
    from datetime import UTC

    try:
        at = datetime.fromisoformat(text)
    except ValueError as cause:
        raise Misuse(f"--since {text} is neither a day nor a moment: write 2026-10-01.") from cause
    return at if at.tzinfo else at.replace(tzinfo=UTC)
