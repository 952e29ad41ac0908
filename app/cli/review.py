"""`nines review`: reviews of months and quarters: opened, frozen, listed, and made into packs."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import typer

from app.cli import review_send
from app.cli.errors import Misuse
from app.cli.opening import console, engine, view

review = typer.Typer(no_args_is_help=True, help="Reviews of a month or quarter: open, freeze, list, pack.")
Word = TypeVar("Word", bound=str)
Period = Annotated[str, typer.Argument(metavar="PERIOD", help="A month or quarter: 2026-10, 2026-Q4.")]
FORMS = ("pptx", "pdf", "xlsx", "html")
Paper = Literal["a4", "letter"]
PAPERS: tuple[Paper, ...] = ("a4", "letter")


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    review_send.register(review)
    app.add_typer(review, name="review")


@review.command("open")
def open_(
    period: Period,
    chair: Annotated[str | None, typer.Option(help="Who runs the meeting.")] = None,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day of the meeting.")] = None,
) -> None:
    """Open the review of a period."""
    from app.people import local
    from app.settings import load
    from app.store import reviews
    from app.store.engine import writing

    with engine() as opened, writing(opened) as conn:
        day: date | None = on.date() if on else None
        made = reviews.open_(conn, local(load().user), _key(period), chair=chair, on=day)
    typer.echo(f"The review of {_name(made.period)} is open. Freeze its numbers: nines review freeze {made.period}")


@review.command("freeze")
def freeze(period: Period) -> None:
    """Keep the numbers of a period as they are known now, for ever."""
    from app.people import local
    from app.review import freeze as acts
    from app.settings import load
    from app.store import reviews
    from app.store.engine import reading, writing

    by, key = local(load().user), _key(period)
    with engine() as opened:
        with reading(opened) as conn:
            held = reviews.review(conn, key)
        if held is None:
            raise acts.NotFrozen(f"{_name(key)} has no review: nines review open {key}")
        if held.state == "planned":
            with writing(opened) as conn:
                held = reviews.prepare(conn, by, key, held.version)
        with console(err=True).status("Freezing") as status:
            made = acts.freeze(
                opened, by, key, held.version, progress=lambda share, words: status.update(f"{words} ({share:.0%})")
            )
    typer.echo(f"{made.snapshot.title} is frozen as known at {made.snapshot.as_of:%Y-%m-%d %H:%M} UTC: {made.hash}")


@review.command("list")
def list_() -> None:
    """List every review with its state."""
    from rich.table import Table
    from rich.text import Text

    from app.review import freeze as acts
    from app.store import reviews

    with view() as conn:
        rows = [(one, reviews.snapshot(conn, one.period)) for one in reviews.listing(conn)]
    if not rows:
        typer.echo("There is no review yet: nines review open 2026-10", err=True)
        return
    grid = Table("period", "state", "chair", "on", "snapshot", box=None, pad_edge=False)
    for one, kept in rows:
        cells = (one.period, acts.of(one), one.chair or "", f"{one.on or ''}", kept[1][:12] if kept else "")
        grid.add_row(*(Text(cell) for cell in cells))
    console().print(grid)


@review.command("pack")
def pack(
    period: Period,
    form: Annotated[list[str], typer.Option("--format", help="pptx, pdf, xlsx, html; several with commas.")] = list(  # noqa: B006
        FORMS
    ),
    paper: Annotated[list[str], typer.Option(help="a4, letter: of the PDF.")] = ["a4"],  # noqa: B006
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to: review-PERIOD.EXT.")] = Path(),
) -> None:
    """Write the pack of a frozen review into files."""
    from app.review import freeze as acts
    from app.review.pack import file_name, make

    forms, papers = _of("--format", form, FORMS), _of("--paper", paper, PAPERS)
    with view() as conn:
        kept = acts.frozen(conn, _key(period))
    out.mkdir(parents=True, exist_ok=True)
    with console(err=True).status("Making the pack") as status:
        for one in forms:
            for sheet in papers if one == "pdf" else papers[:1]:
                status.update(f"Making {one}")
                name = file_name(kept, one)
                if one == "pdf" and len(papers) > 1:
                    name = name.replace(".pdf", f"-{sheet}.pdf")
                made = make(kept, one, paper=sheet)
                (out / name).write_bytes(made)
                typer.echo(f"{out / name}  {len(made):,} bytes")


def _of(flag: str, given: list[str], known: tuple[Word, ...]) -> list[Word]:
    wanted = [part.strip() for one in given for part in one.split(",") if part.strip()]
    by_name = {str(word): word for word in known}
    for part in wanted:
        if part not in by_name:
            raise Misuse(f"{flag} {part} is not possible: choose from {', '.join(known)}.")
    return [by_name[part] for part in dict.fromkeys(wanted)] or list(known[:1])


def _key(period: str) -> str:
    from app.metrics import periods

    try:
        found = periods.parse(period)
    except ValueError as cause:
        raise Misuse(f"{cause}.") from cause
    if found.kind not in ("month", "quarter"):
        raise Misuse(f"{period} is no month or quarter: write 2026-10 or 2026-Q4.")
    return found.key


def _name(key: str) -> str:
    from app.charts import wording

    return wording.capital(wording.period(key))
