"""The parts of a service's page as markup: who owns it, the way from promise to remedy, its promises, its cards."""

from app.charts import wording
from app.charts.promises import attained
from app.charts.theme import VerdictKey
from app.metrics.drills import Drill
from app.metrics.facts import Risk
from app.metrics.periods import local_day
from app.metrics.service import in_time
from app.ui import freshness, heat, places, tiles
from app.ui.choices import Asked
from app.ui.lead import lead
from app.ui.markup import Markup, Part, button, el, join
from app.ui.promised import Told
from app.ui.service import Shown, by_month, proven
from app.ui.slos_parts import left, objective, share, state

_LISTED = 5


def first_screen(page: Shown, asked: Asked) -> Markup:
    """Whose it is, the finding, the tiles, and the way from promise to remedy."""
    return join(_head(page, asked), tiles.tiles(page.faces), steps(page, asked))


def outside(asked: Asked) -> Markup:
    """The page of a service that the other filters leave out."""
    *others, name = asked.scope_words
    return el(
        "section",
        el("h2", f"{name} is not in {wording.listed(others)}"),
        button("Show it whole", act={"do": "one_service", "service": asked.scope.service}, cls="primary"),
        cls="card section",
    )


def _head(page: Shown, asked: Asked) -> Markup:
    one, policy = page.service, page.policy
    tier = policy.tiers.get(one.tier)
    cost = one.downtime_cost_per_minute
    rto, rpo = (
        getattr(one, f"{which}_minutes") or (getattr(tier, f"{which}_minutes") if tier else None)
        for which in ("rto", "rpo")
    )
    facts = [
        f"Tier {one.tier}",
        page.team,
        f"product {one.product}" if one.product else "",
        f"{wording.exact(cost, 'money', policy.currency)} a minute of downtime" if cost is not None else "",
        f"back within {wording.duration(rto)}" if rto is not None else "",
        f"at most {wording.duration(rpo)} of data lost" if rpo is not None else "",
        f"retired on {wording.day(one.retired_on)}" if one.retired_on else "",
    ]
    return join(
        el(
            "div",
            el("h2", one.name),
            el("p", " · ".join(fact for fact in facts if fact), cls="muted"),
            button("← All services", act={"do": "all_services"}, cls="link small"),
            cls="who",
        ),
        lead(page.finding, asked),
    )


def steps(page: Shown, asked: Asked) -> Markup:
    """From promise to remedy in five steps: what is promised, what hurt it, what could, whether it would come back,
    what is being done."""
    months, today = asked.trend, wording.day(local_day(asked.as_of, asked.zone))
    return el(
        "section",
        el("h2", "What hurts it, and what is being done"),
        el(
            "p",
            f"Promises in {asked.words}, incidents of the {len(months)} months to {wording.period(months[-1].key)}, "
            f"the rest as it stands on {today}",
            cls="sub",
        ),
        el(
            "ol",
            _promised(page, asked),
            _happened(page),
            _could(page),
            _back(page, asked),
            _done(page),
            cls="steps",
        ),
        cls="card section",
    )


def _step(name: str, value: str, key: VerdictKey, word: str, *said: Part) -> Markup:
    return el(
        "li",
        el("h3", name),
        el("div", el("b", value), tiles.verdict(key, word) if word else None, cls="row"),
        *(el("p", part) for part in said if part),
    )


def _promised(page: Shown, asked: Asked) -> Markup:
    opens = button("All SLOs", act={"do": "open", "place": places.SLOS.name}, cls="link small")
    measured = [one for one in page.promises if one.kept is not None and one.kept.met is not None]
    if not page.promises:
        return _step("Promises", "none", "no_data", "no data", "It has no SLO: slos.csv brings one.")
    kept = sum(bool(one.kept and one.kept.met) for one in measured)
    worst = page.promises[0]
    said = (
        f"{worst.slo.name}: {share(worst.remaining)} of its budget left"
        if worst.remaining is not None and worst.remaining >= 0
        else f"{worst.slo.name}: {share(-worst.remaining)} over its budget"
        if worst.remaining is not None
        else "No data in any window"
    )
    if not measured:
        return _step("Promises", "not measured", "no_data", "no data", said, opens)
    whole = kept == len(measured)
    return _step(
        "Promises", f"{kept} of {len(measured)} kept", "met" if whole else "missed", "met" if whole else "missed",
        said, opens,
    )  # fmt: skip


def _happened(page: Shown) -> Markup:
    name = "Incidents"
    if not page.found:
        known = page.now["major_incidents"].value is not None
        return _step(name, "none" if known else "not known", "no_target" if known else "no_data", "")
    hit = [toll.minutes for toll in page.tolls.values() if toll.minutes]
    again = sum((one.source, one.incident) in page.repeated for one in page.found)
    severe = sum(one.severity <= page.policy.major_severity for one in page.found)
    return _step(
        name,
        f"{len(page.found):,} incident{'s' if len(page.found) != 1 else ''}",
        "no_target",
        "",
        f"{severe or 'none'} severe, {len(hit) or 'none'} touched customers",
        f"{again} repeated an earlier one" if again else "none repeated an earlier one",
    )


