"""Which promises do we keep: compliance, SLOs met, error budget left, burn rate. Exclusions with both values."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from app.metrics.facts import Exclusion, Facts, Sli, SliSum, SliWindow, Slo
from app.metrics.grouping import Places
from app.metrics.kpi import SERVICE_DIMENSIONS, Kpi, share_of
from app.metrics.numbers import Ask, Group, Row, Tally
from app.metrics.periods import local_day, midnight


class Revisions:
    """The dated revisions of every SLO, found by the source and id that an SLI row names."""

    def __init__(self, slos: Iterable[Slo], zone: str) -> None:
        self._zone = zone
        self._own: defaultdict[tuple[str, str], list[Slo]] = defaultdict(list)
        self._any: dict[str, tuple[str, str]] = {}
        for slo in sorted(slos, key=lambda s: (s.source, s.slo, s.valid_from or date.min)):
            self._own[slo.source, slo.slo].append(slo)
            self._any.setdefault(slo.slo, (slo.source, slo.slo))

    def key(self, source: str, slo: str) -> tuple[str, str] | None:
        """The definition an SLI row belongs to: of its own source, else of any with that id."""
        return (source, slo) if (source, slo) in self._own else self._any.get(slo)

    def named(self, slo: str) -> tuple[str, str] | None:
        """The definition of an SLO's id, of the first source by name that has it."""
        return self._any.get(slo)

    def at(self, source: str, slo: str, moment: datetime) -> Slo | None:
        """The revision in force just before an instant; before the first one, the first."""
        key = self.key(source, slo)
        if key is None:
            return None
        if len(self._own[key]) == 1:
            return self._own[key][0]
        day = local_day(moment - timedelta(microseconds=1), self._zone)
        held = [revision for revision in self._own[key] if (revision.valid_from or date.min) <= day]
        return held[-1] if held else self._own[key][0]

    def first_day(self, key: tuple[str, str]) -> date | None:
        """The first day of the first revision, where it is known."""
        return self._own[key][0].valid_from

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._own)


class _Same(NamedTuple):
    """A catalogue of SLOs, told from others by being the very same tuple: comparing thousands would take longer."""

    slos: tuple[Slo, ...]

    def __hash__(self) -> int:
        return id(self.slos)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.slos is other.slos


def revisions_of(facts: Facts) -> Revisions:
    """The revisions of the SLOs of a question; ordered once for all questions about the same catalogue."""
    return _revisions(_Same(facts.slos), facts.policy.timezone)


@lru_cache(maxsize=8)
def _revisions(same: _Same, zone: str) -> Revisions:
    return Revisions(same.slos, zone)


def meets(good: float, total: float, objective: float) -> bool:
    """Whether good/total >= objective, exactly as the decimal numbers say it (0.999 of 1000 is 999)."""
    if abs(good - objective * total) > 1e-9 * total:
        return good > objective * total
    return Fraction(str(good)) >= Fraction(str(objective)) * Fraction(str(total))


class _Left(NamedTuple):
    """One SLO in one period with the excluded time taken out."""

    rows: int
    minutes: float
    good: float
    total: float
    good_minutes: float


def _left(row: SliSum) -> _Left:
    return _Left(
        row.rows - row.excluded_rows,
        row.minutes - row.excluded_minutes,
        row.good - row.excluded_good,
        row.total - row.excluded_total,
        row.good_minutes - row.excluded_good_minutes,
    )


def _elapsed(facts: Facts, ask: Ask, revisions: Revisions, places: Places) -> dict[tuple[str, Group], float]:
    """Minutes that each SLO could have been observed for: from its first day, or the first fact of its source, to
    as-of."""
    watched = facts.watched.get("sli", ())
    elapsed: defaultdict[tuple[str, Group], float] = defaultdict(float)
    if not watched:
        return elapsed
    begin = min(span.start for span in watched)
    for key in revisions:
        slo = revisions.at(*key, ask.as_of)
        if slo is None:
            continue
        first = revisions.first_day(key)
        start = max(begin, midnight(first, facts.policy.timezone)) if first else begin
        service = facts.services.get(slo.service)
        stop = min(ask.as_of, places.ends(service.retired_on)) if service and service.retired_on else ask.as_of
        for period, low, high in places.overlapping(start, stop):
            for group in places.groups((slo.service,), slo=slo.slo):
                elapsed[period.key, group] += (high - low) / timedelta(minutes=1)
    return elapsed


