"""What live sources call things, and what that means here: the values that their readings saw, and the mapping edited
in the app, which stands over that of `sources.yaml`.

    with writing(engine) as conn:
        mappings.save(conn, "pagerduty", "severity", {"P1": "1"}, of=0, by=person)

The next reading of the source begins at its start then (`app/ingest_sync_maps.py`), so that facts already here follow.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.risk_records import Clash, Conflict, Invalid, RiskKey
from app.people import Person
from app.store.audit import clean
from app.store.mapping_tables import MAPPINGS, SEEN_VALUES
from app.store.tables import FACTS
from app.store.write import audit, known

FIELDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "severity": ("severity", "severities"),
        "customer_impact": ("customer impact", "customer impacts"),
        "services": ("service", "services"),
        "teams": ("team", "teams"),
        "causes": ("cause", "causes"),
    }
)
"""Field → how a sentence calls one of its values, and all of them."""
_MEANINGS = {"severity": frozenset("12345"), "customer_impact": frozenset({"true", "false"})}
_ITSELF = frozenset({"services", "teams", "causes"})
"""Fields whose values mean what they say where nothing maps them."""
_NAMES = frozenset({"services", "teams"})
"""Those that the keys of some facts hold."""
_LONGEST = 2_000
_SAMPLES = 3
_SOME = 500


class Saw(NamedTuple):
    """One value as a slice of a reading saw it."""

    field: str
    value: str
    ours: str | None
    own: str | None
    """What it means without the mapping edited in the app."""
    own_unknown: bool
    """Whether that cannot be told, since the app's mapping stood before it: what was known of it stays."""
    rows: int
    samples: Sequence[str]


class Value(NamedTuple):
    """One value of a source, with what is known of it."""

    source: str
    field: str
    value: str
    ours: str | None
    """What the last reading that had it took it for; None: for nothing."""
    own: str | None
    """What it means without the mapping edited in the app."""
    rows: int
    """Of the last reading that had it."""
    samples: tuple[str, ...]
    seen_at: datetime
    mapped: str | None = None
    """What it means by the mapping edited in the app."""
    changed_by: str | None = None
    known: bool = False
    """Whether what it means is something here."""

    @property
    def by_itself(self) -> str | None:
        """What it means where nobody says anything in the app."""
        if self.own is None and (self.field in _ITSELF or self.value in _MEANINGS.get(self.field, ())):
            return self.value
        return self.own

    @property
    def means(self) -> str | None:
        """What it means from the next reading on."""
        return self.mapped if self.mapped is not None else self.by_itself

    @property
    def waits(self) -> bool:
        """Whether its facts still say what it meant before: until the source is read the next time."""
        return self.means != self._replace(own=self.ours).by_itself


def key(value: str) -> str:
    """What a value is looked up by: its letters whatever their case, single spaces."""
    return " ".join(value.split()).casefold()


def saw(conn: Connection, source: str, run: int, at: datetime, seen: Iterable[Saw]) -> None:
    """Keeps what a slice of a reading saw: the rows of all slices of one reading are added up."""
    found: dict[tuple[str, str], Saw] = {}
    for one in seen:
        value = clean(one.value) or ""
        one = one._replace(value=value, samples=[clean(sample) or "" for sample in one.samples])
        found[one.field, value] = _added(found.get((one.field, value)), one)
    held = _held(conn, source, sorted({value for _, value in found}))
    for (field, value), one in found.items():
        before = held.get((field, value))
        if before is not None and before.run == run:
            one = _added(Saw(field, value, before.ours, before.own, True, before.rows, before.samples), one)
        row = {"ours": one.ours, "rows": one.rows, "samples": list(one.samples), "seen_at": at, "run": run}
        if not one.own_unknown:
            row["own"] = one.own
        if before is not None and field in _NAMES:
            row["former"] = _former(before, one)
        if before is None:
            conn.execute(SEEN_VALUES.insert().values(source=source, field=field, value=value, **row))
        else:
            conn.execute(SEEN_VALUES.update().where(_is(SEEN_VALUES, source, field, value=value)).values(**row))


def _former(before: Any, now: Saw) -> list[str] | None:
    """What a value was ever taken for, without what it is taken for now."""
    names = [*(before.former or ()), before.ours or before.value]
    return [name for name in dict.fromkeys(names) if name != (now.ours or now.value)] or None


