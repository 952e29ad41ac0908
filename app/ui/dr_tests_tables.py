"""The tables of the DR tests page: tests, the proof of each service, and the actions that tests called for."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Self

from app.charts import dr_tests as drawn
from app.charts import svg, wording
from app.charts.theme import VerdictKey
from app.metrics.drills import DONE, Drill
from app.metrics.periods import local_day
from app.ui import dr_tests, read, tables, tiles
from app.ui.choices import Asked
from app.ui.dr_tests import Shown, opens
from app.ui.dr_tests_parts import PROOF, state
from app.ui.incidents_parts import ACTION
from app.ui.markup import Markup, el
from app.ui.read import State
from app.ui.tables import ACT, URL, Act, Column, Row

_ALWAYS = ("title", "kind", "services", "planned", "state")


def every_sub(page: Shown) -> str:
    """How many tests the list holds."""
    count = len(page.found)
    return f"{count:,} test{'s' if count != 1 else ''}, the latest planned first"


def every(asked: Asked) -> Act | None:
    """Every test in scope: when, what became of it, how fast, and whether it can be shown. A click opens one."""
    return _table("dr_tests", _every(read.state(), asked), 20)


def listing(found: Sequence[Drill], page: Shown) -> Act | None:
    """Some of the tests, likewise."""
    return _table("dr_chosen", _rows(found, page), 12)


@lru_cache(maxsize=8)
def _every(of: State, asked: Asked) -> list[Row]:
    page = dr_tests.shown(asked)
    return _rows(page.found, page)


def _rows(found: Sequence[Drill], page: Shown) -> list[Row]:
    names = {service.service: service.name for service in page.facts.services.values()}
    return [_row(one, names) for one in found]


def _row(one: Drill, names: Mapping[str, str]) -> Row:
    test, done = one.test, one.state in DONE
    return {
        "title": test.name,
        "kind": test.kind,
        "services": ", ".join(names.get(name, name) for name in test.services),
        "planned": test.planned_on,
        "done": test.executed_at if done else None,
        "state": one.state,
        "rto": Took(one.rto.achieved, one.rto.target) if one.rto.achieved is not None else None,
        "rto_target": one.rto.target,
        "rpo": Took(one.rpo.achieved, one.rpo.target) if one.rpo.achieved is not None else None,
        "rpo_target": one.rpo.target,
        "proof": _proof(one) if done else None,
        "evidence": test.evidence_url,
        "attested": test.attested_by,
        "lead": test.lead,
        "id": test.test,
        ACT: opens(one),
    }


def _table(key: str, rows: Sequence[Row], page_rows: int) -> Act | None:
    columns = [
        Column("title", "Test", wide=True),
        Column("kind", "Kind", drawn.kind),
        Column("services", "Services", _short),
        Column("planned", "Planned for", wording.day),
        Column("done", "Carried out", filed=True),
        Column("state", "State", state),
        Column("rto", "RTO", _took, number=True),
        Column("rto_target", "RTO target, minutes", filed=True),
        Column("rpo", "RPO", _took, number=True),
        Column("rpo_target", "RPO target, minutes", filed=True),
        Column("proof", "Proof"),
        Column("evidence", "Evidence", filed=True),
        Column("attested", "Attested by", filed=True),
        Column("lead", "Lead", filed=True),
        Column("id", "Id", filed=True),
    ]
    kept = [
        column for column in columns if column.key in _ALWAYS or any(one.get(column.key) is not None for one in rows)
    ]
    return tables.table(key, kept, rows, sort="planned", down=True, file="dr-tests", page_rows=page_rows)


class Took(float):
    """Minutes that sort and export as such, and know what they were held against."""

    def __new__(cls, minutes: float, target: float | None) -> Self:
        return super().__new__(cls, minutes)

    def __init__(self, minutes: float, target: float | None) -> None:
        self.target = target


def _took(minutes: Took | None) -> str | Markup:
    if minutes is None:
        return ""
    said = wording.duration(float(minutes))
    if minutes.target is None:
        return said
    key: VerdictKey = "missed" if minutes > minutes.target else "met"
    goal = el("span", f" of {wording.duration(minutes.target)}", cls="muted")
    return el("span", Markup(svg.shape(key, 12)), el("span", key, cls="hush"), el("span", said, goal), cls="took")


def _proof(one: Drill) -> str:
    """Whether a test that was carried out can be shown."""
    if one.test.evidence_url:
        return "shown" if one.test.attested_by else "not attested"
    return "no evidence" if one.test.attested_by else "neither"


def proofs(page: Shown, asked: Asked) -> Act | None:
    """Every service that must be tested: when it was, until when that holds, and when it will be again."""

    def when(at: datetime | None) -> str:
        return wording.day(local_day(at, asked.zone)) if at else "never"

    def day(on: date | None) -> str:
        return wording.day(on) if on else ""

    rows = [
        {
            "name": one.name,
            "tier": one.tier,
            "state": one.state,
            "tested": one.tested_at,
            "test": one.last.test.name if one.last else None,
            "lapses": one.lapses_on,
            "planned": one.planned_on,
            ACT: opens(one.last) if one.last else None,
        }
        for one in page.proofs
    ]
    columns = [
        Column("name", "Service", wide=True),
        Column("tier", "Tier", number=True),
        Column("state", "Proof", lambda said: tiles.verdict(*PROOF[said])),
        Column("tested", "Last tested", when),
        Column("test", "By", wide=True),
        Column("lapses", "Holds until", day),
        Column("planned", "Next test", lambda on: wording.day(on) if on else "none planned"),
    ]
    return tables.table("dr_proofs", columns, rows, file="dr-coverage", page_rows=12)


def remedies(page: Shown) -> Act | None:
    """Every action that tests called for: overdue first. A click opens the test."""
    rows = [
        {
            "title": one.owed.action.title,
            "state": one.owed.state,
            "owner": one.owed.action.owner,
            "due": one.owed.due_on,
            "days": one.owed.days,
            "test": one.drill.test.name,
            "outcome": one.owed.action.outcome,
            URL: one.owed.action.url,
            ACT: opens(one.drill),
        }
        for one in page.remedies
    ]
    columns = [
        Column("title", "Action", wide=True),
        Column("state", "State", lambda said: tiles.verdict(*ACTION[said])),
        Column("owner", "Owner", lambda owner: owner or "nobody"),
        Column("due", "Due", lambda on: wording.day(on) if on else "no date"),
        Column("days", "Age, days", lambda days: f"{days:,}", number=True),
        Column("test", "From", wide=True),
    ]
    if any(one["outcome"] for one in rows):
        columns.append(Column("outcome", "Judged"))
    return tables.table("dr_remedies", columns, rows, file="dr-findings", page_rows=12)


def _short(text: str) -> str:
    names = text.split(", ")
    return text if len(names) == 1 else f"{names[0]} + {len(names) - 1}"
