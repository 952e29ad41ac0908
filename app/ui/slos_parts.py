"""The parts of the SLOs page as markup and tables: tiles, one SLO, the promises, the months, exclusions, the catalogue."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.charts import wording
from app.charts.promises import attained
from app.charts.theme import VerdictKey
from app.metrics.facts import Facts, Slo
from app.metrics.periods import containing, local_day
from app.metrics.promises import Left
from app.ui import heat, tables, tiles
from app.ui.choices import Asked
from app.ui.lead import lead
from app.ui.markup import Markup, button, el, join
from app.ui.slos import STATES, Promise, Shown, months
from app.ui.tables import ACT, Column

STATE_WORDS: dict[str, tuple[VerdictKey, str]] = {
    "ok": ("met", "ok"),
    "warn": ("unsure", "warn"),
    "freeze": ("missed", "frozen"),
    "exception": ("unsure", "exception"),
    "no_data": ("no_data", "no data"),
}
LOOKBACKS = {"1h": "1 hour", "6h": "6 hours", "1d": "1 day", "3d": "3 days"}
ROWS = 15
"""Of the months' map at a time."""
_LISTED = 6


def first_screen(page: Shown, asked: Asked) -> Markup:
    """The finding and the tiles."""
    return join(lead(page.finding, asked, _last(page, asked)), tiles.tiles(page.faces) if page.promises else None)


def _last(page: Shown, asked: Asked) -> Markup | None:
    """The way to the last month that was measured, where the chosen period was not."""
    spans = [span.end for span in page.facts.watched.get("sli", ()) if span.end <= asked.period.end]
    if page.numbers["slos_met"].now.value is not None or not spans or not page.promises:
        return None
    day = local_day(max(spans), asked.zone)
    month = containing(day, "month", asked.zone)
    return el(
        "p", f"The last measurement is of {wording.day(day)}. ",
        button(f"Show {wording.period(month.key)}", act={"do": "narrow", "period": month.key}), cls="meta",
    )  # fmt: skip


def state(said: str) -> Markup:
    """The error-budget policy's word with its shape and colour."""
    return tiles.verdict(*STATE_WORDS.get(said, STATE_WORDS["no_data"]))


def objective(slo: Slo) -> str:
    """An objective as a target: "≥ 99.95 %"."""
    return wording.target(slo.objective, "share", ">=")


def left(found: Left | None) -> str:
    """What a budget still allows, in minutes or events: "21 min of 43 min"."""
    if found is None:
        return wording.NO_DATA
    said = wording.duration if found.unit == "minutes" else _events
    amount, allowed = said(abs(found.amount)), said(found.allowed)
    return f"{amount} {'over' if found.amount < 0 else 'of'} {allowed}{' failures' if found.unit == 'events' else ''}"


def _events(amount: float) -> str:
    return wording.value(float(round(amount)) if abs(amount) >= 10 else round(amount, 1), "count")


def share(value: float | None) -> str:
    """A share of a budget; never rounded across zero."""
    return wording.value(value, "share", 0.0)


def promises_table(page: Shown, asked: Asked) -> tables.Act | None:
    """Every SLO: objective, attained, budget, burn, state, coverage. A click opens it."""
    rows = [_row(one) for one in page.promises]
    columns = [
        Column("name", "SLO", wide=True),
        Column("state", "State", lambda value: state(_STATE_OF[value])),
        Column("attained", "Attained", _attained, number=True),
        Column("objective", "Objective", lambda value: wording.target(value, "share"), number=True),
        Column("remaining", "Budget left", share, number=True),
        Column("left", "That is", lambda value: value or ""),
        Column(
            "burn",
            "Burn rate",
            lambda value: "" if value is None else f"{wording.value(value, 'ratio', 1.0)} ×",
            number=True,
        ),
        Column("service", "Service", wide=True),
        Column("tier", "Tier", number=True),
        Column(
            "coverage", "Coverage", lambda value: "" if value is None else wording.value(value, "share"), number=True
        ),
        Column("n", "n", lambda value: f"{value:,}", number=True),
    ]
    return tables.table(
        "slos", columns, rows, sort="state", file=f"slos-{asked.period.key.replace('..', '-to-')}",
        foot=_foot(page),
    )  # fmt: skip


_STATE_OF = {at: name for name, at in STATES.items()}


def table_sub(page: Shown, asked: Asked) -> str:
    """What the table says, in which time."""
    measured = sum(one.kept is not None for one in page.promises)
    said = f"Attained over {asked.words}; budgets over each SLO's own window that ends with it"
    silent = len(page.promises) - measured
    return said + (f"; {silent:,} SLO{'s' if silent != 1 else ''} without data" if silent else "")