def former(conn: Connection, source: str) -> dict[str, dict[str, set[str]]]:
    """Services and teams → the name of one → names under which facts of this source may still stand."""
    table = SEEN_VALUES
    found: dict[str, dict[str, set[str]]] = {}
    for row in conn.execute(sa.select(table).where(table.c.source == source, table.c.former.is_not(None))):
        found.setdefault(row.field, {}).setdefault(row.ours or row.value, set()).update(row.former)
    return found


def _added(before: Saw | None, one: Saw) -> Saw:
    if before is None:
        return one
    samples = [*dict.fromkeys([*before.samples, *one.samples])][:_SAMPLES]
    return one._replace(rows=before.rows + one.rows, samples=samples)


def _held(conn: Connection, source: str, values: Sequence[str]) -> dict[tuple[str, str], Any]:
    table, found = SEEN_VALUES, {}
    for start in range(0, len(values), _SOME):
        some = table.c.value.in_(values[start : start + _SOME])
        for row in conn.execute(sa.select(table).where(table.c.source == source, some)):
            found[row.field, row.value] = row
    return found


def gone(conn: Connection, source: str, run: int) -> None:
    """Forgets what a source does not call anything any more: this reading had all of it."""
    conn.execute(SEEN_VALUES.delete().where(SEEN_VALUES.c.source == source, SEEN_VALUES.c.run != run))


def edited(conn: Connection, source: str) -> dict[str, dict[str, str]]:
    """Field → the mapping edited in the app: what a source says, as `key` gives it → ours."""
    table = MAPPINGS
    found: dict[str, dict[str, str]] = {}
    for row in conn.execute(sa.select(table).where(table.c.source == source, table.c.ours.is_not(None))):
        found.setdefault(row.field, {})[row.theirs] = row.ours
    return found


def values(conn: Connection) -> tuple[Value, ...]:
    """Every value that a live source has, those first that mean nothing here, then those of most rows."""
    table = MAPPINGS
    said = {(row.source, row.field, row.theirs): row for row in conn.execute(sa.select(table))}
    here: Mapping[str, Collection[str]] = {**_MEANINGS, **{name: known(conn, name) for name in ("services", "teams")}}
    columns = [SEEN_VALUES.c[name] for name in Value._fields[:8]]
    found = []
    for row in conn.execute(sa.select(*columns)):
        edit = said.get((row.source, row.field, key(row.value)))
        one = Value._make([*row, None, None, False])._replace(samples=tuple(row.samples))
        one = one._replace(mapped=edit.ours, changed_by=edit.changed_by) if edit else one
        means = one.mapped or one.own if one.field == "causes" else one.means
        found.append(one._replace(known=means is not None and (one.field == "causes" or means in here[one.field])))
    lacking = {(one.source, one.field, one.value) for one in unmapped(found)}
    order = [*FIELDS]
    return tuple(
        sorted(
            found,
            key=lambda one: (
                (one.source, one.field, one.value) not in lacking,
                one.source,
                order.index(one.field),
                -one.rows,
                one.value,
            ),
        )
    )


def unmapped(some: Iterable[Value]) -> tuple[Value, ...]:
    """Those that mean nothing here; causes only where some of their source are mapped."""
    listed = tuple(some)
    mapped = {one.source for one in listed if one.field == "causes" and one.known}
    return tuple(one for one in listed if not one.known and (one.field != "causes" or one.source in mapped))


def told(some: Iterable[Value]) -> tuple[str, ...]:
    """A sentence for each source that has values which mean nothing here."""
    counts: dict[str, int] = {}
    for one in unmapped(some):
        counts[one.source] = counts.get(one.source, 0) + 1
    return tuple(
        f"{count:,} value{'s' if count != 1 else ''} of {source} mean{'s' if count == 1 else ''} nothing here yet"
        for source, count in sorted(counts.items())
    )


def causes(conn: Connection) -> tuple[str, ...]:
    """The causes that incidents name."""
    cause = FACTS["incidents"].c.cause
    query = sa.select(cause).where(cause.is_not(None)).distinct()
    return tuple(sorted(conn.execute(query).scalars(), key=str.casefold))


