"""The parts of one incident's page as markup: timeline, impact, what lies behind it, what follows from it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from app.charts import wording
from app.metrics.facts import Deployment, Incident, Service
from app.metrics.incidents import minutes
from app.ui import places, privacy, tables, tiles
from app.ui.incident import Shown
from app.ui.incidents_parts import ACTION, POSTMORTEM, opens
from app.ui.markup import Markup, Part, button, el, join
from app.ui.tables import URL, Act, Column

_MOST = 12
"""Impact windows drawn."""


def head(page: Shown, zone: str) -> Markup:
    """Its title, what there is to say of it first, and where it came from."""
    one = page.incident
    meta: list[Part] = [
        f"{one.incident} · {one.source}",
        f" · led by {privacy.called(one.commander)}" if one.commander else None,
        f" · dates in {zone} ",
    ]
    return el(
        "header",
        el("div", button("← Incidents", act={"do": "open", "place": "incidents"}), cls="small"),
        el("h2", one.title),
        el("p", page.finding),
        el("p", *meta, tables.link(one.url, "Open where it was reported ↗"), cls="meta"),
        cls="lead",
    )


def unknown(said: str | None) -> Markup:
    """The page without an incident: which one was asked for, and where the others are."""
    asked = f"No incident “{said[:80]}” is known here." if said else "No incident is named: open one from the list."
    why = "It may have another id, come from another source, or not have been imported yet." if said else ""
    return el(
        "section",
        el("h2", asked),
        el("p", why, cls="muted") if why else None,
        button("Open the list of incidents", act={"do": "open", "place": "incidents"}, cls="primary"),
        cls="card section",
    )


def timeline(page: Shown, zone: str) -> Markup:
    """What happened when, and how long each step took."""
    known = [(name, at) for name, at in page.steps if at is not None]
    took = {later[0]: minutes(earlier[1], later[1]) for earlier, later in pairwise(known)}
    steps = [_step(name, at, took.get(name), zone) for name, at in page.steps]
    return el("section", el("h2", _timeline_title(page)), el("ol", *steps, cls="timeline"), cls="card section")


def _timeline_title(page: Shown) -> str:
    first, last = page.incident.started_at or page.incident.detected_at, page.incident.resolved_at
    if last is None:
        return "Not resolved yet"
    return f"{wording.duration(minutes(first, last))} from start to resolution" if last >= first else "Timeline"


def _step(name: str, at: datetime | None, took: float | None, zone: str) -> Markup:
    said = wording.instant(at, zone) if at else "not known"
    beside = None
    if took is not None:
        beside = (
            f"after {wording.duration(took)}"
            if took > 0
            else "at once"
            if took == 0
            else f"{wording.duration(-took)} earlier"
        )
    return el(
        "li", el("b", name), el("span", said), el("small", beside) if beside else None, cls=None if at else "unknown"
    )


def hit(page: Shown, zone: str) -> Markup:
    """Which services it hit, when and how long, and what that cost."""
    one, names = page.incident, {service.service: service for service in page.facts.services.values()}
    services = [
        join(_service(names[name]), el("span", f" tier {names[name].tier}", cls="muted small"))
        if name in names
        else join(f"{name} ", el("span", "not in the catalogue", cls="muted small"))
        for name in one.services
    ]
    body: list[Part] = [
        el("ul", *(el("li", service) for service in services), cls="plain")
        if services
        else el("p", "It names no service.", cls="muted")
    ]
    if page.windows:
        body += [_bars(page, zone), el("p", _cost(page), cls="sub")]
    elif one.customer_impact is False:
        body.append(el("p", "Customers were not affected.", cls="muted"))
    else:
        body.append(el("p", "Nothing says whether customers were affected: bring impacts.csv.", cls="muted"))
    if one.customers_affected is not None:
        body.append(el("p", f"{wording.value(one.customers_affected, 'count')} customers affected", cls="sub"))
    title = "Services and customer impact"
    if page.toll.minutes is not None:
        title = f"{wording.duration(page.toll.minutes)} of customer impact on {_services(page)}"
    return el("section", el("h2", title), *body, cls="card section flush")


def _service(service: Service) -> Markup:
    """A service's name, with the way to its page."""
    return button(service.name, act={"do": "open", "place": places.SERVICE.name, "service": service.service})


