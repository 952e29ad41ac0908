"""Is the load sustainable, is the noise falling: engage times, interruptions per person-week, after hours, noise."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.metrics.facts import Facts, Page, PageSum, Shift
from app.metrics.grouping import Places
from app.metrics.incidents import minutes
from app.metrics.kpi import Kpi, share_of
from app.metrics.numbers import Ask, Group, Row, Tally

Sums = Iterable[tuple[str, Group, Tally]]
_WEEK = timedelta(days=7)


def _summed(facts: Facts, ask: Ask, add: Callable[[Tally, PageSum], None]) -> dict[tuple[str, Group], Tally]:
    places = Places(facts, ask)
    tallies: defaultdict[tuple[str, Group], Tally] = defaultdict(Tally)
    for row in facts.page_sums:
        for group in places.groups((row.service,) if row.service else (), team=row.team):
            add(tallies[row.period, group], row)
    return tallies


def _every(facts: Facts, ask: Ask, pages: Iterable[Page]) -> Iterator[tuple[Page, str, Group]]:
    places = Places(facts, ask)
    for page in pages:
        period = places.period(page.triggered_at)
        services = places.alive((page.service,) if page.service else (), page.triggered_at)
        if period and services is not None:
            for group in places.groups(services, team=page.team):
                yield page, period, group


def _row(page: Page, period: str, group: Group, part: float, whole: float, reason: str = "") -> Row:
    title = f"{page.service or page.team}, {page.channel or 'page'}"
    return Row(
        period,
        group,
        "pages",
        page.source,
        page.page,
        title,
        page.triggered_at,
        float(part),
        float(whole),
        reason=reason,
        url=page.url,
    )


def engage_minutes(facts: Facts, service: str | None) -> float:
    """The target for engaging on a service: its tier's, else the one for none."""
    known = facts.services.get(service or "")
    tier = facts.policy.tiers.get(known.tier) if known else None
    return tier.engage_minutes if tier else facts.policy.engage_minutes_without_tier


def engage_sums(facts: Facts, ask: Ask) -> Sums:
    """Minutes from triggered_at to acknowledged_at."""
    places = Places(facts, ask)

    def left_out(tally: Tally, row: PageSum) -> None:
        if row.negative:
            tally.excluded["negative interval"] += row.negative
        if row.waiting:
            tally.excluded["never acknowledged"] += row.waiting

    tallies = _summed(facts, ask, left_out)
    for count in facts.engage_counts:
        for group in places.placed(count.team, count.service):
            tally = tallies.setdefault((count.period, group), Tally())
            tally.values[count.minutes] += count.n
            tally.n += count.n
    return ((*key, tally) for key, tally in tallies.items())


def time_to_engage(facts: Facts, ask: Ask) -> Iterator[Row]:
    """One row a page with its minutes to acknowledgement."""
    for page, period, group in _every(facts, ask, facts.pages):
        row = _row(page, period, group, 0, 0)
        if page.acknowledged_at is None:
            yield row._replace(reason="never acknowledged")
        elif page.acknowledged_at < page.triggered_at:
            yield row._replace(reason="negative interval")
        else:
            yield row._replace(value=minutes(page.triggered_at, page.acknowledged_at))


def engaged_sums(facts: Facts, ask: Ask) -> Sums:
    """Pages acknowledged within the target of their service's tier, of pages whose target time has passed."""

    def add(tally: Tally, row: PageSum) -> None:
        tally.part += row.in_time
        tally.whole += row.due
        tally.n += row.due
        if row.negative:
            tally.excluded["negative interval"] += row.negative
        if waiting := row.pages - row.due - row.negative:
            tally.excluded["target time not passed yet"] += waiting

    return ((*key, tally) for key, tally in _summed(facts, ask, add).items())


def engaged_in_time(facts: Facts, ask: Ask) -> Iterator[Row]:
    """One row a page; part 1 where it was acknowledged in time, never acknowledged is missed."""
    for page, period, group in _every(facts, ask, facts.pages):
        allowed = timedelta(minutes=engage_minutes(facts, page.service))
        row = _row(page, period, group, 0, 1)
        if page.acknowledged_at is None:
            passed = page.triggered_at + allowed <= ask.as_of
            yield row if passed else row._replace(whole=0, reason="target time not passed yet")
        elif page.acknowledged_at < page.triggered_at:
            yield row._replace(whole=0, reason="negative interval")
        else:
            yield row._replace(part=float(page.acknowledged_at - page.triggered_at <= allowed))


