"""A period's snapshot, from the store as it is now: what a review is prepared with, and what a freeze keeps."""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection

from app.charts import losses as curves
from app.charts import wording
from app.charts.headline import Story, headline
from app.metrics import attention, bad_years, impact, losses, periods
from app.metrics.attention import Waiting
from app.metrics.catalogue import KPIS
from app.metrics.drills import done_within, drills
from app.metrics.facts import Facts
from app.metrics.grouping import known
from app.metrics.incidents import minutes
from app.metrics.numbers import Ask, Number
from app.metrics.periods import Period
from app.metrics.register import register
from app.metrics.review_records import Comment, Step
from app.policy import Policy, dump
from app.review import exceptions
from app.review.behind import behind
from app.review.sections import Seen, sections
from app.review.snapshot import SPLITS, Behind, Exceptional, Followed, Names, Restated, Snapshot
from app.store import kept
from app.store import numbers as store_numbers
from app.store.facts import load
from app.store.freshness import sources
from app.store.kept import Made
from app.store.losses import with_years
from app.store.owed import owed


class NotReviewable(ValueError):
    """A period of which there can be no review; the message says why."""


Progress = Callable[[float, str], None]
"""Hears of the share done, and of what comes next."""
BACK = 12
"""Periods before this one that trends show."""
_SHOWN: Mapping[str, frozenset[str]] = {
    "team": frozenset({"on_call_load"}),
    "service": frozenset(),
    "slo": frozenset({"slo_compliance", "slos_met", "error_budget_remaining"}),
    "severity": frozenset(),
}
"""Split → the KPIs of it that a page shows, where not all."""
_YEARS = ("", "tier", "team")
"""Splits whose expected losses are told with their years."""


def period_of(conn: Connection, key: str) -> Period:
    """The period that a review is of, cut in the organisation's zone. Raises NotReviewable unless it is a month or
    a quarter."""
    found = periods.parse(key, _policy(conn, datetime.now(UTC)).timezone)
    if found.kind not in ("month", "quarter"):
        raise NotReviewable(f"{key} is no month or quarter: write 2026-10 or 2026-Q4")
    return found


def build(
    conn: Connection,
    key: str,
    *,
    by: str,
    at: datetime | None = None,
    comments: Sequence[Comment] = (),
    earlier: Sequence[Followed] = (),
    restated: Sequence[Restated] = (),
    whole: bool = True,
    learnt: list[Made] | None = None,
    progress: Progress | None = None,
) -> Snapshot:
    """The snapshot of a period as known now. Not `whole`: for the preparation, without what no page shows (numbers of
    each service, the identity of the rows), which takes longest. Sums that had to be made are added to `learnt`.

    Raises NotReviewable for a period that has not begun, or is no month or quarter."""
    now = (at or datetime.now(UTC)).replace(microsecond=0)
    period = period_of(conn, key)
    if period.start > now:
        raise NotReviewable(f"{wording.capital(wording.period(key))} has not begun: there is nothing to review yet.")
    told = progress or (lambda share, words: None)
    told(0.0, "Reading the numbers")
    ends = min(period.end, now)
    policy = _policy(conn, ends - timedelta(microseconds=1))
    facts = owed(conn, now)
    names = _names(facts)
    counted = numbers(conn, period, now, whole=whole, learnt=learnt, progress=told)
    told(0.4, "Reading the periods before")
    trend, tiers = _trend(conn, period, now, learnt)
    waiting = tuple(attention.waiting(facts, Ask((period,), now)))
    found = _exceptions(counted, names, policy, waiting)
    told(0.5, "Telling what happened")
    seen = replace(
        _happened(conn, period, now, policy, names),
        headline=_headline(period, now, counted, facts, names, policy),
        numbers=counted,
        trend=trend,
        tiers=tiers,
        waiting=waiting,
        exceptions=found,
        earlier=tuple(earlier),
        restated=tuple(restated),
    )
    made = sections(seen)
    told(0.6, "Keeping what stands behind the numbers")
    return Snapshot(
        period=period.key,
        title=wording.period(period.key),
        first=period.first,
        last=period.after - timedelta(1),
        as_of=now,
        frozen_at=now,
        frozen_by=by,
        release=kept.made_by(),
        zone=policy.timezone,
        currency=policy.currency,
        policy=dump(policy),
        headline=seen.headline,
        numbers=counted,
        trend=trend,
        sections=made,
        behind=behind_of(conn, period, now, told) if whole else {},
        catalogue=catalogue(known(load(conn, frozenset(), Ask((), now)), now)),
        names=names,
        comments=tuple(comments),
        earlier=tuple(earlier),
        restated=tuple(restated),
        sources=tuple(_sources(conn, now, policy.timezone)),
    )


