"""The Overview's parts as markup: headline, map, worst services, changes, decisions waiting."""

from collections.abc import Sequence

from app.charts import wording
from app.metrics.attention import Suffering, Waiting
from app.metrics.catalogue import KPIS
from app.metrics.numbers import Number
from app.metrics.periods import local_day
from app.ui import freshness, heat, places, tiles
from app.ui.choices import Asked
from app.ui.lead import lead
from app.ui.markup import Markup, button, el, join
from app.ui.overview import First, Second

_SHOWN = 8
NOBODY = "No service spent a budget or touched a customer."
UNTOUCHED = "No service spent a budget; what touched customers is not known."
UNSPENT = "No service touched a customer; no SLO was measured."
UNJUDGED = "No data on any service: bring sli.csv, incidents.csv and impacts.csv."
STEADY = "No real change: every number moves within its usual range."
TOO_FEW = "Too few months to tell: a real change is one beyond what six months before have shown to be usual."
NOTHING = "Nothing is overdue or about to run out."
UNKEPT = "No actions, risks or DR tests are known: bring actions.csv, risks.csv and dr_tests.csv."
_WORDS = {
    "acceptance_expired": ("late", "acceptance ran out on"),
    "review_overdue": ("late", "review was due on"),
    "action_overdue": ("late", "was due on"),
    "test_overdue": ("late", "test was planned for"),
    "acceptance_expiring": ("soon", "acceptance runs out on"),
    "test_due": ("soon", "test is planned for"),
}
_MUST = {
    "acceptance_expired": "accept it again or treat it",
    "review_overdue": "review it",
    "action_overdue": "finish it or say when",
    "test_overdue": "run it or plan it again",
    "acceptance_expiring": "accept it again or treat it",
    "test_due": "run it",
}
"""What whoever is named has to do."""
_TALLY = {
    "acceptance_expired": ("acceptance ran out", "acceptances ran out"),
    "review_overdue": ("risk review overdue", "risk reviews overdue"),
    "action_overdue": ("action overdue", "actions overdue"),
    "test_overdue": ("DR test overdue", "DR tests overdue"),
    "acceptance_expiring": ("acceptance about to run out", "acceptances about to run out"),
    "test_due": ("DR test due in 30 days", "DR tests due in 30 days"),
}


def screen(first: First, second: Second, asked: Asked) -> Markup:
    """Headline, eight tiles, the map; below them the worst services, changes and what waits."""
    return join(
        lead(" ".join(first.sentences), asked),
        tiles.tiles(first.faces),
        tier_map(first, asked),
        el("div", worst(second, asked), changed(second, asked), cls="grid two below"),
        waiting(second.waiting, asked, second.kept),
    )


def tier_map(shown: First, asked: Asked) -> Markup:
    """The tier-by-month map; a click on a cell narrows the page to it."""
    late = freshness.note("slos_met")
    body = (
        heat.heat(shown.heat, [{"do": "narrow", "tier": tier} for tier in shown.tiers], asked.period.key)
        if shown.tiers
        else el("p", wording.capital(shown.heat.empty), cls="muted")
    )
    return el(
        "section", el("h2", shown.heat.title), el("p", shown.heat.subtitle, cls="sub"), body, late, cls="card section"
    )


def worst(shown: Second, asked: Asked) -> Markup:
    """The three services that suffer most, each with its reason."""
    items = [
        el(
            "li",
            el(
                "div",
                button(shown.services.get(one.service, one.service), act=_opens(one.service)),
                tiles.verdict("missed", "frozen") if one.frozen else None,
                cls="row",
            ),
            el("p", reason(one, shown), cls="why"),
        )
        for one in shown.worst
    ]
    body = el("ol", join(*items), cls="items") if items else el("p", nobody(shown), cls="muted small")
    late = freshness.note("error_budget_remaining", "customer_impact_minutes", "major_incidents")
    return _section("Worst services", f"By spent budgets, then customer impact, {asked.words}", join(body, late))


def nobody(shown: Second) -> str:
    """What an empty list of services means: that all is well only as far as anything is known."""
    touched, measured = "customer_impact_minutes" in shown.known, "slos_met" in shown.known
    if touched and measured:
        return NOBODY
    return UNTOUCHED if measured else UNSPENT if touched else UNJUDGED


def reason(one: Suffering, shown: Second) -> str:
    """Why a service is among the worst, in a sentence."""
    said = []
    if one.frozen:
        names = [shown.slos.get(number.group.slo or "", number.group.slo or "") for number in one.frozen]
        left = one.frozen[0].value
        over = f" ({wording.value(-left, 'share')} over)" if left is not None and left < 0 and len(names) == 1 else ""
        said.append(
            f"error budget spent: {wording.listed(names[:2])}{over}"
            + (f" and {len(names) - 2} more" if len(names) > 2 else "")
        )
    if one.impact is not None:
        said.append(f"{wording.duration(one.impact.value)} of customer impact")
    if one.majors is not None and one.majors.value is not None:
        count = round(one.majors.value)
        said.append(f"{count} severe incident{'s' if count != 1 else ''}")
    if (
        one.missed is not None
        and not one.frozen
        and one.missed.numerator is not None
        and one.missed.denominator is not None
    ):
        said.append(
            f"{round(one.missed.denominator - one.missed.numerator)} of {round(one.missed.denominator)} SLOs missed"
        )
    return wording.capital(", ".join(said)) + "."


