"""`nines kpi` and `nines rows`: numbers, and the facts behind one."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import typer

from app.cli.errors import Misuse
from app.cli.opening import console, view

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from app.metrics.numbers import Ask, Number, Row
    from app.metrics.periods import Kind, Period

Printed = Literal["table", "csv", "json"]
From = Annotated[
    str | None, typer.Option("--from", metavar="PERIOD", help="2026-01, 2026-Q4, 2026-10-31, …; included.")
]
To = Annotated[str | None, typer.Option("--to", metavar="PERIOD", help="Likewise; included.")]
By = Annotated[list[str], typer.Option(help="month, quarter, week, year, day; tier, team, service, severity, slo.")]
Tier = Annotated[int | None, typer.Option(min=0, max=3, help="Only this tier.")]
Product = Annotated[str | None, typer.Option(help="Only this product.")]
Team = Annotated[str | None, typer.Option(help="Only this team.")]
Service = Annotated[str | None, typer.Option(help="Only this service.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="T", help="As known then: a time with offset, or a day's start.")
]
Review = Annotated[str | None, typer.Option(metavar="PERIOD", help="As frozen for the review of this period.")]
Form = Annotated[Printed, typer.Option("--format", help="How to print.")]


class Wish(NamedTuple):
    """What the flags of `kpi` and `rows` say."""

    first: str | None
    last: str | None
    by: Sequence[str]
    tier: int | None
    product: str | None
    team: str | None
    service: str | None
    as_of: str | None


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command("kpi")(kpi)
    app.command("rows")(rows)


def kpi(
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY…]", help="KPIs by key; none: all of them.")] = None,
    first: From = None,
    last: To = None,
    by: By = ["month"],  # noqa: B006
    tier: Tier = None,
    product: Product = None,
    team: Team = None,
    service: Service = None,
    as_of: AsOf = None,
    form: Form = "table",
    review: Review = None,
) -> None:
    """Print numbers, by period, tier, team, service, …"""
    from app.metrics.catalogue import KPIS
    from app.shapes import as_json, cells
    from app.store.losses import with_years
    from app.store.numbers import numbers

    _check(keys or ())
    wish = Wish(first, last, by, tier, product, team, service, as_of)
    if review is not None:
        found, split, currency = _frozen(review, keys or list(KPIS), wish)
    else:
        with view() as conn:
            asks = _asks(conn, wish)
            found = [n for ask in asks for n in with_years(conn, numbers(conn, list(keys or KPIS), ask), ask)]
            currency = _currency(conn)
        split = asks[0].by if asks else frozenset()
    order = {key: place for place, key in enumerate(keys or KPIS)}
    found.sort(key=lambda number: order[number.kpi])
    if form == "json":
        _print_json([as_json(number, split) for number in found])
    elif form == "csv":
        _print_csv([as_json(number, split | {"severity", "slo"}) for number in found], cells)
    else:
        _table(found, currency)


def rows(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The KPI's key.")],
    first: From = None,
    last: To = None,
    by: By = ["month"],  # noqa: B006
    tier: Tier = None,
    product: Product = None,
    team: Team = None,
    service: Service = None,
    as_of: AsOf = None,
    form: Form = "table",
) -> None:
    """Print the facts behind a number; they add up to it."""
    from app.shapes import cells, row_json
    from app.store.numbers import rows as stored_rows

    _check([key])
    with view() as conn:
        asks = _asks(conn, Wish(first, last, by, tier, product, team, service, as_of))
        found = [row for ask in asks for row in stored_rows(conn, key, ask)]
    if form == "json":
        _print_json([row_json(row) for row in found])
    elif form == "csv":
        beside = {"severity": None, "slo": None}
        _print_csv([{**beside, **row_json(row)} for row in found], cells)
    else:
        _row_table(found)


def _frozen(period: str, keys: Sequence[str], wish: Wish) -> "tuple[list[Number], frozenset[str], str]":
    """The numbers of a frozen review, what they are split by, and its currency."""
    from app.metrics.numbers import DIMENSIONS
    from app.metrics.periods import KINDS
    from app.review.freeze import frozen

    if any(said is not None for name, said in wish._asdict().items() if name != "by"):
        raise Misuse("--review goes with KEY and --by alone: what was frozen cannot be asked otherwise.")
    by = {part.strip() for one in wish.by for part in one.split(",")} - {*KINDS, ""}
    if len(by) > 1 or not by <= {*DIMENSIONS}:
        raise Misuse(f"--by {','.join(sorted(by))} is not frozen: choose one of {', '.join(DIMENSIONS)}.")
    with view() as conn:
        kept = frozen(conn, period).snapshot
    found = [number for number in kept.numbers["".join(by)] if number.kpi in keys]
    return found, frozenset(by), kept.currency


def _check(keys: Sequence[str]) -> None:
    from difflib import get_close_matches

    from app.metrics.catalogue import KPIS

    for key in keys:
        if key not in KPIS:
            close = [one for one in KPIS if key in one] or get_close_matches(key, KPIS, 3, 0.5)
            hint = f"did you mean {' or '.join(close[:3])}?" if close else "`nines kpi` without a key prints them all."
            raise Misuse(f"There is no KPI {key}: {hint}")


def _asks(conn: "Connection", wish: Wish) -> "list[Ask]":
    """The questions, one a kind of period. None when neither flags nor facts say of when."""
    from app.metrics.numbers import DIMENSIONS, Ask, Scope
    from app.metrics.periods import KINDS
    from app.store.light import places

    held = places(conn)
    by = [part.strip() for one in wish.by for part in one.split(",") if part.strip()]
    for part in by:
        if part not in (*KINDS, *DIMENSIONS):
            raise Misuse(f"--by {part} is not possible: choose from {', '.join((*KINDS, *DIMENSIONS))}.")
    kinds: list[Kind | None] = [kind for kind in KINDS if kind in by] or [None]
    now = datetime.now(UTC).replace(microsecond=0)
    zone = held.policy_at(now).timezone
    as_of = _instant(wish.as_of, zone) if wish.as_of else now
    scope = Scope(wish.tier, wish.product, wish.team, wish.service)
    _note_unknown(held, wish)
    dimensions = frozenset(by) & frozenset(DIMENSIONS)
    spans = [(kind, _periods(conn, wish, kind, as_of, zone)) for kind in kinds]
    if not any(periods for _, periods in spans):
        typer.echo("The store holds no facts then: import some, or name periods with --from and --to.", err=True)
    return [Ask(periods, as_of, dimensions, scope) for _, periods in spans if periods]


def _periods(conn: "Connection", wish: Wish, kind: "Kind | None", as_of: datetime, zone: str) -> "tuple[Period, ...]":
    from app.metrics import periods

    first = _period("--from", wish.first, zone)
    last = _period("--to", wish.last, zone)
    if first and last and last.first < first.first:
        raise Misuse(f"--to {wish.last} is before --from {wish.first}: turn them round.")
    if kind is None and first and first == last:
        return (first,)
    start = first.first if first else None
    end = last.after - timedelta(1) if last else None
    if start is None or end is None:
        held = _held(conn, as_of, zone)
        if held is None and start is None:
            return ()
        start = start or (held[0] if held else end)
        end = end or max(
            held[1] if held else periods.local_day(as_of, zone), first.after - timedelta(1) if first else date.min
        )
    if start is None or end is None:
        return ()
    return periods.between(start, end, kind or "span", zone)


def _held(conn: "Connection", as_of: datetime, zone: str) -> tuple[date, date] | None:
    """The local days of the first and the last event by as-of; None when the store holds none."""
    from app.metrics.periods import local_day
    from app.store.facts import bounds

    found, today = bounds(conn), local_day(as_of, zone)
    return None if found is None or found[0] > today else (found[0], min(found[1], today))


def _period(flag: str, text: str | None, zone: str) -> "Period | None":
    from app.metrics import periods

    if text is None:
        return None
    try:
        return periods.parse(text, zone)
    except ValueError as cause:
        raise Misuse(f"{flag} {cause}.") from cause


def _instant(text: str, zone: str) -> datetime:
    """An instant with its offset, or the start of a local day."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as cause:
        raise Misuse(f"--as-of {text} is not a time: write 2026-11-01T00:00:00Z or 2026-11-01.") from cause
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    if len(text.strip()) > len("2026-11-01") or at.time() != time():
        raise Misuse(f"--as-of {text} has no offset: write 2026-11-01T00:00:00Z or +01:00 in place of Z.")
    return at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _note_unknown(held: Any, wish: Wish) -> None:
    products = {service.product for service in held.services.values()}
    known = {"team": held.teams, "service": held.services, "product": products}
    for what, name in (("team", wish.team), ("service", wish.service), ("product", wish.product)):
        if name is not None and name not in known[what]:
            typer.echo(f"Note: no {what} is called {name} in the store.", err=True)


