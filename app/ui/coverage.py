"""Which months hold facts of which entity from which source: a month without facts is an outline, not a colour."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from app.charts import wording
from app.metrics import periods
from app.metrics.periods import Period
from app.ui.markup import Markup, el, join

MONTHS = 24
_STEPS = 5
"""Of the seven steps of the ramp, the paler ones: the numbers on them are what is read."""
MONTHLY = ("deployments", "incidents", "sli", "pages", "shifts")
"""Entities of which an organisation has some every month: of these, a month without any is worth a sentence."""
Counts = Mapping[tuple[str, str], Sequence[int]]
"""(entity, source) → facts in each month."""


def months(chosen: date, last_fact: date | None, zone: str) -> tuple[Period, ...]:
    """The 24 months shown: up to the last fact, or, where the chosen period lies before them, up to that."""
    end = periods.containing(last_fact or chosen, "month", zone)
    if chosen < end.previous(MONTHS - 1).first:
        end = periods.containing(chosen, "month", zone)
    return tuple(end.previous(step) for step in range(MONTHS - 1, -1, -1))


def coverage_map(counts: Counts, shown: Sequence[Period], today: date) -> Markup:
    """The map as a table: a row for each entity and source that has any fact in these months."""
    rows = [(key, row) for key, row in counts.items() if any(row)]
    several = {entity for entity, _ in counts if sum(1 for other, _ in counts if other == entity) > 1}
    return el(
        "table",
        el("caption", "Facts by kind and month. A dashed cell is a month without any.", cls="hush"),
        el("thead", el("tr", el("td"), *(_heading(at, shown) for at in range(len(shown))))),
        el("tbody", join(*(_row(key, row, shown, key[0] in several, today) for key, row in rows))),
        cls="heat coverage",
    )


def holes(counts: Counts, shown: Sequence[Period]) -> dict[tuple[str, str], list[Period]]:
    """(entity, source) → its empty months between filled ones: nothing happened, or a file is missing."""
    found = {}
    for key, row in counts.items():
        filled = [at for at, count in enumerate(row) if count]
        empty = [shown[at] for at in range(filled[0], filled[-1]) if not row[at]] if filled else []
        if empty:
            found[key] = empty
    return found


def _heading(at: int, shown: Sequence[Period]) -> Markup:
    name, year = wording.period_short(shown[at].key)
    first = at == 0 or wording.period_short(shown[at - 1].key)[1] != year
    return el("th", name, el("span", year if first else "\u00a0", cls="year"), scope="col")


def _row(key: tuple[str, str], row: Sequence[int], shown: Sequence[Period], sourced: bool, today: date) -> Markup:
    entity, source = key
    filled = [at for at, count in enumerate(row) if count]
    name = entity.replace("_", " ")
    return el(
        "tr",
        el("th", name, el("span", source, cls="muted small") if sourced else None, scope="row"),
        *(_cell(name, count, max(row), shown[at], filled[0] < at < filled[-1], today) for at, count in enumerate(row)),
    )


def _cell(name: str, count: int, most: int, month: Period, inside: bool, today: date) -> Markup:
    when = wording.period(month.key)
    if not count:
        said = f"{when}: no {name}" + (", though there are some before and after" if inside else "")
        return el(
            "td", el("span", el("span", said, cls="hush"), cls="cell no_data" + (" hole" if inside else ""), title=said)
        )
    going = month.first <= today <= month.after - timedelta(1)
    said = f"{when}{' so far' if going else ''}: {count:,} {name}"
    step = min(_STEPS - 1, count * _STEPS // (most + 1))
    colours = f"background:var(--nines-ramp-{step});color:var(--nines-on-ramp-{step})"
    return el(
        "td",
        el("span", short(count), el("span", f" {name}, {when}", cls="hush"), cls="cell", style=colours, title=said),
    )


def short(count: int) -> str:
    """A count in at most four letters: 950, 1.2k, 12k, 3M."""
    if count < 1000:
        return str(count)
    for size, letter in ((10**6, "M"), (10**3, "k")):
        if count >= size:
            part = count / size
            return f"{part:.1f}{letter}".replace(f".0{letter}", letter) if part < 9.95 else f"{part:.0f}{letter}"
    return str(count)
