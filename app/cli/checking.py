"""What `nines check` finds: the store, its sums, what is set aside, which sources are late."""

from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy.engine import Connection, Engine

from app.records import ENTITIES
from app.store import audit, freshness, listing, mappings, quality, sums
from app.store.engine import reading, writing
from app.ui.quality import told


class Finding(NamedTuple):
    """One line of the report."""

    words: str
    needs_a_person: bool = False


def rebuild(engine: Engine) -> None:
    """Makes the daily sums anew from the facts, in one transaction."""
    with writing(engine) as conn:
        sums.rebuild(conn)


def findings(engine: Engine) -> list[Finding]:
    """Everything there is to say, what needs a person first."""
    with reading(engine) as conn:
        now = datetime.now(UTC)
        found = [
            *_store(conn),
            *_chain(conn),
            *_sums(conn),
            *_set_aside(conn),
            *_sources(conn, now),
            *_mappings(conn),
            *_quality(conn, now),
        ]
    return sorted(found, key=lambda finding: not finding.needs_a_person)


def _store(conn: Connection) -> list[Finding]:
    where = conn.engine.url.render_as_string(hide_password=True)
    counts = {entity: listing.count(conn, entity) for entity in ENTITIES}
    if not any(counts.values()):
        return [Finding(f"The store at {where} holds no facts: import some, or try `nines serve --demo`.")]
    held = ", ".join(f"{count:,} {entity}" for entity, count in counts.items() if count)
    return [Finding(f"The store at {where} holds {held}.")]


def _chain(conn: Connection) -> list[Finding]:
    """The audit trail, entry by entry."""
    found = audit.verify(conn)
    if not found.faults and found.head is not None:
        ends = f"; its head is {found.head.hash}" if found.entries else ""
        return [Finding(f"The audit trail is whole: {found.entries:,} entries, each as it was written{ends}.")]
    said = [Finding(f"The audit trail is broken: {words}.", True) for words in found.faults]
    return said + [Finding(f"The audit trail is broken in {found.more:,} more places.", True)] * (found.more > 0)


def _sums(conn: Connection) -> list[Finding]:
    different = sums.verify(conn)
    if not different:
        return [Finding("The daily sums equal the facts.")]
    return [
        Finding(
            f"The daily sums differ from the facts in {len(different):,} places: run `nines check --rebuild`.", True
        )
    ]


def _set_aside(conn: Connection) -> list[Finding]:
    return [
        Finding(
            f"Of {entity}, {count:,} row{'s are' * (count > 1) or ' is'} set aside: `nines rejects` says why.", True
        )
        for entity, count in listing.open_reject_counts(conn).items()
    ]


def _sources(conn: Connection, now: datetime) -> list[Finding]:
    found = []
    for source in freshness.sources(conn):
        to, late = source.data_to(now), source.late_by(now)
        reach = f"has data to {to:%Y-%m-%d %H:%M} UTC" if to else "has brought nothing that is dated"
        if late is None:
            found.append(Finding(f"Source {source.name} {reach}."))
        else:
            hours = late.total_seconds() / 3600
            found.append(Finding(f"Source {source.name} {reach}: {hours:,.0f} hours later than expected.", True))
    return found


def _mappings(conn: Connection) -> list[Finding]:
    """What live sources say that means nothing here."""
    return [Finding(f"{said}: Data health lists and maps them.") for said in mappings.told(mappings.values(conn))]


def _quality(conn: Connection, now: datetime) -> list[Finding]:
    """The quality list of Data health: what is odd about facts that were kept, and how to mend it."""
    words = [told(finding) for finding in quality.findings(conn, now)]
    return [Finding(f"{said.title}. {said.mend}") for said in words]
