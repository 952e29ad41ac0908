"""The first schema: facts, daily sums, import runs, rejects, policies, audit.

Revision ID: 0001
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TYPES: dict[str, Any] = {
    "text": sa.Text(),
    "int": sa.Integer(),
    "bigint": sa.BigInteger(),
    "double": sa.Double(),
    "bool": sa.Boolean(),
    "date": sa.Date(),
    "json": sa.JSON(),
}
_REFUSALS = {"UPDATE": "changed", "DELETE": "deleted"}


def _table(name: str, key: str, columns: str, rowid: bool = True) -> None:
    """Columns as `name type`, those that are never blank with `!` behind."""
    made: list[Any] = []
    for words in columns.split(", "):
        column, kind = words.split(" ")
        links = [sa.ForeignKey("imports.id", name=f"fk_{name}_{column}")] if column in ("run", "resolved_by") else []
        made.append(sa.Column(column, _TYPES[kind.rstrip("!")], *links, nullable=not kind.endswith("!")))
    keys = [sa.PrimaryKeyConstraint(*key.split(), name=f"pk_{name}")] if key else []
    op.create_table(name, *made, *keys, sqlite_with_rowid=rowid)


def upgrade() -> None:
    _table(
        "actions",
        "source action",
        "source text!, action text!, origin text!, origin_id text!, title text!, owner text, "
        "priority int, opened_at bigint!, due_on date, original_due_on date, closed_at bigint, "
        "cancelled_at bigint, outcome text, url text",
    )
    _table(
        "annotations",
        "source annotation",
        "source text!, annotation text!, at bigint!, title text!, scope text, url text",
    )
    _table(
        "audit",
        "id",
        "id int!, at bigint!, actor text!, action text!, entity text!, entity_id text, old json, new json, why text",
    )
    _table(
        "day_marks",
        "sums day",
        "sums text!, day int!, latest_at bigint!",
        rowid=False,
    )
    _table(
        "deployment_days",
        "day service",
        "day int!, service text!, deployments bigint!, failed bigint!, rolled_back bigint!, "
        "unplanned bigint!, unplanned_known bigint!, progressive bigint!, lead_missing bigint!, "
        "lead_negative bigint!, latest_at bigint!",
        rowid=False,
    )
    _table(
        "deployments",
        "source deployment",
        "source text!, deployment text!, service text!, deployed_at bigint!, status text!, "
        "strategy text, committed_at bigint, unplanned bool, url text",
    )
    _table(
        "dr_tests",
        "source test",
        "source text!, test text!, name text!, kind text!, services text!, planned_on date!, "
        "executed_at bigint, result text, status text, rto_minutes double, rpo_minutes double, "
        "rto_achieved_minutes double, rpo_achieved_minutes double, lead text, attested_by text, "
        "evidence_url text",
    )
    _table(
        "engage_days",
        "",
        "day int!, team text!, service text!, micros bigint!, n bigint!",
    )
    _table(
        "exclusions",
        "source exclusion",
        "source text!, exclusion text!, start bigint!, end bigint!, services text, slos text, "
        "reason text!, category text!, approved_by text!",
    )
    _table(
        "holes",
        "source slo start",
        "source text!, slo text!, start bigint!, end bigint!",
        rowid=False,
    )
    _table(
        "impacts",
        "source incident service start",
        "source text!, incident text!, service text!, start bigint!, end bigint, level text!, share double",
    )
    _table(
        "imports",
        "id",
        "id int!, started_at bigint!, finished_at bigint, kind text!, source text!, names json!, "
        "actor text!, status text!, counts json!",
    )
    _table(
        "incidents",
        "source incident",
        "source text!, incident text!, title text!, severity int!, started_at bigint, "
        "detected_at bigint!, acknowledged_at bigint, mitigated_at bigint, resolved_at bigint, "
        "services text, cause text, caused_by text, repeat_of text, kind text, customer_impact bool, "
        "customers_affected double, commander text, url text",
    )
    _table(
        "lead_days",
        "",
        "day int!, service text!, micros bigint!, n bigint!",
    )
    _table(
        "meta",
        "name",
        "name text!, value text!",
    )
    _table(
        "page_days",
        "day team service",
        "day int!, team text!, service text!, pages bigint!, acknowledged bigint!, negative bigint!, "
        "waiting bigint!, in_time bigint!, noise bigint!, marked bigint!, interruptions bigint!, "
        "after_hours bigint!, asleep bigint!, without_shift bigint!, latest_at bigint!",
        rowid=False,
    )
    _table(
        "pages",
        "source page",
        "source text!, page text!, triggered_at bigint!, responder text!, team text!, service text, "
        "acknowledged_at bigint, resolved_at bigint, actionable bool, channel text, incident text, "
        "url text",
        rowid=False,
    )
    _table(
        "policies",
        "valid_from",
        "valid_from bigint!, text text!, actor text!, why text",
    )
    _table(
        "postmortems",
        "source incident",
        "source text!, incident text!, owner text, drafted_at bigint, completed_at bigint, "
        "reviewed_at bigint, url text",
    )
    _table(
        "readings",
        "source kpi period scope",
        "source text!, kpi text!, period text!, scope text!, value double, part double, whole double, "
        "target double, note text",
    )
    _table(
        "risks",
        "source risk",
        "source text!, risk text!, title text!, category text!, services text, owner text!, "
        "status text!, inherent_likelihood int, inherent_impact int, likelihood int!, impact int!, "
        "target_likelihood int, target_impact int, treatment text!, review_on date, identified_on date, "
        "closed_on date, accepted_by text, accepted_until date, events_per_year_low double, "
        "events_per_year_high double, loss_low double, loss_high double, description text, response text",
    )
    _table(
        "services",
        "source service",
        "source text!, service text!, name text!, tier int!, team text!, product text, "
        "downtime_cost_per_minute double, rto_minutes double, rpo_minutes double, retired_on date",
    )
    _table(
        "shifts",
        "source team responder start level",
        "source text!, team text!, responder text!, start bigint!, level int!, end bigint!",
    )
    _table(
        "sli",
        "source start slo",
        "source text!, start bigint!, slo text!, minutes double!, good double!, total double!",
        rowid=False,
    )
    _table(
        "sli_days",
        "day source slo",
        "day int!, source text!, slo text!, rows bigint!, idle_rows bigint!, minutes double!, "
        "idle_minutes double!, good double!, total double!, good_minutes double!, excluded_rows bigint!, "
        "excluded_minutes double!, excluded_good double!, excluded_total double!, "
        "excluded_good_minutes double!, longest_row_minutes double!, latest_at bigint!",
        rowid=False,
    )
    _table(
        "slos",
        "source slo valid_from",
        "source text!, slo text!, valid_from date!, service text!, name text!, kind text!, "
        "objective double!, window text!, method text!, slice_minutes double, slice_objective double",
    )
    _table(
        "sources",
        "name",
        "name text!, kind text!, last_read_at bigint, expected_hours double, note text",
    )
    _table(
        "spans",
        "entity source",
        "entity text!, source text!, first bigint!, last bigint!",
    )
    _table(
        "teams",
        "source team",
        "source text!, team text!, name text, timezone text!, manager text",
    )
    _table(
        "rejects",
        "id",
        "id int!, run int!, source text!, entity text!, file text!, line bigint, column text, "
        "value text, reason text!, row json!, resolved_by int",
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_deployments_deployed_at", "deployments", ["deployed_at"])
    op.create_index("ix_deployments_service_deployed_at", "deployments", ["service", "deployed_at"])
    op.create_index("ix_engage_days_day", "engage_days", ["day"])
    op.create_index("ix_impacts_start", "impacts", ["start"])
    op.create_index("ix_incidents_detected_at", "incidents", ["detected_at"])
    op.create_index("ix_lead_days_day", "lead_days", ["day"])
    op.create_index("ix_pages_triggered_at", "pages", ["triggered_at"])
    op.create_index("ix_shifts_responder_start", "shifts", ["responder", "start"])
    op.create_index("ix_rejects_resolved_by_source_entity", "rejects", ["resolved_by", "source", "entity"])
    op.create_index("ix_rejects_run", "rejects", ["run"])
    _append_only()


def _append_only() -> None:
    """The audit trail cannot be rewritten, by the app or by hand."""
    if op.get_bind().dialect.name == "sqlite":
        for verb, done in _REFUSALS.items():
            op.execute(
                f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
                f"BEGIN SELECT RAISE(ABORT, 'the audit trail cannot be {done}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit trail cannot be changed or deleted'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
    )
