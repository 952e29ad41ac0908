"""The parts of the SLOs page as markup: the first screen, one SLO, the months, the catalogue."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.charts import wording
from app.charts.promises import attained
from app.charts.theme import VerdictKey
from app.metrics.facts import Facts, Slo
from app.metrics.periods import containing, local_day
from app.metrics.promises import Left
from app.metrics.review_records import BudgetException
from app.ui import freshness, heat, places, tiles
from app.ui.choices import Asked
from app.ui.lead import lead
from app.ui.markup import Markup, button, el, join
from app.ui.promised import Told
from app.ui.slos import Shown, by_misses, months

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
_CALENDAR = {"w": "week", "M": "month", "Q": "quarter", "Y": "year"}


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
        "p",
        f"The last measurement is of {wording.day(day)}. ",
        button(f"Show {wording.period(month.key)}", act={"do": "narrow", "period": month.key}),
        cls="meta",
    )


def state(said: str) -> Markup:
    """The error-budget policy's word with its shape and colour."""
    return tiles.verdict(*STATE_WORDS.get(said, STATE_WORDS["no_data"]))


def excepted(one: BudgetException) -> str:
    """Who set an error-budget policy aside, until when and why."""
    return (
        f"The error-budget policy is set aside until {wording.day(one.until)}: decided by {one.decided_by} in the "
        f"review of {wording.period(one.period)}, signed by {one.signed_by}. {one.why}"
    )


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


def one_slo(page: Shown, one: Told, asked: Asked) -> Markup:
    """Everything about one SLO, and the way back to all."""
    slo, service = one.slo, one.service
    window = f"{_window(slo.window)}, counted in {'slices of time' if slo.method == 'timeslices' else 'events'}"
    revisions = [r for r in page.catalogue.revised if (r.slo.source, r.slo.slo) == (slo.source, slo.slo)]
    taken = [t for t in page.taken if slo.slo in t.exclusion.slos or slo.service in t.exclusion.services]
    without = one.kept.without_exclusions if one.kept else None
    kept = one.kept
    facts: list[tuple[str, str | Markup | None]] = [
        ("Promise", f"{objective(slo)} {slo.kind.replace('_', ' ')}, {window}"),
        (
            "Service",
            join(
                button(service.name, act={"do": "open", "place": places.SERVICE.name, "service": service.service}),
                f", tier {service.tier}, team {_team(page.facts, service.team)}",
            )
            if service
            else f"{slo.service}, which is not in the catalogue",
        ),
        (wording.capital(asked.words), _verdict(one)),
        (
            "Without exclusions",
            wording.value(without, "share", slo.objective) if kept and kept.excluded_minutes else None,
        ),
        (
            "Budget left",
            join(f"{share(one.remaining)}, {left(one.left)} ", state(one.state))
            if one.remaining is not None
            else "no data in its window",
        ),
        ("Exception", excepted(one.exception) if one.exception is not None else None),
        ("Burn rate", _burns(one)),
        (
            "Coverage",
            f"{wording.value(one.coverage, 'share')} of the time, {one.n:,} rows" if one.coverage is not None else None,
        ),
        ("Objective changed", "; ".join(_revision(r.slo, r.before) for r in revisions) or None),
        (
            "Taken out",
            "; ".join(
                f"{wording.duration(t.minutes)} for {t.exclusion.reason}, approved by {t.exclusion.approved_by}"
                for t in taken[:3]
            )
            or None,
        ),
    ]
    return el(
        "section",
        el("div", el("h2", slo.name), button("Show all SLOs", act={"do": "all_slos"}), cls="titled"),
        el("dl", join(*(join(el("dt", name), el("dd", said)) for name, said in facts if said))),
        cls="card section counted",
    )


def _window(said: str) -> str:
    """A window in words: "over 28 days", "by calendar month"."""
    if said.endswith("d"):
        return f"over {said[:-1]} day{'s' if said != '1d' else ''}"
    return f"by calendar {_CALENDAR.get(said[-1], said)}"


def _verdict(one: Told) -> Markup:
    if one.kept is None or one.kept.met is None:
        return tiles.verdict("no_data", wording.NO_DATA)
    met = "met" if one.kept.met else "missed"
    return join(f"{attained(one.kept)} ", tiles.verdict("met" if one.kept.met else "missed", met))


def _burns(one: Told) -> str | None:
    if one.burning is None:
        return None
    said = [
        f"{wording.value(one.burns[name], 'ratio', 1.0)} × over {words}"
        for name, words in LOOKBACKS.items()
        if name in one.burns
    ]
    return ", ".join(said) + " (1 × spends exactly the budget)"


def _revision(slo: Slo, before: float) -> str:
    on = f" on {wording.day(slo.valid_from)}" if slo.valid_from else ""
    return f"{wording.target(before, 'share', '>=')} → {objective(slo)}{on}"


def month_map(page: Shown, asked: Asked, at: int) -> tuple[Markup, int]:
    """The months' map, a page of rows of it (counted from 1), and how many pages there are."""
    ordered = by_misses(page, asked)
    pages = max(1, -(-len(ordered) // ROWS))
    at = min(max(at, 1), pages)
    slos = ordered[(at - 1) * ROWS : at * ROWS]
    chart = months(page, asked, slos)
    if not slos:
        return el("section", el("h2", chart.title), el("p", chart.empty, cls="muted"), cls="card section"), 1
    part = heat.heat(chart, [{"do": "slo", "slo": slo} for slo in slos], asked.period.key, labelled=True)
    drawn = el(
        "section",
        el("h2", chart.title),
        el("p", f"{chart.subtitle}; most often missed first", cls="sub"),
        freshness.note("slos_met"),
        el("div", part, cls="wide"),
        cls="card section",
    )
    return drawn, pages


def catalogue(page: Shown) -> Markup:
    """What nobody promised, what promises too little, and which promises changed."""
    if not page.promises:
        return _unpromised(page)
    found, services = page.catalogue, page.facts.services
    names = {r.slo.service: services[r.slo.service].name for r in found.revised if r.slo.service in services}
    return el(
        "div",
        _unpromised(page),
        _listing(
            "Below their tier's floor",
            f"{_some(len(found.below_floor), 'SLO promises', 'SLOs promise')} less than the tier asks",
            [
                (slo.name, f"{objective(slo)}, the tier asks {wording.target(floor, 'share', '>=')}")
                for slo, floor in found.below_floor
            ],
            "Every SLO promises at least what its tier asks.",
        ),
        _listing(
            "Objectives that changed",
            f"{_some(len(found.revised), 'objective was', 'objectives were')} revised",
            [
                (r.slo.name, f"{_revision(r.slo, r.before)} ({names.get(r.slo.service, r.slo.service)})")
                for r in found.revised
            ],
            "No objective was ever revised.",
        ),
        cls="grid three below",
    )


def _unpromised(page: Shown) -> Markup:
    listed = [(s.name, f"tier {s.tier}, team {_team(page.facts, s.team)}") for s in page.catalogue.unpromised]
    calm = (
        "Every service of tier 0 and 1 has an SLO."
        if page.catalogue.important
        else "No service of tier 0 or 1 is in scope."
    )
    sub = f"{len(listed):,} of {page.catalogue.important:,} services of tier 0 and 1"
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
