"""The cards of a service's page: on-call, change, DR tests, risks, readings."""

from collections.abc import Sequence

from app.charts import wording
from app.charts.theme import VerdictKey
from app.metrics.catalogue import KPIS
from app.metrics.drills import Drill
from app.metrics.facts import Risk
from app.metrics.lessons import Owed
from app.metrics.risks import score
from app.store.one_service import Reading
from app.ui import freshness, places, tiles
from app.ui.choices import Asked
from app.ui.markup import Markup, Part, button, el, join
from app.ui.service import Shown, proven
from app.ui.service_parts import drilled_on, risk_link

_LISTED, _WRONG = 5, 3


def on_call(page: Shown, asked: Asked) -> Markup:
    """How often its pages called somebody, how fast they answered, and how much of it was noise."""
    now = page.now
    called = now["after_hours_share"]
    calls = called.denominator if called.value is not None else 0 if now["time_to_engage"].n else None
    rows: list[tuple[str, Part]] = [
        ("Interruptions", f"{calls:,.0f}" if calls is not None else None),
        ("Outside working hours", _said(page, "after_hours_share")),
        ("Answered, half within", _said(page, "time_to_engage")),
        ("Answered in time", _said(page, "engaged_in_time")),
        ("Noise", _said(page, "alert_noise")),
    ]
    title = f"Its pages called somebody {_times(calls)} in {asked.words}" if calls is not None else "On-call: no data"
    return _facts(title, f"Interruptions by its pages, for team {page.team}", rows, "pages.csv brings them.",
                  freshness.note("after_hours_share"))  # fmt: skip


def _times(calls: float) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(round(calls), f"{calls:,.0f} times")


def _said(page: Shown, key: str) -> Markup | None:
    """A number with what it was made from and its verdict; a click explains it."""
    number = page.now[key]
    if number.value is None:
        return None
    op, currency = tiles.op_of(key, page.policy), page.policy.currency
    judged = tiles.verdict(wording.verdict_key(number), wording.verdict(number)) if number.target is not None else None
    shown = button(
        wording.amount(number, op, currency), act={"do": "explain", "kpi": key}, title="How is this counted?"
    )
    return join(shown, el("span", f" {wording.sample(number)} ", cls="muted small"), judged)


def _facts(title: str, sub: str, rows: Sequence[tuple[str, Part]], empty: str, *more: Part) -> Markup:
    known = [(name, said) for name, said in rows if said is not None]
    body = el("dl", join(*(join(el("dt", name), el("dd", said)) for name, said in known)), cls="pairs")
    return el(
        "section",
        el("h2", title),
        el("p", sub, cls="sub"),
        body if known else el("p", empty, cls="muted small"),
        *more,
        cls="card section flush",
    )


def change(page: Shown, asked: Asked) -> Markup:
    """How often it is changed, how often that fails, and the last that went wrong."""
    number = page.now["change_failure_rate"]
    rows: list[tuple[str, Part]] = [
        (name, _said(page, key))
        for name, key in (
            ("Failed", "change_failure_rate"),
            ("Rolled back", "rollback_rate"),
            ("Frequency", "deployment_frequency"),
            ("Lead time", "change_lead_time"),
        )
    ]
    title = f"{number.n:,} deployment{'s' if number.n != 1 else ''} in {asked.words}"
    items = [
        el(
            "li",
            el(
                "div",
                el("span", one.deployment),
                el("span", one.status.replace("_", " "), cls="small late" if one.status != "succeeded" else "small"),
                cls="row",
            ),
            el("p", *_how(page, one.deployment, wording.instant(one.deployed_at, asked.zone), one.strategy), cls="why"),
        )
        for one in page.wrong[:_WRONG]
    ]
    listed = (
        join(el("h3", "The last that went wrong"), el("ul", *items, cls="items"))
        if items
        else el("p", f"None went wrong in {len(asked.trend)} months.", cls="muted small")
        if number.n
        else None
    )
    return _facts(title if number.n else "Change: no deployment", "Change failure needs an incident that names the "
                  "deployment, or a roll-back", rows, "deployments.csv brings them.", listed,
                  freshness.note("change_failure_rate"))  # fmt: skip


def _how(page: Shown, deployment: str, when: str, strategy: str | None) -> list[Part]:
    said: list[Part] = [when, f" · {strategy.replace('_', ' ')}" if strategy else None]
    cause = page.blamed.get(deployment)
    if cause is not None:
        act = {"do": "open", "place": "incident", "incident": cause.incident, "source": cause.source}
        said += [" · caused ", button(cause.title, act=act)]
    return said


