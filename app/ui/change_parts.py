"""The parts of the Change page as markup: the first screen, the survey's bands, and who does not ship step by step."""

from collections.abc import Sequence

from app.charts import wording
from app.charts.change import STRATEGIES
from app.metrics.benchmarks import BANDS, BENCHMARKS, LATEST, SOURCES
from app.metrics.catalogue import KPIS
from app.metrics.rollout import CRITICAL, FEWEST, Steps
from app.ui import tiles
from app.ui.change import Shown
from app.ui.choices import Asked
from app.ui.lead import lead
from app.ui.markup import Markup, button, el, join

_SHOWN = 6


def first_screen(page: Shown, asked: Asked) -> Markup:
    """The finding, the tiles, and what the bands on them mean."""
    return join(
        lead(page.finding, asked, _last(page)),
        tiles.tiles(page.faces) if page.known else None,
        _bands() if page.known and any("DORA" in face.target for face in page.faces) else None,
    )


def _last(page: Shown) -> Markup | None:
    """The way to the last month in which something was deployed, where the chosen period has nothing."""
    if page.last is None:
        return None
    said = wording.period(page.last.key)
    act = {"do": "narrow", "period": page.last.key}
    return el("p", f"The last deployments known are of {said}. ", button(f"Show {said}", act=act), cls="meta")


def _bands() -> Markup:
    """The survey's groups with their source: where others stand, not how good a number is."""
    cuts = BENCHMARKS[LATEST]
    head = el("tr", el("th", ""), *(el("th", wording.capital(name), scope="col") for name in BANDS))
    rows = [
        el("tr", el("th", KPIS[key].name, scope="row"), *(el("td", words) for words in one.words))
        for key, one in cuts.items()
    ]
    return el(
        "details",
        el("summary", f"What DORA {LATEST} means here"),
        el(
            "p",
            "The group of surveyed teams in which this number would stand: a place among others, not a verdict. "
            "Frequency is held against it per service. "
            "The survey prints a typical answer of each group; the borders between groups are Apache DevLake's. "
            f"It has no group for the rework rate. Source: {SOURCES[LATEST]}.",
            cls="muted small",
        ),
        el("div", el("table", el("thead", head), el("tbody", join(*rows)), cls="rows tight"), cls="scroll"),
        cls="section bare bands",
    )


def progressive(page: Shown, asked: Asked) -> Markup:
    """Which critical services do not ship step by step, those that ship most otherwise first."""
    number = page.numbers["progressive_delivery"].now
    behind = page.at_once[:_SHOWN]
    more = len(page.at_once) - len(behind)
    return el(
        "section",
        el("h2", _title(page)),
        el(
            "p",
            f"Tier 0-1 in {asked.words}; step by step: at least half by canary, blue/green or feature flag",
            cls="sub",
        ),
        el("div", *_tiers(list(page.steps.values())), cls="tally"),
        el("ul", join(*(_behind(one, page) for one in behind)), cls="items") if behind else None,
        el("p", f"and {more:,} more, in the table of services below", cls="muted small") if more > 0 else None,
        button(
            "How is progressive delivery counted?",
            act={"do": "explain", "kpi": "progressive_delivery"},
            cls="link small",
        )
        if number.value is not None
        else None,
        cls="section bare",
    )


def _title(page: Shown) -> str:
    number = page.numbers["progressive_delivery"].now
    whole = round(number.denominator or 0)
    if number.value is None or not whole:
        return "Progressive delivery: no critical service deployed"
    kept = round(number.numerator or 0)
    if kept == whole:
        return f"All {whole:,} critical services ship step by step" if whole > 1 else "The critical service does"
    return f"{kept:,} of {whole:,} critical services ship step by step"


def _tiers(found: Sequence[Steps]) -> list[Markup]:
    tallies = []
    for tier in sorted(CRITICAL):
        here = [one for one in found if one.tier == tier]
        if here:
            kept = sum(one.kept for one in here)
            tallies.append(el("div", el("b", f"{kept:,} of {len(here):,}"), el("span", f"tier {tier}")))
    return tallies


def _behind(one: Steps, page: Shown) -> Markup:
    usual = STRATEGIES.get(one.usual or "", one.usual or "")
    said = f"mostly {usual}" if one.usual else "mostly without saying how"
    return el(
        "li",
        el(
            "div",
            button(page.names.get(one.service, one.service), act={"do": "narrow", "service": one.service}),
            el("span", f"{one.progressive:,} of {one.deployments:,} step by step", cls="small"),
            cls="row",
        ),
        el("p", f"Tier {one.tier}, {said}", cls="why"),
    )


def troubled_sub(asked: Asked) -> str:
    """What the last table holds."""
    return f"Never went live, rolled back, or blamed for an incident, in {asked.words}. A click opens the incident."


def services_sub(page: Shown, asked: Asked) -> str:
    """How many services the table holds, and how it is read."""
    some = f"{len(page.rates):,} service{'s' if len(page.rates) != 1 else ''} in {asked.words}"
    return f"{some}, by the lower end of the 95 % range of their failure, which is told from {FEWEST} deployments on"
