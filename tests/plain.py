"""Facts from fact files in plain Python, sums folded row by row: slow, short, and independent of the store."""

import csv
import types
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from app.metrics import facts as light
from app.metrics import oncall
from app.metrics.budgets import LOOKBACKS
from app.metrics.facts import Count, DeploymentSum, Facts, Linked, PageSum, SliSum, SliWindow, Span
from app.metrics.grouping import Places, known
from app.metrics.incidents import minutes
from app.metrics.numbers import Ask
from app.metrics.periods import midnight
from app.metrics.slos import excluded_share, revisions_of
from app.policy import Policy, default

TYPES = {
    "teams": light.Team,
    "services": light.Service,
    "slos": light.Slo,
    "exclusions": light.Exclusion,
    "incidents": light.Incident,
    "impacts": light.Impact,
    "postmortems": light.Postmortem,
    "actions": light.Action,
    "shifts": light.Shift,
    "dr_tests": light.DrTest,
    "risks": light.Risk,
    "readings": light.Reading,
    "sli": light.Sli,
    "pages": light.Page,
    "deployments": light.Deployment,
}
AT = {
    "incidents": "detected_at",
    "impacts": "start",
    "pages": "triggered_at",
    "deployments": "deployed_at",
    "sli": "start",
}


def _cell(text: str | None, annotation: Any) -> Any:
    kinds = get_args(annotation) if get_origin(annotation) in (types.UnionType, Union) else (annotation,)
    if not text:
        return () if any(get_origin(kind) is tuple for kind in kinds) else None
    for kind in kinds:
        if kind is datetime:
            at = datetime.fromisoformat(text)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        if kind is date:
            return date.fromisoformat(text)
        if kind is bool:
            return text == "true"
        if kind in (int, float):
            return kind(text)
        if get_origin(kind) is tuple:
            return tuple(name.strip() for name in text.split(";"))
    return text


def record(entity: str, row: Mapping[str, str], source: str = "file") -> Any:
    """One fact from one row of text."""
    kind = TYPES[entity]
    values = {f: _cell(row.get(f), kind.__annotations__[f]) for f in kind._fields if f != "source"}
    if entity == "incidents":
        values["kind"] = values["kind"] or "incident"
    if "source" in kind._fields:
        values["source"] = row.get("source") or source
    return kind(**values)


def read(folder: Path) -> dict[str, list[Any]]:
    """Every fact file of a folder."""
    found: dict[str, list[Any]] = {}
    for entity in TYPES:
        path = folder / f"{entity}.csv"
        if path.exists():
            with path.open(encoding="utf-8-sig", newline="") as lines:
                found[entity] = [record(entity, row) for row in csv.DictReader(lines)]
    return found


def facts(found: Mapping[str, Iterable[Any]], ask: Ask, policy: Policy | None = None) -> Facts:
    """All of it as `Facts`, raw and summed for the periods of a question (as known at its as-of)."""
    lists = {entity: tuple(found.get(entity, ())) for entity in TYPES}
    watched = {
        entity: (Span(min(ats), max(ats)),)
        for entity, at in AT.items()
        if (ats := [getattr(f, at) for f in lists[entity]])
    }
    days = [midnight(r.identified_on, "UTC") for r in lists["risks"] if r.identified_on]
    if days:
        watched["risks"] = (Span(min(days), max(days)),)
    made = Facts(
        policy=policy or default(),
        teams={t.team: t for t in lists.pop("teams")},
        services={s.service: s for s in lists.pop("services")},
        watched=watched,
        **lists,
    )
    made = replace(made, linked=tuple(_linked(made)))
    seen = known(made, ask.as_of)
    return replace(
        made,
        sli_sums=tuple(_sli_sums(seen, ask)),
        sli_windows=tuple(_sli_windows(seen, ask)),
        page_sums=tuple(_page_sums(seen, ask)),
        engage_counts=tuple(_engage(seen, ask)),
        deployment_sums=tuple(_deployment_sums(seen, ask)),
        lead_counts=tuple(_lead(seen, ask)),
    )


def _linked(made: Facts) -> Iterable[Linked]:
    by_id = {d.deployment: d for d in made.deployments if d.status != "failed"}
    reach = timedelta(hours=made.policy.attribution_hours)
    for i in made.incidents:
        if i.kind != "incident":
            continue
        if i.caused_by:
            if i.caused_by in by_id:
                yield Linked(by_id[i.caused_by], i.source, i.incident, False)
            continue
        start = i.started_at or i.detected_at
        near = [d for d in by_id.values() if d.service in i.services and start - reach <= d.deployed_at <= start]
        if near:
            yield Linked(max(near, key=lambda d: (d.deployed_at, d.deployment)), i.source, i.incident, True)


def _sli_sums(seen: Facts, ask: Ask) -> Iterable[SliSum]:
    places, revisions = Places(seen, ask), revisions_of(seen)
    rows: defaultdict[tuple[str, str, str], list[tuple[Any, float]]] = defaultdict(list)
    for row in seen.sli:
        slo = revisions.at(row.source, row.slo, ask.as_of)
        period = places.period(row.start)
        if slo and period and not places.retired(slo.service, row.start):
            rows[period, row.source, row.slo].append((row, excluded_share(seen, slo, row)))
    for key, held in rows.items():
        busy = [(r, out) for r, out in held if r.total > 0]
        idle = [r for r, _ in held if r.total == 0]
        yield SliSum(
            *key,
            rows=len(busy),
            idle_rows=len(idle),
            minutes=sum(r.minutes for r, _ in busy),
            idle_minutes=sum(r.minutes for r in idle),
            good=sum(r.good for r, _ in busy),
            total=sum(r.total for r, _ in busy),
            good_minutes=sum(r.minutes * r.good / r.total for r, _ in busy),
            excluded_rows=sum(out >= 1 for _, out in busy),
            excluded_minutes=sum(out * r.minutes for r, out in busy),
            excluded_good=sum(out * r.good for r, out in busy),
            excluded_total=sum(out * r.total for r, out in busy),
            excluded_good_minutes=sum(out * r.minutes * r.good / r.total for r, out in busy),
        )


