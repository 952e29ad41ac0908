"""The parts of the Incidents page as markup: the first screen, splits, chains, what is owed."""

from collections import Counter
from collections.abc import Sequence

from app.charts import wording
from app.charts.theme import VerdictKey
from app.metrics.lessons import Review
from app.metrics.numbers import Number
from app.metrics.periods import containing, local_day
from app.ui import privacy, tiles
from app.ui.chains import drawn
from app.ui.chains import opens as opens
from app.ui.choices import Asked
from app.ui.incidents import SPEEDS, Shown, Split
from app.ui.lead import lead
from app.ui.markup import Markup, button, el, join

POSTMORTEM: dict[str, tuple[VerdictKey, str]] = {
    "completed": ("met", "on time"),
    "completed_late": ("missed", "written late"),
    "late": ("missed", "late"),
    "due": ("no_target", "due"),
    "not_resolved": ("no_target", "not resolved yet"),
}
ACTION: dict[str, tuple[VerdictKey, str]] = {
    "overdue": ("missed", "overdue"),
    "open": ("no_target", "open"),
    "closed": ("met", "closed"),
    "closed_late": ("missed", "closed late"),
    "cancelled": ("no_data", "cancelled"),
}
_AGES = ((30, "up to 30 days"), (90, "31 to 90 days"), (180, "91 to 180 days"), (10**6, "older"))
_CHAINS = 4
_OWNERS = 4


def first_screen(page: Shown, asked: Asked) -> Markup:
    """The finding and the tiles."""
    return join(lead(page.finding, asked, _last(page, asked)), tiles.tiles(page.faces) if page.known else None)


def _last(page: Shown, asked: Asked) -> Markup | None:
    """The way to the last month that had an incident, where the chosen period has none."""
    if page.found or page.last is None:
        return None
    month = containing(local_day(page.last.detected_at, asked.zone), "month", asked.zone)
    when = wording.day(local_day(page.last.detected_at, asked.zone))
    return el(
        "p",
        f"The last incident known was detected on {when}. ",
        button(f"Show {wording.period(month.key)}", act={"do": "narrow", "period": month.key}),
        cls="meta",
    )


def severity(level: int, names: dict[int, str]) -> str:
    """A severity with its name: "1 critical"."""
    return f"{level} {names[level]}" if level in names else str(level)


def splits(found: Sequence[Split], asked: Asked) -> Markup:
    """How many and how fast by severity and tier: medians with their 95 % range."""
    head = ["", "Incidents", *SPEEDS.values()]
    rows = [
        el(
            "tr",
            el("th", one.name, scope="row"),
            el("td", f"{one.counted:,}" if one.counted is not None else wording.NO_DATA, cls="number"),
            *(el("td", _median(one.numbers.get(key)), cls="number") for key in SPEEDS),
        )
        for one in found
    ]
    table = el(
        "table",
        el(
            "thead",
            el("tr", *(el("th", name, scope="col", cls="number" if at else None) for at, name in enumerate(head))),
        ),
        el("tbody", join(*rows)),
        cls="rows tight",
    )
    return el(
        "section",
        el("h2", "By severity and tier"),
        el("p", f"Medians of {asked.words}, and between what they lie with 95 % confidence", cls="sub"),
        el("div", table, cls="scroll", tabindex="0") if rows else el("p", "No incident in the period.", cls="muted"),
        cls="section bare",
    )


def _median(number: Number | None) -> Markup | str:
    if number is None:
        return ""
    if number.value is None:
        return el("span", wording.NO_DATA, cls="muted")
    shown = wording.amount(number, "<=")
    between = wording.interval(number)
    if not between or number.low == number.high:
        return shown
    return join(shown, el("span", between.removeprefix("between ").replace(" and ", " to "), cls="muted small block"))


def chains(page: Shown, asked: Asked) -> Markup:
    """Incidents that repeat one another, as they followed one another."""
    rate = page.numbers["repeat_incident_rate"].now
    sub = (
        f"{wording.amount(rate, '<=')} of incidents with a known cause repeat an earlier one"
        if rate.value is not None
        else ""
    )
    body = (
        drawn(page.chains, page.facts.services, asked.zone, page.policy.major_severity, most=_CHAINS)
        if page.chains
        else el("p", "No incident of the period repeats an earlier one.", cls="muted")
    )
    return el("section", el("h2", _chain_title(page)), el("p", sub, cls="sub"), body, cls="section bare")


