"""Data health: can I believe this? What stands on the page, read, told and drawn.

health = data_health.load()
view = data_health.top(health, zone)     # the answer in one sentence, four counts, which part is shown
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import streamlit as st

from app.charts import wording
from app.metrics.periods import Period
from app.records import ENTITIES
from app.store import health as store_health
from app.store import mappings
from app.store import runs as store_runs
from app.store.engine import reading
from app.store.freshness import SourceState
from app.store.mappings import Value
from app.store.quality import Finding
from app.store.runs import Aside, Run
from app.ui import read
from app.ui.board import Act, board
from app.ui.markup import Markup, button, el, join

SOURCES, ASIDE, QUALITY, IMPORTS, UPLOAD = "Sources", "Set aside", "Quality", "Imports", "Upload"
VIEWS = (SOURCES, ASIDE, QUALITY, IMPORTS, UPLOAD)
_VIEW = "view"
_MOST_NAMES = 3


class Health(NamedTuple):
    """All that the page knows."""

    as_of: datetime
    zone: str
    sources: tuple[SourceState, ...]
    held: Mapping[tuple[str, str], int]
    """(entity, source) → facts."""
    asides: Mapping[tuple[str, str], int]
    """(entity, source) → rows set aside and not mended."""
    findings: tuple[Finding, ...]
    runs: tuple[Run, ...]
    values: tuple[Value, ...] = ()
    """What live sources call things."""

    @property
    def facts(self) -> int:
        return sum(self.held.values())

    @property
    def set_aside(self) -> int:
        return sum(self.asides.values())

    @property
    def late(self) -> tuple[SourceState, ...]:
        """The late sources, the latest first."""
        found = [(late, source) for source in self.sources if (late := source.late_by(self.as_of)) is not None]
        return tuple(source for _, source in sorted(found, key=lambda pair: pair[0], reverse=True))


def load() -> Health:
    """What the store says of itself now."""
    return _load(read.state(), read.moment(), read.directory().policy.timezone)


@lru_cache(maxsize=8)
def _load(of: read.State, as_of: datetime, zone: str) -> Health:
    looked = _looked(of, as_of)
    with reading(read.opened(of.url)) as conn:
        return Health(
            as_of,
            zone,
            read.sources(),
            looked.held,
            store_runs.open_counts(conn),
            looked.findings,
            store_runs.runs(conn),
            mappings.values(conn),
        )


def by_month(months: tuple[Period, ...]) -> Mapping[tuple[str, str], tuple[int, ...]]:
    """(entity, source) → facts in each month."""
    known = _looked(read.state(), read.moment()).months
    keys = {key: None for month in months for key, count in known.get(month.key, {}).items() if count}
    return {key: tuple(known.get(month.key, {}).get(key, 0) for month in months) for key in keys}


@lru_cache(maxsize=8)
def _looked(of: read.State, as_of: datetime) -> store_health.Health:
    with reading(read.opened(of.url)) as conn:
        return store_health.health(conn, as_of)


def set_aside(run: int | None = None, limit: int | None = None) -> tuple[Aside, ...]:
    """The rows set aside by one import, or by any and not mended."""
    return _set_aside(read.state(), run, limit)


@lru_cache(maxsize=4)
def _set_aside(of: read.State, run: int | None, limit: int | None) -> tuple[Aside, ...]:
    with reading(read.opened(of.url)) as conn:
        return store_runs.set_aside(conn, run=run, limit=limit)


def answer(health: Health) -> str:
    """The page in one sentence, by rules."""
    if not health.facts and not health.runs:
        return "There is nothing to believe yet: no fact has been imported."
    said = (_reach(health), _lateness(health), _asides(health), _oddities(health), *mappings.told(health.values))
    return "; ".join(said) + "."


def _reach(health: Health) -> str:
    ends = [end for source in health.sources if (end := source.data_to(health.as_of)) is not None]
    return f"Data reaches to {when(max(ends), health)}" if ends else "No fact with a date is here yet"


def _lateness(health: Health) -> str:
    late, due = health.late, [source for source in health.sources if source.expected_hours is not None]
    if not due:
        return "no source has a time by which it is due"
    if not late:
        return (
            "the one source with a due time is in time" if len(due) == 1 else f"all {len(due)} sources due are in time"
        )
    named = [
        f"{source.name}, {age(late_by)}" for source in late[:_MOST_NAMES] if (late_by := source.late_by(health.as_of))
    ]
    more = f" and {len(late) - _MOST_NAMES} more" if len(late) > _MOST_NAMES else ""
    whole = f"of {len(health.sources)} sources" if len(health.sources) != 1 else "source"
    return f"{len(late)} {whole} {'is' if len(late) == 1 else 'are'} late ({'; '.join(named)}{more})"


def _asides(health: Health) -> str:
    count = health.set_aside
    return f"{count:,} row{' was' if count == 1 else 's were'} set aside" if count else "nothing is set aside"


def _oddities(health: Health) -> str:
    count = len(health.findings)
    return f"{count} thing{'' if count == 1 else 's'} on the quality list" if count else "the quality list is empty"


def age(length: timedelta) -> str:
    """How long ago, or how late: "9 days", "5 hours", "12 minutes"."""
    minutes = length / timedelta(minutes=1)
    for size, name in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= 2 * size or size == 1:
            count = round(minutes / size)
            return f"{count:,} {name}{'' if count == 1 else 's'}"
    return ""


def when(at: datetime, health: Health) -> str:
    """An instant; the year only where it is not this one: "22 Nov 23:55"."""
    text = wording.instant(at, health.zone)
    return text.replace(f" {health.as_of.year} ", " ")


def top(health: Health) -> str:
    """Draws the answer, four counts, and the choice of what is shown below; gives that."""
    board(_top(health), key="health_top", on_act=_turn)
    if not health.facts and not health.runs:
        return UPLOAD
    st.session_state.setdefault(_VIEW, SOURCES)
    said = st.segmented_control(
        "Part", VIEWS, key=_VIEW, label_visibility="collapsed", bind="query-params", required=True
    )
    return said if said in VIEWS else SOURCES


def turn_to(view: str) -> None:
    """Shows another part; before the choice is drawn, in a callback."""
    if view in VIEWS:
        st.session_state[_VIEW] = view


def _turn(act: Act) -> None:
    if act["do"] == "view":
        turn_to(str(act.get("view")))


def _top(health: Health) -> Markup:
    first = el("header", el("h1", "Data health"), cls="head") if read.directory().empty else None
    if not health.facts and not health.runs:
        brings = (
            "Choose fact files below, or run nines import. You will see what they would change before anything is kept."
        )
        return join(first, el("header", el("p", answer(health)), el("p", brings, cls="meta"), cls="lead"))
    whole = "The whole store" if first else "The whole store, whatever is chosen above"
    meta = f"{whole} · dates in {health.zone}"
    lead = el("header", el("p", answer(health)), el("p", meta, cls="meta"), cls="lead")
    all_sources = len(health.sources)
    late = f"{len(health.late)} of {all_sources}", "sources late" if all_sources != 1 else "source late"
    if not any(source.expected_hours for source in health.sources):
        late = str(all_sources), "source with dated facts" if all_sources == 1 else "sources with dated facts"
    unmapped = len(mappings.unmapped(health.values))
    values = (
        (f"{unmapped:,}", "value without a meaning" if unmapped == 1 else "values without a meaning", SOURCES, True),
    )
    counts = (
        (f"{health.facts:,}", "facts kept", IMPORTS, False),
        (*late, SOURCES, bool(health.late)),
        (f"{health.set_aside:,}", "rows set aside", ASIDE, bool(health.set_aside)),
        (f"{len(health.findings)}", "on the quality list", QUALITY, False),
        *(values if unmapped else ()),
    )
    cells = (
        button(
            el("b", value, cls="late" if warn else None),
            el("span", words),
            act={"do": "view", "view": view},
            cls="count",
        )
        for value, words, view, warn in counts
    )
    return join(first, lead, el("div", *cells, cls="card section flush tally counts"))


def source_rows(health: Health) -> list[dict[str, Any]]:
    """One row a source: what it brings, up to when, whether it is late, when it was imported, what is set aside."""
    states = {source.name: source for source in health.sources}
    brought: dict[str, dict[str, int]] = {}
    for (entity, source), count in health.held.items():
        brought.setdefault(source, {})[entity] = count
    names = sorted({*brought, *states, *(source for _, source in health.asides)})
    rows = []
    for name in names:
        state, entities = states.get(name), brought.get(name, {})
        last = state.data_to(health.as_of) if state else None
        rows.append(
            {
                "source": name,
                "entities": ", ".join(entity.replace("_", " ") for entity in ENTITIES if entity in entities),
                "facts": sum(entities.values()),
                "last": last,
                "lag": health.as_of - last if last else None,
                "state": lateness(state, health.as_of),
                "imported": max((at for entity in entities if (at := _imported(health, entity, name))), default=None),
                "aside": sum(count for (_, source), count in health.asides.items() if source == name) or None,
            }
        )
    return sorted(rows, key=lambda row: row["state"] is None or row["state"][0] <= 0)


def kind_rows(health: Health) -> list[dict[str, Any]]:
    """One row an entity and source."""
    states = {source.name: source for source in health.sources}
    rows = []
    for entity, source in [*health.held, *(key for key in health.asides if key not in health.held)]:
        state = states.get(source)
        first, last = state.entities.get(entity, (None, None)) if state else (None, None)
        rows.append(
            {
                "entity": entity.replace("_", " "),
                "source": source,
                "facts": health.held.get((entity, source), 0),
                "first": first,
                "last": last,
                "imported": _imported(health, entity, source),
                "aside": health.asides.get((entity, source)),
            }
        )
    return rows


def _imported(health: Health, entity: str, source: str) -> datetime | None:
    """When an import last brought this: one of this source, else one whose rows named their sources themselves."""
    brought = [run for run in health.runs if entity in run.counts]
    own = [run for run in brought if run.source == source]
    return next((run.finished_at for run in own or brought), None)


def lateness(state: SourceState | None, as_of: datetime) -> tuple[float, str] | None:
    """How late in minutes, and in words; None where nobody expects anything."""
    if state is None or state.expected_hours is None:
        return None
    late = state.late_by(as_of)
    if late is not None and not state.entities and state.last_read_at is None:
        return late / timedelta(minutes=1), "never read"
    return (0.0, "in time") if late is None else (late / timedelta(minutes=1), f"late by {age(late)}")


def run_rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """One row an import."""
    return [
        {
            "id": run.id,
            "at": run.finished_at or run.started_at,
            "actor": run.actor,
            "source": run.source,
            "files": ", ".join(run.names),
            "status": run.status,
            **run.total._asdict(),
        }
        for run in runs
    ]
