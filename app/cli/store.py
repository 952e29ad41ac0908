"""`nines serve`, `nines demo`, `nines check`: the app on a store, the demo organisation, the store's health."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app.cli.opening import console, engine

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from app.demo.filling import Step

Size = Literal["small", "enterprise"]


def serving(app: typer.Typer) -> None:
    """Adds what opens the app."""
    app.command("serve")(serve)
    app.command("demo")(demo)


def keeping(app: typer.Typer) -> None:
    """Adds what looks after the store."""
    app.command("check")(check)
    app.command("prepare")(prepare)


def serve(
    demo: Annotated[bool, typer.Option("--demo", help="The demo organisation, in a store of its own.")] = False,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="The port; 0 takes a free one.")] = None,
) -> None:
    """Open the web app on the store."""
    from app.settings import demo_url, load

    settings = load(host=host, port=port)
    if demo:
        with engine(demo_url()) as opened:
            _fill_if_empty(opened)
    from app import server

    server.serve(settings, demo=demo, announce=typer.echo)


def demo(size: Annotated[Size, typer.Option(help="How large the organisation is.")] = "small") -> None:
    """Fill an empty store with the demo organisation."""
    from app.demo.filling import fill

    with engine() as opened:
        with _progress() as progress:
            written = fill(opened, size=size, progress=progress)
        _add_up(opened)
    for entity, count in written.items():
        typer.echo(f"{entity:<12} {count:>9,}")
    typer.echo(f"The store holds the demo organisation: {sum(written.values()):,} facts, to yesterday.")


def check(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make the daily sums anew from the facts first.")] = False,
) -> None:
    """Look at store, sources, data; exit 1: something needs a person."""
    from app.cli import checking

    with engine() as opened:
        if rebuild:
            checking.rebuild(opened)
            typer.echo("The daily sums were made anew from the facts.")
        found = checking.findings(opened)
    for finding in found:
        typer.echo(f"{'!' if finding.needs_a_person else '-'} {finding.words}")
    if any(finding.needs_a_person for finding in found):
        raise typer.Exit(1)


def prepare() -> None:
    """Add up the months that are over, ahead of the first reader; the server does so by itself."""
    with engine() as opened:
        done = _add_up(opened)
    typer.echo(f"{done} month{'s' if done != 1 else ''} added up.")


def _add_up(opened: "Engine") -> int:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from app.store.prepare import prepare as add_up

    screen = console(err=True)
    parts = (TextColumn("Adding up months"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*parts, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("", total=None)
        return add_up(opened, datetime.now(UTC), lambda done, of: bar.update(task, completed=done, total=of))


def _fill_if_empty(opened: "Engine") -> None:
    from app.demo.filling import fill
    from app.store.engine import reading
    from app.store.listing import holds_facts

    with reading(opened) as conn:
        filled = holds_facts(conn)
    if not filled:
        typer.echo("Filling the demo organisation's own store; this takes a moment, once.")
        with _progress() as progress:
            fill(opened, progress=progress)


@contextmanager
def _progress() -> "Iterator[Callable[[Step], None] | None]":
    """A bar on a terminal that names the step and what is left; nothing elsewhere."""
    screen = console(err=True)
    if not screen.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    parts = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rows]}"), TimeElapsedColumn())
    with Progress(*parts, console=screen, transient=True) as bar:
        task = bar.add_task("", total=None, rows="")

        def told(step: "Step") -> None:
            rows = f"{step.rows:,}" if step.rows else ""
            if step.about > step.rows:
                rows += f" of about {step.about:,}"
            within = min(step.rows / step.about, 1.0) if step.about else 0.0
            name = f"Step {step.place} of {step.of}: {step.name}"
            bar.update(task, description=name, completed=step.place - 1 + within, total=step.of, rows=rows)

        yield told