def _covered(facts: Facts, ask: Ask) -> dict[tuple[str, Group], Tally]:
    """Tallies with what every SLO number shares: coverage, rows left out, excluded minutes."""
    places, revisions = Places(facts, ask), revisions_of(facts)
    tallies: defaultdict[tuple[str, Group], Tally] = defaultdict(Tally)
    for key, minutes in _elapsed(facts, ask, revisions, places).items():
        tallies[key].elapsed = minutes
        tallies[key].seen = 0.0
    for row in facts.sli_sums:
        for group in _groups(places, revisions, row):
            tally = tallies[row.period, group]
            tally.seen = (tally.seen or 0.0) + row.minutes + row.idle_minutes
            tally.extra["excluded_minutes"] += row.excluded_minutes
            if row.idle_rows:
                tally.excluded["no traffic"] += row.idle_rows
            if row.excluded_rows:
                tally.excluded["approved exclusion"] += row.excluded_rows
    return tallies


def _groups(places: Places, revisions: Revisions, row: SliSum | SliWindow) -> frozenset[Group]:
    slo = revisions.at(row.source, row.slo, places.ask.as_of)
    return places.groups((slo.service,), slo=slo.slo) if slo else frozenset()


def compliance_sums(facts: Facts, ask: Ask) -> Iterable[tuple[str, Group, Tally]]:
    """Good minutes of observed minutes over rows with traffic; `extra.without_exclusions` is the same with nothing
    taken out."""
    places, revisions = Places(facts, ask), revisions_of(facts)
    tallies = _covered(facts, ask)
    for row in facts.sli_sums:
        left = _left(row)
        for group in _groups(places, revisions, row):
            tally = tallies[row.period, group]
            tally.part += left.good_minutes
            tally.whole += left.minutes
            tally.n += left.rows
            tally.extra["without_part"] += row.good_minutes
            tally.extra["without_whole"] += row.minutes
    return ((*key, tally) for key, tally in tallies.items())


def excluded_share(facts: Facts, slo: Slo, row: Sli) -> float:
    """The share of a row's time inside the union of the exclusions that name its SLO or its service."""
    stop = row.start + timedelta(minutes=row.minutes)
    spans = sorted(
        (max(e.start, row.start), min(e.end, stop)) for e in facts.exclusions if _excludes(e, slo) and e.start < stop
    )
    taken, covered = timedelta(), row.start
    for low, high in spans:
        low = max(low, covered)
        if low < high:
            taken += high - low
            covered = high
    return taken / timedelta(minutes=row.minutes)


def _excludes(exclusion: Exclusion, slo: Slo) -> bool:
    return slo.slo in exclusion.slos or slo.service in exclusion.services


def slo_compliance(facts: Facts, ask: Ask) -> Iterator[Row]:
    """One row an SLI row: its good minutes and its minutes, less the share that approved exclusions take out."""
    places, revisions = Places(facts, ask), revisions_of(facts)
    for row in facts.sli:
        period = places.period(row.start)
        slo = revisions.at(row.source, row.slo, ask.as_of)
        if period is None or slo is None or places.retired(slo.service, row.start):
            continue
        left = 1 - excluded_share(facts, slo, row)
        reason = "no traffic" if not row.total else "approved exclusion" if left <= 0 else ""
        good = row.minutes * row.good / row.total if row.total else 0.0
        for group in places.groups((slo.service,), slo=slo.slo):
            yield Row(
                period,
                group,
                "sli",
                row.source,
                f"{row.slo}/{row.start:%Y-%m-%dT%H:%MZ}",
                slo.name,
                row.start,
                0.0 if reason else good * left,
                0.0 if reason else row.minutes * left,
                reason=reason,
                extra={
                    "without_part": good,
                    "without_whole": row.minutes if row.total else 0.0,
                    "excluded_minutes": row.minutes * (1 - left) if row.total else 0.0,
                },
            )


