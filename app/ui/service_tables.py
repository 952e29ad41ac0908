"""The tables of a service's page: its incidents, its open actions, its readings; and the list of all services."""

from typing import Any

from app.charts import wording
from app.metrics.facts import Incident
from app.metrics.incidents import end, minutes
from app.metrics.periods import local_day
from app.metrics.service import Standing
from app.ui import tables, tiles
from app.ui.chains import opens
from app.ui.choices import Asked
from app.ui.incidents_parts import ACTION, severity
from app.ui.markup import Markup, el, join
from app.ui.service import Shown
from app.ui.service_cards import origin
from app.ui.service_list import All
from app.ui.tables import ACT, URL, Act, Column


def incidents_table(page: Shown, asked: Asked) -> Act | None:
    """Its incidents, the latest first; impact and cost are those on this service. A click opens one."""

    def row(one: Incident) -> dict[str, Any]:
        toll, stop = page.tolls[one.source, one.incident], end(one)
        again = "again" if (one.source, one.incident) in page.repeated else ""
        return {
            "title": one.title,
            "severity": one.severity,
            "detected": one.detected_at,
            "restore": minutes(one.detected_at, stop) if stop is not None and stop >= one.detected_at else None,
            "impact": toll.minutes,
            "cost": toll.cost,
            "cause": ", ".join(part for part in (one.cause, again) if part) or None,
            URL: one.url,
            ACT: opens(one),
        }

    columns = [
        Column("title", "Incident", wide=True),
        Column("severity", "Severity", lambda level: severity(level, page.policy.severities)),
        Column("detected", "Detected", lambda at: wording.instant(at, asked.zone)),
        Column("restore", "Restored in", lambda m: "open" if m is None else wording.duration(m), number=True),
        Column("impact", "Impact here", lambda m: "" if m is None else wording.duration(m), number=True),
        Column(
            "cost",
            "Cost",
            lambda c: "" if c is None else wording.value(c, "money", currency=page.policy.currency),
            number=True,
        ),
        Column("cause", "Cause"),
    ]
    rows = [row(one) for one in page.found]
    kept = [c for c in columns if c.key not in ("impact", "cost") or any(one[c.key] is not None for one in rows)]
    return tables.table(
        "service_incidents",
        kept,
        rows,
        sort="detected",
        down=True,
        file=f"incidents-{page.service.service}",
        page_rows=8,
    )


def actions_table(page: Shown, asked: Asked) -> Act | None:
    """What was promised after its incidents, risks and DR tests and is not done, the longest due first."""
    by_id = {one.incident: one for one in page.facts.incidents}
    today = local_day(asked.as_of, asked.zone)
    rows: list[dict[str, Any]] = [
        {
            "title": one.action.title,
            "state": one.state,
            "owner": one.action.owner,
            "priority": one.action.priority,
            "due": one.due_on,
            "overdue": (today - one.due_on).days if one.state == "overdue" and one.due_on else None,
            "from": origin(one),
            URL: one.action.url,
            ACT: opens(by_id[one.action.origin_id])
            if one.action.origin == "incident" and one.action.origin_id in by_id
            else None,
        }
        for one in page.waiting
    ]
    columns = [
        Column("title", "Action", wide=True),
        Column("state", "State", lambda said: tiles.verdict(*ACTION[said])),
        Column("owner", "Owner", lambda owner: owner or "nobody"),
        Column("priority", "Priority", number=True),
        Column("due", "Due", lambda on: wording.day(on) if on else "no date"),
        Column("overdue", "Days over", lambda days: "" if days is None else f"{days:,}", number=True),
        Column("from", "From"),
    ]
    return tables.table(
        "service_actions", columns, rows, sort="due", file=f"actions-{page.service.service}", page_rows=8
    )


def services_table(page: All, asked: Asked) -> Act | None:
    """Every service in scope, the worst first. A click opens it."""

    def row(place: int, one: Standing) -> dict[str, Any]:
        return {
            "place": place,
            "name": one.service.name,
            "tier": one.service.tier,
            "team": page.team(one.service),
            "product": one.service.product,
            "spent": one.spent,
            "met": None if not one.measured else (one.met or 0) / one.measured,
            "slos": _slos(one),
            "impact": one.impact,
            "severe": one.severe,
            ACT: {"do": "open", "place": "service", "service": one.service.service},
        }

    rows = [row(at, one) for at, one in enumerate(page.standings)]
    columns = [
        Column("name", "Service", wide=True),
        Column("tier", "Tier", number=True),
        Column("team", "Team"),
        Column("product", "Product"),
        Column("slos", "SLOs met", lambda said: said or el("span", wording.NO_DATA, cls="muted"), number=True),
        Column("spent", "Budgets spent", _spent, number=True),
        Column(
            "impact",
            "Customer impact",
            lambda m: el("span", wording.NO_DATA, cls="muted") if m is None else wording.duration(m),
            number=True,
        ),
        Column(
            "severe",
            "Severe incidents",
            lambda n: el("span", wording.NO_DATA, cls="muted") if n is None else f"{n:,}",
            number=True,
        ),
    ]
    return tables.table("services", columns, rows, sort="place", file="services")


def _slos(one: Standing) -> str | None:
    return None if not one.measured else f"{one.met} of {one.measured}"


def _spent(count: int | None) -> Markup | str:
    if count is None:
        return el("span", wording.NO_DATA, cls="muted")
    return join(tiles.verdict("missed", f"{count:,}")) if count else "0"