def numbers(
    conn: Connection,
    period: Period,
    as_of: datetime,
    *,
    whole: bool = True,
    learnt: list[Made] | None = None,
    progress: Progress | None = None,
) -> Mapping[str, tuple[Number, ...]]:
    """Split → the numbers of a period, as `nines kpi` gives them; not `whole`: those that pages show."""
    found: dict[str, tuple[Number, ...]] = {}
    for place, split in enumerate(SPLITS):
        if progress is not None:
            progress(0.4 * place / len(SPLITS), f"Reading the numbers{f' by {split}' if split else ''}")
        keys = [key for key, kpi in KPIS.items() if not split or split in kpi.dimensions]
        if not whole:
            keys = [key for key in keys if key in _SHOWN.get(split, keys)]
        ask = Ask((period,), as_of, frozenset({split}) if split else frozenset())
        some = store_numbers.numbers(conn, keys, ask, learnt)
        if split in _YEARS:
            some = with_years(conn, some, ask)
        found[split] = tuple(_finite(number) for number in some)
    return found


def _trend(
    conn: Connection, period: Period, as_of: datetime, learnt: list[Made] | None
) -> tuple[tuple[Number, ...], tuple[Number, ...]]:
    """Every KPI of the organisation over the periods before and this one, and SLOs met by tier."""
    asked = tuple(period.previous(step) for step in range(BACK, -1, -1))
    keys = [key for key, kpi in KPIS.items() if not kpi.always_by]
    every = store_numbers.numbers(conn, keys, Ask(asked, as_of), learnt)
    tiers = store_numbers.numbers(conn, ["slos_met"], Ask(asked, as_of, frozenset({"tier"})), learnt)
    known_tiers = {number.group.tier for number in tiers if number.value is not None}
    return (
        tuple(_finite(number) for number in every),
        tuple(
            _finite(number) for number in tiers if number.group.tier in known_tiers and number.group.tier is not None
        ),
    )


def _finite(number: Number) -> Number:
    """Without what JSON cannot hold: a limit that is no number is none."""
    limits = number.limits
    if limits is not None and not all(map(math.isfinite, limits)):
        number = replace(number, limits=None)
    if any(isinstance(value, float) and not math.isfinite(value) for value in number.extra.values()):
        extra = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in number.extra.items()
        }
        number = replace(number, extra=extra)
    return number


def _names(facts: Facts) -> Names:
    services = sorted(facts.services.values(), key=lambda one: one.service)
    return Names(
        services={one.service: one.name for one in services},
        teams={team: one.name or team for team, one in sorted(facts.teams.items())},
        slos={one.slo: one.name for one in sorted(facts.slos, key=lambda one: (one.slo, one.valid_from is not None))},
        tiers={one.service: one.tier for one in services},
        team_of={one.service: one.team for one in services},
        service_of=dict(sorted(facts.homes.items())),
    )


def _exceptions(
    counted: Mapping[str, tuple[Number, ...]], names: Names, policy: Policy, waiting: Iterable[Waiting]
) -> Mapping[Step, tuple[Exceptional, ...]]:
    late: defaultdict[Step, list[Exceptional]] = defaultdict(list)
    for step, one in exceptions.overdue(waiting):
        late[step].append(one)
    steps: Iterable[Step] = {**exceptions.STEPS, "last_time": ()}
    return {step: (*exceptions.of_numbers(step, counted, names, policy), *late[step]) for step in steps}