def _services(page: Shown) -> str:
    count = len({window.service for window in page.windows if window.service})
    return "the company" if not count else f"{count} service{'s' if count != 1 else ''}"


def _cost(page: Shown) -> str:
    if page.toll.cost is not None:
        return (
            f"Cost: {wording.exact(page.toll.cost, 'money', page.policy.currency)}, by each service's cost per minute"
        )
    return "What it cost is not known: none of its services has a downtime cost per minute."


def _bars(page: Shown, zone: str) -> Markup:
    """Each impact window as a bar on the incident's own time."""
    start, stop = min(w.start for w in page.windows), max(w.stop for w in page.windows)
    whole = max((stop - start) / timedelta(minutes=1), 1e-9)
    names = {service.service: service.name for service in page.facts.services.values()}
    rows = []
    for window in page.windows[:_MOST]:
        left, wide = minutes(start, window.start) / whole * 100, minutes(window.start, window.stop) / whole * 100
        who = names.get(window.service or "", window.service or "the company")
        share = f", {wording.value(window.share, 'share')} of customers" if window.share < 1 else ""
        said = f"{wording.duration(minutes(window.start, window.stop))}{share}"
        rows.append(
            el(
                "li",
                el("span", who, cls="who"),
                el(
                    "span",
                    el("i", style=f"left:{left:.2f}%;width:{max(wide, 0.6):.2f}%"),
                    cls="bar",
                    aria_hidden="true",
                ),
                el("span", said, cls="small"),
                title=f"{wording.instant(window.start, zone)} to {wording.instant(window.stop, zone)}",
            )
        )
    more = len(page.windows) - len(rows)
    return join(
        el("ul", *rows, cls="spans"),
        el("p", f"and {more:,} more windows", cls="muted small") if more > 0 else None,
        el("p", f"{wording.instant(start, zone)} to {wording.instant(stop, zone)}", cls="muted small"),
    )


def behind(page: Shown, zone: str) -> Markup:
    """Why it happened, what release it came with, and what it repeats."""
    one = page.incident
    facts: list[tuple[str, Part]] = [
        ("Cause", one.cause or "not known"),
        ("Deployment", _deployment(page, zone)),
        ("Repeats", _repeats(page)),
        ("Pages", _pages(page)),
    ]
    rows = join(*(join(el("dt", name), el("dd", said)) for name, said in facts))
    return el(
        "section", el("h2", _behind_title(page)), el("div", el("dl", rows), cls="counted"), cls="card section flush"
    )


def _behind_title(page: Shown) -> str:
    if page.deployment is not None and not page.deployment.inferred:
        return "A deployment caused it"
    return f"Caused by {page.incident.cause}" if page.incident.cause else "What lies behind it"


def _deployment(page: Shown, zone: str) -> Part:
    link, one = page.deployment, page.incident
    if link is None:
        return (
            f"{one.caused_by}, which is not known here"
            if one.caused_by
            else "none is named, and none came shortly before"
        )
    made: Deployment = link.deployment
    before = minutes(made.deployed_at, one.started_at or one.detected_at)
    when = f"{wording.duration(before)} before it began" if before >= 0 else wording.instant(made.deployed_at, zone)
    how = " named by the incident" if not link.inferred else " the latest before it; nobody said that it was the cause"
    detail = ", ".join(part.replace("_", " ") for part in (made.strategy, made.status) if part)
    return join(f"{made.deployment} of {made.service}, {when} ({detail}):{how} ", tables.link(made.url))


