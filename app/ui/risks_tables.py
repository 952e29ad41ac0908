"""The tables of the Risk register: the risks of a cell, the whole register, and what stands behind its tiles."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import streamlit as st

from app.charts import wording
from app.metrics import register
from app.metrics.register import Acceptance, Level, Standing, Which
from app.metrics.risk_records import RiskKey
from app.ui import forms_row, risk_money, risks, tables, tiles
from app.ui.choices import Asked
from app.ui.markup import Markup, el
from app.ui.risks import Shown, opens
from app.ui.risks_parts import ACCEPTANCE, moved
from app.ui.tables import ACT, PICK, Act, Column

STATUS = ("Open", "Above appetite", "Closed", "All")
TREATMENTS = ("mitigate", "accept", "transfer", "avoid")
EVERY = "All categories"


class Score(int):
    """A level now: sorts and exports as likelihood x impact, and says how it moved."""

    of: Standing

    def __new__(cls, one: Standing) -> "Score":
        made = super().__new__(cls, one.current.score)
        made.of = one
        return made


def _said(value: Score) -> Markup:
    return moved(value.of)


def in_cell(page: Shown, which: Which, chosen: Level | None) -> list[Standing]:
    """The open risks of a cell; all of them where none is chosen."""
    return [one for one in page.open if chosen is None or one.level(which) == chosen]


def cell_table(page: Shown, found: Sequence[Standing]) -> Act | None:
    """The risks beside the matrix, the highest first."""
    rows = [
        {"title": one.risk.title, "level": Score(one), "treatment": one.risk.treatment, ACT: opens(one.risk)}
        for one in found
    ]
    columns = [
        Column("title", "Risk", wide=True),
        Column("level", "Level", _said),
        Column("treatment", "Treatment"),
    ]
    return tables.table("cell", columns, rows, search=False, page_rows=6)


def chosen(page: Shown, tags: Mapping[tuple[str, str], Sequence[str]]) -> list[Standing]:
    """The risks that the choices above the register leave; `tags`: by (source, risk)."""
    categories = sorted({one.risk.category for one in page.found})
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        status = _choice("Status", STATUS, "register_status")
        treatment = _choice("Treatment", ("Any treatment", *TREATMENTS), "register_treatment")
        category = st.selectbox(
            "Category", [EVERY, *categories], key="register_category", label_visibility="collapsed", width=200
        )
        owner = _named("Owner", {one.risk.owner for one in page.found}, "register_owner")
        tag = _named("Tag", {tag for some in tags.values() for tag in some}, "register_tag")
    found = [one for one in page.found if _has_status(one, status)]
    return [
        one
        for one in found
        if (treatment not in TREATMENTS or one.risk.treatment == treatment)
        and (category in (None, EVERY) or one.risk.category == category)
        and owner in (None, one.risk.owner)
        and (tag is None or tag in tags.get((one.risk.source, one.risk.risk), ()))
    ]


def _named(name: str, options: Collection[str], key: str) -> str | None:
    if not options:
        return None
    return st.selectbox(
        name, sorted(options), index=None, placeholder=f"Any {name.lower()}", key=key, label_visibility="collapsed",
        width=200,
    )  # fmt: skip


def _choice(name: str, options: Sequence[str], key: str) -> str:
    said = st.segmented_control(
        name, options, default=options[0], format_func=wording.capital, key=key, label_visibility="collapsed",
        required=True,
    )  # fmt: skip
    return str(said)


def _has_status(one: Standing, status: str) -> bool:
    match status:
        case "Open":
            return one.open
        case "Above appetite":
            return one.open and one.above
        case "Closed":
            return not one.open
        case _:
            return True


def register_table(page: Shown, found: Sequence[Standing], asked: Asked) -> Act | None:
    """The whole register: level and movement, treatment, review, acceptance, money, and what hangs on it."""
    currency, may = page.policy.currency, forms_row.touching()

    def row(one: Standing) -> dict[str, Any]:
        risk = one.risk
        touched = page.hits.get((risk.source, risk.risk))
        return {
            "title": risk.title,
            "level": Score(one),
            "treatment": risk.treatment,
            "review": risk.review_on if one.open else None,
            "acceptance": _accepted(one),
            "loss": risk_money.loss(one, currency),
            "incidents": touched[0] if touched and risk.services else None,
            "actions": len(one.working) if page.acting else None,
            "owner": risk.owner,
            "category": risk.category,
            "services": ", ".join(page.names(risk.services)),
            "status": "open" if one.open else "closed",
            "id": risk.risk,
            ACT: opens(risk),
            PICK: str(RiskKey(risk.source, risk.risk)) if risk.status == "open" and may(risk.services) else None,
        }

    late = {one.risk.review_on for one in found if one.review_overdue}
    rows = [row(one) for one in found]
    columns = [
        Column("title", "Risk", wide=True),
        Column("level", "Level", _said),
        Column("treatment", "Treatment"),
        Column("review", "Review", lambda on: _review(on, on in late)),
        Column("acceptance", "Acceptance", lambda said: said.shown if said else ""),
        Column("loss", "Loss a year", lambda loss: loss.said if loss else "", number=True),
        Column("incidents", "Incidents", lambda n: "" if n is None else f"{n:,}", number=True),
        Column("actions", "Actions", lambda n: "" if n is None else f"{n:,}", number=True),
        Column("owner", "Owner", person),
        Column("category", "Category"),
        Column("services", "Services", _short),
        Column("id", "Id"),
    ]
    kept = [column for column in columns if column.key not in _MAY_LACK or any(r[column.key] for r in rows)]
    return tables.table(
        "register", kept, rows, file=f"risks-{asked.period.key.replace('..', '-to-')}", foot=_foot(found, currency)
    )


_MAY_LACK = ("acceptance", "loss", "actions")


class Accepted(str):
    """An acceptance in words ("ran out 12 Nov 2026"), with its verdict."""

    state: Acceptance

    @property
    def shown(self) -> Markup:
        return tiles.verdict(ACCEPTANCE[self.state][0], self)


def _accepted(one: Standing) -> Accepted | None:
    if not one.open or one.acceptance == "none":
        return None
    _, word = ACCEPTANCE[one.acceptance]
    until = one.risk.accepted_until
    made = Accepted(f"{word} {wording.day(until)}" if until and one.acceptance != "unsigned" else word)
    made.state = one.acceptance
    return made


def person(name: str) -> Markup:
    """Somebody's address without its domain, which a table has no room for."""
    return el("span", name.partition("@")[0], title=name)


