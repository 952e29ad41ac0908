"""The parts of one risk's page as markup and tables."""

from collections.abc import Sequence
from typing import Any

from app.charts import wording
from app.charts.theme import VerdictKey
from app.metrics.dr import executed
from app.metrics.facts import DrTest
from app.metrics.losses import each, events, expected_range
from app.metrics.numbers import Number
from app.ui import risk, tables, tiles
from app.ui.choices import Asked
from app.ui.incidents_parts import ACTION, severity
from app.ui.incidents_parts import opens as opens_incident
from app.ui.markup import Markup, Part, button, el, join
from app.ui.matrix import matrix
from app.ui.risk import Home, Shown
from app.ui.risk_money import bad
from app.ui.risks_parts import ACCEPTANCE, span
from app.ui.tables import ACT, URL, Act, Column

_RESULT: dict[str, tuple[VerdictKey, str]] = {
    "passed": ("met", "passed"),
    "partial": ("unsure", "partial"),
    "failed": ("missed", "failed"),
}


def head(page: Shown, zone: str) -> Markup:
    """Its title and what there is to say of it first."""
    one = page.standing.risk
    since = f" · identified {wording.day(one.identified_on)}" if one.identified_on else ""
    meta = f"{one.risk} · {one.source} · {one.category} · owned by {one.owner}{since}"
    return el(
        "header",
        el("div", button("← Risk register", act={"do": "open", "place": "risks"}), cls="small"),
        el("h2", one.title),
        el("p", page.finding),
        el("p", f"{meta} · as it stands on {wording.day(page.moment.date())}, dates in {zone}", cls="meta"),
        cls="lead",
    )


def unknown(said: str | None) -> Markup:
    """The page without a risk: which one was asked for, and where the others are."""
    asked = f"No risk “{said[:80]}” is known here." if said else "No risk is named: open one from the register."
    why = "It may have another id, come from another source, or not have been imported yet." if said else ""
    return el(
        "section",
        el("h2", asked),
        el("p", why, cls="muted") if why else None,
        button("Open the risk register", act={"do": "open", "place": "risks"}, cls="primary"),
        cls="card section",
    )


def levels(page: Shown) -> Markup:
    """The small matrix with its path."""
    made = risk.path(page)
    return el(
        "section",
        el("h2", made.title),
        el("p", made.subtitle, cls="sub"),
        matrix(made, labelled=True),
        cls="card section flush",
    )


def treatment(page: Shown) -> Markup:
    """What it is, what is done about it, and which decisions stand."""
    one, standing = page.standing.risk, page.standing
    facts: list[tuple[str, Part]] = [
        ("What", one.description or "not described"),
        ("What we do", one.response or "not said"),
        ("Treatment", one.treatment),
        ("Acceptance", _acceptance(page)),
        ("Review", _review(page)),
        ("Actions", _acting(page)),
    ]
    if one.status == "closed":
        facts.append(("Closed", wording.day(one.closed_on) if one.closed_on else "on no day that is known"))
    rows = join(*(join(el("dt", name), el("dd", said)) for name, said in facts))
    title = f"To {one.treatment}" if standing.open else "Closed"
    body = el("div", el("dl", rows), cls="counted")
    return el("section", el("h2", title), body, cls="card section flush")


def _acceptance(page: Shown) -> Part:
    one = page.standing.risk
    state = page.standing.acceptance
    if state == "none":
        return "none, and none is asked for"
    key, word = ACCEPTANCE[state] if page.standing.open else ("no_target", "accepted until")
    until = f" {wording.day(one.accepted_until)}" if one.accepted_until and state != "unsigned" else ""
    return join(tiles.verdict(key, f"{word}{until}"), f" by {one.accepted_by}" if one.accepted_by else None)


def _review(page: Shown) -> Part:
    on = page.standing.risk.review_on
    if not page.standing.open:
        return "none: it is closed"
    if on is None:
        return tiles.verdict("missed", "no day is set")
    if page.standing.review_overdue:
        return join(tiles.verdict("missed", "overdue"), f" since {wording.day(on)}")
    return f"due {wording.day(on)}"


def _acting(page: Shown) -> Part:
    working = page.standing.working
    if not page.standing.actions:
        return "none is known"
    late = sum(one.state == "overdue" for one in working)
    said = f"{len(working):,} of {len(page.standing.actions):,} not done"
    return join(tiles.verdict("missed", f"{late:,} overdue"), f", {said}") if late else said


def money(page: Shown) -> Markup:
    """What it costs: how often, each time, and in an average year."""
    one, currency = page.standing.risk, page.policy.currency
    loss = page.standing.loss
    if loss is None:
        said = (
            "Nobody has stated how often it happens and what it costs each time, as 90 % ranges (events_per_year_low "
        )
        said += "and _high, loss_low and _high), or a range begins at nothing."
        return el("section", el("h2", "Not stated in money"), el("p", said, cls="muted"), cls="card section")
    share = ""
    if page.standing.open and page.whole:
        share = f", {wording.value(loss / page.whole, 'share')} of what all open risks cost"
    figures = (
        ("Events a year, 90 % range", span(one.events_per_year_low, one.events_per_year_high, "ratio", currency)),
        ("on average", wording.value(events(one), "ratio")),
        ("Each costs, 90 % range", span(one.loss_low, one.loss_high, "money", currency)),
        ("on average", wording.value(each(one), "money", currency=currency)),
        ("An average year", wording.value(loss, "money", currency=currency)),
        ("as rarely or as often as stated", span(*(expected_range(one) or (loss, loss)), "money", currency)),
        *bad(one, currency),
    )
    return el(
        "section",
        el("h2", f"{wording.value(loss, 'money', currency=currency)} in an average year{share}"),
        el(
            "p",
            "Means of the stated ranges, in closed form; bad years as simulated, ± what that leaves open",
            cls="sub",
        ),
        el("dl", *(el("div", el("dt", name), el("dd", said)) for name, said in figures), cls="across"),
        cls="card section",
    )