def _currency(conn: "Connection") -> str:
    from app.store.light import places

    return places(conn).policy_at(datetime.now(UTC)).currency


def _print_json(objects: Sequence[Any]) -> None:
    lines = ",\n ".join(json.dumps(one, ensure_ascii=False, allow_nan=False) for one in objects)
    typer.echo(f"[{lines}]")


def _print_csv(objects: Sequence[dict[str, Any]], cells: Any) -> None:
    from app.export import write_cells

    if objects:
        write_cells(sys.stdout, list(objects[0]), (cells(one) for one in objects))


def _table(found: "Sequence[Number]", currency: str) -> None:
    from rich.table import Column, Table
    from rich.text import Text

    from app.charts import amounts, wording

    if not found:
        return
    shown = [name for name in found[0].group._fields if any(getattr(one.group, name) is not None for one in found)]
    right = [Column(name, justify="right") for name in ("value", "n", "left out")]
    grid = Table(
        "kpi", "period", *shown, right[0], "range", "target", "verdict", *right[1:], "signal", box=None, pad_edge=False
    )
    for one in found:
        aim = "" if one.target is None else amounts.target(one.target, one.unit, "", one.value, currency)
        group = ["" if part is None else str(part) for part in (getattr(one.group, name) for name in shown)]
        cells = (
            one.kpi,
            one.period + ("*" if one.partial else ""),
            *group,
            wording.amount(one, currency=currency),
            wording.interval(one, currency),
            aim,
            wording.verdict(one),
            f"{one.n:,}",
            f"{one.n_excluded:,}",
            one.signal.replace("_", " "),
        )
        grid.add_row(*(Text(cell) for cell in cells))
    console().print(grid)
    if any(one.partial for one in found):
        typer.echo("* not over yet", err=True)


def _row_table(found: "Sequence[Row]") -> None:
    from rich.table import Table
    from rich.text import Text

    from app.shapes import cells, row_json

    if not found:
        typer.echo("No facts are behind it then.", err=True)
        return
    objects = [{**dict.fromkeys(("severity", "slo")), **row_json(row), "extra": None} for row in found]
    shown = [name for name in objects[0] if any(one[name] is not None for one in objects)]
    grid = Table(*shown, box=None, pad_edge=False)
    for one in objects:
        grid.add_row(*(Text(text) for text in cells({name: one[name] for name in shown})))
    console().print(grid)