def _review(on: Any, late: bool) -> str | Markup:
    if on is None:
        return ""
    return tiles.verdict("missed", wording.day(on)) if late else wording.day(on)


def _short(text: str) -> str:
    names = text.split(", ")
    return text if len(names) <= 2 else f"{names[0]} and {len(names) - 1} more"


def _foot(found: Sequence[Standing], currency: str) -> str:
    above = sum(one.open and one.above for one in found)
    standing = sum(one.open for one in found)
    loss = risks.total(found)
    said = f"{standing:,} open, {above:,} of them above appetite"
    return said + (
        f"; {wording.value(loss, 'money', currency=currency)} in an average year" if loss is not None else ""
    )


def register_sub(page: Shown) -> str:
    """What the table is of."""
    said = f"As it stood on {wording.day(page.day)}; levels as they are stated now; incidents of the year before"
    lost = sum(not any(name in page.facts.services for name in one.risk.services) for one in page.open)
    return said + (f"; {lost:,} without a service count for the company alone" if lost else "")


class Behind(NamedTuple):
    """What stands behind a tile that is counted on this page."""

    title: str
    formula: str
    found: Sequence[Standing]
    why: Column
    said: Callable[[Standing], Any]
    foot: str


def behind(key: str, page: Shown) -> Behind | None:
    """The risks behind a tile; None for a tile that the catalogue explains."""
    match key:
        case "acceptances":
            found = risks.accepted(page)
            out = sum(one.acceptance == "ran_out" for one in found)
            return Behind(
                "Acceptances run out",
                "Open risks with accepted_until on a day that has ended, of those that somebody accepted or was to "
                "(treatment accept, accepted_by or accepted_until). An acceptance holds to the end of its last day.",
                found,
                Column("why", "Acceptance", lambda said: said.shown if said else ""),
                _accepted,
                f"{out:,} of {len(found):,} ran out",
            )
        case "open_risks":
            return Behind(
                "Open risks",
                "Identified on a day that has begun (or on no day known), and not closed by then.",
                page.open,
                Column("why", "Identified", lambda on: wording.day(on) if on else "not known"),
                lambda one: one.risk.identified_on,
                f"Sum of {len(page.open):,} rows: {len(page.open):,}",
            )
        case "at_target":
            found = [one for one in page.open if one.at_target is not None]
            there = sum(bool(one.at_target) for one in found)
            return Behind(
                "At their target",
                "Open risks whose likelihood × impact is at most that of their target, of those that state a target.",
                found,
                Column("why", "At target", lambda yes: "yes" if yes else "not yet"),
                lambda one: one.at_target,
                f"{there:,} of {len(found):,} are at their target",
            )
        case "without_action":
            found = register.without_action(page.open)
            return Behind(
                "Without an action",
                "Open risks to be mitigated, transferred or avoided for which no action is known that was not "
                "cancelled (actions with origin risk).",
                found,
                Column("why", "Level", lambda yes: "came down all the same" if yes else "as at first"),
                lambda one: one.lowered,
                f"Sum of {len(found):,} rows: {len(found):,}",
            )
        case "to_mend":
            odd = {(one.risk.source, one.risk.risk): row.findings for one, row in page.now.odd}
            return Behind(
                "Register to mend",
                "Risks in which something is odd or waits now: what a reader of the register would ask about.",
                [one for one, _ in page.now.odd],
                Column("why", "To mend", wide=True),
                lambda one: " ".join(finding.sentence for finding in odd[one.risk.source, one.risk.risk]),
                f"{len(page.now.odd):,} of {page.now.many:,} risks",
            )
    return None


def explain(key: str, page: Shown) -> Act | None:
    """How a tile of this page is counted, with its risks."""
    told = behind(key, page)
    if told is None:
        return None
    moment = f" As it stood on {wording.day(page.day)}." if key != "to_mend" else ""
    st.markdown(f"{told.formula}{moment}")
    columns = [Column("title", "Risk", wide=True), Column("level", "Level", _said), told.why]
    rows = [
        {"title": one.risk.title, "level": Score(one), "why": told.said(one), ACT: opens(one.risk)}
        for one in told.found
    ]
    return tables.table(f"explain_{key}_rows", columns, rows, foot=told.foot, file=key.replace("_", "-"), page_rows=12)