def homes(page: Shown, asked: Asked) -> Markup:
    """The services it names: how they keep their promises, what hit them, when recovery was tested."""
    if not page.homes:
        said = "It names no service: it counts for the company alone, and nothing can be told of incidents or tests."
        return el("section", el("h2", "Services"), el("p", said, cls="muted"), cls="card section")
    heads = ("Service", "Tier", "SLOs met", "Budget left", "Incidents", "Last recovery test")
    rows = [_home(one) for one in page.homes]
    more = len(page.standing.risk.services) - len(page.homes)
    table = el(
        "table",
        el("thead", el("tr", *(el("th", name, scope="col") for name in heads))),
        el("tbody", join(*rows)),
        cls="rows tight",
    )
    return el(
        "section",
        el("h2", f"{len(page.standing.risk.services):,} service{'s' if more or len(page.homes) > 1 else ''} at stake"),
        el("p", f"SLOs in {asked.words}; incidents of the last twelve months", cls="sub"),
        el("div", table, cls="scroll", tabindex="0"),
        el("p", f"and {more:,} more", cls="muted small") if more > 0 else None,
        cls="card section",
    )


def _home(one: Home) -> Markup:
    if one.service is None:
        return el("tr", el("td", one.name), el("td", "not in the catalogue", colspan=5, cls="muted"))
    met, left = (one.numbers.get(key) for key in ("slos_met", "error_budget_remaining"))
    severe = f", {one.severe:,} severe" if one.severe else ""
    name = button(one.service.name, act={"do": "open", "place": "service", "service": one.name})
    return el(
        "tr",
        el("td", name if met is not None and met.n else one.service.name),
        el("td", str(one.service.tier)),
        el("td", _kept(met)),
        el("td", _kept(left)),
        el("td", f"{one.incidents:,}{severe}"),
        el("td", *_tested(one.tested)),
    )


def _kept(number: Number | None) -> Markup | str:
    if number is None or number.value is None or number.denominator is None:
        return el("span", wording.NO_DATA, cls="muted")
    part, whole = round(number.numerator or 0), round(number.denominator)
    return tiles.verdict("met" if part == whole else "missed", f"{part:,} of {whole:,}")


def _tested(test: DrTest | None) -> Sequence[Part]:
    if test is None or test.executed_at is None:
        return (el("span", "never, as far as is known", cls="muted"),)
    said = tiles.verdict(*_RESULT[test.result]) if test.result in _RESULT else "no result yet"
    return (said, f" {wording.day(test.executed_at.date())}")


def incidents(page: Shown, asked: Asked) -> Act | None:
    """What its services have been through. A click opens the incident."""
    held = page.facts.services
    rows = [
        {
            "title": one.title,
            "severity": one.severity,
            "detected": one.detected_at,
            "services": ", ".join(held[name].name if name in held else name for name in one.services),
            "cause": one.cause,
            URL: one.url,
            ACT: opens_incident(one),
        }
        for one in page.incidents
    ]
    columns = [
        Column("title", "Incident", wide=True),
        Column("severity", "Severity", lambda level: severity(level, page.policy.severities)),
        Column("detected", "Detected", lambda at: wording.instant(at, asked.zone)),
        Column("services", "Services", wide=True),
        Column("cause", "Cause"),
    ]
    return tables.table("risk_incidents", columns, rows, file=f"incidents-{page.standing.risk.risk}", page_rows=10)


def tests(page: Shown) -> Act | None:
    """Whether its services would come back."""
    rows = [
        {
            "name": one.name,
            "kind": one.kind.replace("_", " "),
            "planned": one.planned_on,
            "executed": one.executed_at.date() if executed(one) and one.executed_at else None,
            "result": one.result if executed(one) else None,
            URL: one.evidence_url,
        }
        for one in page.tests
    ]
    columns = [
        Column("name", "Test", wide=True),
        Column("kind", "Kind"),
        Column("planned", "Planned", lambda on: wording.day(on)),
        Column("executed", "Done", lambda on: wording.day(on) if on else "not yet"),
        Column("result", "Result", lambda said: tiles.verdict(*_RESULT[said]) if said in _RESULT else ""),
    ]
    return tables.table("risk_tests", columns, rows, page_rows=10)


def actions(page: Shown) -> Act | None:
    """What is done about it."""
    rows: list[dict[str, Any]] = [
        {
            "title": one.action.title,
            "state": one.state,
            "owner": one.action.owner,
            "due": one.due_on,
            "closed": one.action.closed_at.date() if one.action.closed_at else None,
            "outcome": one.action.outcome,
            URL: one.action.url,
        }
        for one in page.standing.actions
    ]
    columns = [
        Column("title", "Action", wide=True),
        Column("state", "State", lambda said: tiles.verdict(*ACTION[said])),
        Column("owner", "Owner", lambda owner: owner or "nobody"),
        Column("due", "Due", lambda on: wording.day(on) if on else "no date"),
        Column("closed", "Closed", lambda on: wording.day(on) if on else ""),
        Column("outcome", "Did it work?", lambda said: said or ""),
    ]
    return tables.table("risk_actions", columns, rows, sort="due", page_rows=10)
