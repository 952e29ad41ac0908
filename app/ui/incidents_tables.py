"""The tables of the Incidents page: the open actions, and every incident of the period."""

from datetime import datetime
from typing import Any

from app.charts import wording
from app.metrics.facts import Incident
from app.metrics.incidents import end, minutes
from app.ui import tables, tiles
from app.ui.choices import Asked
from app.ui.incidents import Shown, overdue_since
from app.ui.incidents_parts import ACTION, POSTMORTEM, opens, severity
from app.ui.tables import ACT, URL, Act, Column


def actions_table(page: Shown, asked: Asked) -> Act | None:
    """The open actions of incidents: the longest overdue first. A click opens the incident."""
    by_id = {one.incident: one for one in page.facts.incidents}
    rows = [
        {
            "title": one.action.title,
            "state": one.state,
            "owner": one.action.owner,
            "priority": one.action.priority,
            "due": one.due_on,
            "overdue": overdue_since(one, asked),
            "days": one.days,
            "incident": one.action.origin_id,
            URL: one.action.url,
            ACT: opens(by_id[one.action.origin_id]) if one.action.origin_id in by_id else None,
        }
        for one in page.actions
        if one.state in ("open", "overdue")
    ]
    columns = [
        Column("title", "Action", wide=True),
        Column("state", "State", lambda said: tiles.verdict(*ACTION[said])),
        Column("owner", "Owner", lambda owner: owner or "nobody"),
        Column("priority", "Priority", number=True),
        Column("due", "Due", lambda on: wording.day(on) if on else "no date"),
        Column("overdue", "Days over", lambda days: "" if days is None else f"{days:,}", number=True),
        Column("days", "Age, days", lambda days: f"{days:,}", number=True),
        Column("incident", "From"),
    ]
    return tables.table("actions", columns, rows, sort="overdue", down=True, file="open-actions", page_rows=8)


def listing_sub(page: Shown, asked: Asked) -> str:
    """How many incidents the list holds."""
    count = len(page.found)
    return f"{count:,} detected in {asked.words}" if count else f"None is known of {asked.words}"


def listing(page: Shown, asked: Asked) -> Act | None:
    """Every incident of the period: when, how bad, how long, what it cost. A click opens it."""
    names = {service.service: service.name for service in page.facts.services.values()}
    reviews = {(one.incident.source, one.incident.incident): one.state for one in page.reviews}

    def row(one: Incident) -> dict[str, Any]:
        toll, stop = page.tolls[one.source, one.incident], end(one)
        return {
            "title": one.title,
            "severity": one.severity,
            "detected": one.detected_at,
            "services": ", ".join(names.get(name, name) for name in one.services),
            "restore": minutes(one.detected_at, stop) if stop is not None and stop >= one.detected_at else None,
            "open": stop is None,
            "impact": toll.minutes,
            "cost": toll.cost,
            "cause": _cause(one, page),
            "postmortem": reviews.get((one.source, one.incident)),
            "id": one.incident,
            URL: one.url,
            ACT: opens(one),
        }

    def when(at: datetime) -> str:
        return wording.instant(at, asked.zone)

    rows = [row(one) for one in page.found]
    columns = [
        Column("title", "Incident", wide=True),
        Column("severity", "Severity", lambda level: severity(level, page.policy.severities)),
        Column("detected", "Detected", when),
        Column("services", "Services", _short, wide=True),
        Column("restore", "Restored in", lambda m: "open" if m is None else wording.duration(m), number=True),
        Column("impact", "Impact", lambda m: "" if m is None else wording.duration(m), number=True),
        Column(
            "cost",
            "Cost",
            lambda c: "" if c is None else wording.value(c, "money", currency=page.policy.currency),
            number=True,
        ),
        Column("cause", "Cause"),
        Column("postmortem", "Postmortem", lambda said: tiles.verdict(*POSTMORTEM[said]) if said else ""),
    ]
    kept = [
        column for column in columns if column.key in _ALWAYS or any(one.get(column.key) is not None for one in rows)
    ]
    return tables.table(
        "incidents", kept, rows, sort="detected", down=True, file=f"incidents-{asked.period.key.replace('..', '-to-')}"
    )


_ALWAYS = ("title", "severity", "detected", "services", "restore")


def _cause(one: Incident, page: Shown) -> str | None:
    """Its cause, and whether it had happened before."""
    again = "again" if (one.source, one.incident) in page.repeated else ""
    return ", ".join(part for part in (one.cause or "", again) if part) or None


def _short(text: str) -> str:
    names = text.split(", ")
    return text if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"