def noise_sums(facts: Facts, ask: Ask) -> Sums:
    """Pages marked not actionable, of pages marked; `extra.least` and `extra.most` over all pages."""

    def add(tally: Tally, row: PageSum) -> None:
        tally.part += row.noise
        tally.whole += row.marked
        tally.n += row.marked
        tally.extra["pages"] += row.pages
        tally.extra["least"] += row.noise
        tally.extra["most"] += row.noise + row.pages - row.marked
        if row.pages > row.marked:
            tally.excluded["not marked"] += row.pages - row.marked

    return ((*key, tally) for key, tally in _summed(facts, ask, add).items())


def alert_noise(facts: Facts, ask: Ask) -> Iterator[Row]:
    """One row a page; part 1 where it was marked not actionable."""
    for page, period, group in _every(facts, ask, facts.pages):
        marked = page.actionable is not None
        noise = float(page.actionable is False)
        row = _row(page, period, group, noise, marked, "" if marked else "not marked")
        yield row._replace(extra={"pages": 1.0, "least": noise, "most": float(page.actionable is not True)})


def interruptions(facts: Facts, pages: Iterable[Page]) -> list[Page]:
    """The first page of each interruption: pages by push, sms or phone (blank counts, e-mail never); one responder's
    pages each at most `policy.interruption_seconds` after the one before are one."""
    gap = timedelta(seconds=facts.policy.interruption_seconds)
    last: dict[str, datetime] = {}
    found: list[Page] = []
    for page in sorted(pages, key=lambda p: (p.triggered_at, p.source, p.page)):
        if page.channel == "email":
            continue
        before = last.get(page.responder)
        last[page.responder] = page.triggered_at
        if before is None or page.triggered_at - before > gap:
            found.append(page)
    return found


def _local(facts: Facts, page: Page) -> datetime:
    team = facts.teams.get(page.team)
    return page.triggered_at.astimezone(ZoneInfo(team.timezone if team else facts.policy.timezone))


def after_hours(facts: Facts, page: Page) -> bool:
    """Outside business days and hours in the team's zone."""
    local, hours = _local(facts, page), facts.policy.hours
    return local.weekday() not in hours.days or not hours.start <= local.time() < hours.end


def asleep(facts: Facts, page: Page) -> bool:
    """At night in the team's zone, any day."""
    at, hours = _local(facts, page).time(), facts.policy.hours
    if hours.sleep_start <= hours.sleep_end:
        return hours.sleep_start <= at < hours.sleep_end
    return at >= hours.sleep_start or at < hours.sleep_end


def _share(column: str) -> Callable[[Facts, Ask], Sums]:
    def add(tally: Tally, row: PageSum) -> None:
        tally.part += getattr(row, column)
        tally.whole += row.interruptions
        tally.n += row.interruptions

    return lambda facts, ask: ((*key, tally) for key, tally in _summed(facts, ask, add).items())


after_hours_sums = _share("after_hours")
sleep_sums = _share("asleep")


def after_hours_share(facts: Facts, ask: Ask) -> Iterator[Row]:
    """One row an interruption; part 1 outside business hours."""
    for page, period, group in _every(facts, ask, interruptions(facts, facts.pages)):
        yield _row(page, period, group, after_hours(facts, page), 1)


def sleep_share(facts: Facts, ask: Ask) -> Iterator[Row]:
    """One row an interruption; part 1 in sleeping hours."""
    for page, period, group in _every(facts, ask, interruptions(facts, facts.pages)):
        yield _row(page, period, group, asleep(facts, page), 1)


def served(facts: Facts, ask: Ask) -> Iterator[tuple[Shift, str, Group, datetime, datetime]]:
    """Each responder's time on call, no moment twice in a group: what a shift adds to those that began before it."""
    places = Places(facts, ask)
    covered: dict[tuple[str, Group], datetime] = {}
    for shift in sorted(facts.shifts, key=lambda s: (s.start, s.end)):
        for group in places.groups((), team=shift.team):
            key = (shift.responder, group)
            start = max(shift.start, covered.get(key, shift.start))
            if start >= shift.end:
                continue
            covered[key] = shift.end
            for period, low, high in places.overlapping(start, min(shift.end, ask.as_of)):
                yield shift, period.key, group, low, high


def load_sums(facts: Facts, ask: Ask) -> Sums:
    """Interruptions, per person-week on call; those outside any shift of the responder count and are told apart."""

    def add(tally: Tally, row: PageSum) -> None:
        tally.part += row.interruptions
        tally.n += row.interruptions
        tally.extra["without_shift"] += row.without_shift

    tallies = _summed(facts, ask, add)
    for _, period, group, low, high in served(facts, ask):
        tallies.setdefault((period, group), Tally()).whole += (high - low) / _WEEK
    return ((*key, tally) for key, tally in tallies.items())


