"""Do we ship safely: DORA's five, rollbacks and progressive delivery."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta

from app.metrics.facts import Deployment, Facts, Linked
from app.metrics.grouping import Places
from app.metrics.incidents import end, minutes, real
from app.metrics.kpi import Kpi, share_of
from app.metrics.numbers import Ask, Group, Row, Tally
from app.metrics.periods import Period

PROGRESSIVE = frozenset({"canary", "blue_green", "feature_flag"})
_TIERS = frozenset({0, 1})
_SILENT = "unplanned is blank"


def _linked(facts: Facts) -> Iterator[Linked]:
    """The links whose incident is known and a real one."""
    incidents = {(i.source, i.incident) for i in real(facts)}
    return (link for link in facts.linked if (link.incident_source, link.incident) in incidents)


def _failures(facts: Facts) -> tuple[dict[tuple[str, str], Deployment], dict[tuple[str, str], Deployment]]:
    """Deployments (not failed, not rolled back) that incidents name, and those that they only point at."""
    named: dict[tuple[str, str], Deployment] = {}
    pointed: dict[tuple[str, str], Deployment] = {}
    for link in _linked(facts):
        if link.deployment.status == "succeeded":
            (pointed if link.inferred else named)[link.deployment.source, link.deployment.deployment] = link.deployment
    return named, {key: found for key, found in pointed.items() if key not in named}


def _summed(facts: Facts, ask: Ask, part: str) -> dict[tuple[str, Group], Tally]:
    places = Places(facts, ask)
    tallies: defaultdict[tuple[str, Group], Tally] = defaultdict(Tally)
    for row in facts.deployment_sums:
        for group in places.groups((row.service,)):
            tally = tallies[row.period, group]
            tally.part += getattr(row, part)
            tally.whole += row.deployments
            tally.n += row.deployments
    return tallies


def _every(facts: Facts, ask: Ask) -> Iterator[tuple[Deployment, str, Group]]:
    """Each deployment that went live: a failed one is in no number."""
    places = Places(facts, ask)
    for deployment in facts.deployments:
        if deployment.status == "failed":
            continue
        period = places.period(deployment.deployed_at)
        services = places.alive((deployment.service,), deployment.deployed_at)
        if period and services:
            for group in places.groups(services):
                yield deployment, period, group


def _row(deployment: Deployment, period: str, group: Group, part: float, whole: float) -> Row:
    title = f"{deployment.service} {deployment.deployment}"
    return Row(
        period,
        group,
        "deployments",
        deployment.source,
        deployment.deployment,
        title,
        deployment.deployed_at,
        float(part),
        float(whole),
        url=deployment.url,
    )


def change_failure_sums(facts: Facts, ask: Ask) -> Iterable[tuple[str, Group, Tally]]:
    """Rolled back or named by an incident's caused_by, of all not failed; `extra.inferred` adds those only pointed
    at."""
    places = Places(facts, ask)
    tallies = _summed(facts, ask, "rolled_back")
    for tally in tallies.values():
        tally.extra["inferred"] = tally.part
    named, pointed = _failures(facts)
    for certain, failures in ((True, named), (False, pointed)):
        for deployment in failures.values():
            period = places.period(deployment.deployed_at)
            services = places.alive((deployment.service,), deployment.deployed_at)
            if period is None or not services:
                continue
            for group in places.groups(services):
                if (period, group) in tallies:
                    tallies[period, group].part += certain
                    tallies[period, group].extra["inferred"] += 1
    return ((period, group, tally) for (period, group), tally in tallies.items())


def change_failure_rate(facts: Facts, ask: Ask) -> Iterator[Row]:
    """One row a deployment; part 1 where it was rolled back or an incident names it."""
    named, pointed = _failures(facts)
    for deployment, period, group in _every(facts, ask):
        key = (deployment.source, deployment.deployment)
        failed = deployment.status == "rolled_back" or key in named
        row = _row(deployment, period, group, failed, 1)
        yield row._replace(extra={"inferred": float(failed or key in pointed)})


def rollback_sums(facts: Facts, ask: Ask) -> Iterable[tuple[str, Group, Tally]]:
    """Rolled back, of all not failed."""
    return ((*key, tally) for key, tally in _summed(facts, ask, "rolled_back").items())


def rollback_rate(facts: Facts, ask: Ask) -> Iterator[Row]:
    """One row a deployment; part 1 where it was rolled back."""
    for deployment, period, group in _every(facts, ask):
        yield _row(deployment, period, group, deployment.status == "rolled_back", 1)


def rework_sums(facts: Facts, ask: Ask) -> Iterable[tuple[str, Group, Tally]]:
    """Unplanned, of all not failed that say whether they were."""
    places = Places(facts, ask)
    tallies = _summed(facts, ask, "unplanned")
    for row in facts.deployment_sums:
        for group in places.groups((row.service,)) if row.unplanned_known < row.deployments else ():
            blank = row.deployments - row.unplanned_known
            tally = tallies[row.period, group]
            tally.whole -= blank
            tally.n -= blank
            tally.excluded[_SILENT] += blank
    return ((*key, tally) for key, tally in tallies.items())


def rework_rate(facts: Facts, ask: Ask) -> Iterator[Row]:
    """One row a deployment; part 1 where it was unplanned."""
    for deployment, period, group in _every(facts, ask):
        silent = deployment.unplanned is None
        row = _row(deployment, period, group, bool(deployment.unplanned), not silent)
        yield row._replace(reason=_SILENT) if silent else row


def weeks(period: Period) -> float:
    """The weeks of a period's days, whole or not over."""
    return period.days / 7