def slos_met(facts: Facts, ask: Ask) -> Iterator[Row]:
    """One row an SLO with data; part 1 where good/total over the period reaches the objective then valid."""
    places, revisions = Places(facts, ask), revisions_of(facts)
    ends = {period.key: places.moment(period) for period in ask.periods}
    for (period, source, name), rows in _by_slo(facts, revisions).items():
        slo = revisions.at(source, name, ends[period]) if period in ends else None
        if slo is None:
            continue
        good, total = sum(_left(r).good for r in rows), sum(_left(r).total for r in rows)
        raw_good, raw_total = sum(r.good for r in rows), sum(r.total for r in rows)
        reason = "" if total > 0 else "no traffic left after exclusions" if raw_total > 0 else "no traffic"
        met = not reason and meets(good, total, slo.objective)
        events = {"good": good, "total": total, "all_good": raw_good, "all_total": raw_total}
        for group in places.groups((slo.service,), slo=slo.slo):
            yield Row(
                period,
                group,
                "slos",
                source,
                name,
                slo.name,
                None,
                float(met),
                float(not reason),
                reason=reason,
                extra={
                    "without_part": float(raw_total > 0 and meets(raw_good, raw_total, slo.objective)),
                    "without_whole": float(raw_total > 0),
                    "excluded_minutes": sum(r.excluded_minutes for r in rows),
                    **(events if group.slo is not None else {}),
                },
            )


def _by_slo(facts: Facts, revisions: Revisions) -> dict[tuple[str, str, str], list[SliSum]]:
    """The sums of each SLO and period; rows of several sources that feed one SLO are its rows together."""
    found: defaultdict[tuple[str, str, str], list[SliSum]] = defaultdict(list)
    for row in facts.sli_sums:
        key = revisions.key(row.source, row.slo)
        if key is not None:
            found[row.period, key[0], key[1]].append(row)
    return found


def slos_met_sums(facts: Facts, ask: Ask) -> Iterable[tuple[str, Group, Tally]]:
    """SLOs met of SLOs with data, with the coverage of all their SLI rows."""
    tallies: dict[tuple[str, Group], Tally] = {}
    for key, covered in _covered(facts, ask).items():
        tallies[key] = Tally(seen=covered.seen, elapsed=covered.elapsed)
    for row in slos_met(facts, ask):
        tally = tallies.setdefault((row.period, row.group), Tally())
        tally.part += row.part
        tally.whole += row.whole
        tally.n += not row.reason
        for name, amount in row.extra.items():
            tally.extra[name] += amount
        if row.reason:
            tally.excluded[row.reason] += 1
    return ((*key, tally) for key, tally in tallies.items())


def _exclusions(tally: Tally) -> dict[str, float | None]:
    extra = tally.extra
    return {
        "without_exclusions": share_of(extra["without_part"], extra["without_whole"]),
        "excluded_minutes": extra["excluded_minutes"],
    }


_SLO = SERVICE_DIMENSIONS | {"slo"}
KPIS = (
    Kpi(
        key="slo_compliance",
        name="SLO compliance",
        question="How much of the time did we keep our promises?",
        category="Reliability",
        unit="share",
        shape="ratio",
        better="higher",
        at="sli.start",
        formula="1 − Σ minutes·(1 − good/total) / Σ minutes, over SLI rows with total > 0, less approved exclusions",
        dimensions=_SLO,
        needs=frozenset({"sli_sums"}),
        row_needs=frozenset({"sli"}),
        rows=slo_compliance,
        sums=compliance_sums,
        extra=_exclusions,
        target="tier 0 and 1 ≥ 99.9 %, tier 2 ≥ 99.5 %, tier 3 ≥ 99 %",
    ),
    Kpi(
        key="slos_met",
        name="SLOs met",
        question="How many of our promises did we keep?",
        category="Reliability",
        unit="share",
        shape="share",
        better="higher",
        at="sli.start",
        formula="SLOs whose Σ good / Σ total over the period reaches the objective then valid / SLOs with data",
        dimensions=_SLO,
        needs=frozenset({"sli_sums"}),
        rows=slos_met,
        sums=slos_met_sums,
        extra=_exclusions,
        target="≥ 95 %",
    ),
)
