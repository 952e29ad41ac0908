"""The audit trail as a chain: each entry's number, the hash before it and its own; the head of the chain.

Revision ID: 0003
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.store.audit import GENESIS, digest

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_AT_ONCE = 5_000
_OLD = ("actor", "action", "entity", "entity_id", "old", "new", "why")
_AUDIT = sa.table(
    "audit",
    *(sa.column(name, sa.BigInteger()) for name in ("id", "at", "seq")),
    *(sa.column(name, sa.Text()) for name in ("actor", "action", "entity", "entity_id", "why", "previous", "hash")),
    *(sa.column(name, sa.JSON(none_as_null=True)) for name in ("old", "new")),
)


def upgrade() -> None:
    _unlock()
    with op.batch_alter_table("audit") as batch:
        for name, kind in (("seq", sa.BigInteger()), ("previous", sa.Text()), ("hash", sa.Text())):
            batch.add_column(sa.Column(name, kind, nullable=True))
    seq, hashed = _chain(op.get_bind())
    with op.batch_alter_table("audit") as batch:
        for name, kind in (("seq", sa.BigInteger()), ("previous", sa.Text()), ("hash", sa.Text())):
            batch.alter_column(name, existing_type=kind, nullable=False)
    op.create_index("ix_audit_seq", "audit", ["seq"], unique=True)
    _lock()
    made = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.bulk_insert(made, [{"id": 1, "seq": seq, "hash": hashed}])


def _chain(conn: sa.Connection) -> tuple[int, str]:
    """Chains what was written before there was a chain, in its order: the last number and hash."""
    seq, link, last = 0, GENESIS, -1
    change = (
        _AUDIT.update()
        .where(_AUDIT.c.id == sa.bindparam("row"))
        .values({name: sa.bindparam(f"new_{name}") for name in ("seq", "previous", "hash")})
    )
    query = sa.select(_AUDIT.c.id, _AUDIT.c.at, *(_AUDIT.c[name] for name in _OLD)).order_by(_AUDIT.c.id)
    while rows := conn.execute(query.where(_AUDIT.c.id > last).limit(_AT_ONCE)).mappings().all():
        changes: list[dict[str, Any]] = []
        for row in rows:
            seq, last = seq + 1, row["id"]
            signed = {**{name: row[name] for name in ("at", *_OLD)}, "seq": seq, "previous": link}
            changes.append({"row": last, "new_seq": seq, "new_previous": link, "new_hash": digest(signed)})
            link = changes[-1]["new_hash"]
        conn.execute(change, changes)
    return seq, link


def _unlock() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_no_update")
        op.execute("DROP TRIGGER audit_no_delete")
    else:
        op.execute("ALTER TABLE audit DISABLE TRIGGER audit_append_only")


def _lock() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb, done in (("UPDATE", "changed"), ("DELETE", "deleted")):
            op.execute(
                f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
                f"BEGIN SELECT RAISE(ABORT, 'the audit trail cannot be {done}'); END"
            )
    else:
        op.execute("ALTER TABLE audit ENABLE TRIGGER audit_append_only")
