"""Incidents and what they did to customers: how many in which month, whose, why, how long."""

from itertools import product
from typing import Any

import numpy as np

from app.demo.case import Case, hit
from app.demo.change import Ships
from app.demo.organisation import FROZEN, RETIRED, mail
from app.demo.stage import Stage
from app.demo.story import Told, told
from app.demo.timeline import BAD_QUARTER, DAY, HOUR, MINUTE, Floats, chance, instant, micros, mood

MAJORS = (2, 1, 3, 2, 2, 1, 3, 2, 1, 2, 4, 2, 1, 2, 3, 2, 9, 11, 8, 4, 2, 1, 2, 1, 1)
"""Severity 1 and 2 incidents a month, oldest first; the story's own come on top in the last two months."""
CAUSES = ("configuration", "capacity", "dependency", "database", "network", "third party", "certificate", "hardware")
_CAUSE_WEIGHTS = (0.22, 0.2, 0.17, 0.14, 0.08, 0.09, 0.05, 0.05)
_RESTORE = {1: 38.0, 2: 48.0, 3: 55.0, 4: 70.0, 5: 85.0}
"""Median minutes from detection to mitigation, in calm times."""
_TITLES = {
    "deployment": ("{}: errors after a release", "{}: slow since a release", "{}: errors after a roll-out"),
    "configuration": ("{}: wrong time-out in production", "{}: valid requests rejected after a settings change"),
    "capacity": ("{}: out of connections", "{}: queue grows faster than it drains", "{}: short of memory at peak"),
    "dependency": ("{}: a service behind it answers slowly", "{}: stale answers served"),
    "database": ("{}: database failover took too long", "{}: long-running query blocks writes"),
    "network": ("{}: packet loss between zones", "{}: load balancer drops connections"),
    "third party": ("{}: a supplier's API is down", "{}: a supplier answers slowly"),
    "certificate": ("{}: certificate expired",),
    "hardware": ("{}: node lost, slow to recover",),
    "": ("{}: errors without a known reason", "{}: short burst of time-outs"),
}  # fmt: skip


def cases(stage: Stage, shipped: Ships) -> list[Case]:
    """All incidents, oldest first, with their impacts."""
    rng = chance("incidents")
    found = [_told(stage, shipped, rng, story) for story in told(stage)]
    odds = {key: _odds(stage, *key) for key in product((False, True), repeat=3)}
    for offset in range(stage.month[0], 1):
        first, last = np.flatnonzero(stage.month == offset)[[0, -1]]
        part = (last - first + 1) / 30.4
        major, minor = _how_many(stage, rng, offset, slice(first, last + 1), min(part, 1))
        for n in range(major + minor):
            whose = odds[n < major, offset in BAD_QUARTER, last >= stage.days - 36]
            found.append(_drawn(stage, shipped, rng, whose, offset, int(first), int(last), n < major))
        for kind in ("maintenance", "test"):
            if rng.random() < (0.75 if kind == "maintenance" else 0.4) and part > 0.5:
                found.append(_planned(stage, rng, int(first), int(last), kind))
    found.sort(key=lambda case: (case.detected, case.service))
    for n, case in enumerate(found):
        case.row["incident"] = f"INC-{1001 + n}"
        case.row["url"] = f"https://incidents.example.com/INC-{1001 + n}"
        for impact in case.impacts:
            impact["incident"] = case.id
    _chain(found, rng)
    return found


def _how_many(stage: Stage, rng: np.random.Generator, offset: int, days: slice, part: float) -> tuple[int, int]:
    """The major and the other incidents of a month: at home as the story tells; with other countries, by chance and
    with the season."""
    if stage.plan.countries:
        usual = part * stage.company.size * stage.season[days].mean() / stage.season.mean()
        major = rng.poisson(mood(offset, 2.0, 5.5, 1.5) * usual)
        return int(major), int(rng.poisson(mood(offset, 10.5, 14, 9.5) * stage.plan.minor * usual))
    major = MAJORS[len(MAJORS) - 1 + offset] if -offset < len(MAJORS) else 2
    minor = int(rng.poisson(mood(offset, 10.5, 14, 9.5) * part))
    return major if offset < 0 else int(major * part), minor