def _repeats(page: Shown) -> Part:
    if not page.chain:
        return "nothing that is known"
    at = page.chain.index(page.incident)
    before = _links(page.chain[:at][-3:])
    after = _links(page.chain[at + 1 :][:3])
    parts: list[Part] = []
    if at:
        said = "somebody linked it to " if page.incident.repeat_of else "same cause on a shared service as "
        parts += [said, before, "; " if after else None]
    if after:
        parts += ["came back as ", after]
    return join(*parts)


def _links(found: Sequence[Incident]) -> Markup | None:
    if not found:
        return None
    buttons = [
        button(f"{one.incident} ({wording.day(one.detected_at.date())})", act=opens(one), title=one.title)
        for one in found
    ]
    return join(*(part for pair in zip(buttons, [", "] * (len(buttons) - 1) + [None], strict=True) for part in pair))


def _pages(page: Shown) -> str:
    """How many people were called and how fast they answered: by team, never by name."""
    if not page.pages:
        return "none is linked to it"
    teams = sorted({one.team for one in page.pages})
    names = [page.facts.teams[team].name or team if team in page.facts.teams else team for team in teams]
    first = page.pages[0]
    said = f"{len(page.pages):,} to {wording.listed(names)}"
    if first.acknowledged_at is not None and first.acknowledged_at >= first.triggered_at:
        said += (
            f"; the first was acknowledged after {wording.duration(minutes(first.triggered_at, first.acknowledged_at))}"
        )
    return said


def postmortem(page: Shown, zone: str) -> Markup:
    """The postmortem against its deadline."""
    found = page.review
    if found is None:
        said = "None is owed."
        if not page.facts.postmortems:
            said = "No postmortem of any incident is known. Bring postmortems.csv, or connect the tool that holds them."
        elif page.incident.kind == "incident":
            said = f"None is owed: only severity 1-{page.policy.major_severity} owes one."
        return el("section", el("h2", "Postmortem"), el("p", said, cls="muted"), cls="card section")
    written = found.postmortem
    facts: list[tuple[str, str | None]] = [
        ("Deadline", wording.instant(found.deadline, zone) if found.deadline else "with its resolution"),
        ("Owner", (written.owner if written else None) or "nobody"),
        ("Drafted", _at(written.drafted_at if written else None, zone)),
        ("Completed", _at(written.completed_at if written else None, zone)),
        ("Reviewed", _at(written.reviewed_at if written else None, zone)),
    ]
    return el(
        "section",
        el("div", el("h2", "Postmortem"), tiles.verdict(*POSTMORTEM[found.state]), cls="titled"),
        el("dl", *(el("div", el("dt", name), el("dd", said)) for name, said in facts), cls="across"),
        tables.link(written.url if written else None, "Read it ↗"),
        cls="card section",
    )


def _at(at: datetime | None, zone: str) -> str:
    return wording.instant(at, zone) if at else "not yet"


def actions(page: Shown) -> Act | None:
    """What was promised afterwards, and whether it was done."""
    rows: list[dict[str, Any]] = [
        {
            "title": one.action.title,
            "state": one.state,
            "owner": one.action.owner,
            "priority": one.action.priority,
            "due": one.due_on,
            "closed": one.action.closed_at.date() if one.action.closed_at else None,
            "outcome": one.action.outcome,
            URL: one.action.url,
        }
        for one in page.actions
    ]
    columns = [
        Column("title", "Action", wide=True),
        Column("state", "State", lambda said: tiles.verdict(*ACTION[said])),
        Column("owner", "Owner", lambda owner: owner or "nobody"),
        Column("priority", "Priority", number=True),
        Column("due", "Due", lambda on: wording.day(on) if on else "no date"),
        Column("closed", "Closed", lambda on: wording.day(on) if on else ""),
        Column("outcome", "Did it work?", lambda said: said or ""),
    ]
    return tables.table("incident_actions", columns, rows, sort="due", file=f"actions-{page.incident.incident}")
