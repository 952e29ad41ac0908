"""The parts of the On-call page as markup: the first screen, how fast by tier, what rings for nothing, who shares."""

from collections.abc import Sequence

from app.charts import wording
from app.charts.theme import VerdictKey
from app.metrics.fairness import CHANCE, ENOUGH, Evenness, State
from app.metrics.numbers import Number
from app.ui import privacy, tiles
from app.ui.choices import Asked
from app.ui.lead import lead
from app.ui.markup import Markup, button, el, join
from app.ui.oncall import Folded, Shown, finding, ordered

SHARED: dict[State, tuple[VerdictKey, str]] = {
    "uneven": ("missed", "uneven"),
    "even": ("met", "even"),
    "too_few": ("no_target", "too few"),
    "alone": ("no_target", "one person"),
    "no_data": ("no_data", wording.NO_DATA),
}
_NOISY, _TEAMS = 8, 8


def first_screen(page: Shown, asked: Asked, fold: Folded) -> Markup:
    """The finding and the tiles."""
    return join(lead(finding(page, asked, fold), asked, _last(page)), tiles.tiles(page.faces) if page.known else None)


def _last(page: Shown) -> Markup | None:
    """The way to the last month in which somebody was paged, where the chosen period has none."""
    if page.last is None:
        return None
    return el(
        "p",
        f"The last page known is of {wording.period(page.last)}. ",
        button(f"Show {wording.period(page.last)}", act={"do": "narrow", "period": page.last}),
        cls="meta",
    )


def by_tier(page: Shown, asked: Asked) -> Markup:
    """How fast pages were taken by tier, each against its own target."""
    rows = [
        el(
            "tr",
            el("th", f"Tier {tier}", scope="row"),
            el("td", wording.target(goal.engage_minutes, "minutes", "<=") if goal else "none", cls="number"),
            el("td", _median(found.get("time_to_engage")), cls="number"),
            el("td", _ninth(found.get("time_to_engage")), cls="number"),
            el("td", _judged(found.get("engaged_in_time")), cls="number"),
        )
        for tier, found in sorted(page.tiers.items())
        if any(found[key].n for key in ("time_to_engage", "engaged_in_time") if key in found)
        for goal in (page.policy.tiers.get(tier),)
    ]
    table = _table(("", "Target", "Median", "Nine in ten", "Taken in time"), rows)
    wanted = page.policy.targets.get("engaged_in_time")
    goal = f", target {wording.target(wanted.value, 'share', wanted.op)}" if wanted and wanted.value is not None else ""
    return el(
        "section",
        el("h2", _late(page)),
        el("p", f"{wording.capital(asked.words)}; never acknowledged is not in time{goal}", cls="sub"),
        el("div", table, cls="scroll", tabindex="0")
        if rows
        else el("p", "No page of a tier in the period.", cls="muted"),
        cls="section bare",
    )


def _table(head: Sequence[str], rows: Sequence[Markup]) -> Markup:
    titles = (el("th", name, scope="col", cls="number" if at else None) for at, name in enumerate(head))
    return el("table", el("thead", el("tr", *titles)), el("tbody", join(*rows)), cls="rows tight")


def _late(page: Shown) -> str:
    keys = {tier: wording.verdict_key(found["engaged_in_time"]) for tier, found in page.tiers.items()}
    late = [str(tier) for tier, key in sorted(keys.items()) if key == "missed"]
    if late:
        who = f"Tiers {wording.listed(late)} are" if len(late) > 1 else f"Tier {late[0]} is"
        return f"{who} taken too late"
    if "met" in keys.values():
        return "Every tier is taken in time" if "unsure" not in keys.values() else "No tier is surely taken too late"
    return "Time to engage by tier"


def _median(number: Number | None) -> Markup | str:
    if number is None or number.value is None:
        return el("span", wording.NO_DATA, cls="muted")
    between = wording.interval(number).removeprefix("between ").replace(" and ", " to ")
    return join(wording.amount(number, "<="), el("span", between, cls="muted small block") if between else None)


def _ninth(number: Number | None) -> Markup | str:
    if number is None or number.p90 is None:
        return el("span", wording.NO_DATA, cls="muted")
    return join(wording.duration(number.p90), el("span", f"of {number.n:,}", cls="muted small block"))


def _judged(number: Number | None) -> Markup | str:
    if number is None or number.value is None:
        return el("span", wording.NO_DATA, cls="muted")
    word = tiles.verdict(wording.verdict_key(number), wording.verdict(number))
    return join(wording.amount(number, ">="), el("span", word, cls="small block"))


