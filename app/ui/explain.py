""" "How is this counted?": a dialog with a number's formula, what it is made from, what was left out and why, and the
rows behind it.

    explain("time_to_restore", asked)                       # the number of the chosen period and scope
    explain("slos_met", asked, period=october, scope=asked.scope._replace(tier=0))

Call it once in a run, after a click. The rows shown add up to the number: the last line says how.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import streamlit as st

from app.charts import counting, wording
from app.metrics.catalogue import KPIS
from app.metrics.kpi import Kpi
from app.metrics.numbers import Group, Number, Row, Scope
from app.metrics.periods import Period
from app.policy import Policy
from app.ui import bad_years, choices, places, read, tables, tiles
from app.ui.board import Act, board
from app.ui.choices import Asked
from app.ui.markup import Markup, el, join
from app.ui.tables import ACT, URL, Column

MANY = 20_000
"""More rows than this are shown on a second click: reading them takes a while."""


def explain(
    key: str, asked: Asked, *, period: Period | None = None, scope: Scope | None = None, group: Group | None = None
) -> None:
    """Opens the dialog for a KPI (a key of the catalogue; any other opens nothing) over a period and scope;
    `group` picks one number of a KPI that is split by severity or SLO."""
    if key not in KPIS:
        return
    period, scope = period or asked.period, scope or asked.scope
    title = f"{KPIS[key].name}, {choices.period_words(period)}"
    st.dialog(title, width="large")(_body)(key, replace(asked, period=period, scope=scope), group)


def _body(key: str, asked: Asked, group: Group | None) -> None:
    with read.held():
        _show(key, asked, group)


def _show(key: str, asked: Asked, group: Group | None) -> None:
    kpi, policy = KPIS[key], read.directory().policy
    by = [name for name in ("severity", "slo") if group is not None and getattr(group, name) is not None]
    numbers = bad_years.told(read.numbers([key], asked.ask(by=by)), asked.ask(by=by))
    number = next((n for n in numbers if group is None or _same(n.group, group, by)), None)
    if number is None:
        st.caption("No data.")
        return
    board(_told(kpi, number, asked, policy), key=f"explain_{key}")
    if number.n + number.n_excluded > MANY and not st.button(f"Show all {number.n + number.n_excluded:,} rows"):
        return
    found = [row for row in read.rows(key, asked.ask(by=by)) if group is None or _same(row.group, group, by)]
    if not found:
        st.caption("No rows stand behind it.")
        return
    opened = tables.table(
        f"explain_{key}_rows",
        _columns(kpi, found, asked.zone, policy),
        [_as_row(kpi, row) for row in found],
        sort="at",
        down=True,
        foot=adds_up(kpi, number, found, policy),
        file=f"{key}-{asked.period.key.replace('..', '-to-')}",
        page_rows=12,
    )
    _open(opened)


def _same(one: Group, other: Group, by: Sequence[str]) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in by)


def _open(act: Act | None) -> None:
    place = places.found(act.get("place")) if act and act["do"] == "open" else None
    if act is not None and place is not None:
        named = ("incident", "slo", "risk", "source")
        places.go(place, **{name: str(value) for name, value in act.items() if name in named})


def _told(kpi: Kpi, number: Number, asked: Asked, policy: Policy) -> Markup:
    tiers = _tiers(kpi, asked)
    facts: list[tuple[str, str | Markup | None]] = [
        ("Formula", kpi.formula),
        ("Counted in a period by", kpi.at),
        ("Made from", counting.made(kpi, number, policy)),
        ("Range", counting.sureness(number, policy)),
        ("A bad year", counting.bad_years(number, policy.currency)),
        ("Coverage", counting.coverage(number)),
        ("Left out", counting.left_out(number)),
        ("With exclusions taken out", counting.exclusions(number, policy)),
        ("Target", counting.target(kpi, number, policy)),
        ("By tier", _by_tier(kpi, tiers, policy)),
        ("Change", wording.capital(wording.signal(number)) + "." if number.value is not None else None),
        ("Period", _period(number, asked)),
        ("Narrowed to", asked.scoped or None),
        ("Sources", _sources(kpi, asked)),
    ]
    return el(
        "section",
        el("p", kpi.question, cls="question"),
        el(
            "div",
            el("b", wording.amount(number, tiles.op_of(kpi.key, policy), policy.currency)),
            tiles.verdict(*tiles.judged(number, [tier for tier in tiers if tier.verdict in ("met", "missed")])),
            cls="figure",
        ),
        el("dl", join(*(join(el("dt", name), el("dd", said)) for name, said in facts if said))),
        el("h2", "The rows behind it") if number.n or number.n_excluded else None,
        cls="counted",
    )


def _tiers(kpi: Kpi, asked: Asked) -> list[Number]:
    """The number of each tier, where tiers are not asked for already."""
    if "tier" not in kpi.dimensions or kpi.always_by or asked.scope.tier is not None or asked.scope.service is not None:
        return []
    found = read.numbers([kpi.key], asked.ask(by=["tier"]))
    return [number for number in found if number.group.tier is not None and number.value is not None]


def _by_tier(kpi: Kpi, tiers: Sequence[Number], policy: Policy) -> Markup | None:
    op = tiles.op_of(kpi.key, policy)
    said = [
        el("li", f"Tier {n.group.tier}: {wording.amount(n, op, policy.currency)} ", _judged(n, op, policy))
        for n in tiers
    ]
    return el("ul", join(*said), cls="plain") if said else None


def _judged(number: Number, op: str, policy: Policy) -> Markup | None:
    if number.target is None:
        return None
    goal = wording.target(number.target, number.unit, op, number.value, policy.currency)
    return join(tiles.verdict(wording.verdict_key(number), wording.verdict(number)), f" (target {goal})")


def _period(number: Number, asked: Asked) -> str:
    as_of = f", as known on {wording.instant(number.as_of, asked.zone)}" if number.as_of else ""
    return asked.words + (" (not over yet)" if number.partial else "") + as_of + f", {asked.zone}"


def _sources(kpi: Kpi, asked: Asked) -> str | None:
    feeds = kpi.entities
    said = []
    for source in read.sources():
        if not feeds & source.brings:
            continue
        to, failed = source.data_to(asked.as_of), ", last reading failed" if source.failed_at is not None else ""
        late = ", late" if source.late_by(asked.as_of) is not None else failed
        if source.last_read_at is not None:
            said.append(f"{source.name} (last read {wording.instant(source.last_read_at, asked.zone)}{late})")
        else:
            said.append(f"{source.name} ({'data to ' + wording.instant(to, asked.zone) if to else 'no data'}{late})")
    return "; ".join(said) or None


def _columns(kpi: Kpi, rows: Sequence[Row], zone: str, policy: Policy) -> list[Column]:
    def when(at: datetime | None) -> str:
        return wording.instant(at, zone) if at else ""

    def amount(value: float | None) -> str:
        return "" if value is None else wording.value(value, kpi.unit, currency=policy.currency)

    def plain(value: float | None) -> str:
        return "" if value is None else counting.figure(value)

    unit = kpi.unit if kpi.shape in ("duration", "sum") else ""
    columns = [Column("title", "What", wide=True), Column("at", "When", when), Column("id", "Id")]
    if kpi.shape == "duration":
        columns.append(Column("value", wording.capital(unit), amount, number=True))
    elif kpi.shape == "sum":
        columns.append(Column("part", wording.capital(unit), amount, number=True))
    else:
        columns.append(
            Column("part", "Counts" if kpi.shape in ("share", "ratio", "rate") else "Count", plain, number=True)
        )
        if kpi.shape in ("share", "ratio", "rate"):
            columns.append(Column("whole", "Of", plain, number=True))
    if any(row.reason for row in rows):
        columns.append(Column("reason", "Left out because"))
    if len({row.source for row in rows}) > 1:
        columns.append(Column("source", "Source"))
    return columns


def _as_row(kpi: Kpi, row: Row) -> dict[str, object]:
    used = not row.reason
    return {
        "title": row.title or row.id,
        "at": row.at,
        "id": row.id,
        "value": row.value,
        "part": row.part if used else None,
        "whole": row.whole if used else None,
        "reason": row.reason or None,
        "source": row.source,
        URL: row.url,
        ACT: _leads_to(row),
    }


def _leads_to(row: Row) -> dict[str, object] | None:
    """Where a click on a row leads: incidents, SLOs and risks have a page of their own."""
    if row.entity in ("incidents", "impacts", "postmortems"):
        return {"do": "open", "place": places.INCIDENT.name, "incident": row.id}
    if row.entity == "slos":
        return {"do": "open", "place": places.SLOS.name, "slo": row.id}
    if row.entity == "sli":
        return {"do": "open", "place": places.SLOS.name, "slo": row.id.rpartition("/")[0]}
    if row.entity == "risks":
        return {"do": "open", "place": places.RISK.name, "risk": row.id, "source": row.source}
    return None


def adds_up(kpi: Kpi, number: Number, rows: Sequence[Row], policy: Policy) -> str:
    """The last line of the rows: how they add up to the number."""
    used = [row for row in rows if not row.reason]
    shown = wording.amount(number, tiles.op_of(kpi.key, policy), policy.currency)
    counted = sum(row.n for row in used)
    part, whole = sum(row.part for row in used), sum(row.whole for row in used)
    match kpi.shape:
        case "duration":
            return f"Median of {counted:,} values: {shown}"
        case "sum":
            return f"Sum of {counted:,} rows: {wording.exact(part, kpi.unit, policy.currency)}"
        case "count":
            return f"Sum of {counted:,} rows: {counting.figure(part)}"
    whole = number.denominator if kpi.exposure and number.denominator is not None else whole
    return f"{counting.figure(part)} of {counting.figure(whole)}: {shown}"
