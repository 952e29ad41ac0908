"""How fresh the data are, beside the filters: "data to 31 Oct 23:55, 2 of 7 sources late"; a click leads to Data
health. And on each tile and chart, where a source that its number is made from is late or could not be read:
"3 h late: pagerduty".
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.charts import svg, wording
from app.metrics.catalogue import KPIS
from app.store.freshness import SourceState
from app.ui import read
from app.ui.markup import Markup, button, el
from app.ui.places import Place

OWN: Mapping[str, str] = MappingProxyType(
    {
        "acceptances": "risks_above_appetite",
        "at_target": "risks_above_appetite",
        "frozen": "error_budget_remaining",
        "open_risks": "risks_above_appetite",
        "suspected": "change_failure_rate",
        "teams_over": "on_call_load",
        "to_mend": "risks_above_appetite",
        "without_action": "actions_on_time",
        "without_shift": "on_call_load",
    }
)
"""What a page counts by itself → the KPI that is made from the same facts."""
_NAMED = 2


class Freshness(NamedTuple):
    """What there is to say of the sources."""

    words: str
    red: bool
    """A source that feeds this page is late."""
    late: tuple[str, ...]
    """Names of the late sources."""


def told(sources: Sequence[SourceState], feeds: frozenset[str], as_of: datetime, zone: str) -> Freshness:
    """What is said beside the filters of a page that is fed by these entities (none named: by all)."""
    late = [source for source in sources if source.late_by(as_of) is not None]
    ends = [end for source in sources if (end := source.data_to(as_of)) is not None]
    said = f"data to {_when(max(ends), as_of, zone)}" if ends else "no data yet"
    if late:
        said += f", {len(late)} of {len(sources)} source{'s' if len(sources) != 1 else ''} late"
    red = any(not feeds or not source.brings or feeds & source.brings for source in late)
    return Freshness(said, red, tuple(source.name for source in late))


def _when(at: datetime, as_of: datetime, zone: str) -> str:
    local, today = at.astimezone(ZoneInfo(zone)), as_of.astimezone(ZoneInfo(zone))
    text = wording.instant(at, zone)
    return text.replace(f" {local.year} ", " ") if local.year == today.year else text


def link(place: Place) -> Markup:
    """It as markup: a click opens Data health."""
    fresh = told(read.sources(), place.feeds, read.moment(), read.directory().policy.timezone)
    hint = f"Late: {wording.listed(fresh.late[:8])}" if fresh.late else "Every source is in time"
    shape = Markup(svg.shape("missed" if fresh.red else "unsure" if fresh.late else "met", 14))
    words = wording.capital(fresh.words)
    return button(
        shape, words, act={"do": "open", "place": "data_health"}, cls="fresh red" if fresh.red else "fresh", title=hint
    )


def behind(keys: Iterable[str]) -> str:
    """What makes numbers of these KPIs (or of `OWN`) old, in a few words: "3 h late: pagerduty". Empty: nothing."""
    entities = frozenset[str]().union(*(KPIS[OWN.get(key, key)].entities for key in keys))
    return behind_of(read.sources(), entities, read.moment())


def behind_of(sources: Iterable[SourceState], entities: frozenset[str], as_of: datetime) -> str:
    """The same of numbers that are made from these entities; the latest source first."""
    found: list[tuple[timedelta, str]] = []
    for source in sources:
        if not entities & source.brings:
            continue
        late = source.late_by(as_of)
        if late is not None:
            found.append((late, f"{_short(late)} late: {source.name}"))
        elif source.failed_at is not None:
            found.append((timedelta(), f"last reading failed: {source.name}"))
    said = [words for _, words in sorted(found, key=lambda one: (-one[0], one[1]))]
    more = len(said) - _NAMED
    return "; ".join(said[:_NAMED]) + (f"; and {more} more" if more > 0 else "")


def note(*keys: str) -> Markup | None:
    """The same as markup under what it is about; None where nothing is old."""
    return line(behind(keys))


def line(said: str) -> Markup | None:
    """Words of `behind` as markup."""
    return el("p", Markup(svg.shape("unsure", 12)), el("span", said), cls="behind", title=said) if said else None


def _short(late: timedelta) -> str:
    """How late: "6 days", "3 h", "12 min"."""
    hours = late / timedelta(hours=1)
    if hours >= 48:
        return f"{round(hours / 24):,} days"
    return f"{round(hours):,} h" if hours >= 1 else f"{max(round(hours * 60), 1)} min"