def frequency_sums(facts: Facts, ask: Ask) -> Iterable[tuple[str, Group, Tally]]:
    """Deployments not failed; the weeks are the catalogue's `exposure`."""
    return ((*key, tally) for key, tally in _summed(facts, ask, "deployments").items())


def deployment_frequency(facts: Facts, ask: Ask) -> Iterator[Row]:
    """One row a deployment, and one for the weeks of the period."""
    length = {period.key: weeks(period) for period in ask.periods}
    seen: set[tuple[str, Group]] = set()
    for deployment, period, group in _every(facts, ask):
        if (period, group) not in seen:
            seen.add((period, group))
            yield Row(period, group, "periods", "", period, "weeks", None, 0, length[period], n=0)
        yield _row(deployment, period, group, 1, 0)


def lead_time_sums(facts: Facts, ask: Ask) -> Iterable[tuple[str, Group, Tally]]:
    """Hours from committed_at to deployed_at of deployments not failed."""
    places = Places(facts, ask)
    tallies: defaultdict[tuple[str, Group], Tally] = defaultdict(Tally)
    for count in facts.lead_counts:
        for group in places.placed(count.team, count.service):
            tally = tallies[count.period, group]
            tally.values[count.minutes / 60] += count.n
            tally.n += count.n
    for row in facts.deployment_sums:
        reasons = {"committed_at is missing": row.lead_missing, "negative interval": row.lead_negative}
        for reason, n in reasons.items():
            if n:
                for group in places.groups((row.service,)):
                    tallies[row.period, group].excluded[reason] += n
    return ((*key, tally) for key, tally in tallies.items())


def change_lead_time(facts: Facts, ask: Ask) -> Iterator[Row]:
    """One row a deployment with its lead time in hours."""
    for deployment, period, group in _every(facts, ask):
        row = _row(deployment, period, group, 0, 0)
        if deployment.committed_at is None:
            yield row._replace(reason="committed_at is missing")
        elif deployment.committed_at > deployment.deployed_at:
            yield row._replace(reason="negative interval")
        else:
            yield row._replace(value=minutes(deployment.committed_at, deployment.deployed_at) / 60)


def recovery_time(facts: Facts, ask: Ask) -> Iterator[Row]:
    """Minutes from deployed_at to the last end of the incidents that name a deployment, by deployed_at."""
    places = Places(facts, ask)
    incidents = {(i.source, i.incident): i for i in real(facts)}
    caused: defaultdict[Deployment, list[Linked]] = defaultdict(list)
    for link in _linked(facts):
        if not link.inferred:
            caused[link.deployment].append(link)
    for deployment, links in sorted(caused.items(), key=lambda item: item[0].deployed_at):
        period = places.period(deployment.deployed_at)
        services = places.alive((deployment.service,), deployment.deployed_at)
        if not period or not services:
            continue
        ends = [end(incidents[link.incident_source, link.incident]) for link in links]
        over = [stop for stop in ends if stop is not None]
        for group in places.groups(services):
            row = _row(deployment, period, group, 0, 0)
            if len(over) < len(ends):
                yield row._replace(reason="an incident it caused has not ended yet, or its end is missing")
            elif max(over) < deployment.deployed_at:
                yield row._replace(reason="negative interval")
            else:
                yield row._replace(value=(max(over) - deployment.deployed_at) / timedelta(minutes=1))