def _sli_windows(seen: Facts, ask: Ask) -> Iterable[SliWindow]:
    places, revisions = Places(seen, ask), revisions_of(seen)
    by_slo: defaultdict[str, list[Any]] = defaultdict(list)
    for row in sorted(seen.sli, key=lambda row: row.start):
        by_slo[row.slo].append(row)
    starts = {slo: [row.start for row in held] for slo, held in by_slo.items()}
    for period in places.begun:
        moment = places.moment(period)
        for slo_key in revisions:
            slo = revisions.at(*slo_key, moment)
            spans = {name: timedelta(minutes=reach) for name, reach in LOOKBACKS.items()}
            if slo.window.endswith("d"):
                spans[slo.window] = timedelta(days=int(slo.window[:-1]))
            for window, reach in spans.items():
                ordered = starts.get(slo.slo, [])
                held = by_slo[slo.slo][bisect_left(ordered, moment - reach) : bisect_left(ordered, moment)]
                rows = [(r, excluded_share(seen, slo, r)) for r in held]
                if rows:
                    yield SliWindow(
                        period.key,
                        *slo_key,
                        window,
                        len(rows),
                        max(r.minutes for r, _ in rows),
                        sum(r.minutes for r, _ in rows),
                        sum(r.good for r, _ in rows),
                        sum(r.total for r, _ in rows),
                        sum(out * r.minutes for r, out in rows),
                        sum(out * r.good for r, out in rows),
                        sum(out * r.total for r, out in rows),
                    )


def _page_sums(seen: Facts, ask: Ask) -> Iterable[PageSum]:
    places = Places(seen, ask)
    begun = {(p.source, p.page) for p in oncall.interruptions(seen, seen.pages)}
    groups: defaultdict[tuple[str, str, str | None], list[Any]] = defaultdict(list)
    for page in seen.pages:
        period = places.period(page.triggered_at)
        if period and not (page.service and places.retired(page.service, page.triggered_at)):
            groups[period, page.team, page.service].append(page)
    for (period, team, service), pages in groups.items():
        allowed = timedelta(minutes=oncall.engage_minutes(seen, service))
        took = [p.acknowledged_at - p.triggered_at for p in pages if p.acknowledged_at]
        waiting = [p for p in pages if not p.acknowledged_at]
        first = [p for p in pages if (p.source, p.page) in begun]
        yield PageSum(
            period,
            team,
            service,
            pages=len(pages),
            acknowledged=sum(t >= timedelta(0) for t in took),
            negative=sum(t < timedelta(0) for t in took),
            waiting=len(waiting),
            in_time=sum(timedelta(0) <= t <= allowed for t in took),
            due=sum(t >= timedelta(0) for t in took) + sum(p.triggered_at + allowed <= ask.as_of for p in waiting),
            noise=sum(p.actionable is False for p in pages),
            marked=sum(p.actionable is not None for p in pages),
            interruptions=len(first),
            after_hours=sum(oncall.after_hours(seen, p) for p in first),
            asleep=sum(oncall.asleep(seen, p) for p in first),
            without_shift=sum(
                not any(s.responder == p.responder and s.start <= p.triggered_at < s.end for s in seen.shifts)
                for p in first
            ),
        )


def _engage(seen: Facts, ask: Ask) -> Iterable[Count]:
    places, counts = Places(seen, ask), Counter[Any]()
    for p in seen.pages:
        period = places.period(p.triggered_at)
        if (
            period
            and p.acknowledged_at
            and p.acknowledged_at >= p.triggered_at
            and not (p.service and places.retired(p.service, p.triggered_at))
            and places.groups((p.service,), team=p.team)
        ):
            counts[period, p.team, p.service, minutes(p.triggered_at, p.acknowledged_at)] += 1
    return (Count(*key, n) for key, n in counts.items())


def _deployment_sums(seen: Facts, ask: Ask) -> Iterable[DeploymentSum]:
    places = Places(seen, ask)
    groups: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
    for d in seen.deployments:
        period = places.period(d.deployed_at)
        if period and not places.retired(d.service, d.deployed_at):
            groups[period, d.service].append(d)
    for key, every in groups.items():
        live = [d for d in every if d.status != "failed"]
        yield DeploymentSum(
            *key,
            deployments=len(live),
            failed=len(every) - len(live),
            rolled_back=sum(d.status == "rolled_back" for d in live),
            unplanned=sum(d.unplanned is True for d in live),
            unplanned_known=sum(d.unplanned is not None for d in live),
            progressive=sum(d.strategy in ("canary", "blue_green", "feature_flag") for d in live),
            lead_missing=sum(d.committed_at is None for d in live),
            lead_negative=sum(d.committed_at is not None and d.committed_at > d.deployed_at for d in live),
        )


def _lead(seen: Facts, ask: Ask) -> Iterable[Count]:
    places, counts = Places(seen, ask), Counter[Any]()
    for d in seen.deployments:
        period = places.period(d.deployed_at)
        timed = d.status != "failed" and d.committed_at and d.committed_at <= d.deployed_at
        alive = not places.retired(d.service, d.deployed_at)
        if period and timed and alive and places.groups((d.service,)):
            counts[period, None, d.service, minutes(d.committed_at, d.deployed_at)] += 1
    return (Count(*key, n) for key, n in counts.items())
