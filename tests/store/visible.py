"""What limits leave of a store, told once more in plain Python: facts of a store as rows, those that are seen, and a
store that holds them alone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app.people import Person
from app.records import ENTITIES
from app.store.engine import reading, writing
from app.store.sums import refresh
from app.store.tables import FACTS, POLICIES, SOURCES, SPANS
from app.store.touched import Touched
from app.store.write import upsert
from tests.store.keeping import cells

Row = dict[str, Any]
Facts = Mapping[str, Sequence[Row]]


def everything(engine: Engine) -> dict[str, list[Row]]:
    """Entity → its facts."""
    with reading(engine) as conn:
        return {name: [dict(row) for row in conn.execute(sa.select(t)).mappings()] for name, t in FACTS.items()}


def seen(facts: Facts, person: Person) -> dict[str, list[Row]]:
    """Entity → those of the facts that lie within a person's limits. No fact's id is used by two sources here."""
    homes: dict[str, tuple[str | None, str]] = {}
    for row in sorted(facts["services"], key=lambda row: row["source"]):
        homes.setdefault(row["service"], (row["product"], row["team"]))
    services = {name for name, home in homes.items() if person.sees(*home)}
    own = [(limit.products, limit.teams) for limit in person.within() or ()]
    teams = {team for products, names in own if products is None for team in names or ()}
    products = {product for names, of in own if of is None for product in names or ()}
    for at, whole in ((1, teams), (0, products)):
        by: defaultdict[Any, list[bool]] = defaultdict(list)
        for name, home in homes.items():
            by[home[at]].append(name in services)
        whole |= {name for name, said in by.items() if name is not None and all(said)}
    slos = {row["slo"] for row in facts["slos"]}
    slos -= {row["slo"] for row in facts["slos"] if row["service"] not in services}
    lists = {"services": services, "slos": slos}
    hit = {(row["source"], row["incident"]) for row in facts["impacts"] if row["service"] in services}

    def trimmed(row: Row) -> Row:
        short = {
            name: tuple(one for one in row[name] or () if one in kept) for name, kept in lists.items() if name in row
        }
        return row | {name: names or None for name, names in short.items()}

    def called(row: Row) -> bool:
        return row["service"] in services or (row["service"] not in homes and row["team"] in teams)

    def scoped(row: Row) -> bool:
        kind, _, name = (row["scope"] or "").partition(":")
        return name in {"service": services, "team": teams, "product": products}.get(kind, ())

    kept: dict[str, list[Row]] = {
        "teams": [r for r in facts["teams"] if r["team"] in teams | {homes[name][1] for name in services}],
        **{n: [r for r in facts[n] if r["service"] in services] for n in ("services", "deployments", "impacts")},
        **{n: [r for r in facts[n] if r["slo"] in slos] for n in ("slos", "sli")},
        "pages": [r for r in facts["pages"] if called(r)],
        "shifts": [r for r in facts["shifts"] if r["team"] in teams],
        **{n: [r for r in facts[n] if scoped(r)] for n in ("annotations", "readings")},
    }
    for name in ("exclusions", "dr_tests", "risks"):
        short = (trimmed(row) for row in facts[name])
        kept[name] = [row for row in short if row.get("services") or row.get("slos")]
    short = (trimmed(row) for row in facts["incidents"])
    kept["incidents"] = [r for r in short if r["services"] or (r["source"], r["incident"]) in hit]
    incidents = {(row["source"], row["incident"]) for row in kept["incidents"]}
    kept["postmortems"] = [r for r in facts["postmortems"] if (r["source"], r["incident"]) in incidents]
    ids = {("incident", row["incident"]) for row in kept["incidents"]}
    ids |= {("risk", row["risk"]) for row in kept["risks"]} | {("dr_test", row["test"]) for row in kept["dr_tests"]}
    kept["actions"] = [row for row in facts["actions"] if (row["origin"], row["origin_id"]) in ids]
    return kept


def store(facts: Facts, like: Engine, engine: Engine) -> None:
    """Fills a store with these facts, under the policies of another, whose sources watched as long as they did."""
    with reading(like) as conn:
        rows = {
            table: [dict(row) for row in conn.execute(sa.select(table)).mappings()] for table in (POLICIES, SOURCES)
        }
        spans = [dict(row) for row in conn.execute(sa.select(SPANS)).mappings()]
    with writing(engine) as conn:
        for table, found in rows.items():
            if found:
                conn.execute(table.insert(), found)
        touched = Touched()
        for entity in ENTITIES:
            by: defaultdict[str, list[Row]] = defaultdict(list)
            for row in facts[entity]:
                by[row["source"]].append(row)
            for source, some in by.items():
                upsert(conn, entity, source, _table(entity, some), touched)
        refresh(conn, touched)
        conn.execute(SPANS.delete())
        conn.execute(SPANS.insert(), spans)


def _table(entity: str, rows: Sequence[Row]) -> pa.Table:
    return cells(entity, {name: [row[name] for row in rows] for name in ENTITIES[entity].record.model_fields})
