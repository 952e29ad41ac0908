"""One SLO in depth as markup: what spent its budget, how long it lasts, other methods, what was taken out."""

from dataclasses import replace

from app.charts import wording
from app.charts.burndown import left_short, outlook, share, window_words
from app.metrics import spend
from app.metrics.facts import Incident, Slo
from app.metrics.methods import Counted
from app.metrics.spend import ENOUGH_DAYS, Part, Spend
from app.ui import plots
from app.ui.board import Act, board
from app.ui.choices import Asked
from app.ui.incidents_parts import opens
from app.ui.markup import Markup, button, el, join
from app.ui.slo_depth import Depth, chart, depth, numbered

_COARSE = 60.0
"""Minutes: a slice that is longer hides what happened in it."""
_METHODS = {
    "occurrences": "By events",
    "timeslices": "By slices, each good or bad",
    "ratio_timeslices": "By the share good in each slice",
}


def panel(slo: Slo, asked: Asked) -> Act | None:
    """Shows one SLO in depth; gives what was clicked: an incident to open."""
    page = depth(asked, slo.source, slo.slo)
    if page is None:
        return None
    drawn = chart(page)
    picked = plots.plot(
        replace(drawn, subtitle=f"{drawn.subtitle}. {coverage(page)}"),
        key="slo_burndown",
        of=["error_budget_remaining"],
        clickable=True,
        height=300,
    )
    clicked = board(below(page), key="slo_depth")
    one = page.incidents.get((picked.split("|")[0], picked.split("|")[1])) if picked and "|" in picked else None
    return opens(one) if one else clicked


def below(page: Depth) -> Markup:
    """Everything under the burn-down."""
    return join(
        el("div", spent(page), el("div", lasts(page), otherwise(page), cls="stack"), cls="grid depth"),
        taken(page),
    )


def spent(page: Depth) -> Markup:
    """What spent the budget: by incident, then the rest by its names, adding up to all of it."""
    found = page.spend
    if found is None:
        return _card("What spent the budget", el("p", "Nothing was measured in the window.", cls="muted"))
    listed = numbered(page)
    others = found.parts[len(listed) :]
    largest = max(*(part.bad for part in listed), found.everyday, found.unexplained, found.cut, 1e-12)
    rows = [_incident(page, found, part, str(at + 1), largest) for at, part in enumerate(listed)]
    some = [part for part in others if part.bad > 0]
    if some:
        names = ", ".join(_title(page.incidents.get(part[:2]), part) for part in some[:12])
        rows.append(
            _row(
                page,
                found,
                "",
                f"{_count(len(some), 'smaller incident')}",
                sum(part.bad for part in some),
                largest,
                names,
            )
        )
    rows += _rest(page, found, largest)
    foot = el(
        "tr",
        el("td"),
        el(
            "td", "All that was spent", el("span", f"of {page.amount(found.allowed)}{_failures(page)}", cls="why block")
        ),
        _share(page, found, found.spent),
    )
    caption = el("caption", "What spent the budget: as a share of it, and in all", cls="hush")
    table = el("table", caption, el("tbody", *rows), el("tfoot", foot), cls="rows tight parts")
    none = sum(part.bad <= 0 for part in found.parts)
    others_said = _count(none, "other incident" if listed else "incident")
    untouched = f"{others_said} touched the service and {'is' if none == 1 else 'are'} given nothing."
    return _card(
        "What spent the budget",
        el("p", _spent_sub(page, found), cls="sub"),
        el("div", table, cls="scroll"),
        el("p", untouched, cls="sub") if none else None,
        _rule(found),
    )


def _spent_sub(page: Depth, found: Spend) -> str:
    over = f"over {window_words(page.slo.window)}"
    if not found.parts:
        return f"No incident touched what was measured {over}"
    if found.by_incidents is None:
        return f"Nothing was spent {over}"
    return f"Incidents took {wording.value(found.by_incidents, 'share')} of what was spent {over}"


