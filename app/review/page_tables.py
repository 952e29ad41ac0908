"""Lists on a pack's own page: they sort by any column, and search; each cell holds its raw value beside its words."""

from typing import Any

from app.charts import faces, svg, wording
from app.charts.markup import Markup, el, join
from app.charts.theme import VerdictKey
from app.metrics.catalogue import KPIS
from app.metrics.numbers import Number
from app.review import words
from app.review.snapshot import Cell, Column, Snapshot, Table

_FEWEST = 8
"""Rows from which a search stands over a list."""
_LONG = 24
"""Letters from which a cell is given room, and may break within words."""


def raw(value: Cell) -> str | None:
    """A value as JSON has it, for an attribute; None where nothing is known."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def verdict(key: VerdictKey, word: str) -> Markup:
    """A verdict: shape, word and colour together."""
    shape = Markup(svg.shape(key, 14)) if key != "no_target" else None
    return el("span", shape, word, cls=f"verdict {key}")


def table(one: Table, currency: str, name: str) -> Markup:
    """A list of the snapshot."""
    if not one.rows:
        return el("div", el("h3", one.title), el("p", one.empty, cls="nothing"), cls="block")
    rows = (
        el(
            "tr",
            join(
                *(
                    _cell(value, column, currency, not at)
                    for at, (value, column) in enumerate(zip(row, one.columns, strict=True))
                )
            ),
        )
        for row in one.rows
    )
    heads = ((column.name, column.unit in words.NUMBERS) for column in one.columns)
    more = el("p", f"and {one.more:,} more", cls="more") if one.more else None
    return _listing(one.title, name, tuple(heads), join(*rows), len(one.rows), more)


def _cell(value: Cell, column: Column, currency: str, first: bool) -> Markup:
    said = words.cell(value, column, currency)
    key = words.state(value) if column.unit == "verdict" else None
    shown = verdict(key, said) if key else said
    if value is None:
        shown = join(el("span", said, aria_hidden="true"), el("span", "none", cls="hush"))
    long = "long" if len(said) > _LONG else None
    cls = "number" if column.unit in words.NUMBERS else "date" if column.unit == "date" else long
    held = None if column.unit in ("text", "verdict") else raw(value)
    return el("th" if first else "td", shown, cls=cls, data_value=held, scope="row" if first else None)


def _listing(
    title: str, name: str, heads: tuple[tuple[str, bool], ...], rows: Markup, many: int, more: Markup | None
) -> Markup:
    columns = (
        el("th", el("button", head, type="button"), scope="col", cls="number" if number else None)
        for head, number in heads
    )
    search = el(
        "label",
        el("span", f"Search in {title}", cls="hush"),
        el("input", type="search", placeholder="Search", aria_controls=f"list-{name}", autocomplete="off"),
    )
    return el(
        "div",
        el(
            "div",
            el("h3", title, id=f"title-{name}"),
            el("p", f"{many:,} row{'s' if many != 1 else ''}", cls="count", role="status"),
            search if many >= _FEWEST else None,
            cls="over",
        ),
        el(
            "div",
            el(
                "table",
                el("thead", el("tr", join(*columns))),
                el("tbody", rows),
                id=f"list-{name}",
                aria_labelledby=f"title-{name}",
            ),
            cls="scroll card",
            tabindex="0",
            role="region",
            aria_labelledby=f"title-{name}",
        ),
        more,
        cls="block listing",
    )


def numbers(snapshot: Snapshot) -> Markup:
    """Every number of the snapshot: what `nines kpi` says of the period, split by all that it is split by."""
    rules = words.policy(snapshot)
    heads = (("Number", False), ("Of", False), ("Value", True), ("Verdict", False), ("Target", True), ("Change", False),
             ("Made from", True), ("Left out", True))  # fmt: skip
    rows = [
        _row(number, split, snapshot, faces.op_of(number.kpi, rules))
        for split, some in snapshot.numbers.items()
        for number in some
        if number.kpi in KPIS and (not split or number.value is not None)
    ]
    return el(
        "section",
        el("h2", el("small", "Appendix"), "All numbers"),
        el(
            "p",
            "The organisation’s numbers, then those of tiers, teams, services, SLOs and severities that have data.",
            cls="lead",
        ),
        _listing("Numbers of the period", "numbers", heads, join(*rows), len(rows), None),
        id="numbers",
        cls="part",
    )


def _row(number: Number, split: str, snapshot: Snapshot, op: str) -> Markup:
    within = words.of(number.group, snapshot.names) or "organisation"
    key = wording.verdict_key(number)
    goal = ""
    if number.target is not None:
        goal = wording.target(number.target, number.unit, op, number.value, snapshot.currency)
    known: dict[str, Cell] = {
        "numerator": number.numerator, "denominator": number.denominator, "coverage": number.coverage,
        "low": number.low, "high": number.high, "mean": number.mean, "p90": number.p90, "certain": number.certain,
    }  # fmt: skip
    held: dict[str, Any] = {f"data_{name}": raw(value) for name, value in known.items()}
    group = ";".join(f"{name}={part}" for name, part in number.group._asdict().items() if part is not None)
    return el(
        "tr",
        el("th", KPIS[number.kpi].name, scope="row"),
        el("td", within, cls="long" if len(within) > _LONG else None),
        el("td", wording.amount(number, op, snapshot.currency), cls="number", data_value=raw(number.value)),
        el("td", verdict(key, wording.verdict(number)), data_value=number.verdict),
        el("td", goal, cls="number", data_value=raw(number.target)),
        el("td", wording.signal(number), data_value=number.signal),
        el("td", f"{number.n:,}", cls="number", data_value=raw(number.n)),
        el("td", f"{number.n_excluded:,}", cls="number", data_value=raw(number.n_excluded)),
        data_kpi=number.kpi,
        data_split=split,
        data_group=group,
        **held,
    )