def _drawn(
    stage: Stage,
    shipped: Ships,
    rng: np.random.Generator,
    odds: Floats,
    offset: int,
    first: int,
    last: int,
    major: bool,
) -> Case:
    """One incident of a month, on a service that suits its severity."""
    severity = (1 if rng.random() < 0.3 else 2) if major else int(rng.choice([3, 4, 5], p=[0.42, 0.4, 0.18]))
    service = stage.company.names[int(rng.choice(len(odds), p=odds))]
    by_release = rng.random() < mood(offset, 0.36, 0.5, 0.3)
    cause: str | None = "deployment"
    caused_by, started = None, 0
    if by_release:
        until = min(stage.start + (last + 1) * DAY, stage.end - 8 * HOUR)
        mine = shipped.between(stage.company.place[service], stage.start + first * DAY, until)
        by_release = len(mine) > 0
        if by_release:
            index = int(rng.choice(mine))
            started = int(shipped.at[index] + rng.uniform(2, 40) * MINUTE)
            caused_by = shipped.id(index) if rng.random() < 0.85 else None
            if rng.random() < 0.6:
                shipped.status[index] = 2
    if not by_release:
        day = int(rng.choice(np.arange(first, last + 1), p=_busy(stage, first, last)))
        started = int(stage.start + day * DAY + np.clip(rng.normal(14, 5.5), 0, 23.6) * HOUR)
        cause = None if rng.random() < 0.07 else str(rng.choice(CAUSES, p=_CAUSE_WEIGHTS))
    delay = float(np.exp(rng.normal(np.log(mood(offset, 6, 9, 4.5)), 0.85)))
    restore = float(np.exp(rng.normal(np.log(_RESTORE[severity] * mood(offset, 1, 1.55, 0.82)), 0.6)))
    case = _case(stage, rng, severity, service, cause, started, delay, restore)
    case.row["caused_by"] = caused_by
    if rng.random() < {1: 1, 2: 0.95, 3: 0.5, 4: 0.1, 5: 0}[severity]:
        own = stage.company.by_name[service]
        quiet = started > stage.ago(36) and own.tier == 0 and not own.market
        hit(rng, case, quiet)
    elif severity > 3 and rng.random() < 0.05:
        case.row["customer_impact"] = None
    return case


def _odds(stage: Stage, major: bool, bad: bool, recent: bool) -> Floats:
    """How likely an incident is whose: of late, no major one of a top service at home."""
    services = stage.company.services
    weights = np.array((4, 3, 1.2, 0.15) if major else (1.2, 1.4, 1.2, 0.9))[stage.company.tiers]
    weights *= [{"search": 1.5, "data": 0.7}.get(s.team, 1.0) * (s.service != RETIRED) for s in services]
    weights *= stage.company.temper
    if bad:
        weights *= [
            2.2 if s.service in (FROZEN, "payments-api", "cart", "orders", "api-gateway") else 1 for s in services
        ]
    if recent:
        weights *= [0.0 if (s.tier == 0 and major and not s.market) or s.service == FROZEN else 1.0 for s in services]
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _busy(stage: Stage, first: int, last: int) -> Any:
    weights = (
        stage.season[first : last + 1] * np.array([1.2, 1.2, 1.15, 1.2, 1.1, 0.8, 0.8])[stage.weekday[first : last + 1]]
    )
    return weights / weights.sum()


