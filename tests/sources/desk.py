"""A kind of source in memory for tests of the field mapping: a desk that writes down an incident a day, in its own
words."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from sqlalchemy.engine import Engine

from app import ingest, ingest_sync
from app.ingest_sync import Outcome
from app.people import Person, Role, local
from app.records import ENTITIES
from app.store import mappings
from app.store.engine import reading, writing
from app.store.mappings import Value
from data_sources import configured
from data_sources.brought import Brought, Kind, Part, Row, batch
from data_sources.http import Client, Slice
from data_sources.mapped import Values
from data_sources.options import Options
from tests.sources.live import AT

ANN = Person("ann@example.com", frozenset({Role.EDITOR}))
DAY = timedelta(days=1)
FIRST = AT.replace(hour=0) - 4 * DAY
ORGANISATION = {
    "teams.csv": "team,name,timezone\nweb,Web team,UTC\n",
    "services.csv": "service,name,tier,team\nshop,Shop,0,web\nmail,Mail,1,web\n",
}


class Said(NamedTuple):
    """What the desk wrote of one day."""

    severity: str
    service: str = "Web shop"
    cause: str | None = None
    noticed: str | None = None


class Desk:
    """Remembers which slices were asked for."""

    def __init__(self, days: Sequence[Said]) -> None:
        self.days = list(days)
        self.asked: list[Slice] = []
        self.whole = False
        self.kill_at: datetime | None = None
        """A reading that comes to this moment is killed."""
        self.hit = False
        """Whether each incident has a window of impact, and the service is told of."""

    def fetch(self, wire: Client | None, options: Any, part: Part, of: Slice) -> list[int]:
        self.asked.append(of)
        if self.kill_at is not None and of.start <= self.kill_at < of.end:
            raise KeyboardInterrupt
        return [at for at in range(len(self.days)) if self.whole or of.start <= FIRST + at * DAY < of.end]

    def parse(self, raw: Sequence[int], options: Any, part: Part, of: Slice) -> Brought:
        values = Values(options.map, severity={"high": 2})
        rows = []
        for at in raw:
            day, of_ = self.days[at], f"D-{at} {self.days[at].service} is down"
            rows.append(
                Row(
                    {
                        "incident": f"D-{at}",
                        "title": of_,
                        "severity": values.severity(day.severity, of_),
                        "detected_at": FIRST + at * DAY,
                        "services": values.services([day.service], of_),
                        "cause": values.cause(day.cause, of_),
                        "customer_impact": values.customer_impact(day.noticed, of_),
                    }
                )
            )
        batches = [(ENTITIES["incidents"], "desk", batch("incidents", rows))]
        if self.hit:
            hits = [
                {"incident": row.values["incident"], "service": service, "start": row.values["detected_at"],
                 "level": "outage", "end": row.values["detected_at"] + timedelta(hours=1)}
                for row in rows for service in row.values["services"]
            ]  # fmt: skip
            told = sorted({one["service"] for one in hits})
            batches.append((ENTITIES["impacts"], "desk", batch("impacts", [Row(one) for one in hits])))
            services = [Row({"service": name, "name": name, "tier": 1, "team": "web"}) for name in told]
            batches.append((ENTITIES["services"], "desk", batch("services", services)))
        return Brought(tuple(batches), seen=values.seen())

    def kind(self) -> Kind:
        return Kind(
            "desk",
            Options,
            test=lambda wire, options: "It is there.",
            parts=lambda options: [Part("incidents")],
            fetch=self.fetch,
            parse=self.parse,
            slice=None if self.whole else lambda options: DAY,
            mapped=("severity", "services", "causes", "customer_impact"),
        )


def desk(monkeypatch: pytest.MonkeyPatch, *days: Said, whole: bool = False) -> Desk:
    """A desk that `sources.yaml` may name."""
    made = Desk(days)
    made.whole = whole
    monkeypatch.setattr(configured, "KINDS", MappingProxyType({**configured.KINDS, "desk": made.kind()}))
    return made


def organisation(engine: Engine, folder: Path) -> None:
    """The services and teams that are known here."""
    for name, said in ORGANISATION.items():
        (folder / name).write_text(said, encoding="utf-8")
    ingest.run(engine, [folder / name for name in ORGANISATION], by=local("ann"))


def read(engine: Engine, folder: Path, maps: str = "{}", **more: Any) -> Outcome:
    """One reading of the desk, whose `sources.yaml` maps so."""
    file = folder / "sources.yaml"
    file.write_text(f"sources:\n  desk: {{kind: desk, map: {maps}}}\n", encoding="utf-8")
    at = more.pop("now", AT)
    (outcome,) = ingest_sync.run(engine, file, by=local("ann"), now=lambda: at, **more)
    return outcome


def save(engine: Engine, field: str, of: int = 0, by: Person = ANN, **changes: str | None) -> tuple[Value, ...]:
    """Maps values of the desk, spaces written as underscores."""
    wanted = {value.replace("_", " "): ours for value, ours in changes.items()}
    with writing(engine) as conn:
        return mappings.save(conn, "desk", field, wanted, of=of, by=by)


def values(engine: Engine) -> dict[tuple[str, str], Value]:
    """(field, value) → what is known of it."""
    with reading(engine) as conn:
        return {(one.field, one.value): one for one in mappings.values(conn)}
