"""Who came to a review, as a reading of `review_participation`: owners present of owners invited."""

from collections.abc import Iterable

from app.metrics.review_records import Attendee
from app.store.register_saving import APP, Desk, forget
from app.store.tables import FACTS

KPI, SCOPE = "review_participation", "org"


def counted(invited: Iterable[Attendee]) -> tuple[int, int] | None:
    """Owners present, and owners invited; None where no owner was invited, or of one nobody has said whether they
    came."""
    owners = [one for one in invited if one.owner]
    if not owners or any(one.present is None for one in owners):
        return None
    return sum(bool(one.present) for one in owners), len(owners)


def keep(here: Desk, period: str, invited: Iterable[Attendee]) -> None:
    """Keeps the reading of a period, in place of what an earlier closing said; unknown is no reading."""
    table, said = FACTS["readings"], counted(invited)
    where = (table.c.source == APP, table.c.kpi == KPI, table.c.period == period, table.c.scope == SCOPE)
    here.conn.execute(table.delete().where(*where))
    if said is not None:
        part, whole = said
        row = {"source": APP, "kpi": KPI, "period": period, "scope": SCOPE}
        here.conn.execute(table.insert().values(**row, part=float(part), whole=float(whole)))
    forget(here, "readings", APP)