def on_call_load(facts: Facts, ask: Ask) -> Iterator[Row]:
    """One row an interruption, and one a shift with the person-weeks it adds."""
    on_duty: defaultdict[str, list[Shift]] = defaultdict(list)
    for shift in facts.shifts:
        on_duty[shift.responder].append(shift)
    for page, period, group in _every(facts, ask, interruptions(facts, facts.pages)):
        lonely = not any(s.start <= page.triggered_at < s.end for s in on_duty[page.responder])
        yield _row(page, period, group, 1, 0)._replace(extra={"without_shift": float(lonely)})
    for shift, period, group, low, high in served(facts, ask):
        name = f"{shift.team} on call"
        weeks = (high - low) / _WEEK
        key = f"{shift.team}/{shift.start:%Y-%m-%dT%H:%MZ}"
        yield Row(period, group, "shifts", shift.source, key, name, low, 0, weeks, n=0)


KPIS = (
    Kpi(
        key="time_to_engage",
        name="Time to engage",
        question="How fast does somebody take the call?",
        category="Incidents",
        unit="minutes",
        shape="duration",
        better="lower",
        at="triggered_at",
        formula="median of triggered_at → acknowledged_at of pages",
        needs=frozenset({"page_sums", "engage_counts"}),
        row_needs=frozenset({"pages"}),
        rows=time_to_engage,
        sums=engage_sums,
        target="tier 0 ≤ 5 min, tier 1 ≤ 15, tier 2 ≤ 30, tier 3 or none ≤ 60",
    ),
    Kpi(
        key="engaged_in_time",
        name="Engaged in time",
        question="How many calls are taken in time?",
        category="Incidents",
        unit="share",
        shape="share",
        better="higher",
        at="triggered_at",
        formula="pages acknowledged within the target / pages whose target time has passed (never "
        "acknowledged = missed)",
        needs=frozenset({"page_sums"}),
        row_needs=frozenset({"pages"}),
        rows=engaged_in_time,
        sums=engaged_sums,
        target="≥ 90 %",
    ),
    Kpi(
        key="alert_noise",
        name="Alert noise",
        question="How many alerts need nobody?",
        category="On-call",
        unit="share",
        shape="share",
        better="lower",
        at="triggered_at",
        formula="pages marked not actionable / pages marked; least and most treat unmarked ones as actionable or not",
        needs=frozenset({"page_sums"}),
        row_needs=frozenset({"pages"}),
        rows=alert_noise,
        sums=noise_sums,
        extra=lambda tally: {bound: share_of(tally.extra[bound], tally.extra["pages"]) for bound in ("least", "most")},
        target="30 % lower in 6 months",
    ),
    Kpi(
        key="on_call_load",
        name="On-call load",
        question="Can people sustain being on call?",
        category="On-call",
        unit="per_week",
        shape="rate",
        better="lower",
        at="triggered_at",
        formula="interruptions / on-call person-weeks served; pages of one responder at most 60 s apart "
        "are one, e-mail is none",
        dimensions=frozenset({"team"}),
        needs=frozenset({"page_sums", "shifts"}),
        row_needs=frozenset({"pages", "shifts"}),
        watched=frozenset({"pages"}),
        rows=on_call_load,
        sums=load_sums,
        extra=lambda tally: {"without_shift": tally.extra["without_shift"]},
        target="≤ 14 a person-week",
    ),
    Kpi(
        key="after_hours_share",
        name="After hours",
        question="How much of it comes outside working hours?",
        category="On-call",
        unit="share",
        shape="share",
        better="lower",
        at="triggered_at",
        formula="interruptions outside Monday-Friday 08:00-18:00 in the team's zone / interruptions",
        needs=frozenset({"page_sums"}),
        row_needs=frozenset({"pages"}),
        rows=after_hours_share,
        sums=after_hours_sums,
        target="≤ 30 %",
    ),
    Kpi(
        key="sleep_share",
        name="In sleeping hours",
        question="How much of it wakes people up?",
        category="On-call",
        unit="share",
        shape="share",
        better="lower",
        at="triggered_at",
        formula="interruptions between 22:00 and 08:00 in the team's zone, any day / interruptions",
        needs=frozenset({"page_sums"}),
        row_needs=frozenset({"pages"}),
        rows=sleep_share,
        sums=sleep_sums,
    ),
)
