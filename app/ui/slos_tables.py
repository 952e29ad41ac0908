"""The tables of the SLOs page: every promise with its budget, what exclusions took out, who is frozen."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from app.charts import wording
from app.charts.promises import attained
from app.ui import promised, tables, tiles
from app.ui.choices import Asked
from app.ui.markup import Markup, el
from app.ui.promised import STATES, Promise, Told
from app.ui.slos import Shown
from app.ui.slos_parts import STATE_WORDS, left, share, state
from app.ui.tables import ACT, Column, Found, Slice, in_order


def promises_table(page: Shown, asked: Asked) -> tables.Act | None:
    """Every SLO: objective, attained, budget, burn, state, coverage. A click opens it."""

    def fetch(part: Slice) -> Found:
        found = [one for one in page.promises if part.search in _said(one)] if part.search else page.promises
        stop = None if part.limit is None else part.offset + part.limit
        if part.by in _TOLD:
            rows = in_order([_row(one) for one in promised.told(found, asked)], part.by, part.down)
            return Found(rows[part.offset : stop], len(found))
        ordered = _ordered(found, part.by, part.down)
        return Found([_row(one) for one in promised.told(ordered[part.offset : stop], asked)], len(found))

    columns = [
        Column("name", "SLO", wide=True),
        Column("state", "State", lambda value: state(_STATE_OF[value])),
        Column("attained", "Attained", _attained, number=True),
        Column("objective", "Objective", lambda value: wording.target(value, "share"), number=True),
        Column("remaining", "Budget left", share, number=True),
        Column("left", "That is", lambda value: value or ""),
        Column(
            "burn",
            "Burn rate",
            lambda value: "" if value is None else f"{wording.value(value, 'ratio', 1.0)} ×",
            number=True,
        ),
        Column("service", "Service", _short),
        Column("tier", "Tier", number=True),
        Column(
            "coverage", "Coverage", lambda value: "" if value is None else wording.value(value, "share"), number=True
        ),
        Column("n", "n", lambda value: f"{value:,}", number=True),
    ]
    return tables.paged(
        "slos",
        columns,
        fetch,
        sort="state",
        file=f"slos-{asked.period.key.replace('..', '-to-')}",
        foot=_foot(page),
    )


_VALUES: Mapping[str, Callable[[Promise], Any]] = {
    "name": lambda one: one.slo.name.casefold(),
    "objective": lambda one: one.slo.objective,
    "remaining": lambda one: one.remaining,
    "burn": lambda one: one.burning,
    "service": lambda one: _service(one).casefold(),
    "tier": lambda one: one.service.tier if one.service else None,
}
_TOLD = {"attained", "left", "coverage", "n"}
"""Columns that only a whole row knows."""


def _ordered(found: Sequence[Promise], by: str | None, down: bool) -> Sequence[Promise]:
    """Promises come with the most pressing first: that is the order by state."""
    if by is None or by not in _VALUES:
        return found[::-1] if down else found
    value = _VALUES[by]
    known = sorted((one for one in found if value(one) is not None), key=value, reverse=down)
    return [*known, *(one for one in found if value(one) is None)]


def _said(one: Promise) -> str:
    """What a search looks through."""
    return f"{one.slo.name} {_service(one)} {STATE_WORDS[one.state][1]} {one.slo.slo}".casefold()


def _service(one: Promise | Told) -> str:
    return one.service.name if one.service else one.slo.service


_STATE_OF = {at: name for name, at in STATES.items()}


def _short(name: str) -> Markup:
    return el("span", name, cls="short", title=name)


def table_sub(page: Shown, asked: Asked) -> str:
    """What the table says, in which time."""
    said = f"Attained over {asked.words}; budgets over each SLO's own window that ends with it"
    silent = len(page.promises) - page.measured
    return said + (f"; {silent:,} SLO{'s' if silent != 1 else ''} without data" if silent else "")


def taken_sub(page: Shown) -> str:
    """What the exclusions did to the number on top."""
    number = page.numbers["slo_compliance"].now
    without, minutes = number.extra.get("without_exclusions"), number.extra.get("excluded_minutes")
    if not minutes or not isinstance(without, float):
        return "No measured time of these SLOs lies in them"
    shown = wording.value(number.value, "share", number.target, ">=")
    beside = wording.value(without, "share", number.target, ">=")
    return f"{wording.duration(minutes)} of SLO time: compliance is {shown} with them, {beside} without"


def _row(one: Told) -> dict[str, Any]:
    return {
        "name": one.slo.name,
        "service": _service(one),
        "tier": one.service.tier if one.service else None,
        "objective": one.slo.objective,
        "attained": Attained(one) if one.kept and one.kept.attained is not None else None,
        "state": STATES[one.state],
        "remaining": one.remaining,
        "left": left(one.left) if one.left else None,
        "burn": one.burning,
        "coverage": one.coverage,
        "n": one.n,
        ACT: {"do": "slo", "slo": one.slo.slo},
    }


class Attained(float):
    """What was attained: sorts and exports as a number, and knows how to say itself beside its objective."""

    said: Markup

    def __new__(cls, one: Told) -> "Attained":
        made = super().__new__(cls, one.kept.attained if one.kept and one.kept.attained is not None else 0.0)
        met = one.kept is not None and bool(one.kept.met)
        made.said = tiles.verdict("met" if met else "missed", attained(one.kept))
        return made


def _attained(value: Attained | None) -> str:
    return wording.NO_DATA if value is None else value.said


def _foot(page: Shown) -> str:
    met = sum(bool(one.met) for one in page.promises)
    left = [one.remaining > 0 for one in page.promises if one.remaining is not None]
    return f"{met:,} of {page.measured:,} met; {sum(left):,} of {len(left):,} with budget left"


def exclusions_table(page: Shown, asked: Asked) -> None:
    """What was taken out of the numbers, why, and who approved it."""
    names = {slo.slo: slo.name for slo in page.facts.slos} | {s.service: s.name for s in page.facts.services.values()}
    rows = [
        {
            "reason": one.exclusion.reason,
            "about": ", ".join(names.get(name, name) for name in (*one.exclusion.services, *one.exclusion.slos)),
            "category": one.exclusion.category.replace("_", " "),
            "start": one.exclusion.start,
            "minutes": one.minutes,
            "approved": one.exclusion.approved_by,
        }
        for one in page.taken
    ]
    columns = [
        Column("reason", "Reason", wide=True),
        Column("about", "Service or SLO", wide=True),
        Column("category", "Category"),
        Column("start", "From", lambda at: wording.instant(at, asked.zone)),
        Column("minutes", "In the period", wording.duration, number=True),
        Column("approved", "Approved by"),
    ]
    tables.table("exclusions", columns, rows, sort="minutes", down=True, file="exclusions", page_rows=8)


def frozen(page: Shown, asked: Asked) -> None:
    """Which SLOs are frozen, and by which rule."""
    rule = page.policy.budget
    st.markdown(
        f"An SLO is **frozen** when at most {wording.value(rule.freeze, 'share')} of its error budget is left over its "
        f"own window, and a **warning** when at most {wording.value(rule.warn, 'share')} is. Budget left is "
        "(attained − objective) / (1 − objective), negative when overspent."
    )
    known = [one for one in page.promises if one.state != "no_data"]
    columns = [
        Column("name", "SLO", wide=True),
        Column("state", "State", lambda at: state(_STATE_OF[at])),
        Column("window", "Window"),
        Column("remaining", "Budget left", share, number=True),
        Column("left", "That is"),
    ]
    rows = [
        {
            "name": one.slo.name,
            "state": STATES[one.state],
            "window": one.slo.window,
            "remaining": one.remaining,
            "left": left(one.left),
        }
        for one in promised.told(known, asked)
    ]
    frozen = sum(one.state == "freeze" for one in known)
    tables.table(
        "frozen",
        columns,
        rows,
        sort="remaining",
        file="frozen",
        page_rows=12,
        foot=f"{frozen:,} of {len(known):,} are frozen",
    )
