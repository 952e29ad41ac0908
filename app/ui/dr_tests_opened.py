"""What a click on the DR tests page opens: lists of tests, of proofs, of actions, and one test."""

import json
from collections.abc import Callable, Sequence

import streamlit as st

from app.charts import dr_tests as drawn
from app.charts import wording
from app.charts.theme import VerdictKey
from app.metrics import drills
from app.metrics.drills import Drill, Time
from app.metrics.periods import local_day
from app.ui import act, dr_tests, dr_tests_tables, places, read, tables, tiles
from app.ui.board import Act, board
from app.ui.choices import Asked
from app.ui.dr_tests import Shown
from app.ui.dr_tests_parts import state
from app.ui.incidents_parts import ACTION
from app.ui.markup import Markup, button, el

_SEEN = "dr_seen"
"""Which test the dialog shows; none: its list."""
_BEFORE = 4


def after(clicked: Act | None, page: Shown, asked: Asked) -> None:
    """Answers a click, or an address that names a test (`?test=`); call it once, at the end of the page."""
    named = st.query_params.pop("test", None) if clicked is None else None
    if named is not None and dr_tests.named(page, None, named) is not None:
        clicked = {"do": "test", "test": named}
    if clicked is None:
        return
    match clicked["do"]:
        case "test":
            one = dr_tests.named(page, clicked.get("source"), clicked.get("test"))
            if one is not None:
                _open("DR test", page, asked, None, one)
        case "tests":
            title, found = chosen(clicked, page)
            _open(title, page, asked, lambda: dr_tests_tables.listing(found, page))
        case "proofs":
            title = f"How each service of {dr_tests.tiers(page.policy)} is proven"
            _open(title, page, asked, lambda: dr_tests_tables.proofs(page, asked))
        case "remedies":
            _open("What tests called for", page, asked, lambda: dr_tests_tables.remedies(page))
        case _:
            act.after(clicked, asked)


def chosen(clicked: Act, page: Shown) -> tuple[str, Sequence[Drill]]:
    """The tests that a click asks for, and what they are called: of a kind and month, of a state, or claimed alone."""
    if clicked.get("what") == "claimed":
        return "Passed, but claimed alone", page.claimed
    states = clicked.get("states")
    if isinstance(states, list):
        months = {month.key for month in page.calendar.months}
        found = [one for one in page.found if one.state in states and _month(one) in months]
        words = dict.fromkeys(drawn.STATE_WORDS[one.state] for one in found)
        return f"DR tests: {wording.listed(list(words))}", found
    kind, month = clicked.get("kind"), clicked.get("month")
    found = [one for one in page.found if one.test.kind == kind and _month(one) == month]
    named = f"{drawn.kind(found[0].test.kind)}, {wording.period(_month(found[0]))}" if found else "none"
    return f"DR tests: {named}", found


def _month(one: Drill) -> str:
    return f"{one.test.planned_on:%Y-%m}"


def _open(
    title: str, page: Shown, asked: Asked, show: Callable[[], Act | None] | None, one: Drill | None = None
) -> None:
    """A dialog with a list, or with one test; a click on a test of the list shows it in its place."""
    st.session_state[_SEEN] = json.dumps(one.id) if one else None
    st.session_state.pop("dr_chosen_page", None)
    st.dialog(title, width="large")(_body)(page, asked, show)


def _body(page: Shown, asked: Asked, show: Callable[[], Act | None] | None) -> None:
    with read.held():
        seen = st.session_state.get(_SEEN)
        one = dr_tests.named(page, *json.loads(seen)) if seen else None
        if one is not None:
            clicked = board(told(one, page, asked, back=show is not None), key="dr_test")
        else:
            clicked = show() if show is not None else None
        if clicked is not None:
            _answer(clicked, page)


def _answer(clicked: Act, page: Shown) -> None:
    if clicked["do"] == "test":
        one = dr_tests.named(page, clicked.get("source"), clicked.get("test"))
        st.session_state[_SEEN] = json.dumps(one.id) if one else None
        st.rerun(scope="fragment")
    elif clicked["do"] == "back":
        st.session_state[_SEEN] = None
        st.rerun(scope="fragment")
    elif clicked["do"] == "open" and clicked.get("place") == places.RISK.name:
        places.go(places.RISK, risk=str(clicked.get("risk")), source=str(clicked.get("source")))