def _rest(page: Depth, found: Spend, largest: float) -> list[Markup]:
    cut = el("span", "Rows are excluded by time: what failed in it may still be here", cls="why block")
    named: list[tuple[str | Markup, float | None]] = [
        ("Everyday errors", found.everyday if found.usual is not None else None),
        ("Outside incidents" if found.usual is None else "Worse than usual, no incident recorded", found.unexplained),
        (join("Beside excluded time", cut), found.cut or None),
    ]
    return [_row(page, found, "", name, bad, largest) for name, bad in named if bad is not None]


def _rule(found: Spend) -> Markup:
    days = _count(found.quiet, "day")
    if found.usual is None:
        said = (
            f"What is usual cannot be told: {days} without an incident, {ENOUGH_DAYS} are needed. Each incident is "
            "given its share of the time of the row it fell into, which is rather too little."
        )
    else:
        said = (
            f"Usual is up to {share(found.usual)} bad: three of four days without an incident stay within it "
            f"({days}). An incident is given what its day lost beyond that, at most everything that fell into its "
            "time; several at once share it evenly."
        )
    return el("details", el("summary", "How is this told apart?"), el("p", said, cls="why"))


def _incident(page: Depth, found: Spend, part: Part, badge: str, largest: float) -> Markup:
    one = page.incidents.get(part[:2])
    title = _title(one, part)
    name = button(title, act=opens(one), cls="open", title=title) if one else title
    when = None
    if one is not None:
        hit = next(hit for hit in page.hits if hit[:2] == part[:2])
        cause = f", after deployment {one.caused_by}" if one.caused_by else ""
        said = f"{wording.instant(hit.start, page.window.zone)}, {wording.duration(part.minutes)}{cause}"
        when = el("span", said, cls="why block")
    return _row(page, found, badge, join(name, when), part.bad, largest)


def _title(one: Incident | None, part: Part) -> str:
    return one.title if one else part.incident


def _row(
    page: Depth, found: Spend, badge: str, name: str | Markup, bad: float, largest: float, hint: str | None = None
) -> Markup:
    wide = max(0.0, min(100.0, bad / largest * 100))
    return el(
        "tr",
        el("td", el("span", badge, cls="badge") if badge else None),
        el(
            "td",
            name,
            el("span", el("i", style=f"width:{wide:.1f}%"), cls="part" if badge else "part rest", aria_hidden="true"),
        ),
        _share(page, found, bad),
        title=hint,
    )


def _share(page: Depth, found: Spend, bad: float) -> Markup:
    """A part as a share of the budget, and below it in minutes or failures."""
    amount = el("span", f"{page.amount(bad)}{_failures(page)}", cls="why block")
    return el("td", share(bad / found.allowed), amount, cls="number")


def _failures(page: Depth) -> str:
    return "" if page.timed else " failures"


def lasts(page: Depth) -> Markup:
    """When it will be spent, or there again, and how sure that is."""
    said, why = outlook(page.forecast, page.rolling)
    heading = "When it is back" if page.forecast.state == "spent" else "When it is spent"
    whole = None
    if page.whole is not None:
        whole = (
            f"The budget above is that of what was observed so far. Of the budget of the whole of "
            f"{window_words(page.slo.window)}, at this traffic, {share(page.whole)} is left."
        )
    return _card(
        f"{heading}, seen from {wording.day(page.days[-1].on)}",
        el("p", said, cls="answer"),
        el("p", why, cls="why"),
        el("p", whole, cls="why") if whole else None,
        _since(page),
    )


def _since(page: Depth) -> Markup | None:
    """What was measured after the window: how the forecast did."""
    known = [(on, value) for on, value in zip(page.after, page.came, strict=False) if value is not None]
    if not known:
        return None
    on, value = known[-1]
    return el("p", f"What came: {left_short(value)} on {wording.day(on)}.", cls="why")


