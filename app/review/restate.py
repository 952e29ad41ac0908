"""What has moved since a review was frozen: each number that is another one now, and why.

The numbers of the period are counted anew as of the instant of the freeze. What differs then differs because the facts
do (they came late, were mended or taken away), the policy, the services and SLOs, or the way of counting. A signal is
not compared: it depends on the periods before, whose own restatements say what moved there.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from sqlalchemy import Connection

from app.charts import wording
from app.metrics.catalogue import KPIS
from app.metrics.grouping import known
from app.metrics.numbers import Ask, Group, Number
from app.policy import dump
from app.review.behind import BETWEEN, behind
from app.review.build import catalogue, numbers, period_of
from app.review.snapshot import Behind, Names, Restated, Snapshot, Why
from app.review.words import of
from app.store import kept as sums
from app.store import numbers as store_numbers
from app.store.facts import load
from app.store.light import places

_COMPARED = (
    "value", "numerator", "denominator", "n", "low", "high", "mean", "p90", "target", "verdict", "certain",
)  # fmt: skip
"""Not how many rows were left out: a fact that came late and counts nothing moves no number."""
_LATER = frozenset({"review_participation"})
"""Who came is known once the review is over: that its number is there then is no restatement."""
_SAID: Mapping[Why, str] = {
    "policy": "another policy is in force for the period",
    "catalogue": "services, teams, SLOs or exclusions were changed",
    "release": "another release of Nines counts",
    "unknown": "nothing that was kept says why",
}


def restated(conn: Connection, kept: Snapshot) -> tuple[Restated, ...]:
    """Every number of a frozen review that is another one now, in the order of the snapshot."""
    period = period_of(conn, kept.period)
    now = numbers(conn, period, kept.as_of)
    there = {(split, one.kpi, one.group): one for split, some in now.items() for one in some}
    pairs = [
        (was, there.get((split, was.kpi, was.group)) or _gone(was))
        for split, held in kept.numbers.items()
        for was in held
    ]
    differing = [(was, found) for was, found in pairs if was.kpi not in _LATER and differs(was, found)]
    if not differing:
        return ()
    general, changed = tuple(_general(conn, kept)), _catalogue(conn, kept)
    rows: dict[str, Behind] = {}
    for was, _ in differing:
        if was.kpi not in rows:
            ask = Ask((period,), kept.as_of, frozenset({"service"}))
            rows[was.kpi] = behind(store_numbers.rows(conn, was.kpi, ask))
    return tuple(_restated(kept, was, found, rows[was.kpi], general, changed) for was, found in differing)


def _gone(was: Number) -> Number:
    """What is left of a number whose group is no more: no data."""
    return was if was.value is None else Number(was.kpi, was.period, was.group, None, was.unit, as_of=was.as_of)


def differs(was: Number, now: Number) -> bool:
    """Whether a number says something else: floats to nine digits."""
    return any(not _alike(getattr(was, name), getattr(now, name)) for name in _COMPARED)


def _alike(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return one == other


def _general(conn: Connection, kept: Snapshot) -> Iterator[Why]:
    """What else than rows is another one now."""
    period = period_of(conn, kept.period)
    ends = min(period.end, kept.as_of)
    if dump(places(conn).policy_at(ends - timedelta(microseconds=1))) != kept.policy:
        yield "policy"
    if sums.made_by() != kept.release:
        yield "release"


def _catalogue(conn: Connection, kept: Snapshot) -> frozenset[str]:
    """The services, SLOs and exclusions that are others now: those that were known then, and new exclusions."""
    now = catalogue(known(load(conn, frozenset(), Ask((), kept.as_of)), kept.as_of))
    new = {key for key in now.keys() - kept.catalogue.keys() if key.startswith("exclusions:")}
    return frozenset({key for key, said in kept.catalogue.items() if now.get(key) != said} | new)


def _restated(
    kept: Snapshot, was: Number, now: Number, rows: Behind, general: tuple[Why, ...], changed: frozenset[str]
) -> Restated:
    changes = _changes(kept.behind.get(was.kpi), rows, was.group, kept.names)
    of_slos = was.kpi in KPIS and "slo" in KPIS[was.kpi].dimensions
    whys = [*changes, *general]
    if any(_concerns(key, was.group, kept.names, of_slos) for key in changed):
        whys.append("catalogue")
    if len(whys) > 1 and "release" in whys:
        whys.remove("release")
    why: tuple[Why, ...] = tuple(whys) or ("unknown",)
    said = [*changes.values(), *(_SAID[one] for one in why if one in _SAID)]
    return Restated(
        period=kept.period,
        kpi=was.kpi,
        name=KPIS[was.kpi].name if was.kpi in KPIS else was.kpi,
        group=of(was.group, kept.names),
        unit=was.unit,
        was=was,
        now=now,
        why=why,
        said=f"{wording.capital('; '.join(said))}.",
    )


def _concerns(key: str, group: Group, names: Names, of_slos: bool) -> bool:
    """Whether a changed service, SLO or exclusion may move a group's number."""
    kind, _, name = key.partition(":")
    if kind == "services":
        return _within(name, group, names)
    return of_slos and (kind == "exclusions" or _within(names.service_of.get(name, ""), group, names))


def _changes(old: Behind | None, new: Behind, group: Group, names: Names) -> dict[Why, str]:
    """Which rows of a group came, changed or went: kind of change → how many, in words."""
    if old is None:
        return {}
    if old.by_service or new.by_service:
        return _by_service(old, new, group, names)
    before, after = (
        {key: said for key, said in rows.single.items() if _within(key.partition(BETWEEN)[0], group, names)}
        for rows in (old, new)
    )
    came, gone = after.keys() - before.keys(), before.keys() - after.keys()
    mended = [key for key in before.keys() & after.keys() if before[key] != after[key]]
    return _words(_facts(came), len(mended), _facts(gone))


def _facts(keys: Iterable[str]) -> int:
    """How many facts these rows are of: one of several services has a row for each."""
    return len({key.partition(BETWEEN)[2] for key in keys})


def _by_service(old: Behind, new: Behind, group: Group, names: Names) -> dict[Why, str]:
    came = gone = mended = 0
    for key in sorted({*old.by_service, *new.by_service}):
        if not _within(key.partition(BETWEEN)[0], group, names):
            continue
        (before, said), (after, says) = old.by_service.get(key, (0, "")), new.by_service.get(key, (0, ""))
        came, gone = came + max(0, after - before), gone + max(0, before - after)
        mended += before == after and said != says
    found = _words(came, 0, gone)
    if mended:
        found["mended"] = f"facts of {mended:,} service{'s' if mended != 1 else ''} were mended"
    return found


def _words(came: int, mended: int, gone: int) -> dict[Why, str]:
    found: dict[Why, str] = {}
    if came:
        found["late"] = f"{came:,} fact{'s' if came != 1 else ''} came late"
    if mended:
        found["mended"] = f"{mended:,} fact{'s were' if mended != 1 else ' was'} mended"
    if gone:
        found["removed"] = f"{gone:,} fact{'s were' if gone != 1 else ' was'} taken away"
    return found


def _within(service: str, group: Group, names: Names) -> bool:
    """Whether the rows of a service may stand behind a group's number; those of no service may behind any."""
    if group.service is not None:
        return service == group.service
    if not service or service not in names.services:
        return True
    if group.slo is not None:
        return names.service_of.get(group.slo) == service
    if group.tier is not None:
        return names.tiers.get(service) == group.tier
    return group.team is None or names.team_of.get(service) == group.team
