"""All facts of the demo organisation, the same for the same day: `tables` in columns, `facts` as plain rows."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

import pyarrow as pa

from app.demo import change, incidents, learning, oncall, organisation, program, resilience, risks, sli
from app.demo.columns import from_rows
from app.demo.timeline import Timeline
from app.records import ENTITIES

SIZES = ("small",)


def tables(today: date, size: str = "small") -> Iterator[tuple[str, pa.Table]]:
    """The facts up to yesterday as (entity, table), in the order of `ENTITIES`; an entity may come in several tables.

    The columns are those of the records with `source` first. Raises ValueError for a size there is not.
    """
    if size not in SIZES:
        raise ValueError(f"{size!r} is not a size of the demo: choose {' or '.join(SIZES)}")
    line = Timeline(today)
    shipped = change.ships(line)
    cases = incidents.cases(line, shipped)
    duties = oncall.rota(line)
    written = learning.postmortems(line, cases)
    tests = resilience.tests(line)
    register = risks.rows(line)
    yield "teams", from_rows("teams", "cmdb", organisation.team_rows())
    yield "services", from_rows("services", "cmdb", organisation.service_rows(line))
    yield "slos", from_rows("slos", "datadog", organisation.slo_rows(line))
    yield "deployments", change.table(shipped)
    yield "incidents", from_rows("incidents", "pagerduty", [case.row for case in cases])
    for table in sli.tables(line, cases):
        yield "sli", table
    yield "exclusions", from_rows("exclusions", "grc", program.exclusions(line, cases))
    yield "impacts", from_rows("impacts", "pagerduty", [row for case in cases for row in case.impacts])
    yield "postmortems", from_rows("postmortems", "pagerduty", written)
    yield "pages", oncall.pages(line, cases, duties)
    yield "shifts", from_rows("shifts", "pagerduty", oncall.shift_rows(duties))
    yield "dr_tests", from_rows("dr_tests", "grc", tests)
    yield "risks", from_rows("risks", "grc", register)
    yield "actions", from_rows("actions", "jira", learning.actions(line, cases, written, register, tests))
    yield "annotations", from_rows("annotations", "statuspage", program.annotations(line))
    yield "readings", from_rows("readings", "survey", program.readings(line))


def facts(today: date, size: str = "small") -> dict[str, list[dict[str, Any]]]:
    """The same as plain Python values: entity → rows by column; names are lists, instants aware UTC datetimes."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entity, table in tables(today, size):
        found[entity] += table.to_pylist()
    return {entity: found[entity] for entity in ENTITIES}