def _chain_title(page: Shown) -> str:
    if not page.chains:
        return "Repeats: none"
    longest = len(page.chains[0])
    said = f"{len(page.chains):,} chain{'s' if len(page.chains) > 1 else ''} of repeats"
    return f"{said}, the longest of {longest}" if len(page.chains) > 1 else f"One chain of {longest} repeats"


def postmortems(page: Shown, asked: Asked) -> Markup:
    """Which postmortems are late or due, and whether they come in time."""
    number = page.numbers["postmortem_on_time"].now
    late = [one for one in page.reviews if one.state == "late"]
    due = [one for one in page.reviews if one.state == "due"]
    if not page.written:
        body = el(
            "p",
            "No postmortem is known. Bring postmortems.csv, or connect the tool in which they are written.",
            cls="muted",
        )
        return el("section", el("h2", "Postmortems: no data"), body, cls="card section flush")
    title = (
        f"{len(late):,} postmortem{'s' if len(late) != 1 else ''} late, {len(due):,} due"
        if late or due
        else "No postmortem is owed"
    )
    items = [_owes(one, asked) for one in (*late[::-1], *due)[:6]]
    more = len(late) + len(due) - len(items)
    said = (
        f"{wording.capital(asked.words)}: {wording.sample(number)} on time"
        if number.value is not None
        else f"None fell due in {asked.words}"
    )
    return el(
        "section",
        el("h2", title),
        el("p", f"{said}; deadline {page.policy.postmortem_days:g} days after resolution", cls="sub"),
        el("ul", join(*items), cls="items") if items else None,
        el("p", f"and {more:,} more", cls="muted small") if more > 0 else None,
        cls="card section flush",
    )


def _owes(one: Review, asked: Asked) -> Markup:
    deadline = wording.day(one.deadline.date()) if one.deadline else ""
    owner = one.postmortem.owner if one.postmortem else None
    if not owner and one.incident.commander:
        owner = privacy.called(one.incident.commander)
    return el(
        "li",
        el(
            "div",
            button(one.incident.title, act=opens(one.incident)),
            el(
                "span",
                f"{'was due' if one.state == 'late' else 'due'} {deadline}",
                cls="small late" if one.state == "late" else "small soon",
            ),
            cls="row",
        ),
        el("p", " · ".join(part for part in (one.incident.incident, owner or "nobody owns it") if part), cls="why"),
    )


def action_ages(page: Shown, asked: Asked) -> Markup:
    """How old the open actions are, and whether the closed ones came in time and worked."""
    waiting = [one for one in page.actions if one.state in ("open", "overdue")]
    if not page.tracked:
        body = el(
            "p",
            "No action from an incident is known. Bring actions.csv, or connect the tracker that holds them.",
            cls="muted",
        )
        return el("section", el("h2", "Actions: no data"), body, cls="card section flush")
    overdue = sum(one.state == "overdue" for one in waiting)
    tally, least = [], -1
    for most, name in _AGES:
        inside = [one for one in waiting if least < one.days <= most]
        tally.append(el("div", el("b", f"{len(inside):,}"), el("span", name)))
        least = most
    title = f"{len(waiting):,} open action{'s' if len(waiting) != 1 else ''}, {overdue or 'none'} overdue"
    facts = []
    for key, words in (("actions_on_time", "closed on time"), ("action_effectiveness", "judged effective")):
        number = page.numbers[key].now
        if number.value is not None:
            facts.append(f"{wording.sample(number)} {words}")
    owners = Counter(one.action.owner or "nobody" for one in waiting)
    late = Counter(one.action.owner or "nobody" for one in waiting if one.state == "overdue")
    most_owed = sorted(owners.items(), key=lambda pair: (-late[pair[0]], -pair[1], pair[0]))
    items = [
        el(
            "li",
            el(
                "div",
                el("span", name),
                el("span", f"{late[name]:,} of {open_:,} overdue", cls="small late" if late[name] else "small"),
                cls="row",
            ),
        )
        for name, open_ in most_owed[:_OWNERS]
    ]
    more = len(most_owed) - len(items)
    said = f"{wording.capital(asked.words)}: {'; '.join(facts)}" if facts else f"None fell due in {asked.words}"
    return el(
        "section",
        el("h2", title),
        el("p", said, cls="sub"),
        el("div", join(*tally), cls="tally"),
        el("ul", join(*items), cls="items"),
        el("p", f"and {more:,} more owners", cls="muted small") if more > 0 else None,
        button("How are on-time actions counted?", act={"do": "explain", "kpi": "actions_on_time"}, cls="link small"),
        cls="card section flush",
    )