def _headline(
    period: Period,
    as_of: datetime,
    counted: Mapping[str, tuple[Number, ...]],
    facts: Facts,
    names: Names,
    policy: Policy,
) -> tuple[str, ...]:
    whole = {number.kpi: number for number in counted[""] if number.group.slo is None}
    tiers = [n for n in counted["tier"] if n.kpi == "slos_met" and n.value is not None and n.group.tier is not None]
    best = min(tiers, key=lambda number: number.group.tier or 0, default=None)
    spent = {
        names.service_of.get(n.group.slo or "", "")
        for n in counted["slo"]
        if n.kpi == "error_budget_remaining" and n.value is not None and n.value <= policy.budget.freeze
    }
    ends = min(period.end, as_of)
    late = attention.waiting(known(facts, ends), Ask((period,), ends))
    return headline(
        Story(
            period=wording.capital(wording.period(period.key)),
            partial=period.end > as_of,
            numbers=whole,
            slos=best or whole["slos_met"],
            slos_tier=best.group.tier if best else None,
            frozen=sorted(names.services[service] for service in spent if service in names.services),
            expired=[thing.on for thing in late if thing.kind == "acceptance_expired"],
            late_actions=sum(thing.kind == "action_overdue" for thing in late),
        )
    )


def _happened(conn: Connection, period: Period, as_of: datetime, policy: Policy, names: Names) -> Seen:
    """What happened in the period: severe incidents, tests, and the register as it stood."""
    ends = min(period.end, as_of)
    ask = Ask((period,), ends)
    facts = known(load(conn, frozenset({"incidents", "impacts", "dr_tests", "risks", "actions"}), ask), ends)
    standings = tuple(register(facts, ask))
    priced = losses.exposures(one.risk for one in standings if one.open)
    return Seen(
        period=period,
        policy=policy,
        names=names,
        headline=(),
        numbers={},
        trend=(),
        tiers=(),
        waiting=(),
        exceptions={},
        incidents=tuple(
            one
            for one in facts.incidents
            if one.severity <= policy.major_severity
            and one.kind == "incident"
            and period.start <= one.detected_at < period.end
        ),
        impacts=_affected(facts, period, ends),
        drills=tuple(done_within(drills(facts, ends), period.start, ends)),
        standings=standings,
        years=curves.told(bad_years.outcome(priced), policy) if priced else None,
        earlier=(),
        restated=(),
    )


def _affected(facts: Facts, period: Period, ends: datetime) -> Mapping[tuple[str, str], float]:
    """(source, incident) → minutes in the union of its own windows, clipped to the period."""
    found: dict[tuple[str, str], float] = {}
    until: dict[tuple[str, str], datetime] = {}
    for window in impact.windows(facts, ends):
        one = (window.source, window.incident)
        start = max(window.start, period.start, until.get(one, period.start))
        stop = min(window.stop, ends)
        if start < stop:
            found[one] = found.get(one, 0.0) + minutes(start, stop)
            until[one] = stop
    return found


def behind_of(
    conn: Connection, period: Period, as_of: datetime, told: Progress = lambda share, words: None
) -> Mapping[str, Behind]:
    """KPI → the identity of the rows behind its numbers of a period."""
    measured = [key for key, kpi in KPIS.items() if kpi.measured]
    found = {}
    for place, key in enumerate(measured):
        told(0.6 + 0.4 * place / len(measured), f"Keeping what stands behind {KPIS[key].name.lower()}")
        found[key] = behind(store_numbers.rows(conn, key, Ask((period,), as_of, frozenset({"service"}))))
    return found


def catalogue(facts: Facts) -> Mapping[str, str]:
    """`services:ID`, `slos:ID`, `exclusions:ID` → the digest of what is known of it: of an SLO, of its revisions."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for service in facts.services.values():
        found[f"services:{service.service}"].append(repr(service))
    for slo in facts.slos:
        found[f"slos:{slo.slo}"].append(repr(slo))
    for exclusion in facts.exclusions:
        found[f"exclusions:{exclusion.exclusion}"].append(repr(exclusion))
    return {key: sha256(json.dumps(sorted(found[key])).encode()).hexdigest()[:12] for key in sorted(found)}


def _sources(conn: Connection, now: datetime, zone: str) -> Iterator[str]:
    for one in sources(conn):
        late, to = one.late_by(now), one.data_to(now)
        said = f"{one.name}: data to {wording.instant(to, zone)}" if to is not None else f"{one.name}: no data"
        yield said + (", late" if late else "")


def _policy(conn: Connection, at: datetime) -> Policy:
    from app.store.light import places

    return places(conn).policy_at(at)
