"""What limits leave of each table: which services, teams, products and SLOs lie inside, and what hangs on them.

- A service is seen as the first source by name tells its product and team. An SLO is, where every revision of it is of
  a service that is seen; a team or product is wholly, where limits name it alone or all its services are.
- A fact with a service is seen with it. One without, or with a service nobody knows, goes with its team, where that is
  seen wholly. One that names several (incidents, tests, risks, exclusions) is seen with any, and names those alone.
- An incident is also seen by an impact on a service that is; postmortems and actions go with what they come from.
- What the register keeps goes with its risk; whole versions tell all its services, so all of them must be seen.
- What belongs to no service, team or product is not seen: annotations and readings of the whole organisation, rows set
  aside, imports, the audit trail, grants, reviews but for signed error-budget exceptions. When a source was watched is.
- Sums of pages are narrowed like pages, but tell interruptions that begin with a page that is not seen; so questions
  fold pages instead (`pieces.py`). Kept sums are those made within the same limits.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.people import Limit
from app.store.engine import WHOLE
from app.store.review_tables import METADATA
from app.store.tables import FACTS

Condition = sa.ColumnElement[bool]


@dataclass(frozen=True)
class Sight:
    """What is seen within some limits, in one state of a store."""

    services: frozenset[str]
    others: frozenset[str]
    """Services that are known and not seen."""
    teams: frozenset[str]
    """Teams that are seen wholly."""
    owners: frozenset[str]
    """Teams of services that are seen."""
    products: frozenset[str]
    """Products that are seen wholly."""
    slos: frozenset[str]
    mark: str
    postgresql: bool
    schema: str | None
    _made: dict[str, sa.CTE] = field(default_factory=dict, compare=False)
    _lock: Lock = field(default_factory=Lock, compare=False)

    def table(self, name: str) -> sa.CTE:
        """What a table holds, under its own name."""
        with self._lock:
            if name not in self._made:
                self._made[name] = NARROWED[name](self).cte(name).prefix_with("NOT MATERIALIZED")
            return self._made[name]

    @cached_property
    def _real(self) -> sa.MetaData:
        """The tables themselves, by their full names."""
        real = sa.MetaData()
        for table in METADATA.sorted_tables:
            sa.Table(table.name, real, *(sa.Column(c.name, c.type) for c in table.c), schema=self.schema)
        return real

    def real(self, name: str) -> sa.Table:
        """A table as it is, unnarrowed."""
        return self._real.tables[f"{self.schema}.{name}" if self.schema else name]

    def among(self, column: sa.ColumnElement[Any], names: Collection[str]) -> Condition:
        """Whether a cell is one of these."""
        return sa.type_coerce(column, sa.Text()).in_(self._rows(names))

    def _rows(self, names: Collection[str]) -> sa.Select[Any]:
        said = json.dumps(sorted(names))
        if self.postgresql:
            one = sa.func.json_array_elements_text(sa.cast(sa.literal(said), sa.JSON)).table_valued("value")
        else:
            one = sa.func.json_each(said).table_valued("value")
        return sa.select(one.c.value)

    def inside(self, column: sa.ColumnElement[Any], names: Collection[str]) -> sa.ColumnElement[Any]:
        """Of a list in a cell, those that are among these; null where none is."""
        text = sa.type_coerce(column, sa.Text())
        if not self.postgresql:
            return sa.func.nines_inside(text, json.dumps(sorted(names)), type_=sa.Text())
        parts = sa.func.unnest(sa.func.string_to_array(text, ";"))
        one = parts.table_valued("name", with_ordinality="place").render_derived()
        kept = sa.func.string_agg(one.c.name, sa.literal(";").op("ORDER BY")(one.c.place))
        return sa.select(kept).where(self.among(one.c.name, names)).scalar_subquery()

    def of_team(self, service: sa.ColumnElement[Any], team: sa.ColumnElement[Any]) -> Condition:
        """Whether a fact with a team, and perhaps a service, is seen."""
        unplaced = sa.or_(service.is_(None), sa.not_(self.among(service, self.others)))
        return sa.or_(self.among(service, self.services), sa.and_(unplaced, self.among(team, self.teams)))

    def incident(self, table: Any) -> Condition:
        """Whether an incident is seen."""
        impact = self.real("impacts").alias("hit")
        hit = sa.exists().where(
            impact.c.source == table.c.source,
            impact.c.incident == table.c.incident,
            self.among(impact.c.service, self.services),
        )
        return sa.or_(self.inside(table.c.services, self.services).is_not(None), hit)


def look(conn: Connection, limits: Iterable[Limit], mark: str) -> Sight:
    """What is seen within limits."""
    within = tuple(limits)
    postgresql = conn.dialect.name == "postgresql"
    service, slo = FACTS["services"], FACTS["slos"]
    order = sa.collate(service.c.source, "C") if postgresql else service.c.source
    told = sa.select(service.c.service, service.c.product, service.c.team).order_by(order)
    homes: dict[str, tuple[str | None, str]] = {}
    for name, product, team in conn.execute(told, execution_options={WHOLE: True}):
        homes.setdefault(name, (product, team))
    seen = frozenset(name for name, home in homes.items() if any(limit.holds(*home) for limit in within))
    promised: defaultdict[str, set[str]] = defaultdict(set)
    revisions = sa.select(slo.c.slo, slo.c.service).distinct()
    for name, of in conn.execute(revisions, execution_options={WHOLE: True}):
        promised[name].add(of)
    return Sight(
        services=seen,
        others=frozenset(homes.keys() - seen),
        teams=_wholly(((team, name in seen) for name, (_, team) in homes.items()), _alone(within, "teams")),
        owners=frozenset(homes[name][1] for name in seen),
        products=_wholly(
            ((product, name in seen) for name, (product, _) in homes.items() if product), _alone(within, "products")
        ),
        slos=frozenset(name for name, of in promised.items() if of <= seen),
        mark=mark,
        postgresql=postgresql,
        schema=conn.dialect.default_schema_name,
    )


def _alone(limits: Iterable[Limit], which: str) -> set[str]:
    """What limits name that name nothing else."""
    other = {"teams": "products", "products": "teams"}[which]
    return {name for limit in limits if getattr(limit, other) is None for name in getattr(limit, which) or ()}


def _wholly(pairs: Iterable[tuple[str, bool]], named: set[str]) -> frozenset[str]:
    """Those named, and those all of whose services are seen."""
    seen: defaultdict[str, set[bool]] = defaultdict(set)
    for name, is_seen in pairs:
        seen[name].add(is_seen)
    return frozenset(named | {name for name, said in seen.items() if said == {True}})


def _where(name: str, condition: Callable[[Sight, Any], Condition]) -> Callable[[Sight], sa.Select[Any]]:
    def select(sight: Sight) -> sa.Select[Any]:
        table = sight.real(name)
        return sa.select(table).where(condition(sight, table))

    return select


def _listing(
    name: str, condition: Callable[[Sight, Any], Condition] | None = None
) -> Callable[[Sight], sa.Select[Any]]:
    """A table whose lists of services and SLOs name those alone that are seen."""

    def select(sight: Sight) -> sa.Select[Any]:
        table = sight.real(name)
        lists = {
            column: sight.inside(table.c[column], names)
            for column, names in (("services", sight.services), ("slos", sight.slos))
            if column in table.c
        }
        seen = condition(sight, table) if condition else sa.or_(*(one.is_not(None) for one in lists.values()))
        return sa.select(*(lists[c.name].label(c.name) if c.name in lists else c for c in table.c)).where(seen)

    return select


def _nothing(name: str) -> Callable[[Sight], sa.Select[Any]]:
    return _where(name, lambda sight, table: sa.false())


def _scoped(sight: Sight, table: Any) -> Condition:
    scopes = {f"service:{name}" for name in sight.services} | {f"team:{name}" for name in sight.teams}
    return sight.among(table.c.scope, scopes | {f"product:{name}" for name in sight.products})


def _postmortem(sight: Sight, table: Any) -> Condition:
    incident = sight.real("incidents").alias("of")
    same = sa.and_(incident.c.source == table.c.source, incident.c.incident == table.c.incident)
    return sa.exists().where(same, sight.incident(incident))


def _action(sight: Sight, table: Any) -> Condition:
    """With what it comes from; where several sources use the id, every one of them has to be seen."""
    incident, risk, test = (sight.real(name) for name in ("incidents", "risks", "dr_tests"))
    seen = (
        ("incident", incident.c.incident, sight.incident(incident)),
        ("risk", risk.c.risk, sight.inside(risk.c.services, sight.services).is_not(None)),
        ("dr_test", test.c.test, sight.inside(test.c.services, sight.services).is_not(None)),
    )
    return sa.or_(
        *(
            sa.and_(
                table.c.origin == origin,
                table.c.origin_id.in_(
                    sa.select(key).group_by(key).having(sa.func.min(sa.case((condition, 1), else_=0)) == 1)
                ),
            )
            for origin, key, condition in seen
        )
    )


def _of_risk(sight: Sight, table: Any) -> Condition:
    """With its risk."""
    risk = sight.real("risks").alias("of")
    same = sa.and_(risk.c.source == table.c.source, risk.c.risk == table.c.risk)
    return sa.exists().where(same, sight.inside(risk.c.services, sight.services).is_not(None))


def _versioned(whole: bool) -> Callable[[Sight, Any], Condition]:
    """With the risk, or with the action and so with its risk; `whole`: where all services of the risk are seen."""

    def condition(sight: Sight, table: Any) -> Condition:
        risk, action = sight.real("risks").alias("of"), sight.real("actions").alias("to")
        left = sight.inside(risk.c.services, sight.services)
        seen = left == sa.type_coerce(risk.c.services, sa.Text()) if whole else left.is_not(None)
        own = sa.and_(table.c.entity == "risks", risk.c.source == table.c.source, risk.c.risk == table.c.id)
        to = sa.exists().where(
            action.c.source == table.c.source,
            action.c.action == table.c.id,
            action.c.origin == "risk",
            action.c.origin_id == risk.c.risk,
        )
        return sa.exists().where(seen, sa.or_(own, sa.and_(table.c.entity == "actions", to)))

    return condition


def _exception(sight: Sight, table: Any) -> Condition:
    """Of what reviews decided, the signed error-budget exceptions: they go with their SLO."""
    signed = sa.and_(table.c.kind == "budget_exception", table.c.signed_at.is_not(None))
    return sa.and_(signed, sight.among(table.c.subject, sight.slos))


def _kept_sums(sight: Sight) -> sa.Select[Any]:
    table = sight.real("kept_sums")
    named = sa.func.substr(table.c.split, len(sight.mark) + 1).label("split")
    mine = table.c.split.startswith(sight.mark, autoescape=True)
    return sa.select(*(named if c.name == "split" else c for c in table.c)).where(mine)


def _kept_groups(sight: Sight, table: Any) -> Condition:
    sums = sight.real("kept_sums")
    mine = sa.select(sums.c.id).where(sums.c.split.startswith(sight.mark, autoescape=True))
    condition: Condition = table.c.sums.in_(mine)
    return condition


def _by_service(sight: Sight, table: Any) -> Condition:
    return sight.among(table.c.service, sight.services)


def _by_slo(sight: Sight, table: Any) -> Condition:
    return sight.among(table.c.slo, sight.slos)


def _by_team(sight: Sight, table: Any) -> Condition:
    return sight.of_team(table.c.service, table.c.team)


OPEN: frozenset[str] = frozenset({"day_marks", "policies", "sources", "spans"})
"""Tables that everybody reads whole."""
KNOWN = ("store", "generation", "day_zone")
"""What a narrowed reader may know of the store itself."""
NARROWED: Mapping[str, Callable[[Sight], sa.Select[Any]]] = {
    "teams": _where("teams", lambda sight, table: sight.among(table.c.team, sight.teams | sight.owners)),
    **{
        name: _where(name, _by_service)
        for name in ("services", "deployments", "impacts", "deployment_days", "lead_days")
    },
    **{name: _where(name, _by_slo) for name in ("slos", "sli", "sli_days", "holes")},
    **{name: _where(name, _by_team) for name in ("pages", "page_days", "engage_days")},
    "shifts": _where("shifts", lambda sight, table: sight.among(table.c.team, sight.teams)),
    "incidents": _listing("incidents", Sight.incident),
    **{name: _listing(name) for name in ("exclusions", "dr_tests", "risks")},
    "postmortems": _where("postmortems", _postmortem),
    "actions": _where("actions", _action),
    **{name: _where(name, _scoped) for name in ("annotations", "readings")},
    **{
        name: _where(name, _of_risk)
        for name in ("acceptances", "register_assessments", "register_comments", "register_reviews")
    },
    "register_heads": _where("register_heads", _versioned(whole=False)),
    "register_versions": _where("register_versions", _versioned(whole=True)),
    "kept_sums": _kept_sums,
    "kept_groups": _where("kept_groups", _kept_groups),
    "meta": _where("meta", lambda sight, table: table.c.name.in_(KNOWN)),
    **{
        name: _nothing(name)
        for name in (
            "imports",
            "rejects",
            "audit",
            "audit_head",
            "deliveries",
            "drafts",
            "grants",
            "mappings",
            "seen_values",
            "sessions",
            "sync_marks",
            "webhook_deliveries",
        )
    },
    "review_decisions": _where("review_decisions", _exception),
    **{
        name: _nothing(name)
        for name in (
            "reviews",
            "review_actions",
            "review_comments",
            "review_minutes",
            "review_notes",
            "review_people",
            "review_snapshots",
            "review_versions",
        )
    },
}
"""Table → what is left of it. A table that is neither here nor in OPEN is refused by a test."""
