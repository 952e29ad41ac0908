"""Any SQL warehouse that SQLAlchemy has a driver for: facts by queries whose columns are called as in the contract.

A query with `:since` and `:until` is read slice by slice, each kept with its mark; one without is read whole each time.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from annotated_types import Ge, Gt, Le, MinLen
from pydantic import field_validator

from app.records import ENTITIES, ORIGINS, Entity, Zone
from data_sources.brought import Brought, Kind, Part, judged
from data_sources.columns import rules
from data_sources.http import Client, Slice, SourceError
from data_sources.options import EnvName, Options, Since
from data_sources.warehouse_rows import Shape, Spool, table
from data_sources.warehouse_session import Session, session

_TIMES = ("since", "until")


class Warehouse(Options):
    """Of a warehouse."""

    url: EnvName
    """The variable that holds its SQLAlchemy URL, which is a secret as a whole."""
    queries: Annotated[Mapping[str, str], MinLen(1)]
    """Entity → what selects its facts."""
    timezone: Zone | None = None
    """Where times without an offset are read; without, their rows are set aside."""
    since: Since | None = None
    """How far back the first reading goes; 90 days without."""
    slice_days: Annotated[int, Ge(1), Le(3_660)] = 30
    """How much time is read and kept at once."""
    overlap_hours: Annotated[float, Ge(0)] = 24
    """How far before its mark a reading begins again: how late rows may come into the warehouse."""
    timeout_seconds: Annotated[float, Gt(0), Le(86_400)] = 600
    """How long one statement may take, where the database can be told."""

    @field_validator("queries")
    @classmethod
    def _askable(cls, queries: Mapping[str, str]) -> Mapping[str, str]:
        for entity, query in queries.items():
            if entity not in ENTITIES:
                raise ValueError(f"names {entity}, which is none of {', '.join(ENTITIES)}")
            named = _named(query)
            if named not in (set(), set(_TIMES)):
                raise ValueError(
                    f"names :{', :'.join(sorted(named))} in {entity}: use :since and :until together, or none "
                    r"(write \: for a colon before a word)"
                )
        for entity in queries:
            late = [other for other in _before(entity) if _named(queries.get(other, ""))]
            if late and not _named(queries[entity]):
                raise ValueError(
                    f"reads {entity} before {late[0]}, which it names: give both :since and :until, or neither"
                )
        return queries


class Asked(NamedTuple):
    """One query."""

    entity: str
    query: str
    sliced: bool


class Answered(NamedTuple):
    """What it gave."""

    rows: Spool
    notes: tuple[str, ...]


def _named(query: str) -> set[str]:
    """The parameters that a query names."""
    return set(sa.text(query).compile().params)


def _before(entity: str) -> set[str]:
    """The entities that rows of this one must name, so that those have to be read before."""
    return {*ENTITIES[entity].refs.values(), *(ORIGINS.values() if entity == "actions" else ())}


def parts(options: Warehouse) -> Sequence[Part]:
    """One a query, those that others name first; a changed query is another part, which is read from the start."""
    found = []
    for name in ENTITIES:
        if name in options.queries:
            query = options.queries[name]
            number = hashlib.sha256(f"{query}\0{options.timezone}".encode()).hexdigest()[:8]
            sliced = bool(_named(query))
            found.append(Part(f"{name}#{number}", Asked(name, query, sliced), whole=not sliced))
    return found


def fetch(client: Client | None, options: Warehouse, part: Part, slice_: Slice) -> Answered:
    """The query's rows of the slice, as cells in a file of its own, so that the store waits for no warehouse."""
    with session(options.url, options.timeout_seconds, options.timezone) as asking:
        return _answered(asking, part.of, slice_)


def _answered(asking: Session, asked: Asked, slice_: Slice) -> Answered:
    times = dict(zip(_TIMES, slice_, strict=True)) if asked.sliced else {}
    names, chunks = asking.ask(asked.query, times)
    shape, notes = _shape(ENTITIES[asked.entity], names)
    try:
        spool = Spool(shape)
        for rows in chunks:
            spool.write(table(shape, rows))
    except OSError as cause:
        said = cause.strerror or type(cause).__name__
        raise SourceError(
            "configuration", f"Its rows do not fit into the temporary folder ({said}): see TMPDIR."
        ) from None
    return Answered(spool, notes)


def _shape(entity: Entity, names: Sequence[str]) -> tuple[Shape, tuple[str, ...]]:
    """Which columns of an answer are read as what. Raises SourceError for one that cannot be."""
    known = {rule.name: rule for rule in rules(entity.record) if rule.name != "source"}
    columns = [name.lower() for name in names]
    twice = sorted({name for name in columns if name in known and columns.count(name) > 1})
    if twice:
        raise SourceError("query", f"its query gives the column {twice[0]} twice.")
    missing = [name for name, rule in known.items() if rule.required and name not in columns]
    if missing:
        raise SourceError(
            "query", f"its query gives no column {', '.join(missing)}, which {entity.name} need: name it so by AS."
        )
    unknown = [name for name in columns if name not in known]
    told = (f"{entity.name} have no column {', '.join(unknown)}: passed over.",) if unknown else ()
    return Shape(tuple((at, known[name]) for at, name in enumerate(columns) if name in known)), told


def parse(raw: Answered, options: Warehouse, part: Part, slice_: Slice) -> Brought:
    """The facts, chunk by chunk."""
    zone, entity = ZoneInfo(options.timezone) if options.timezone else None, ENTITIES[part.of.entity]
    found = ((entity, entity.name, judged(entity, cells, lines, zone)) for cells, lines in raw.rows.chunks())
    return Brought(found, notes=raw.notes)


def test(client: Client | None, options: Warehouse) -> str:
    """Whether each query is accepted, what its columns are, and whether its first row would be kept."""
    zone = ZoneInfo(options.timezone) if options.timezone else None
    now = datetime.now(UTC)
    told: list[str] = []
    with session(options.url, options.timeout_seconds, options.timezone) as asking:
        for part in parts(options):
            asked: Asked = part.of
            since = now - timedelta(days=options.slice_days)
            try:
                names, first = asking.one(asked.query, {"since": since, "until": now} if asked.sliced else {})
                shape, notes = _shape(ENTITIES[asked.entity], names)
            except SourceError as cause:
                raise SourceError(cause.reason, f"{asked.entity}: {cause}") from None
            told += notes
            if first is not None:
                cells, lines = Spool.of(shape, [first])
                told += [
                    f"The first row of {asked.entity} would be set aside: {bad.reason}."
                    for bad in judged(ENTITIES[asked.entity], cells, lines, zone).bad
                ]
    return " ".join(
        [f"It answers, and so do the queries of {', '.join(part.of.entity for part in parts(options))}.", *told]
    )


KIND = Kind(
    name="warehouse",
    options=Warehouse,
    test=test,
    parts=parts,
    fetch=fetch,
    parse=parse,
    slice=lambda options: timedelta(days=options.slice_days),
    overlap=lambda options: timedelta(hours=options.overlap_hours),
)