def otherwise(page: Depth) -> Markup:
    """The SLO by each budgeting method that its rows can tell, and what each says."""
    rows = [_method(page, name, counted) for name, counted in page.counted.items()]
    note = None
    if page.slo.method == "timeslices":
        note = (
            "Its rows hold slices that were judged before they came here, so how many events failed in them, and what "
            "the two other methods would say, cannot be told."
        )
    head = el("tr", *(el("th", name, scope="col", cls=kind) for name, kind in _HEAD))
    return _card(
        "The same by other methods",
        el("div", el("table", el("thead", head), el("tbody", *rows), cls="rows tight"), cls="scroll"),
        el("p", note, cls="why") if note else None,
    )


_HEAD = (("Method", None), ("Attained", "number"), ("Budget left", "number"))


def _method(page: Depth, name: str, found: Counted | None) -> Markup:
    own = " (its own)" if name == page.slo.method else ""
    return el(
        "tr",
        el("td", el("b", _METHODS[name], own), el("span", _means(page, name, found), cls="why block"), cls="wide"),
        el(
            "td",
            wording.value(found.value, "share", page.slo.objective, ">=") if found else wording.NO_DATA,
            cls="number",
        ),
        el("td", share(found.left) if found else wording.NO_DATA, cls="number"),
    )


def _means(page: Depth, name: str, found: Counted | None) -> str:
    length = wording.duration(page.longest)
    if found is None:
        return "No traffic in the window."
    if page.slo.method == "timeslices":
        return "Slices were judged where they were measured; each counts alike."
    if name == "occurrences":
        return "Every event counts alike: busy hours weigh most."
    if name == "ratio_timeslices":
        return f"Every minute counts alike, however busy; rows of up to {length}."
    wanted = wording.value(page.slice_objective or page.slo.objective, "share")
    bad, coarse = found.whole - found.part, page.longest > _COARSE
    said = (
        f"{wording.duration(bad)} lie in rows with less than {wanted} good"
        if bad > 0
        else f"Every row has {wanted} good"
    )
    return f"{said}; rows of {length} are long slices, so this says little." if coarse else f"{said}; rows of {length}."


def taken(page: Depth) -> Markup | None:
    """What approved exclusions took out of the window, with the values with and without them."""
    if not page.exclusions:
        return None
    found, without = page.spend, page.without
    both = None
    if found and without:
        target = page.slo.objective
        with_, all_ = (wording.value(one.attained, "share", target, ">=") for one in (found, without))
        both = (
            f"Attained {with_} with them and {all_} without; {share(found.left)} of the budget left, "
            f"{share(without.left)} without."
        )
    zone = page.window.zone
    rows = [
        el(
            "li",
            el("b", one.exclusion.reason),
            el(
                "p",
                f"{wording.instant(one.exclusion.start, zone)} to {wording.instant(one.exclusion.end, zone)}, "
                f"{wording.duration(one.minutes)} of the window; {one.exclusion.category.replace('_', ' ')}, "
                f"approved by {one.exclusion.approved_by}",
                cls="why",
            ),
        )
        for one in page.exclusions
    ]
    title = f"{_count(len(rows), 'approved exclusion')} in the window"
    return el(
        "section",
        el("h2", title),
        el("p", both, cls="sub") if both else None,
        el("ul", *rows, cls="items"),
        cls="card section",
    )


def _card(title: str, *body: Markup | None) -> Markup:
    return el("section", el("h2", title), *body, cls="card section flush")


def _count(count: int, one: str) -> str:
    return f"{count:,} {one}{'s' if count != 1 else ''}"


def coverage(page: Depth) -> str:
    """How much of the window was measured, day by day."""
    known = sum(day.covered > 0 for day in page.days)
    if known < len(page.days):
        days = f"Measured on {known:,} of {_count(len(page.days), 'day')}"
        return f"{days}; a day without data is hatched and counts as neither good nor bad"
    return f"Measured on every day, {wording.value(spend.coverage(page.days), 'share')} of the time"