def taken_sub(page: Shown) -> str:
    """What the exclusions did to the number on top."""
    number = page.numbers["slo_compliance"].now
    without, minutes = number.extra.get("without_exclusions"), number.extra.get("excluded_minutes")
    if not minutes or not isinstance(without, float):
        return "No measured time of these SLOs lies in them"
    shown = wording.value(number.value, "share", number.target, ">=")
    return f"{wording.duration(minutes)} of SLO time: compliance is {shown} with them, {wording.value(without, 'share', number.target, '>=')} without"


def _row(one: Promise) -> dict[str, Any]:
    return {
        "name": one.slo.name,
        "service": one.service.name if one.service else one.slo.service,
        "tier": one.service.tier if one.service else None,
        "objective": one.slo.objective,
        "attained": Attained(one) if one.kept and one.kept.attained is not None else None,
        "state": STATES[one.state],
        "remaining": one.remaining,
        "left": left(one.left) if one.left else None,
        "burn": one.burning,
        "coverage": one.compliance.coverage if one.compliance else None,
        "n": one.compliance.n if one.compliance else 0,
        ACT: {"do": "slo", "slo": one.slo.slo},
    }


class Attained(float):
    """What was attained: sorts and exports as a number, and knows how to say itself beside its objective."""

    said: Markup

    def __new__(cls, one: Promise) -> "Attained":
        made = super().__new__(cls, one.kept.attained if one.kept and one.kept.attained is not None else 0.0)
        met = one.kept is not None and bool(one.kept.met)
        made.said = tiles.verdict("met" if met else "missed", attained(one.kept))
        return made


def _attained(value: Attained | None) -> str:
    return wording.NO_DATA if value is None else value.said


def _foot(page: Shown) -> str:
    met = sum(bool(one.kept and one.kept.met) for one in page.promises)
    measured = sum(bool(one.kept and one.kept.met is not None) for one in page.promises)
    with_budget = sum(one.remaining is not None and one.remaining > 0 for one in page.promises)
    known = sum(one.remaining is not None for one in page.promises)
    return f"{met:,} of {measured:,} met; {with_budget:,} of {known:,} with budget left"


def one_slo(page: Shown, one: Promise, asked: Asked) -> Markup:
    """Everything about one SLO, and the way back to all."""
    slo, service = one.slo, one.service
    window = f"{slo.window} window, {'slices of time' if slo.method == 'timeslices' else 'events'}"
    revisions = [r for r in page.revised if (r.slo.source, r.slo.slo) == (slo.source, slo.slo)]
    taken = [t for t in page.taken if slo.slo in t.exclusion.slos or slo.service in t.exclusion.services]
    without = one.kept.without_exclusions if one.kept else None
    kept = one.kept
    facts: list[tuple[str, str | Markup | None]] = [
        ("Promise", f"{objective(slo)} {slo.kind.replace('_', ' ')}, {window}"),
        ("Service", f"{service.name}, tier {service.tier}, team {page.facts.teams[service.team].name or service.team if service.team in page.facts.teams else service.team}"
         if service else f"{slo.service}, which is not in the catalogue"),
        (wording.capital(asked.words), _verdict(one)),
        ("Without exclusions", wording.value(without, "share", slo.objective) if kept and kept.excluded_minutes else None),
        ("Budget left", join(f"{share(one.remaining)}, {left(one.left)} ", state(one.state)) if one.remaining is not None
         else "no data in its window"),
        ("Burn rate", _burns(one)),
        ("Coverage", wording.value(one.compliance.coverage, "share") + f" of the time, {one.compliance.n:,} rows"
         if one.compliance and one.compliance.coverage is not None else None),
        ("Objective changed", "; ".join(_revision(r.slo, r.before) for r in revisions) or None),
        ("Taken out", "; ".join(f"{wording.duration(t.minutes)} for {t.exclusion.reason}, approved by {t.exclusion.approved_by}"
                                for t in taken[:3]) or None),
    ]  # fmt: skip
    return el(
        "section",
        el("div", el("h2", slo.name), button("Show all SLOs", act={"do": "all_slos"}), cls="titled"),
        el("dl", join(*(join(el("dt", name), el("dd", said)) for name, said in facts if said))),
        cls="card section counted",
    )


def _verdict(one: Promise) -> Markup:
    if one.kept is None or one.kept.met is None:
        return tiles.verdict("no_data", wording.NO_DATA)
    met = "met" if one.kept.met else "missed"
    return join(f"{attained(one.kept)} ", tiles.verdict("met" if one.kept.met else "missed", met))


def _burns(one: Promise) -> str | None:
    if one.burn is None or one.burn.value is None:
        return None
    rates = {name: one.burn.extra.get(name) for name in LOOKBACKS}
    said = [
        f"{wording.value(rate, 'ratio', 1.0)} × over {LOOKBACKS[name]}"
        for name, rate in rates.items()
        if isinstance(rate, float)
    ]
    return ", ".join(said) + " (1 × spends exactly the budget)"


