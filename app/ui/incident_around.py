"""What happened around an incident, what it spent of error budgets, what it belongs to: deployments and pages on its
time line, SLOs, repeats, risks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from app.charts import wording
from app.metrics.dr import executed
from app.metrics.facts import Deployment, Risk, Slo
from app.metrics.incidents import minutes
from app.metrics.numbers import Ask
from app.metrics.periods import containing, local_day
from app.metrics.risks import open_at, score
from app.store import one_service
from app.store.engine import reading
from app.ui import chains, places, read, slo_depth
from app.ui.choices import Asked
from app.ui.incident import Shown
from app.ui.markup import Markup, Part, button, el, join
from app.ui.read import State
from app.ui.service_cards import risk_item

_BEFORE, _AFTER = timedelta(hours=3), timedelta(hours=1)
"""How long before its start and after its end something counts as around an incident."""
_SLOS = 8
_RISKS = 4
_LONGEST = timedelta(days=7)
"""A longer incident has no time line: what happened in it would be a blur."""


@dataclass(frozen=True)
class Spent:
    """What an incident spent of one SLO's error budget, over the SLO's own window that ends with the incident's day."""

    slo: Slo
    share: float | None
    """Of the budget allowed; None: not measured then."""
    said: str
    """In minutes or failures."""
    left: float | None
    """The share left at the end of that day; negative when overspent."""


@dataclass(frozen=True)
class Around:
    """What surrounds an incident."""

    start: datetime
    stop: datetime
    deployments: tuple[Deployment, ...]
    """Of its services, shortly before it began until it ended."""
    spent: tuple[Spent, ...]
    """The largest share first; those that it took nothing of too."""
    risks: tuple[Risk, ...]
    """Open today on its services, the weightiest first."""
    registered: bool
    """Whether any risk is known."""
    untested: tuple[str, ...]
    """Names of its services that no DR test was ever carried out for, where anybody keeps DR tests."""


def around(page: Shown, asked: Asked) -> Around:
    """What surrounds the incident of a page."""
    one = page.incident
    start = min(one.started_at or one.detected_at, one.detected_at) - _BEFORE
    stop = min(max(one.resolved_at or one.mitigated_at or page.as_of, one.detected_at) + _AFTER, page.as_of)
    known = read.facts(frozenset({"risks", "dr_tests"}), Ask((), page.as_of))
    today = local_day(page.as_of, asked.zone)
    risks = [risk for risk in known.risks if open_at(risk, today) and set(risk.services) & set(one.services)]
    tested = {name for test in known.dr_tests if executed(test) for name in test.services}
    return Around(
        start,
        stop,
        _deployed(read.state(), one.services, start, stop) if one.services and stop - start <= _LONGEST else (),
        _spent(page, asked) if one.kind == "incident" else (),
        tuple(sorted(risks, key=lambda risk: (-score(risk), risk.risk))),
        bool(known.risks),
        tuple(known.services[name].name for name in one.services if name in known.services and name not in tested)
        if known.dr_tests
        else (),
    )


@lru_cache(maxsize=128)
def _deployed(of: State, services: tuple[str, ...], start: datetime, stop: datetime) -> tuple[Deployment, ...]:
    with reading(read.opened(of.url)) as conn:
        return tuple(one_service.deployed(conn, services, start, stop))


def _spent(page: Shown, asked: Asked) -> tuple[Spent, ...]:
    one = page.incident
    ended = one.mitigated_at or one.resolved_at or page.as_of
    day = containing(local_day(ended, asked.zone), "day", asked.zone)
    slos = {(slo.source, slo.slo): slo for slo in page.facts.slos if slo.service in one.services}
    found = []
    for (source, name), slo in sorted(slos.items())[:_SLOS]:
        deep = slo_depth.depth(replace(asked, period=day), source, name)
        if deep is None or deep.spend is None or deep.spend.allowed <= 0:
            found.append(Spent(slo, None, "", None))
            continue
        took = next(
            (part.bad for part in deep.spend.parts if (part.source, part.incident) == (one.source, one.incident)), 0.0
        )
        found.append(
            Spent(
                deep.slo,
                took / deep.spend.allowed,
                f"{deep.amount(took)}{'' if deep.timed else ' failures'}",
                deep.spend.left,
            )
        )
    return tuple(sorted(found, key=lambda one: (-(one.share if one.share is not None else -1.0), one.slo.name)))


