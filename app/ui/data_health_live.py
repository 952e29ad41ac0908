"""Live sources on Data health: when each was last read, how late it is, what its last reading brought and could not."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from app.charts import wording
from app.store import runs as store_runs
from app.store.engine import reading
from app.store.runs import Run
from app.ui import data_health, read, tables, tiles
from app.ui.board import board
from app.ui.data_health import Health
from app.ui.lead import heading
from app.ui.markup import Markup, el, join
from app.ui.tables import Column

SAID: Mapping[str, str] = {
    "done": "Done",
    "set_aside": "Done, some rows were set aside",
    "partial": "Done, but something could not be read",
    "failed": "Failed",
    "stopped": "Stopped before its end",
}
"""How an import or a reading ended; any other is still running."""
_MOST = 30
"""Sentences that are shown of one source."""


def ended(status: str) -> str:
    """In words how an import or a reading ended."""
    return SAID.get(status, "Still running")


def readings() -> Mapping[str, Run]:
    """Live source → its latest reading; nothing for who may not see imports."""
    return _readings(read.state())


@lru_cache(maxsize=4)
def _readings(of: read.State) -> Mapping[str, Run]:
    with reading(read.opened(of.url)) as conn:
        return store_runs.latest_readings(conn)


def rows(health: Health, latest: Mapping[str, Run]) -> list[dict[str, Any]]:
    """One row a live source, those first that need somebody."""
    found = []
    for source in health.sources:
        if source.tried_at is None:
            continue
        run = latest.get(source.name)
        found.append(
            {
                "source": source.name,
                "kind": source.kind,
                "state": data_health.lateness(source, health.as_of),
                "read": source.last_read_at,
                "lag": health.as_of - source.last_read_at if source.last_read_at else None,
                "promise": source.expected_hours,
                "ended": run.status if run else None,
                "calls": run.calls if run else None,
                "rows": run.total.seen if run else None,
                "aside": run.total.set_aside if run else None,
            }
        )
    return sorted(found, key=lambda row: (row["ended"] in ("done", None), row["source"]))


def told(latest: Mapping[str, Run]) -> tuple[tuple[str, tuple[str, ...], int], ...]:
    """(source, sentences on what its last reading could not read, how many more there are)."""
    found = []
    for name, run in sorted(latest.items()):
        said = (*((run.failure,) if run.failure else ()), *run.unread)
        if said:
            found.append((name, said[:_MOST], max(len(said) - _MOST, 0)))
    return tuple(found)


def show(health: Health) -> None:
    """The live sources; nothing where there is none."""
    latest = readings()
    listed = rows(health, latest)
    if not listed:
        return
    board(heading("Live sources", "Read by the server or by nines sync: the latest reading."), key="health_live_head")
    tables.table(
        "health_live",
        [
            Column("source", "Source"),
            Column("kind", "Kind"),
            Column("state", "In time?", show=_due),
            Column("read", "Last read whole", show=_at(health), number=True),
            Column("lag", "Ago", show=lambda lag: data_health.age(lag) if lag is not None else "", number=True),
            Column("promise", "Promise", show=lambda hours: f"{hours:g} h" if hours else "", number=True),
            Column("ended", "Last reading", show=_ended),
            Column("rows", "Rows", show=_count, number=True),
            Column("aside", "Set aside", show=_late, number=True),
            Column("calls", "Calls", show=_count, number=True),
        ],
        listed,
        search=False,
    )
    said = told({name: run for name, run in latest.items() if name in {row["source"] for row in listed}})
    if said:
        board(join(*(_sentences(*one) for one in said)), key="health_live_told")


def _sentences(name: str, said: tuple[str, ...], more: int) -> Markup:
    lines = [el("p", sentence, cls="sub") for sentence in said]
    lines += [el("p", f"… and {more:,} more.", cls="sub")] if more else []
    return el("section", el("h2", f"What {name} told"), *lines, cls="card section flush")


def _due(state: tuple[float, str] | None) -> Markup:
    if state is None:
        return tiles.verdict("no_target", "no due time")
    late, words = state
    return tiles.verdict("missed" if late else "met", words)


def _ended(status: str | None) -> Markup | str:
    if status is None:
        return ""
    fine = status in ("done", "set_aside")
    return tiles.verdict("met" if fine else "no_target" if status not in SAID else "missed", ended(status))


def _at(health: Health) -> Any:
    def shown(at: datetime | None) -> str:
        return "never" if at is None else wording.instant(at, health.zone)

    return shown


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _late(value: int | None) -> Markup | str:
    return el("span", f"{value:,}", cls="late") if value else ""