def _revision(slo: Slo, before: float) -> str:
    on = f" on {wording.day(slo.valid_from)}" if slo.valid_from else ""
    return f"{wording.target(before, 'share', '>=')} → {objective(slo)}{on}"


def month_map(page: Shown, asked: Asked, at: int) -> tuple[Markup, int]:
    """The months' map, a page of rows of it (counted from 1), and how many pages there are."""
    chart = months(page, asked)
    if not chart.series:
        return el("section", el("h2", chart.title), el("p", chart.empty, cls="muted"), cls="card section"), 1
    pages = -(-len(chart.series) // ROWS)
    at = min(max(at, 1), pages)
    ids = _ids(page, [series.name for series in chart.series])
    rows = slice((at - 1) * ROWS, at * ROWS)
    part = heat.heat(
        type(chart)(**{**vars(chart), "series": chart.series[rows]}),
        [{"do": "slo", "slo": slo} for slo in ids[rows]],
        asked.period.key,
        labelled=True,
    )
    drawn = el(
        "section", el("h2", chart.title), el("p", f"{chart.subtitle}; most often missed first", cls="sub"),
        el("div", part, cls="wide"), cls="card section",
    )  # fmt: skip
    return drawn, pages


def _ids(page: Shown, names: Sequence[str]) -> list[str]:
    by_name: dict[str, list[str]] = {}
    for one in page.promises:
        by_name.setdefault(one.slo.name, []).append(one.slo.slo)
    return [by_name[name].pop(0) if len(by_name[name]) > 1 else by_name[name][0] for name in names]


def exclusions_table(page: Shown, asked: Asked) -> None:
    """What was taken out of the numbers, why, and who approved it."""
    names = {slo.slo: slo.name for slo in page.facts.slos} | {s.service: s.name for s in page.facts.services.values()}
    rows = [
        {
            "reason": one.exclusion.reason,
            "about": ", ".join(names.get(name, name) for name in (*one.exclusion.services, *one.exclusion.slos)),
            "category": one.exclusion.category.replace("_", " "),
            "start": one.exclusion.start,
            "minutes": one.minutes,
            "approved": one.exclusion.approved_by,
        }
        for one in page.taken
    ]
    columns = [
        Column("reason", "Reason", wide=True),
        Column("about", "Service or SLO", wide=True),
        Column("category", "Category"),
        Column("start", "From", lambda at: wording.instant(at, asked.zone)),
        Column("minutes", "In the period", wording.duration, number=True),
        Column("approved", "Approved by"),
    ]
    tables.table("exclusions", columns, rows, sort="minutes", down=True, file="exclusions", page_rows=8)


def catalogue(page: Shown) -> Markup:
    """What nobody promised, what promises too little, and which promises changed."""
    if not page.promises:
        return _unpromised(page)
    names = {service.service: service.name for service in page.facts.services.values()}
    return el(
        "div",
        _unpromised(page),
        _listing(
            "Below their tier's floor",
            f"{_some(len(page.below_floor), 'SLO promises', 'SLOs promise')} less than the tier asks",
            [
                (slo.name, f"{objective(slo)}, the tier asks {wording.target(floor, 'share', '>=')}")
                for slo, floor in page.below_floor
            ],
            "Every SLO promises at least what its tier asks.",
        ),
        _listing(
            "Objectives that changed",
            f"{_some(len(page.revised), 'objective was', 'objectives were')} revised",
            [
                (r.slo.name, f"{_revision(r.slo, r.before)} ({names.get(r.slo.service, r.slo.service)})")
                for r in page.revised
            ],
            "No objective was ever revised.",
        ),
        cls="grid three below",
    )


def _unpromised(page: Shown) -> Markup:
    listed = [(s.name, f"tier {s.tier}, team {_team(page.facts, s.team)}") for s in page.unpromised]
    calm = "Every service of tier 0 and 1 has an SLO." if page.important else "No service of tier 0 or 1 is in scope."
    sub = f"{len(listed):,} of {page.important:,} services of tier 0 and 1"
    return _listing("Without an SLO", sub, listed, calm)


def _team(facts: Facts, team: str) -> str:
    known: Mapping[str, Any] = facts.teams
    return known[team].name or team if team in known else team


def _some(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"


def _listing(title: str, sub: str, rows: Sequence[tuple[str, str]], calm: str) -> Markup:
    if not rows:
        return el("section", el("h2", title), el("p", calm, cls="muted"), cls="card section flush")
    shown, rest = rows[:_LISTED], rows[_LISTED:]
    return el(
        "section",
        el("h2", title),
        el("p", sub, cls="sub"),
        el("ul", join(*(_item(*row) for row in shown)), cls="items"),
        el(
            "details",
            el("summary", f"and {len(rest):,} more"),
            el("ul", join(*(_item(*row) for row in rest)), cls="items"),
        )
        if rest
        else None,
        cls="card section flush",
    )


def _item(name: str, why: str) -> Markup:
    return el("li", el("b", name), el("p", why, cls="why"))
