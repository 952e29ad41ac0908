"""`nines backup`, `nines restore`: the store into one file, and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.opening import console, engine

if TYPE_CHECKING:
    from app.store.backup import Told


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, like nines-2026-11-28.zip.")],
) -> None:
    """Write the whole store to one file, while it is in use; it restores into SQLite or PostgreSQL."""
    from app.store import backup as backups

    with engine() as opened, _progress("Backing up") as told:
        made = backups.backup(opened, file, told)
    typer.echo(
        f"{file} holds {made.rows:,} rows of {len(made.tables)} tables and the audit trail to entry "
        f"{made.audit.seq:,}, whose hash is {made.audit.hash}."
    )


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `nines backup` wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Give up what the store holds: facts, policy, audit trail.")
    ] = False,
    despite_trail: Annotated[
        bool, typer.Option("--despite-trail", help="Even where the audit trail in the backup is broken.")
    ] = False,
) -> None:
    """Make the store what a backup holds; all of it or, where anything is wrong with it, nothing."""
    from app.people import local
    from app.settings import load
    from app.store import restore as restoring

    by = local(load().user)
    with engine() as opened, _progress("Checking") as told:
        done = restoring.restore(opened, file, by=by, replace=replace, despite_trail=despite_trail, told=told)
    held = done.manifest
    typer.echo(
        f"The store holds what {file} held at {held.made_at}: {held.rows:,} rows, "
        f"audit trail to entry {done.trail.entries:,}."
    )
    if done.schema != held.schema:
        typer.echo(f"It was migrated from schema {held.schema} to {done.schema}.")
    for fault in done.trail.faults:
        typer.echo(f"! Its audit trail is broken: {fault}.")


@contextmanager
def _progress(first: str) -> "Iterator[Told | None]":
    """A bar on a terminal that names the step and the rows done; nothing elsewhere."""
    screen = console(err=True)
    if not screen.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    parts = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rows]}"), TimeElapsedColumn())
    with Progress(*parts, console=screen, transient=True) as bar:
        task = bar.add_task(first, total=None, rows="")

        def told(name: str, done: int, of: int) -> None:
            bar.update(task, description=name, completed=done, total=of, rows=f"{done:,} of {of:,} rows")

        yield told
