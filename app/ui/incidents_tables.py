"""The tables of the Incidents page: the open actions, and every incident of the period."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.charts import wording
from app.metrics.facts import Incident
from app.metrics.incidents import end, minutes
from app.ui import tables, tiles
from app.ui.choices import Asked
from app.ui.incidents import Shown, Told, overdue_since, told
from app.ui.incidents_parts import ACTION, POSTMORTEM, opens, severity
from app.ui.tables import ACT, URL, Act, Column, Found, Slice, in_order


def actions_table(page: Shown, asked: Asked) -> Act | None:
    """The open actions of incidents: the longest overdue first. A click opens the incident."""
    by_id = page.origins
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

    def row(one: Incident, beside: Told) -> dict[str, Any]:
        stop = end(one)
        return {
            "title": one.title,
            "severity": one.severity,
            "detected": one.detected_at,
            "services": ", ".join(names.get(name, name) for name in one.services),
            "restore": _restored(one),
            "open": stop is None,
            "impact": beside.toll.minutes,
            "cost": beside.toll.cost,
            "cause": _cause(one, page),
            "postmortem": beside.review.state if beside.review else None,
            "id": one.incident,
            URL: one.url,
            ACT: opens(one),
        }

    def rows(some: Sequence[Incident]) -> list[dict[str, Any]]:
        beside = told(some, asked)
        return [row(one, beside[one.source, one.incident]) for one in some]

    def fetch(part: Slice) -> Found:
        """What hangs on an incident is read for the rows shown alone, unless they are sorted by it."""
        some = [one for one in page.found if part.search in _said(one, names, page)] if part.search else page.found
        stop = None if part.limit is None else part.offset + part.limit
        value = _VALUES.get(part.by or "")
        if value is None and part.by is not None:
            return Found(in_order(rows(some), part.by, part.down)[part.offset : stop], len(some))
        if value is not None:
            known = sorted((one for one in some if value(one) is not None), key=value, reverse=part.down)
            some = [*known, *(one for one in some if value(one) is None)]
        return Found(rows(some[part.offset : stop]), len(some))

    def when(at: datetime) -> str:
        return wording.instant(at, asked.zone)

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
    idle = {
        "impact": page.numbers["customer_impact_minutes"].now.value is None,
        "cost": not page.priced,
        "cause": not any(_cause(one, page) for one in page.found),
        "postmortem": not page.written,
    }
    kept = [column for column in columns if not idle.get(column.key)]
    return tables.paged(
        "incidents",
        kept,
        fetch,
        sort="detected",
        down=True,
        file=f"incidents-{asked.period.key.replace('..', '-to-')}",
        search=len(page.found) > 5,
    )


_VALUES: Mapping[str, Callable[[Incident], Any]] = {
    "title": lambda one: one.title.casefold(),
    "severity": lambda one: one.severity,
    "detected": lambda one: one.detected_at,
    "restore": lambda one: _restored(one),
    "cause": lambda one: one.cause,
}


def _restored(one: Incident) -> float | None:
    stop = end(one)
    return minutes(one.detected_at, stop) if stop is not None and stop >= one.detected_at else None


def _said(one: Incident, names: Mapping[str, str], page: Shown) -> str:
    """What a search looks through."""
    services = " ".join(names.get(name, name) for name in one.services)
    level = severity(one.severity, page.policy.severities)
    return f"{one.title} {one.incident} {level} {services} {_cause(one, page) or ''}".casefold()


def _cause(one: Incident, page: Shown) -> str | None:
    """Its cause, and whether it had happened before."""
    again = "again" if (one.source, one.incident) in page.repeated else ""
    return ", ".join(part for part in (one.cause or "", again) if part) or None


def _short(text: str) -> str:
    names = text.split(", ")
    return text if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"
