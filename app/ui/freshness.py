"""How fresh the data are, beside the filters: "data to 31 Oct 23:55, 2 of 7 sources late"; a click leads to Data
health.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.charts import svg, wording
from app.store.freshness import SourceState
from app.ui import read
from app.ui.markup import Markup, button
from app.ui.places import Place


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
    red = any(not feeds or not source.entities or feeds & source.entities.keys() for source in late)
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