def _could(page: Shown) -> Markup:
    name = "Risks"
    if not page.registered:
        return _step(name, "not known", "no_data", "no data", "risks.csv brings them.")
    if not page.risks:
        return _step(name, "none named", "no_target", "", "No open risk names it.")
    above = len(page.above)
    return _step(
        name,
        f"{len(page.risks)} open",
        "missed" if above else "met",
        f"{above} above appetite" if above else "within appetite",
        risk_link(page.risks[0]),
    )


def risk_link(risk: Risk) -> Part:
    """A risk's title, with the way to its page."""
    if places.found("risk") is None:
        return risk.title
    return button(risk.title, act={"do": "open", "place": "risk", "risk": risk.risk, "source": risk.source})


_BACK: dict[str, tuple[VerdictKey, str]] = {
    "passed": ("met", "proven"),
    "slow": ("unsure", "too slow"),
    "lapsed": ("unsure", "too old"),
    "failed": ("missed", "not proven"),
    "never": ("missed", "never tested"),
}


def _back(page: Shown, asked: Asked) -> Markup:
    name, said = "Way back", proven(page, asked)
    if not said:
        asks = page.facts.watched.get("dr_tests") or page.facts.dr_tests
        return _step(
            name,
            "not tested" if asks else "not known",
            "no_target" if asks else "no_data",
            "" if asks else "no data",
            "No test is asked of its tier." if asks else "dr_tests.csv brings the tests.",
        )
    last = page.back.done[0] if page.back.done else None
    on = drilled_on(last, asked) if last else "never"
    kept = in_time(last) if last else None
    times = {True: "kept its times", False: "too slow, or too much lost", None: "no time measured"}[kept]
    coming = page.back.ahead
    return _step(
        name,
        on,
        *_BACK[said],
        f"{last.test.kind.replace('_', ' ')} {last.state.replace('_', ' ')}, {times}" if last else None,
        f"next planned for {wording.day(coming.test.planned_on)}" if coming else "no test is planned",
    )


def drilled_on(drill: Drill, asked: Asked) -> str:
    """The local day on which a test was carried out."""
    at = drill.test.executed_at
    return wording.day(local_day(at, asked.zone)) if at else ""


def _done(page: Shown) -> Markup:
    name, open_, late = "Actions", len(page.waiting), len(page.overdue)
    if not page.actions:
        known = page.facts.watched.get("actions")
        return _step(
            name, "none" if known else "not known", "no_target" if known else "no_data", "" if known else "no data",
            "Nothing was promised after its incidents, risks and tests." if known else "actions.csv brings them.",
        )  # fmt: skip
    first = page.waiting[0].action if page.waiting else None
    return _step(
        name,
        f"{open_ or 'none'} open",
        "missed" if late else "met",
        f"{late} overdue" if late else "none overdue",
        f"{first.title} · {first.owner or 'nobody'}"
        if first
        else f"all {len(page.actions)} are done"
        if len(page.actions) > 1
        else "the only one is done",
    )


def promised(page: Shown, asked: Asked) -> Markup:
    """Its SLOs: what was attained, what is left, and month by month."""
    if not page.promises:
        return el(
            "section", el("h2", "No promise"), el("p", "It has no SLO: slos.csv and sli.csv bring them.", cls="muted"),
            cls="card section flush",
        )  # fmt: skip
    chart = by_month(page, asked)
    names = [("SLO", False), ("State", False), ("Attained", True), ("Objective", True)]
    names += [("Budget left", True), ("That is", False)]
    table = el(
        "table",
        el("thead", el("tr", *(el("th", n, scope="col", cls="number" if right else None) for n, right in names))),
        el("tbody", *(_slo(one) for one in page.promises)),
        cls="rows tight",
    )
    acts = [{"do": "narrow"} for _ in page.promises]
    return el(
        "section",
        el("h2", chart.title),
        el("p", f"Attained in {asked.words}; budgets over each SLO's own window that ends with it", cls="sub"),
        freshness.note("slos_met", "error_budget_remaining"),
        el("div", table, cls="scroll", tabindex="0"),
        el("div", heat.heat(chart, acts, asked.period.key, labelled=True), cls="wide months", tabindex="0")
        if page.months
        else None,
        cls="card section flush",
    )


def _slo(one: Told) -> Markup:
    met = one.kept.met if one.kept else None
    key: VerdictKey = "no_data" if met is None else "met" if met else "missed"
    return el(
        "tr",
        el(
            "th",
            button(one.slo.name, act={"do": "open", "place": places.SLOS.name, "slo": one.slo.slo}),
            scope="row",
        ),
        el("td", state(one.state)),
        el("td", tiles.verdict(key, attained(one.kept)), cls="number"),
        el("td", objective(one.slo), cls="number"),
        el("td", share(one.remaining), cls="number"),
        el("td", left(one.left) if one.left else ""),
    )