def drills(page: Shown, asked: Asked) -> Markup:
    """Its DR tests: overdue, done, planned."""
    back = page.back
    listed = [*back.overdue[:2], *([back.ahead] if back.ahead else []), *back.done]
    items = [_drill(one, asked) for one in listed[:_LISTED]]
    title = {
        "passed": "It is proven to come back",
        "slow": "It comes back, but too slowly",
        "lapsed": "The proof that it comes back is too old",
        "failed": "It has not been proven to come back",
        "never": "Nobody has tested that it comes back",
    }.get(proven(page, asked), "DR tests: none" if not listed else "DR tests")
    sub = f"{len(back.done):,} done, {len(back.overdue) or 'none'} overdue"
    if back.lapses_on is not None:
        sub += f"; the next is due by {wording.day(back.lapses_on)}"
    body = el("ul", *items, cls="items") if items else el("p", "No DR test names it.", cls="muted small")
    late = freshness.note("dr_on_plan")
    return el("section", el("h2", title), el("p", sub, cls="sub"), body, late, cls="card section flush")


_DRILL: dict[str, tuple[VerdictKey, str]] = {
    "passed": ("met", "passed"),
    "partial": ("unsure", "partial"),
    "failed": ("missed", "failed"),
    "no_result": ("no_data", "no result"),
    "overdue": ("missed", "overdue"),
    "planned": ("no_target", "planned"),
}


def _drill(one: Drill, asked: Asked) -> Markup:
    test = one.test
    on = (
        f"planned for {wording.day(test.planned_on)}" if one.state in ("overdue", "planned") else drilled_on(one, asked)
    )
    times = [
        f"{name} {wording.duration(time.achieved)}" + (f" of {wording.duration(time.target)}" if time.target else "")
        for name, time in (("back in", one.rto), ("data lost", one.rpo))
        if time.achieved is not None
    ]
    shown: Part = test.name
    if places.found("dr_tests") is not None:
        shown = button(test.name, act={"do": "open", "place": "dr_tests", "test": test.test})
    return el(
        "li",
        el("div", el("span", shown), tiles.verdict(*_DRILL.get(one.state, ("no_data", one.state))), cls="row"),
        el("p", " · ".join((on, *times)), cls="why"),
    )


def risk_item(risk: Risk, appetite: int) -> Markup:
    """One risk with its level, and the way to its page."""
    level = f"{risk.likelihood} × {risk.impact} = {score(risk)}"
    return el(
        "li",
        el(
            "div",
            el("span", risk_link(risk)),
            el("span", level, cls="small late" if score(risk) > appetite else "small"),
            cls="row",
        ),
        el("p", f"{risk.risk} · {risk.owner} · {risk.treatment}", cls="why"),
    )


def risks(page: Shown) -> Markup:
    """The open risks that name it."""
    items = [risk_item(risk, page.policy.risk.appetite) for risk in page.risks[:_LISTED]]
    more = len(page.risks) - len(items)
    above, known = len(page.above), page.registered
    title = f"{len(page.risks)} open risks name it" if len(page.risks) != 1 else "One open risk names it"
    empty = "No open risk names it." if known else "No risk is known at all: bring risks.csv."
    return el(
        "section",
        el("h2", title if page.risks else "Risks: none" if known else "Risks: no data"),
        el("p", f"Likelihood × impact; {above or 'none'} above the appetite of {page.policy.risk.appetite}", cls="sub")
        if items
        else None,
        el("ul", *items, cls="items") if items else el("p", empty, cls="muted small"),
        el("p", f"and {more} more", cls="muted small") if more > 0 else None,
        freshness.note("risks_above_appetite"),
        cls="card section flush",
    )


def origin(one: Owed) -> str:
    """What an action came from, in words."""
    kind = {"dr_test": "DR test"}.get(one.action.origin, one.action.origin)
    return f"{kind} {one.action.origin_id}"


def readings(page: Shown) -> Markup | None:
    """The latest reading of each kind that other systems gave of it; nothing where they gave none."""
    latest: dict[str, Reading] = {one.kpi: one for one in page.readings if one.kpi in KPIS}
    items = [_reading(one, page) for one in latest.values()]
    if not items:
        return None
    return el(
        "section",
        el("h2", "Capacity, speed and spend"),
        el("p", "The latest reading of each that other systems gave of this service", cls="sub"),
        el("dl", *items, cls="across fit"),
        freshness.note(*latest),
        cls="card section",
    )


def _reading(one: Reading, page: Shown) -> Markup:
    kpi, value = KPIS[one.kpi], one.value
    if value is None and one.part is not None and one.whole:
        value = one.part / one.whole
    said = wording.value(value, kpi.unit, one.target, tiles.op_of(one.kpi, page.policy), page.policy.currency)
    op = tiles.op_of(one.kpi, page.policy)
    goal = f", target {wording.target(one.target, kpi.unit, op)}" if one.target is not None else ""
    return el(
        "div",
        el("dt", kpi.name),
        el("dd", el("b", said), el("span", f" {wording.period(one.period)}{goal}", cls="muted small block")),
    )
