"""The parts of the DR tests page as markup: the first screen with its calendar, coverage, evidence, what is owed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from app.charts import dr_tests as drawn
from app.charts import wording
from app.charts.dr_tests import STATE_KEYS, STATE_WORDS
from app.charts.theme import VerdictKey
from app.metrics.drills import STATES, Calendar, Drill, Proof, Remedy, State
from app.metrics.numbers import Number
from app.metrics.periods import Period, local_day
from app.ui import freshness, tiles
from app.ui.choices import Asked
from app.ui.dr_tests import Shown, opens, tiers
from app.ui.incidents_parts import ACTION
from app.ui.lead import lead
from app.ui.markup import Markup, button, el, join

PROOF: dict[str, tuple[VerdictKey, str]] = {
    "never": ("missed", "never tested"),
    "lapsed": ("missed", "too long ago"),
    "due": ("unsure", "due soon"),
    "current": ("met", "in time"),
}
_DOUBTS: dict[str, tuple[VerdictKey, str, str]] = {
    "failed": ("missed", "failed its last test", "failed the last test"),
    "partial": ("unsure", "passed in part", "passed in part"),
    "paper": ("unsure", "on paper only", "on paper only"),
}
"""Of a service tested in time: the verdict, its words, and those of several."""
_ABREAST, _CROWDED = 3, 9
"""How many marks stand abreast in a cell of the calendar; with more than so many in any, states are told together."""
_TOGETHER: Mapping[State, tuple[tuple[State, ...], str]] = {
    "passed": (("passed",), "passed"),
    "failed": (("partial", "failed"), "not passed"),
    "no_result": (("no_result",), "done, no result"),
    "overdue": (("overdue",), "overdue"),
    "postponed": (("postponed", "cancelled"), "put off"),
    "planned": (("planned",), "planned"),
}
_EACH: Mapping[State, tuple[tuple[State, ...], str]] = {one: ((one,), STATE_WORDS[one]) for one in STATES}
"""A mark → the states that it stands for, and their word."""
_LISTED = 4
_COVERED = "Services tested within their interval, today"


def first_screen(page: Shown, asked: Asked) -> Markup:
    """The finding, the tiles and the calendar."""
    if not page.known:
        return lead(page.finding, asked)
    return join(lead(page.finding, asked), tiles.tiles(page.faces), calendar(page, asked))


def state(one: State) -> Markup:
    """A state: shape, word and colour together."""
    return el("span", Markup(drawn.mark(one)), STATE_WORDS[one], cls=f"verdict {STATE_KEYS[one]}")


def calendar(page: Shown, asked: Asked) -> Markup:
    """What was planned when and what became of it: kinds of test down, months across, a mark for each test."""
    plan, today = page.calendar, f"{local_day(asked.as_of, asked.zone):%Y-%m}"
    if not plan.kinds:
        body = el("p", "No test is planned for these months in what the page is narrowed to.", cls="muted")
        return el("section", el("h2", "Calendar: no tests"), body, cls="card section")
    head = el("tr", el("td"), *(_month(month, at, plan, today) for at, month in enumerate(plan.months)))
    rows = [
        el(
            "tr",
            el("th", drawn.kind(kind), scope="row"),
            *(_cell(plan, kind, month, today) for month in plan.months),
        )
        for kind in plan.kinds
    ]
    caption = "Tests by kind and by the month they were planned for"
    table = el(
        "table", el("caption", caption, cls="hush"), el("thead", head), el("tbody", join(*rows)), cls="heat plan"
    )
    return el(
        "section",
        el("div", el("h2", _calendar_title(plan)), _legend(plan), cls="titled keyed"),
        el("p", f"{caption}; a click lists them", cls="sub"),
        freshness.note("dr_on_plan"),
        el("div", table, cls="wide"),
        cls="card section",
    )


def _calendar_title(plan: Calendar) -> str:
    states = plan.states
    ahead, missed = states["planned"], states["overdue"] + states["postponed"] + states["cancelled"]
    return f"{sum(states.values()):,} tests on the calendar: {missed:,} not held, {ahead:,} ahead"


def _signs(plan: Calendar) -> Mapping[State, tuple[tuple[State, ...], str]]:
    crowded = any(counts.total() > _CROWDED for counts in plan.cells.values())
    return _TOGETHER if crowded else _EACH


def _legend(plan: Calendar) -> Markup:
    """What the marks mean; a click lists the tests of those states."""
    counts, keys = plan.states, []
    for sign, (states, word) in _signs(plan).items():
        if number := sum(counts[one] for one in states):
            act = {"do": "tests", "states": list(states)}
            keys.append(button(Markup(drawn.mark(sign, 12)), f"{word} {number:,}", act=act, cls="key"))
    return el("span", *keys, cls="legend")


def _month(month: Period, at: int, plan: Calendar, today: str) -> Markup:
    name, year = wording.period_short(month.key)
    first = at == 0 or plan.months[at - 1].first.year != month.first.year
    now = month.key == today
    return el(
        "th", name, el("span", "now" if now else year if first else "\u00a0", cls="year"), scope="col",
        cls="now" if now else "ahead" if month.key > today else None,
    )  # fmt: skip


def _cell(plan: Calendar, kind: str, month: Period, today: str) -> Markup:
    tone = "now" if month.key == today else "ahead" if month.key > today else None
    counts = plan.cells.get((kind, month.key))
    if not counts:
        return el("td", cls=tone)
    signs = _signs(plan)
    if counts.total() <= (_ABREAST if signs is _TOGETHER else _CROWDED):
        each = [sign for sign, (states, _) in signs.items() for one in states for _ in range(counts[one])]
        shown = [Markup(drawn.marks(each[at : at + _ABREAST])) for at in range(0, len(each), _ABREAST)]
    else:
        numbers = [(sign, sum(counts[one] for one in states)) for sign, (states, _) in signs.items()]
        shown = [el("span", Markup(drawn.mark(sign, 12)), f"{number:,}") for sign, number in numbers if number]
    told = ", ".join(f"{counts[one]:,} {STATE_WORDS[one]}" for one in STATES if counts[one])
    said = f"{drawn.kind(kind)}, {wording.period(month.key)}: {told}"
    act = {"do": "tests", "kind": kind, "month": month.key}
    return el("td", button(*shown, act=act, cls="marks", title=said, aria_label=said), cls=tone)


def coverage(page: Shown) -> Markup:
    """How many critical services were tested in time, by tier, and whose tests prove little or are missing."""
    if not page.proofs:
        return _section(
            "Coverage: no data", "", _words(f"No service of {tiers(page.policy)} is in what is shown here.")
        )
    bare = [one for one in page.proofs if one.state in ("never", "lapsed")]
    doubtful = [one for doubt in _DOUBTS for one in page.proofs if one.doubt == doubt]
    counts = Counter(PROOF[one.state][1] for one in bare) + Counter(_DOUBTS[one.doubt][2] for one in doubtful)
    title, sub = f"Every service of {tiers(page.policy)} was tested in time, and passed", _COVERED
    if counts:
        title = f"{counts.total():,} of {len(page.proofs):,} services of {tiers(page.policy)} "
        title += "is not proven" if counts.total() == 1 else "are not proven"
        sub = wording.capital(f"{wording.listed([f'{number:,} {what}' for what, number in counts.items()])}, today")
    tally = el("div", *(_covered(number, page) for number in page.covered), cls="tally")
    items = [_unproven(one) for one in (*bare, *doubtful)[:_LISTED]]
    more = _more(len(bare) + len(doubtful) - len(items), "", {"do": "proofs"}, f"All {len(page.proofs):,} services")
    return _section(title, sub, tally, el("ul", *items, cls="items") if items else None, more)


def _covered(number: Number, page: Shown) -> Markup:
    tier = number.group.tier or 0
    days = page.policy.tiers[tier].test_interval_days
    return el(
        "div",
        el("b", f"{number.numerator:,.0f} of {number.denominator:,.0f}"),
        el("span", f"tier {tier} tested in {days:,} days"),
    )


def _unproven(one: Proof) -> Markup:
    key, word = _DOUBTS[one.doubt][:2] if one.doubt else PROOF[one.state]
    why = f"tier {one.tier}"
    if one.state == "lapsed" and one.lapses_on is not None:
        why += f" · its proof ran out on {wording.day(one.lapses_on)}"
    elif one.last is not None:
        why += f" · {one.last.test.name}"
    return el(
        "li",
        el("div", _service(one), tiles.verdict(key, word), cls="row"),
        el("p", f"{why} · {_next(one.planned_on)}", cls="why"),
    )


def _service(one: Proof) -> Markup:
    act = opens(one.last) if one.last else {"do": "narrow", "service": one.service}
    return button(one.name, act=act)


def _next(planned_on: date | None) -> str:
    return f"next test planned for {wording.day(planned_on)}" if planned_on else "no test is planned"


def due_next(page: Shown, asked: Asked) -> Markup:
    """Whose proof is the oldest and runs out next, and whether a test is planned before it does."""
    kept = [one for one in page.proofs if one.state in ("due", "current") and one.lapses_on is not None]
    if not kept:
        return _section("Due next: none", "", _words("No proof stands that could run out."))
    soon = [one for one in kept if one.state == "due"]
    bare = [one for one in soon if not _in_time(one)]
    title = "No proof runs out within 60 days"
    if soon:
        title = f"{len(soon):,} proof{'s' if len(soon) > 1 else ''} run{'s' if len(soon) == 1 else ''} out in 60 days"
        title += f", {len(bare):,} without a test in time" if bare else ", each with a test planned in time"
    items = [_due(one, asked) for one in kept[: _LISTED + 1]]
    more = _more(len(kept) - len(items), "later", {"do": "proofs"}, f"All {len(page.proofs):,} services")
    return _section(title, "The next to run out first", el("ul", *items, cls="items"), more)


def _in_time(one: Proof) -> bool:
    return one.planned_on is not None and one.lapses_on is not None and one.planned_on < one.lapses_on


def _due(one: Proof, asked: Asked) -> Markup:
    on = wording.day(one.lapses_on) if one.lapses_on else ""
    tested = f"tested {wording.day(local_day(one.tested_at, asked.zone))}" if one.tested_at else ""
    late = ", too late" if one.state == "due" and one.planned_on and not _in_time(one) else ""
    return el(
        "li",
        el("div", _service(one), el("span", f"until {on}", cls="small soon" if one.state == "due" else "small"),
           cls="row"),
        el("p", f"tier {one.tier} · {tested} · {_next(one.planned_on)}{late}", cls="why"),
    )  # fmt: skip


def evidence(page: Shown, asked: Asked) -> Markup:
    """Whether passed tests can show it, who attested them, and which are claimed alone."""
    passed = [one for one in page.lately if one.state == "passed"]
    if not passed:
        return _section("Evidence: no data", wording.capital(page.months), _words("No test passed in these months."))
    claimed = page.claimed
    title = "Every passed test is evidenced and attested"
    if claimed:
        title = f"{len(claimed):,} of {len(passed):,} passed tests are claimed, not shown"
    lacking = Counter(_lacks(one) for one in claimed)
    tally = [el("div", el("b", f"{len(passed) - len(claimed):,}"), el("span", "evidenced and attested"))]
    tally += [
        el("div", el("b", f"{number:,}"), el("span", what))
        for what, number in sorted(lacking.items(), key=lambda pair: -pair[1])
    ]
    items = [el("li", _row(one, _lacks(one)), el("p", _done(one, asked), cls="why")) for one in claimed[:_LISTED]]
    more = _more(len(claimed) - len(items), "tests", {"do": "tests", "what": "claimed"}, f"All {len(claimed):,}")
    return _section(
        title, f"{wording.capital(page.months)}. {_attesters(page.lately)}", el("div", *tally, cls="tally"),
        el("ul", *items, cls="items") if items else None, more,
    )  # fmt: skip


def _attesters(lately: Sequence[Drill]) -> str:
    counts = Counter(one.test.attested_by for one in lately if one.test.attested_by)
    if not counts:
        return "Nobody attested any test."
    most = counts.most_common(2)
    rest = len(counts) - len(most)
    named = [f"{name} ({number:,})" for name, number in most] + ([f"{rest:,} more"] if rest else [])
    own = sum(one.own_word for one in lately)
    return f"Attested by {wording.listed(named)}." + (f" {own:,} by whoever led the test." if own else "")


def _done(one: Drill, asked: Asked) -> str:
    at = one.test.executed_at
    when = wording.day(local_day(at, asked.zone)) if at else ""
    return " · ".join(part for part in (when, drawn.kind(one.test.kind), one.test.lead or "nobody led it") if part)


def _lacks(one: Drill) -> str:
    return "neither of them" if len(one.lacks) > 1 else f"no {one.lacks[0]}"


def _row(one: Drill, said: str) -> Markup:
    return el("div", button(one.test.name, act=opens(one)), el("span", said, cls="small soon"), cls="row")


def findings(page: Shown, asked: Asked) -> Markup:
    """What tests found and what became of it: actions overdue, open and ended."""
    if not page.remedies:
        said = "No action came of these tests. Bring actions.csv with origin dr_test, or connect the tracker."
        return _section("Findings: no data", "", _words(said))
    counts: Counter[str] = Counter(one.owed.state for one in page.remedies)
    waiting = [one for one in page.remedies if one.owed.state in ("overdue", "open")]
    title = (
        f"{len(waiting):,} finding{'s are' if len(waiting) != 1 else ' is'} open, {counts['overdue'] or 'none'} overdue"
    )
    if not waiting:
        title = f"All {len(page.remedies):,} findings are dealt with"
    tally = el(
        "div",
        *(
            el("div", el("b", f"{counts[one]:,}"), el("span", ACTION[one][1] if one != "closed" else "closed in time"))
            for one in ACTION if counts[one]
        ),
        cls="tally",
    )  # fmt: skip
    items = [_waits(one, asked) for one in waiting[:_LISTED]]
    more = _more(
        len(waiting) - len(items), "open", {"do": "remedies"}, f"All {len(page.remedies):,} actions", always=True
    )
    return _section(
        title, "Actions that tests called for, today", tally, el("ul", *items, cls="items") if items else None, more
    )


def _waits(one: Remedy, asked: Asked) -> Markup:
    due, late = one.owed.due_on, one.owed.state == "overdue"
    said = f"{'was due' if late else 'due'} {wording.day(due)}" if due else "no date"
    at = one.drill.test.executed_at
    found = f"found on {wording.day(local_day(at, asked.zone))}" if at else f"from {one.drill.test.name}"
    return el(
        "li",
        el(
            "div",
            button(one.owed.action.title, act=opens(one.drill)),
            el("span", said, cls="small late" if late else "small"),
            cls="row",
        ),
        el("p", f"{found} · {one.owed.action.owner or 'nobody owns it'}", cls="why"),
    )


def _section(title: str, sub: str, *parts: Markup | None) -> Markup:
    return el("section", el("h2", title), el("p", sub, cls="sub") if sub else None, *parts, cls="card section flush")


def _words(said: str) -> Markup:
    return el("p", said, cls="muted")


def _more(rest: int, what: str, act: dict[str, str], words: str, always: bool = False) -> Markup | None:
    """How many are not listed, and the way to all."""
    if rest <= 0 and not always:
        return None
    said = f"and {rest:,} more{' ' if what else ''}{what}. " if rest > 0 else None
    return el("p", said, button(words, act=act), cls="muted small more")
