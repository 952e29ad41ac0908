"""All facts of the demo organisation, the same for the same day: `tables` in columns, `facts` as plain rows."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

import pyarrow as pa

from app.demo import change, incidents, learning, markets, oncall, program, registry, resilience, risks, rota, sli
from app.demo.columns import from_rows
from app.demo.plan import Plan, sized
from app.demo.stage import Stage
from app.records import ENTITIES


def tables(today: date, size: str = "small") -> Iterator[tuple[str, pa.Table]]:
    """The facts up to yesterday as (entity, table), in the order of `ENTITIES`; an entity may come in several tables.

    The columns are those of the records with `source` first. Raises ValueError for a size there is not.
    """
    yield from planned(today, sized(size))


def planned(today: date, plan: Plan) -> Iterator[tuple[str, pa.Table]]:
    """`tables` by a plan of one's own."""
    stage = Stage(today, plan.years, markets.company(plan.countries), plan)
    shipped = change.ships(stage)
    cases = incidents.cases(stage, shipped)
    duties = rota.duties(stage)
    written = learning.postmortems(stage, cases)
    tests = resilience.tests(stage)
    register = risks.rows(stage)
    yield "teams", from_rows("teams", "cmdb", registry.team_rows(stage))
    yield "services", from_rows("services", "cmdb", registry.service_rows(stage))
    yield "slos", from_rows("slos", "datadog", registry.slo_rows(stage))
    yield "deployments", change.table(stage, shipped)
    yield "incidents", from_rows("incidents", "pagerduty", [case.row for case in cases])
    for table in sli.tables(stage, cases):
        yield "sli", table
    yield "exclusions", from_rows("exclusions", "grc", program.exclusions(stage, cases))
    yield "impacts", from_rows("impacts", "pagerduty", [row for case in cases for row in case.impacts])
    yield "postmortems", from_rows("postmortems", "pagerduty", written)
    for table in oncall.pages(stage, cases, duties):
        yield "pages", table
    yield "shifts", from_rows("shifts", "pagerduty", rota.rows(stage, duties))
    yield "dr_tests", from_rows("dr_tests", "grc", tests)
    yield "risks", from_rows("risks", "grc", register)
    yield "actions", from_rows("actions", "jira", learning.actions(stage, cases, written, register, tests))
    yield "annotations", from_rows("annotations", "statuspage", program.annotations(stage))
    yield "readings", from_rows("readings", "survey", program.readings(stage))


def facts(today: date, size: str = "small") -> dict[str, list[dict[str, Any]]]:
    """The same as plain Python values: entity → rows by column; names are lists, instants aware UTC datetimes."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entity, table in tables(today, size):
        found[entity] += table.to_pylist()
    return {entity: found[entity] for entity in ENTITIES}
