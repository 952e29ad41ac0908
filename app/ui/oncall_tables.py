"""The tables of the On-call page: every team, every service that pages, and the rows behind this page's own tiles."""

from collections.abc import Mapping
from typing import Any

from app.charts import wording
from app.charts.oncall import MOST
from app.metrics.numbers import Number
from app.ui import read, tables, tiles
from app.ui.choices import Asked
from app.ui.markup import Markup, join
from app.ui.oncall import Folded, Shown, lonely
from app.ui.oncall_parts import SHARED, narrows
from app.ui.tables import ACT, Act, Column

MANY = 20_000


def teams(page: Shown, asked: Asked, fold: Folded) -> Act | None:
    """Every team that was on duty or paged: its load and verdict, hours, noise and how it shares. A click
    narrows the page to it."""
    rows = [
        _team(page, team, found, fold)
        for team, found in page.teams.items()
        if any(number.n or number.value is not None for number in found.values())
    ]
    columns = [
        Column("name", "Team"),
        Column("load", "A person-week", _figure, number=True),
        Column("range", "95 % range"),
        Column("verdict", "Verdict", lambda number: _word(number) if number else ""),
        Column("interruptions", "Calls", _count, number=True),
        Column("weeks", "Weeks", lambda weeks: "" if weeks is None else f"{weeks:,.1f}", number=True),
        Column("after", "After hours", _share, number=True),
        Column("sleep", "Sleeping", _share, number=True),
        Column("noise", "Noise", _share, number=True),
        Column("load_share", "Of load", _share, number=True),
        Column("duty_share", "Of duty", _share, number=True),
        Column("shared", "Within team", lambda state: tiles.verdict(*SHARED[state]) if state else ""),
    ]
    if len(page.shares) <= MOST:
        columns = [column for column in columns if column.key not in ("load_share", "duty_share")]
    kept = [column for column in columns if any(row.get(column.key) not in (None, "") for row in rows)]
    first = "load" if any(row["load"] is not None for row in rows) else "interruptions"
    return tables.table(
        "oncall_teams", kept, rows, sort=first, down=True, file=f"on-call-teams-{_named(asked)}", page_rows=15
    )


def _team(page: Shown, team: str, found: Mapping[str, Number], fold: Folded) -> dict[str, Any]:
    load, after = found.get("on_call_load"), found.get("after_hours_share")
    known = load if load is not None and load.value is not None else None
    even, shares = fold.evenness.get(team), page.shares.get(team)
    return {
        "name": page.names.get(team, team),
        "load": known.value if known else None,
        "verdict": known,
        "range": wording.interval(known).removeprefix("between ").replace(" a week", "").replace(" and ", " to ")
        if known
        else None,
        "interruptions": after.n if after else None,
        "weeks": known.denominator if known else None,
        "after": _value(found, "after_hours_share"),
        "sleep": _value(found, "sleep_share"),
        "noise": _value(found, "alert_noise"),
        "load_share": shares.load if shares else None,
        "duty_share": shares.duty if shares else None,
        "shared": even.state if even else None,
        ACT: narrows("team", team) if team in page.names else None,
    }


def services(page: Shown, asked: Asked) -> Act | None:
    """Every service that paged: how often, and how much of it needed nobody. A click narrows the page to it."""
    rows = [
        {
            "name": page.services.get(one.service, one.service),
            "pages": one.pages,
            "noise": one.noise,
            "share": one.share,
            "unmarked": one.unmarked,
            ACT: narrows("service", one.service) if one.service in page.services else None,
        }
        for one in page.noisy
    ]
    columns = [
        Column("name", "Service", wide=True),
        Column("pages", "Pages", _count, number=True),
        Column("noise", "Noise", _count, number=True),
        Column("share", "Of judged", _share, number=True),
        Column("unmarked", "Not judged", _count, number=True),
    ]
    return tables.table(
        "oncall_services",
        columns,
        rows,
        sort="noise",
        down=True,
        file=f"on-call-services-{_named(asked)}",
        page_rows=15,
    )


def over_rows(page: Shown) -> None:
    """The rows behind "Teams above target"."""
    rows = [
        {
            "name": page.names.get(team, team),
            "load": found["on_call_load"].value,
            "verdict": found["on_call_load"],
            "counts": int(wording.verdict_key(found["on_call_load"]) == "missed"),
            "interruptions": found["on_call_load"].numerator,
            "weeks": found["on_call_load"].denominator,
        }
        for team, found in page.teams.items()
        if "on_call_load" in found and found["on_call_load"].value is not None
    ]
    columns = [
        Column("name", "Team", wide=True),
        Column("interruptions", "Interruptions", lambda part: _count(round(part)), number=True),
        Column("weeks", "Person-weeks", lambda weeks: f"{weeks:,.1f}", number=True),
        Column("load", "A person-week", _figure, number=True),
        Column("verdict", "Verdict", lambda number: _word(number)),
        Column("counts", "Counts", _count, number=True),
    ]
    surely = sum(row["counts"] == 1 for row in rows)
    foot = f"{surely:,} of {len(rows):,} teams surely above target, by the 95 % range"
    tables.table(
        "oncall_over", columns, rows, sort="load", down=True, foot=foot, file="teams-above-target", page_rows=12
    )


def lonely_rows(page: Shown, asked: Asked) -> str | None:
    """The rows behind "Outside any shift"; a sentence instead where there are too many to read."""
    found = lonely(page)
    if found is None:
        return "No interruption in this period."
    part, whole = found
    if whole > MANY:
        return f"{part:,} of {whole:,}: narrow the page to a month or a team to see them."
    rows = [
        {"title": row.title, "at": row.at, "team": row.group.team, "id": row.id, tables.URL: row.url}
        for row in read.rows("on_call_load", asked.ask(by=("team",)))
        if row.extra.get("without_shift")
    ]
    columns = [
        Column("title", "Page", wide=True),
        Column("at", "When", lambda at: wording.instant(at, asked.zone)),
        Column("team", "Team", lambda team: page.names.get(team, team or "")),
        Column("id", "Id"),
    ]
    foot = f"{len(rows):,} of {whole:,} interruptions"
    tables.table(
        "oncall_lonely", columns, rows, sort="at", down=True, foot=foot, file="outside-any-shift", page_rows=12
    )
    return None


def _named(asked: Asked) -> str:
    return asked.period.key.replace("..", "-to-")


def _value(found: Mapping[str, Number], key: str) -> float | None:
    return found[key].value if key in found else None


def _figure(value: float | None) -> str:
    return "" if value is None else wording.value(value, "per_week").removesuffix(" a week")


def _share(value: float | None) -> str:
    return "" if value is None else wording.value(value, "share")


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _word(number: Number) -> Markup:
    return join(tiles.verdict(wording.verdict_key(number), wording.verdict(number)))
