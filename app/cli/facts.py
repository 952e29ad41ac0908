"""`nines import`, `nines rejects`, `nines export`: facts in, what was set aside, facts out."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from app.cli.errors import Misuse
from app.cli.opening import console, engine, view

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from app.ingest import Report

Listing = Literal["table", "csv", "json"]
Exported = Literal["csv", "xlsx", "json"]
_SHOWN = 10


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command("import")(import_)
    app.command("rejects")(rejects)
    app.command("export")(export)


def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="CSV or XLSX files, folders or zips of them.")],
    source: Annotated[str, typer.Option(help="The source of rows that name none.")] = "file",
    timezone: Annotated[str | None, typer.Option(help="Where times without an offset are read: Europe/London.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, change nothing.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Change nothing if any row must be set aside.")] = False,
) -> None:
    """Read fact files into the store; exit 3: rows were set aside."""
    from app import ingest
    from app.people import local
    from app.settings import load

    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise Misuse(f"{missing[0]} does not exist: name files, folders or zips that do.")
    if not source.strip() or len(source) > 2_000:
        raise Misuse("--source must be a name, like pagerduty.")
    zone = _zone(timezone) if timezone else None
    with engine() as opened, progress_bar() as progress:
        report = ingest.run(
            opened,
            paths,
            source=source.strip(),
            timezone=zone,
            dry_run=dry_run,
            strict=strict,
            by=local(load().user),
            progress=progress,
        )
    _say(report)
    if report.set_aside:
        raise typer.Exit(3)


def rejects(
    form: Annotated[Listing, typer.Option("--format", help="How to print.")] = "table",
    entity: Annotated[str | None, typer.Option(help="Only those, as a file that can be imported again.")] = None,
    out: Annotated[Path | None, typer.Option(help="A folder: one file an entity, ready to mend and import.")] = None,
) -> None:
    """List the rows set aside and not mended yet, with reasons."""
    from app.cli import mending

    if entity is not None:
        _known_entity(entity)
    with view() as conn:
        found = mending.rejects(conn, entity)
    if out is not None:
        for path, count in mending.files(found, out):
            typer.echo(f"{path}: {count:,} rows to mend.")
    elif form == "table":
        mending.table(found, console())
        if not found:
            typer.echo("No row is set aside.")
    else:
        mending.listing(found, form, importable=entity is not None)


def export(
    entity: Annotated[str, typer.Argument(help="incidents, sli, … or all.")],
    form: Annotated[Exported, typer.Option("--format", help="How to write.")] = "csv",
    out: Annotated[Path | None, typer.Option(help="The file; for all: a folder, a .zip or a workbook.")] = None,
) -> None:
    """Write facts in the shape that import reads."""
    from app import export as exporting

    if entity != "all":
        _known_entity(entity)
    if out is None and (entity == "all" or (form == "xlsx" and sys.stdout.isatty())):
        raise Misuse("Name with --out where to write: a folder, a .zip or a workbook.")
    with view() as conn:
        if out is not None:
            written = exporting.to_file(conn, entity, form, out)
            typer.echo(f"{out}: {written:,} facts.", err=True)
        elif form == "xlsx":
            exporting.write_xlsx(conn, [entity], sys.stdout.buffer)
        elif form == "csv":
            exporting.write_csv(conn, entity, sys.stdout)
        else:
            exporting.write_json(conn, entity, sys.stdout)


def _known_entity(entity: str) -> None:
    from difflib import get_close_matches

    from app.records import ENTITIES

    if entity not in ENTITIES:
        close = get_close_matches(entity, ENTITIES, 1)
        raise Misuse(f"There is no entity {entity}: {f'did you mean {close[0]}?' if close else ', '.join(ENTITIES)}")


def _zone(name: str) -> "ZoneInfo":
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as cause:
        raise Misuse(
            f"--timezone {name} is no time zone of the IANA database: write one like Europe/London."
        ) from cause


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar on a terminal; nothing elsewhere."""
    screen = console(err=True)
    if not screen.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    parts = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*parts, console=screen, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def told(name: str, done: int, size: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=size)
            bar.update(tasks[name], completed=done, total=size)

        yield told


def _say(report: "Report") -> None:
    from rich.table import Table

    for note in report.notes:
        typer.echo(f"Note: {note}.", err=True)
    table = Table(
        "entity",
        *(_right(name) for name in ("seen", "new", "changed", "unchanged", "set aside")),
        box=None,
        pad_edge=False,
    )
    for entity, count in report.counts.items():
        table.add_row(entity, *(f"{part:,}" for part in count))
    console().print(table)
    if report.dry:
        typer.echo("This was a dry run: nothing was changed.")
    if report.set_aside:
        _say_aside(report)


def _right(name: str) -> Any:
    from rich.table import Column

    return Column(name, justify="right")


def _say_aside(report: "Report") -> None:
    for one in report.rejects[:_SHOWN]:
        typer.echo(f"{one.file} line {one.line}: {one.reason}{_value(one.value)}", err=True)
    more = report.set_aside - min(len(report.rejects), _SHOWN)
    if more:
        typer.echo(f"… and {more:,} more.", err=True)
    if not report.dry:
        typer.echo("The rows set aside are listed by `nines rejects`, ready to mend and import again.", err=True)


def _value(value: str | None) -> str:
    if not value:
        return ""
    return f" ({value if len(value) <= 60 else value[:57] + '…'})"