def timeline(page: Shown, found: Around, zone: str) -> Markup | None:
    """Deployments, impact and pages on the incident's own time; nothing where there was none of them."""
    one = page.incident
    called = [call for call in page.pages if found.start <= call.triggered_at < found.stop]
    if not (found.deployments or called) or found.stop - found.start > _LONGEST:
        return None
    cause = page.deployment.deployment.deployment if page.deployment else None
    named = cause is not None and page.deployment is not None and not page.deployment.inferred
    ended = one.mitigated_at or one.resolved_at or page.as_of
    dots = [
        _dot(
            found,
            made.deployed_at,
            f"{wording.instant(made.deployed_at, zone)}: {made.deployment} of {_name(page, made.service)}, "
            f"{made.status.replace('_', ' ')}",
            "severe" if made.deployment == cause and named else "here" if made.deployment == cause else "",
        )
        for made in found.deployments
    ]
    lanes = [
        _lane("Deployments", *dots) if dots else None,
        _lane(
            "Incident",
            _bar(found, one.started_at or one.detected_at, one.detected_at, "faint", "not detected yet"),
            _bar(found, one.detected_at, ended, "", "until mitigated"),
            _bar(found, ended, one.resolved_at or ended, "faint", "until resolved"),
        ),
        _lane(
            "Customers hit", *(_bar(found, w.start, w.stop, "bad", _name(page, w.service)) for w in page.windows[:40])
        )
        if page.windows
        else None,
        _lane(
            "Pages",
            *(
                _dot(found, call.triggered_at, f"{wording.instant(call.triggered_at, zone)}: a page", "")
                for call in called
            ),
        )
        if called
        else None,
    ]
    parts = [_some(len(found.deployments), "deployment"), _some(len(called), "page")]
    said = wording.listed([part for part in parts if part])
    marks = [
        "red: the deployment that the incident names" if named else "",
        "ringed: the latest before it, which nobody named" if cause and not named and dots else "",
    ]
    hours = f"{wording.duration(_BEFORE / timedelta(minutes=1))} before it began until an hour after it ended"
    return el(
        "section",
        el("h2", f"{wording.capital(said)} around it"),
        el("p", "; ".join(part for part in (f"From {hours}", *marks) if part), cls="sub"),
        el("ul", join(*lanes), cls="lanes"),
        el(
            "p",
            el("span", wording.instant(found.start, zone)),
            el("span", wording.instant(found.stop, zone)),
            cls="muted small ends",
        ),
        cls="card section",
    )


def _some(count: int, word: str) -> str:
    return f"{count:,} {word}{'s' if count != 1 else ''}" if count else ""


def _name(page: Shown, service: str | None) -> str:
    known = page.facts.services.get(service or "")
    return known.name if known else service or "the company"


def _lane(name: str, *parts: Part) -> Markup:
    return el("li", el("span", name), el("div", *parts, cls="track"))


def _share(found: Around, at: datetime) -> float:
    whole = minutes(found.start, found.stop) or 1.0
    return min(max(minutes(found.start, at) / whole * 100, 0.0), 100.0)


def _dot(found: Around, at: datetime, said: str, kind: str) -> Markup:
    return el(
        "span",
        el("span", said, cls="hush"),
        cls=f"dot {kind}".strip(),
        style=f"left:{_share(found, at):.2f}%",
        title=said,
    )