def _case(
    stage: Stage,
    rng: np.random.Generator,
    severity: int,
    service: str,
    cause: str | None,
    started: int,
    delay: float,
    restore: float,
) -> Case:
    """The bare facts, cut off at the end of yesterday: what had not happened by then is blank."""
    if service == RETIRED:
        started = min(started, micros(stage.retired_on) - 3 * DAY)
    started = min(started, stage.end - int((delay + 2) * MINUTE)) // 1_000_000 * 1_000_000
    detected = started + int(delay * 60) * 1_000_000
    mitigated = detected + int(restore * 60) * 1_000_000
    resolved = mitigated + int(np.exp(rng.normal(np.log(55), 0.9)) * 60) * 1_000_000
    known = [at if at < stage.end else None for at in (mitigated, resolved)]
    name = stage.company.by_name[service].name
    people = stage.company.crew_of(service).people
    wide = rng.random() < (0.35 if severity < 3 else 0.1)
    also = stage.company.beside(service) if wide else []
    services = [service, *[s for s in also if s not in (service, RETIRED)][:1]]
    odd, acknowledged = rng.random(), detected + int(rng.gamma(2, 1.6) * MINUTE)
    row: dict[str, Any] = {
        "title": str(rng.choice(_TITLES[cause or ""])).format(name),
        "severity": severity,
        "started_at": None if odd < 0.04 else instant(detected + 2 * MINUTE) if odd > 0.988 else instant(started),
        "detected_at": instant(detected),
        "acknowledged_at": instant(acknowledged) if acknowledged < stage.end else None,
        "mitigated_at": instant(known[0]) if known[0] and rng.random() > 0.08 else None,
        "resolved_at": instant(known[1]) if known[1] else None,
        "services": services,
        "cause": cause,
        "kind": "incident",
        "customer_impact": False,
        "commander": mail(str(rng.choice(people))) if severity < 4 or rng.random() < 0.6 else None,
    }
    if row["mitigated_at"] and row["started_at"] and row["mitigated_at"] < row["started_at"]:
        row["started_at"] = row["detected_at"]
    return Case(row, started, detected, known[0], known[1], service)


def _planned(stage: Stage, rng: np.random.Generator, first: int, last: int, kind: str) -> Case:
    """Planned work or an exercise that was run as an incident: never counts."""
    service = stage.company.services[int(rng.integers(len(stage.company.services) - 1))].service
    started = int(stage.start + int(rng.integers(first, last + 1)) * DAY + rng.uniform(1, 5) * HOUR)
    case = _case(stage, rng, 4, service, None, started, 0.5, float(rng.uniform(40, 120)))
    name = stage.company.by_name[service].name
    case.row |= {
        "kind": kind,
        "title": f"{name}: planned database upgrade" if kind == "maintenance" else f"{name}: fire drill",
    }
    return case


def _told(stage: Stage, shipped: Ships, rng: np.random.Generator, story: Told) -> Case:
    """An incident that the story needs, with its own times."""
    started = story.at
    case = _case(stage, rng, story.severity, story.service, story.cause, started, story.detect, story.restore)
    case.row |= {"title": story.title, "started_at": instant(case.started), "services": [story.service, *story.also]}
    case.row["commander"] = mail(stage.company.people_of(story.service)[0])
    case.row["mitigated_at"] = instant(case.mitigated) if case.mitigated and not story.running else None
    if story.open:
        case.resolved, case.row["resolved_at"] = None, None
    if story.running:
        case.mitigated = None
    if story.share:
        hit(rng, case, share=story.share, outage=story.outage, sure=True)
    if story.by_release:
        index = stage.company.place[story.service]
        mine = np.flatnonzero((shipped.service == index) & (shipped.at < case.started) & (shipped.status != 1))
        if len(mine) and case.started - shipped.at[mine[-1]] < 5 * DAY:
            case.row["caused_by"] = shipped.id(int(mine[-1]))
    case.row["chain"] = story.chain or ""
    return case


def _chain(found: list[Case], rng: np.random.Generator) -> None:
    """Names what came back: the story's chains, and now and then an older incident of the same service."""
    heads: dict[str, str] = {}
    latest: dict[str, Case] = {}
    for case in found:
        chain = case.row.pop("chain", None)
        if not case.real:
            continue
        if chain and chain in heads:
            case.row["repeat_of"] = heads[chain]
        elif chain is None and case.service in latest and rng.random() < 0.085:
            before = latest[case.service].row
            case.row |= {"repeat_of": before["incident"], "cause": before["cause"]}
            case.row["title"] = before["title"].removesuffix(", again") + ", again"
            if before["cause"] != "deployment":
                case.row["caused_by"] = None
        if chain:
            heads[chain] = case.id
        latest[case.service] = case