def changed(shown: Second, asked: Asked) -> Markup:
    """The numbers with a real change, worsening ones first."""
    items = [
        el(
            "li",
            el(
                "div",
                button(KPIS[number.kpi].name, act={"do": "explain", "kpi": number.kpi}),
                tiles.verdict("missed" if number.signal == "worsening" else "met", number.signal),
                cls="row",
            ),
            el("p", _since(number, shown, asked), cls="why"),
        )
        for number in shown.changed[:5]
    ]
    if len(shown.changed) > 5:
        items.append(el("li", el("p", f"and {len(shown.changed) - 5} more", cls="why")))
    body = (
        el("ul", join(*items), cls="items") if items else el("p", STEADY if shown.told else TOO_FEW, cls="muted small")
    )
    late = freshness.note(*(number.kpi for number in shown.changed[:5]))
    return _section(
        "What has really changed", "Beyond the usual variation of the twelve months before", join(body, late)
    )


def _since(number: Number, shown: Second, asked: Asked) -> str:
    value = wording.amount(number, tiles.op_of(number.kpi, shown.policy), shown.policy.currency)
    usual = ""
    if number.limits is not None:
        usual = f", usually about {wording.value(number.limits[1], number.unit, currency=shown.policy.currency)}"
    fresh = "new" if number.since == asked.period.key else f"since {wording.period(number.since or number.period)}"
    return f"{value}{usual}; {fresh}."


def waiting(things: Sequence[Waiting], asked: Asked, kept: bool = True) -> Markup:
    """How many things of each kind wait today, and the most pressing of them."""
    today = wording.day(local_day(asked.as_of, asked.zone))
    if not things:
        return _section("Decisions waiting", f"On {today}", el("p", NOTHING if kept else UNKEPT, cls="muted small"))
    counts: dict[str, int] = {}
    for thing in things:
        counts[thing.kind] = counts.get(thing.kind, 0) + 1
    tally = [
        el(
            "div",
            el("b", str(count), cls="late" if _WORDS[kind][0] == "late" else None),
            el("span", _TALLY[kind][count != 1]),
        )
        for kind, count in counts.items()
    ]
    items = [_waiting(thing) for thing in _fair(things)]
    more = len(things) - len(items)
    return _section(
        "Decisions waiting",
        f"On {today}: what is overdue, has run out or is due within 30 days",
        join(
            el("div", join(*tally), cls="tally"),
            el("ul", join(*items), cls="items two"),
            el("p", f"and {more} more", cls="muted small") if more else None,
            freshness.note("actions_on_time", "risks_above_appetite", "dr_on_plan"),
        ),
    )


def _fair(things: Sequence[Waiting]) -> list[Waiting]:
    """The first of each kind, then the second of each, in the order of kinds."""
    kinds: dict[str, list[Waiting]] = {}
    for thing in things:
        kinds.setdefault(thing.kind, []).append(thing)
    rounds = [row[at] for at in range(_SHOWN) for row in kinds.values() if at < len(row)]
    chosen = set(rounds[:_SHOWN])
    return [thing for thing in things if thing in chosen]


def _waiting(thing: Waiting) -> Markup:
    tone, words = _WORDS[thing.kind]
    must = _MUST[thing.kind]
    return el(
        "li",
        el(
            "div",
            el("span", button(thing.title, act=act) if (act := _leads_to(thing)) else thing.title),
            el("span", f"{words} {wording.day(thing.on)}", cls=f"small {tone}"),
            cls="row",
        ),
        el(
            "p",
            f"{thing.owner} must {must}" if thing.owner else f"Nobody is named to {must}",
            f" · {thing.id}" + (f" from {thing.origin}" if thing.origin else ""),
            cls="why",
        ),
    )


def _leads_to(thing: Waiting) -> dict[str, str] | None:
    """Where what waits is told whole: a risk's page, a test's, or that of the incident an action came from."""
    if thing.entity == "risks":
        return {"do": "open", "place": places.RISK.name, "risk": thing.id, "source": thing.source}
    if thing.entity == "dr_tests":
        return {"do": "open", "place": places.DR_TESTS.name, "test": thing.id, "source": thing.source}
    kind, _, origin = (thing.origin or "").rpartition(" ")
    place, name = {
        "incident": (places.INCIDENT, "incident"),
        "risk": (places.RISK, "risk"),
        "DR test": (places.DR_TESTS, "test"),
    }.get(kind, (None, ""))
    return {"do": "open", "place": place.name, name: origin} if place else None


def _opens(service: str) -> dict[str, str]:
    return {"do": "open", "place": places.SERVICE.name, "service": service}


def _section(title: str, sub: str, body: Markup) -> Markup:
    return el("section", el("h2", title), el("p", sub, cls="sub"), body, cls="card section")