def _bar(found: Around, start: datetime, stop: datetime, kind: str, said: str) -> Markup | None:
    if stop <= start:
        return None
    left, right = _share(found, start), _share(found, stop)
    words = f"{said}: {wording.duration(minutes(start, stop))}"
    return el(
        "i",
        el("span", words, cls="hush"),
        cls=kind or None,
        style=f"left:{left:.2f}%;width:{max(right - left, 0.4):.2f}%",
        title=words,
    )


def budgets(found: Around) -> Markup | None:
    """What the incident spent of the error budgets of its services; nothing where they have no SLO."""
    if not found.spent:
        return None
    most = next((one for one in found.spent if one.share), None)
    measured = any(one.share is not None for one in found.spent)
    title = "Error budgets: none of it was measured" if not measured else "It spent no error budget"
    if most is not None and most.share is not None:
        title = f"It spent {wording.value(most.share, 'share')} of the budget of {most.slo.name}"
    return el(
        "section",
        el("h2", title),
        el(
            "p",
            "Of each SLO's own window, which ends with that day; what fails on any day is left out",
            cls="sub",
        ),
        el("ul", *(_one_budget(one) for one in found.spent), cls="items"),
        cls="card section flush",
    )


def _one_budget(one: Spent) -> Markup:
    told = wording.value(one.share, "share") if one.share is not None else wording.NO_DATA
    left = ""
    if one.left is not None:
        word = "left" if one.left >= 0 else "overspent"
        left = f"budget {wording.value(abs(one.left), 'share')} {word} at the end of that day"
    amount = f"{one.said} · " if one.share else ""
    return el(
        "li",
        el(
            "div",
            button(one.slo.name, act={"do": "open", "place": places.SLOS.name, "slo": one.slo.slo}),
            el("span", told, cls="small late" if one.share else "small"),
            cls="row",
        ),
        el("p", amount + left if left else "Not measured in that window.", cls="why"),
    )


def follows(page: Shown, found: Around) -> Markup:
    """The risks that name its services, and those that nobody tested a way back for."""
    appetite = page.policy.risk.appetite
    items = [risk_item(risk, appetite) for risk in found.risks[:_RISKS]]
    more = len(found.risks) - len(items)
    above = sum(score(risk) > appetite for risk in found.risks)
    count = len(found.risks)
    title = "One open risk names its services" if count == 1 else f"{count} open risks name its services"
    calm = "If it could happen again, one should." if found.registered else "Bring risks.csv, the register."
    return el(
        "section",
        el("h2", title if items else "No open risk names its services" if found.registered else "No risk is known"),
        el("p", f"{above or 'None'} above the appetite of {appetite}", cls="sub") if items else None,
        el("ul", *items, cls="items") if items else el("p", calm, cls="muted small"),
        el("p", f"and {more} more", cls="muted small") if more > 0 else None,
        el("p", f"No DR test was ever carried out for {wording.listed(found.untested[:3])}.", cls="small")
        if found.untested
        else None,
        cls="card section flush",
    )


def chain(page: Shown, zone: str) -> Markup | None:
    """The chain of repeats that it stands in, on a time line; nothing for one that stands alone."""
    if not page.chain:
        return None
    one, policy = page.incident, page.policy
    at = page.chain.index(one) + 1 if one in page.chain else 0
    return el(
        "section",
        el("h2", f"Number {at} of {len(page.chain)} alike"),
        el("p", "Linked by somebody, or the same cause on a shared service soon after the last", cls="sub"),
        chains.drawn([page.chain], page.facts.services, zone, policy.major_severity, here=one),
        cls="card section flush",
    )


def below(page: Shown, found: Around, zone: str) -> Markup:
    """What it spent, what it repeats, what could happen again: as many cards as there is something to say."""
    cards: Sequence[Part] = [part for part in (budgets(found), chain(page, zone), follows(page, found)) if part]
    return el("div", *cards, cls=f"grid {'three' if len(cards) == 3 else 'two'} apart")