def version(conn: Connection, source: str, field: str) -> int:
    """How often the mapping of a source's field was edited."""
    here = sa.and_(MAPPINGS.c.source == source, MAPPINGS.c.field == field)
    return int(conn.execute(sa.select(sa.func.max(MAPPINGS.c.version)).where(here)).scalar() or 0)


def save(
    conn: Connection, source: str, field: str, changes: Mapping[str, str | None], *, of: int, by: Person
) -> tuple[Value, ...]:
    """Lets values of a source mean something else from its next reading on; None: what they mean by themselves. Gives
    those that changed, as they were.

    Raises NotAllowed for who may not write everywhere, Invalid (value → what to mend), and Conflict where somebody else
    changed one of these values since the version `of`.
    """
    by.must("write", everywhere=True)
    listed = {one.value: one for one in values(conn) if (one.source, one.field) == (source, field)}
    wanted = {value: (clean(ours or "") or "").strip() or None for value, ours in changes.items()}
    wrong = {value: said for value in wanted if (said := _wrong(conn, field, value, wanted, listed))}
    if wrong:
        raise Invalid(wrong)
    _unmoved(conn, source, field, listed, wanted, of)
    new = {value: None if ours == listed[value].by_itself else ours for value, ours in wanted.items()}
    moved = {value: ours for value, ours in new.items() if ours != listed[value].mapped}
    if moved:
        _write(conn, source, field, moved, by)
        old = {value: listed[value].mapped for value in moved}
        audit(conn, actor=by.name, action="map", entity="mappings", entity_id=f"{source} {field}", old=old, new=moved)
    return tuple(listed[value] for value in moved)


def _wrong(
    conn: Connection, field: str, value: str, wanted: Mapping[str, str | None], listed: Mapping[str, Value]
) -> str:
    """Why a value cannot mean what is wanted; empty: it can."""
    ours = wanted[value]
    if value not in listed:
        return "The source does not say this (any more)."
    if any(key(other) == key(value) and wanted[other] != ours for other in wanted):
        return "Another value differs from this one in case alone: let both mean the same."
    if ours is None:
        return ""
    if len(ours) > _LONGEST:
        return f"Say it in at most {_LONGEST:,} letters."
    if field in _MEANINGS and ours not in _MEANINGS[field]:
        return "Choose a severity from 1 to 5." if field == "severity" else "Choose yes or no."
    if field in ("services", "teams") and ours not in known(conn, field):
        return f"No {FIELDS[field][0]} is known here by the name {ours}."
    return ""


def _unmoved(
    conn: Connection, source: str, field: str, listed: Mapping[str, Value], wanted: Mapping[str, Any], of: int
) -> None:
    """Raises Conflict where one of these values was changed since."""
    table = MAPPINGS
    here = (table.c.source == source, table.c.field == field, table.c.version > of)
    newer = {row.theirs: row for row in conn.execute(sa.select(table).where(*here))}
    clashing = [value for value in wanted if key(value) in newer]
    if clashing:
        last = max((newer[key(value)] for value in clashing), key=lambda row: row.version)
        fields = {value: Clash(None, wanted[value], listed[value].means) for value in clashing}
        named = RiskKey(source, f"what {FIELDS[field][1]} of {source} mean")
        raise Conflict(named, version(conn, source, field), last.changed_by, last.changed_at, fields)


def _write(conn: Connection, source: str, field: str, moved: Mapping[str, str | None], by: Person) -> None:
    stamp = {"version": version(conn, source, field) + 1, "changed_at": datetime.now(UTC), "changed_by": by.name}
    for theirs, ours in {key(value): ours for value, ours in moved.items()}.items():
        here = _is(MAPPINGS, source, field, theirs=theirs)
        if not conn.execute(MAPPINGS.update().where(here).values(ours=ours, **stamp)).rowcount:
            conn.execute(MAPPINGS.insert().values(source=source, field=field, theirs=theirs, ours=ours, **stamp))


def _is(table: sa.Table, source: str, field: str, **named: str) -> sa.ColumnElement[bool]:
    (column, value) = next(iter(named.items()))
    return sa.and_(table.c.source == source, table.c.field == field, table.c[column] == value)