def told(one: Drill, page: Shown, asked: Asked, back: bool = False) -> Markup:
    """Everything about one test."""
    test, names = one.test, {service.service: service for service in page.facts.services.values()}
    services = [f"{names[name].name} (tier {names[name].tier})" if name in names else name for name in test.services]
    facts: list[tuple[str, str | Markup | None]] = [
        ("Test", f"{test.test}, {drawn.kind(test.kind).lower()}"),
        ("Services", ", ".join(services) or "none named"),
        ("Planned for", wording.day(test.planned_on)),
        ("Carried out", _done(one, asked)),
        ("RTO", _time(one, "rto")),
        ("RPO", _time(one, "rpo")),
        ("Led by", test.lead or "nobody named"),
        ("Attested by", _attested(one)),
        ("Evidence", tables.link(test.evidence_url) or _without(one)),
        ("Actions", _actions(one, page)),
        ("Open risks", _risks(one, page, asked)),
        ("Tests before it", _history(one, page, asked)),
    ]
    return el(
        "section",
        button("← Back to the list", act={"do": "back"}) if back else None,
        el("div", el("b", test.name), state(one.state), cls="figure named"),
        el("dl", *(part for name, said in facts if said for part in (el("dt", name), el("dd", said)))),
        cls="counted",
    )


def _done(one: Drill, asked: Asked) -> str:
    at = one.test.executed_at
    if one.state not in drills.DONE or at is None:
        return {"overdue": "not yet: it is overdue", "planned": "not yet"}.get(one.state, f"no: {one.state}")
    late = (local_day(at, asked.zone) - one.test.planned_on).days
    slip = (
        f", {abs(late):,} day{'s' if abs(late) != 1 else ''} {'after' if late > 0 else 'before'} plan" if late else ""
    )
    return f"{wording.instant(at, asked.zone)}{slip}"


def _time(one: Drill, which: str) -> Markup | str | None:
    time: Time = getattr(one, which)
    own = getattr(one.test, f"{which}_minutes") is not None
    if time.achieved is None and time.target is None:
        return None
    target = "no target is known"
    if time.target is not None:
        target = f"target {wording.duration(time.target)}{'' if own else ', of its services or their tiers'}"
    if time.achieved is None:
        return f"not measured; {target}"
    key: VerdictKey = "met" if time.met else "missed"
    said = f"{wording.duration(time.achieved)}; {target} "
    return el("span", said, tiles.verdict(key, key) if time.met is not None else None)


def _attested(one: Drill) -> str | None:
    if one.state not in drills.DONE:
        return None
    return f"{one.test.attested_by}{', who led it too' if one.own_word else ''}" if one.test.attested_by else "nobody"


def _without(one: Drill) -> str | None:
    if one.state not in drills.DONE:
        return None
    return one.test.evidence_url or "none: the result is claimed, not shown"


def _actions(one: Drill, page: Shown) -> Markup | None:
    items = []
    for remedy in page.remedies:
        if remedy.drill.id == one.id:
            owed = remedy.owed
            due = f", due {wording.day(owed.due_on)}" if owed.due_on and owed.state in ("open", "overdue") else ""
            said = f"{owed.action.title} ({owed.action.owner or 'nobody owns it'}{due}) "
            items.append(el("li", said, tiles.verdict(*ACTION[owed.state]), " ", tables.link(owed.action.url)))
    return el("ul", *items, cls="plain stacked") if items else None


def _risks(one: Drill, page: Shown, asked: Asked) -> Markup | None:
    found = drills.risks_of(page.facts, one.test, asked.as_of)
    items = [
        el(
            "li",
            button(risk.title, act={"do": "open", "place": "risk", "risk": risk.risk, "source": risk.source}),
            f" ({risk.risk}, {risk.likelihood} × {risk.impact})",
        )
        for risk in found
    ]
    return el("ul", *items, cls="plain stacked") if items else None


def _history(one: Drill, page: Shown, asked: Asked) -> Markup | None:
    """The tests of its services that went before."""
    at = one.test.executed_at or asked.as_of
    earlier = [
        other
        for other in reversed(page.found)
        if other.test.executed_at is not None
        and other.test.executed_at < at
        and other.state in drills.DONE
        and set(other.test.services) & set(one.test.services)
    ]
    items = []
    for other in sorted(earlier, key=lambda o: o.test.executed_at or at, reverse=True)[:_BEFORE]:
        took = f", {wording.duration(other.rto.achieved)} to come back" if other.rto.achieved is not None else ""
        when = wording.day(local_day(other.test.executed_at or at, asked.zone))
        name = button(f"{when}: {drawn.kind(other.test.kind).lower()}{took}", act=dr_tests.opens(other))
        items.append(el("li", name, " ", state(other.state)))
    return el("ul", *items, cls="plain stacked") if items else None