def progressive_delivery(facts: Facts, ask: Ask) -> Iterator[Row]:
    """One row a tier 0-1 service that deployed; part 1 where at least half of its deployments were progressive."""
    places = Places(facts, ask)
    for row in facts.deployment_sums:
        service = facts.services.get(row.service)
        if service is None or service.tier not in _TIERS or not row.deployments:
            continue
        part = float(2 * row.progressive >= row.deployments)
        for group in places.groups((row.service,)):
            title = f"{service.name}: {row.progressive} of {row.deployments} deployments"
            yield Row(row.period, group, "services", "", row.service, title, None, part, 1)


_OF_CHANGE = frozenset({"deployment_sums", "incidents", "linked"})
_ALL_CHANGE = frozenset({"deployments", "incidents", "linked"})
KPIS = (
    Kpi(
        key="change_failure_rate",
        name="Change failure rate",
        question="How often does a change hurt?",
        category="Change",
        unit="share",
        shape="share",
        better="lower",
        at="deployed_at",
        formula="deployments (not failed) rolled back or named by an incident's caused_by / such "
        "deployments; inferred: each "
        "incident without caused_by also fails the latest deployment on its services in the 24 h before it",
        needs=_OF_CHANGE,
        row_needs=_ALL_CHANGE,
        rows=change_failure_rate,
        sums=change_failure_sums,
        extra=lambda tally: {"inferred": share_of(tally.extra["inferred"], tally.whole)},
        target="≤ 15 %",
    ),
    Kpi(
        key="rollback_rate",
        name="Rollback rate",
        question="How often do we take a change back?",
        category="Change",
        unit="share",
        shape="share",
        better="lower",
        at="deployed_at",
        formula="deployments rolled back / deployments not failed",
        needs=frozenset({"deployment_sums"}),
        row_needs=frozenset({"deployments"}),
        rows=rollback_rate,
        sums=rollback_sums,
        target="falling",
    ),
    Kpi(
        key="deployment_frequency",
        name="Deployment frequency",
        question="How often do we ship?",
        category="Change",
        unit="per_week",
        shape="rate",
        better="higher",
        at="deployed_at",
        formula="deployments not failed / (days of the period / 7)",
        needs=frozenset({"deployment_sums"}),
        row_needs=frozenset({"deployments"}),
        watched=frozenset({"deployments"}),
        rows=deployment_frequency,
        sums=frequency_sums,
        exposure=weeks,
    ),
    Kpi(
        key="change_lead_time",
        name="Change lead time",
        question="How long from commit to customer?",
        category="Change",
        unit="hours",
        shape="duration",
        better="lower",
        at="deployed_at",
        formula="median of committed_at → deployed_at of deployments not failed",
        needs=frozenset({"deployment_sums", "lead_counts"}),
        row_needs=frozenset({"deployments"}),
        rows=change_lead_time,
        sums=lead_time_sums,
    ),
    Kpi(
        key="recovery_time",
        name="Failed deployment recovery",
        question="How fast are we back after a bad change?",
        category="Change",
        unit="minutes",
        shape="duration",
        better="lower",
        at="deployed_at",
        formula="median of deployed_at → last end (mitigated, else resolved) of the incidents it caused",
        needs=frozenset({"incidents", "linked"}),
        rows=recovery_time,
    ),
    Kpi(
        key="rework_rate",
        name="Rework rate",
        question="How much shipping is repair?",
        category="Change",
        unit="share",
        shape="share",
        better="lower",
        at="deployed_at",
        formula="unplanned deployments / deployments not failed that say whether they were planned",
        needs=frozenset({"deployment_sums"}),
        row_needs=frozenset({"deployments"}),
        rows=rework_rate,
        sums=rework_sums,
    ),
    Kpi(
        key="progressive_delivery",
        name="Progressive delivery",
        question="Do critical services ship step by step?",
        category="Change",
        unit="share",
        shape="share",
        better="higher",
        at="deployed_at",
        formula="tier 0-1 services with at least half of their deployments by canary, blue/green or "
        "feature flag / tier 0-1 "
        "services that deployed",
        needs=frozenset({"deployment_sums"}),
        rows=progressive_delivery,
        target="≥ 70 %",
    ),
)