def noisiest(page: Shown, asked: Asked, fold: Folded) -> Markup:
    """The services that ring most for nothing, and what silence would spare."""
    shown = [one for one in page.noisy if one.noise][:_NOISY]
    if not shown:
        said = (
            "Nobody said of a page of the period whether it was needed: fill the column actionable of pages."
            if page.noisy and not any(one.marked for one in page.noisy)
            else "No page of a service was marked not actionable in the period."
        )
        return el("section", el("h2", "Noisiest services: none"), el("p", said, cls="muted"), cls="section bare")
    rows = [
        el(
            "tr",
            el(
                "th",
                button(page.services.get(one.service, one.service), act=narrows("service", one.service)),
                scope="row",
            ),
            el("td", f"{one.pages:,}", cls="number"),
            el("td", f"{one.noise:,}", cls="number"),
            el("td", f"{wording.value(one.share, 'share')} of {one.marked:,}", cls="number"),
            el("td", f"{one.unmarked:,}" if one.unmarked else "none", cls="number"),
        )
        for one in shown
    ]
    table = _table(("Service", "Pages", "Noise", "Of judged", "Not judged"), rows)
    more = sum(1 for one in page.noisy if one.noise) - len(shown)
    return el(
        "section",
        el("h2", spared(page, fold, len(shown))),
        el(
            "p",
            f"Services by pages that needed nobody, {asked.words}" + (f"; {more:,} more have some" if more else ""),
            cls="sub",
        ),
        el("div", table, cls="scroll", tabindex="0"),
        cls="section bare",
    )


def spared(page: Shown, fold: Folded, shown: int) -> str:
    """What silencing the noisiest services would have spared, in a sentence."""
    if not fold.spared.interruptions or fold.spared.share is None:
        return "The noisiest services"
    what, silenced = fold.spared, min(shown, 5)
    who = (
        f"the noise of {'these ' if silenced == shown else 'the first '}{_COUNT[silenced]}"
        if silenced > 1
        else "its noise"
    )
    saved = what.interruptions - what.left
    said = f"Silencing {who} would have spared {saved:,} of {what.interruptions:,} interruptions"
    if what.load_left is None:
        return said
    return f"{said}, leaving {wording.value(what.load_left, 'per_week').removesuffix(' a week')} a person-week"


_COUNT = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}


def evenness(page: Shown, fold: Folded, asked: Asked) -> Markup:
    """Within teams: whether one person carries more than their duty and chance explain."""
    found = ordered(fold.evenness)
    rows = [_team(page, one) for one in found[:_TEAMS]]
    more = len(found) - len(rows)
    table = _table(("Team", "Calls", "Busiest, on duty of", "To move", ""), rows)
    uneven = sum(one.state == "uneven" for one in found)
    known = sum(one.state in ("uneven", "even") for one in found)
    title = (
        f"{uneven:,} of {known:,} teams share their load unevenly" if uneven else "No team clearly overloads one person"
    )
    if len(found) == 1 and known:
        title = "The team shares its load unevenly" if uneven else "The team clearly overloads nobody"
    if not known:
        title = "Within teams: too few calls to tell"
    return el(
        "section",
        el("h2", title),
        el("p", f"{wording.capital(asked.words)}: who carries most beyond their duty{privacy.told()}", cls="sub"),
        el("div", table, cls="scroll", tabindex="0")
        if rows
        else el("p", "No shift and no interruption in the period.", cls="muted"),
        el("p", f"and {more:,} more in the table below", cls="muted small") if more > 0 else None,
        el(
            "details",
            el("summary", "How is this judged?"),
            el(
                "p",
                "Of each team, the busiest is who carries most beyond their share of the duty. It is uneven where "
                f"chance would make anybody in the team carry so much less than once in {round(1 / CHANCE):,} times; "
                f"calls that come in clumps count as fewer, and below {ENOUGH} such calls a person nothing is told. To "
                "move is Hoover's index: the share of calls that others would take if everybody carried as much as "
                "their duty. Some of it is always chance.",
                cls="muted small",
            ),
        ),
        cls="section bare",
    )


def _team(page: Shown, one: Evenness) -> Markup:
    name = page.names.get(one.team, one.team)
    named = button(name, act=narrows("team", one.team)) if one.team in page.names else el("span", name)
    helped = el("span", f"and {one.helped:,} by others", cls="muted small block") if one.helped else None
    calls, word = join(f"{one.interruptions:,}", helped), tiles.verdict(*SHARED[one.state])
    cells = (calls, busiest(one), wording.value(one.moved, "share") if one.people > 1 else "", word)
    return el("tr", el("th", named, scope="row"), *(el("td", cell, cls="number") for cell in cells))


def busiest(one: Evenness) -> str:
    """What the person carries who carries most beyond their duty: "1 of 6: 23 % on 11 %", with who it is before it for
    a reader who may know."""
    if one.load is None or one.duty is None:
        return wording.NO_DATA
    load, duty = (wording.value(value, "share") for value in (one.load, one.duty))
    who = privacy.apart(one.busiest, one.team) if one.busiest else None
    return f"{f'{who}, ' if who else ''}1 of {one.people:,}: {load} on {duty}"


def narrows(name: str, key: str) -> dict[str, str]:
    """What a click on a team or service asks: the page narrowed to it."""
    return {"do": "narrow", name: key}
