"""What is stated of risks against what happened: what contradicts it on the register, and all of it for one risk."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from app.charts import sanity as words
from app.charts import wording
from app.charts.theme import VerdictKey
from app.metrics import lessons, sanity
from app.metrics.facts import Facts, Incident, Risk
from app.metrics.grouping import known
from app.metrics.register import Standing
from app.metrics.sanity import Often, Seen
from app.store import losses as store_losses
from app.store import risks as store_risks
from app.store.engine import reading
from app.ui import read, risk, risks, tiles
from app.ui.board import Act, board
from app.ui.lead import heading
from app.ui.markup import Markup, button, el, join
from app.ui.read import State
from app.ui.risks import Shown, opens

Links = Mapping[tuple[str, str], Sequence[Incident]]
"""(source, risk) → the incidents that somebody linked to it, on whichever services."""
NO_LINKS: Links = {}
_YEAR = timedelta(days=365.25)
_SURE = ("too_low", "too_high")


class Contradiction(NamedTuple):
    """A risk, and what speaks against how often it is said to happen."""

    standing: Standing
    often: Often


def since(facts: Facts, moment: datetime) -> datetime:
    """From when on incidents were watched; the moment itself where none were."""
    return min((span.start for span in facts.watched.get("incidents", ())), default=moment)


def links(of: State, start: datetime, stop: datetime) -> Links:
    """The incidents that people linked to risks, of those that were detected in a stretch of time."""
    held = {key: [one for one in some if start <= one.detected_at < stop] for key, some in _links(of).items()}
    return {key: some for key, some in held.items() if some}


@lru_cache(maxsize=4)
def _links(of: State) -> Links:
    with reading(read.opened(of.url)) as conn:
        return store_risks.linked(conn)


def seen(found: Sequence[Risk], facts: Facts, moment: datetime, linked: Links = NO_LINKS) -> list[Seen]:
    """For each risk, how many incidents there were: linked to it, and on its services."""
    start = since(facts, moment)
    severe_from = facts.policy.major_severity
    touched = risks.hits(read.state()).of(found, start, moment, severe_from)
    years = max((moment - start) / _YEAR, 0.0)
    made = []
    for one in found:
        key = one.source, one.risk
        incidents, severe = touched.get(key, (0, 0))
        mine = linked.get(key, ())
        here = [incident for incident in mine if {*incident.services} & {*one.services}]
        bad = sum(incident.severity <= severe_from for incident in here)
        made.append(Seen(years, len(mine), max(incidents - len(here), 0), max(severe - bad, 0)))
    return made


def contradictions(page: Shown, linked: Links = NO_LINKS) -> list[Contradiction]:
    """The open risks whose stated events a year do not go with what happened; those that are sure first."""
    standing = page.open
    counted = seen([one.risk for one in standing], page.facts, page.moment, linked)
    found = [
        Contradiction(one, often)
        for one, what in zip(standing, counted, strict=True)
        if (often := sanity.often(one.risk, what)) is not None and often.verdict in (*_SURE, "maybe_too_low")
    ]
    return sorted(found, key=lambda one: (one.often.verdict not in _SURE, -(one.standing.loss or 0.0)))


def section(page: Shown) -> Act | None:
    """The contradictions; nothing where there is none."""
    found = contradictions(page, links(read.state(), since(page.facts, page.moment), page.moment))
    if not found:
        return None
    sub = "Events a year as stated, against incidents since they are known; a range that is wrong makes wrong money"
    sure = [one for one in found if one.often.verdict in _SURE]
    board(heading(f"What happened {'speaks' if sure else 'may speak'} against what is stated", sub), key="sanity_head")
    maybe = [one for one in found if one.often.verdict not in _SURE]
    many = f"{len(maybe):,} risk{'s' if len(maybe) != 1 else ''}"
    parts = [
        el("ul", join(*map(_item, sure)), cls="items") if sure else None,
        el(
            "details",
            el(
                "summary",
                el("b", f"{many} stated low for what hit {'their' if len(maybe) != 1 else 'its'} services"),
                el(
                    "span", "Nobody has said whether those incidents were these risks: link those that were.", cls="why"
                ),
            ),
            el("ul", join(*map(_item, maybe)), cls="items"),
        )
        if maybe
        else None,
    ]
    return board(el("section", join(*parts), cls="card section flush findings"), key="sanity")


def _item(one: Contradiction) -> Markup:
    risk = one.standing.risk
    return el(
        "li",
        el(
            "div",
            button(risk.title, act=opens(risk)),
            tiles.verdict(*words.VERDICTS[one.often.verdict]),
            cls="row",
        ),
        el("p", words.often(one.often), cls="why"),
    )


def one(page: risk.Shown, linked: Links | None = None) -> Markup | None:
    """How often one risk happened and what that cost, against what is stated; None where nothing is stated. `linked`:
    what people linked, unless that is to be looked up."""
    stated = page.standing.risk
    if linked is None:
        linked = links(read.state(), since(page.facts, page.moment), page.moment)
    (counted,) = seen([stated], page.facts, page.moment, linked)
    often = sanity.often(stated, counted)
    if often is None:
        return None
    mine = linked.get((stated.source, stated.risk), ())
    costs = _costs(read.state(), stated, page.moment, tuple(mine))
    each = sanity.each(stated, costs, bool(mine))
    items = [_line(words.often(often), *words.VERDICTS[often.verdict])]
    if each is not None:
        items.append(_line(words.each(each, page.policy.currency), *words.VERDICTS[each.verdict]))
    start = wording.day(since(page.facts, page.moment).date())
    return el(
        "section",
        el("h2", "Stated against what happened"),
        el("p", f"Incidents since {start}; the range behind a count is exact (Poisson, 95 %)", cls="sub"),
        el("ul", join(*items), cls="items"),
        cls="card section",
    )


def _line(said: str, key: VerdictKey, word: str) -> Markup:
    return el("li", el("div", tiles.verdict(key, word), cls="row"), el("p", said, cls="why"))


@lru_cache(maxsize=64)
def _costs(of: State, one: Risk, moment: datetime, linked: tuple[Incident, ...]) -> tuple[float, ...]:
    """The downtime cost of the linked incidents; of the severe ones on its services where none is linked."""
    facts = risks.facts_at(of, moment)
    with reading(read.opened(of.url)) as conn:
        if linked:
            incidents, impacts = store_losses.with_impacts(conn, linked)
        else:
            severe = facts.policy.major_severity
            incidents, impacts = store_losses.severe(conn, one.services, since(facts, moment), moment, severe)
    facts = known(replace(facts, incidents=incidents, impacts=impacts), moment)
    tolls = lessons.tolls(facts, facts.incidents, moment)
    return tuple(toll.cost for toll in tolls.values() if toll.cost)
