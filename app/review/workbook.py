"""The workbook of a review, from its snapshot alone: a sheet a section, every number, every definition.

Numbers are numbers and days are days, so that somebody can go on counting; texts are never formulas.
"""

import io

import xlsxwriter

from app.charts import wording
from app.charts.description import Chart
from app.metrics.catalogue import KPIS
from app.metrics.numbers import Number
from app.metrics.review_records import AGENDA
from app.review.brand import dress
from app.review.sheets import Book, Sheet, Value
from app.review.slides_minutes import about
from app.review.slides_notes import whole
from app.review.snapshot import Frozen, Section, Snapshot, Table
from app.review.zipped import same
from app.shapes import as_json

_BESIDE = frozenset({"severity", "slo"})
_SHARES = ("value", "low", "high", "target")
"""Columns in the number's own unit."""


def workbook(frozen: Frozen) -> bytes:
    """The workbook: the same bytes for the same snapshot and minutes."""
    snapshot = frozen.snapshot
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_urls": False, "strings_to_formulas": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(stream, options) as made:
        made.set_properties(
            {
                "title": f"Reliability review, {snapshot.title}",
                "author": "Nines",
                "created": snapshot.frozen_at.replace(tzinfo=None),
            }
        )
        book = Book(made, snapshot.currency, dress(snapshot).palette.accent)
        _about(book.sheet("About"), frozen)
        for section in snapshot.sections:
            _section(book.sheet(section.title), snapshot, section)
        _numbers(book.sheet("Numbers"), [one for some in snapshot.numbers.values() for one in some])
        _numbers(book.sheet("Trend"), list(snapshot.trend))
        _definitions(book.sheet("Definitions"))
        _restated(book.sheet("Restatements"), snapshot)
        _earlier(book.sheet("Earlier"), snapshot)
        _minutes(book, frozen)
        names = ("about", "comment", "by", "at")
        rows = [(about(one.subject), one.text, one.by, one.at) for one in snapshot.comments]
        book.sheet("Comments").table(names, rows)
    return same(stream.getvalue())


def _about(sheet: Sheet, frozen: Frozen) -> None:
    snapshot, minutes = frozen.snapshot, frozen.minutes
    rows: list[tuple[Value, Value]] = [
        ("organisation", dress(snapshot).organisation or None),
        ("period", snapshot.period),
        ("first day", snapshot.first),
        ("last day", snapshot.last),
        ("as known at (UTC)", snapshot.as_of),
        ("frozen at (UTC)", snapshot.frozen_at),
        ("frozen by", snapshot.frozen_by),
        ("counted by", f"Nines {snapshot.release}"),
        ("time zone", snapshot.zone),
        ("currency", snapshot.currency),
        ("hash of the snapshot", frozen.hash),
        ("hash of the minutes", frozen.minutes_hash or None),
        ("review held on", minutes.on if minutes else None),
        ("chair", minutes.chair if minutes else None),
        ("closed at (UTC)", minutes.closed_at if minutes else None),
        ("closed by", minutes.closed_by if minutes else None),
        *((("headline" if not at else None), said) for at, said in enumerate(snapshot.headline)),
        *((("sources" if not at else None), said) for at, said in enumerate(snapshot.sources)),
        *((("policy" if not at else None), line) for at, line in enumerate(_policy(snapshot))),
    ]
    sheet.table(("what", "said"), rows, wide=(24, 100))


def _policy(snapshot: Snapshot) -> list[str]:
    """The policy that was in force, a line a row; a logo is no reading matter."""
    return [line if len(line) < 1_000 else f"{line[:80]}…" for line in snapshot.policy.splitlines()]


def _section(sheet: Sheet, snapshot: Snapshot, section: Section) -> None:
    sheet.heading(section.finding)
    sheet.freeze(1)
    for said in section.sentences:
        sheet.line(said)
    if section.exceptions:
        asked = [(one.kind, one.text, one.owner, one.severe, one.subject) for one in section.exceptions]
        sheet.block("Exceptions", ("kind", "exception", "owner", "severe", "about"), asked)
    found = whole(snapshot)
    numbers = [found[key] for key in section.kpis if key in found and key in KPIS]
    if numbers:
        words = {face.kpi: face for face in section.faces}
        counted: list[tuple[Value, ...]] = []
        for one in numbers:
            kpi, face = KPIS[one.kpi], words.get(one.kpi)
            counted.append(
                (kpi.name, one.value, one.unit, wording.verdict(one), one.target, one.low, one.high, one.n,
                 one.coverage, wording.signal(one), face.said if face else None, kpi.question, kpi.formula)
            )  # fmt: skip
        names = ("number", "value", "unit", "verdict", "target", "low", "high", "n", "coverage", "signal", "change",
                 "question", "how it is counted")  # fmt: skip
        units = [{1: one.unit, 4: one.unit, 5: one.unit, 6: one.unit, 8: "share"} for one in numbers]
        sheet.block("Numbers", names, counted, units=units)
    for chart in section.charts:
        _chart(sheet, chart)
    for table in section.tables:
        _table(sheet, table)


def _chart(sheet: Sheet, chart: Chart) -> None:
    """What a chart is drawn from: a row for each x, or for each point where points stand where they will."""
    title = f"Chart: {chart.title}"
    if chart.kind == "heat":
        names = ["", *chart.x]
        rows = [(one.name, *one.values) for one in chart.series]
        sheet.block(title, names, rows, units=[dict.fromkeys(range(1, len(names)), chart.unit)] * len(rows))
        return
    if any(one.at for one in chart.series):
        rows = [
            (one.name, one.at[at] if one.at else float(at), value)
            for one in chart.series
            for at, value in enumerate(one.values)
        ]
        across = chart.unit if chart.kind == "curve" else "ratio"
        up = "share" if chart.kind == "curve" else chart.unit
        sheet.block(title, ("series", "across", "value"), rows, units=[{1: across, 2: up}] * len(rows))
        return
    names = ["", *(one.name or chart.subtitle for one in chart.series)]
    columns = [one.values for one in chart.series]
    if chart.limits:
        names += ["low", "centre", "high"]
        columns += [chart.limits.low, chart.limits.centre, chart.limits.high]
    if chart.target is not None:
        names.append("target")
        columns.append((chart.target,) * len(chart.x))
    rows = [(x, *values) for x, *values in zip(chart.x, *columns, strict=True)]
    sheet.block(title, names, rows, units=[dict.fromkeys(range(1, len(names)), chart.unit)] * len(rows))


def _table(sheet: Sheet, table: Table) -> None:
    units = {at: column.unit for at, column in enumerate(table.columns)}
    title = table.title + (f" ({table.more:,} more are not listed)" if table.more else "")
    if not table.rows:
        sheet.block(title, (), ())
        sheet.line(table.empty)
        return
    sheet.block(title, [column.name for column in table.columns], table.rows, units=[units] * len(table.rows))


def _numbers(sheet: Sheet, numbers: list[Number]) -> None:
    """Numbers with the columns of `nines kpi … --format json`."""
    made = [as_json(one, _BESIDE) for one in numbers]
    names = list(made[0]) if made else ["kpi", "period", "value"]
    at = {name: place for place, name in enumerate(names)}
    units = [{**{at[name]: one["unit"] for name in _SHARES}, at["coverage"]: "share"} for one in made]
    sheet.table(names, [tuple(one.values()) for one in made], units=units)


def _definitions(sheet: Sheet) -> None:
    names = (
        "kpi",
        "name",
        "category",
        "question",
        "formula",
        "unit",
        "better",
        "counted in",
        "default target",
        "measured",
    )
    rows = [
        (key, one.name, one.category, one.question, one.formula, one.unit, one.better, one.at, one.target or None,
         one.measured)
        for key, one in KPIS.items()
    ]  # fmt: skip
    sheet.table(names, rows)


def _restated(sheet: Sheet, snapshot: Snapshot) -> None:
    names = ("review", "kpi", "name", "of", "unit", "was", "is", "why", "said")
    rows = [
        (one.period, one.kpi, one.name, one.group or None, one.unit, one.was.value, one.now.value, ", ".join(one.why),
         one.said)
        for one in snapshot.restated
    ]  # fmt: skip
    sheet.table(names, rows, units=[{5: one.unit, 6: one.unit} for one in snapshot.restated])


def _earlier(sheet: Sheet, snapshot: Snapshot) -> None:
    names = ("review", "kind", "id", "what", "who", "due", "state", "on", "reason")
    rows = [
        (one.period, one.kind, one.id, one.text, one.who, one.due, one.outcome, one.on, one.reason)
        for one in snapshot.earlier
    ]
    sheet.table(names, rows)


def _minutes(book: Book, frozen: Frozen) -> None:
    """What the meeting kept; sheets without rows before the review is closed."""
    said = frozen.minutes
    decisions = said.decisions if said else ()
    rows: list[tuple[Value, ...]] = [
        (one.id, AGENDA[one.step], one.kind, one.what, one.why, one.decided_by, one.at, one.due, one.until, one.subject)
        for one in decisions
    ]
    names = ("id", "step", "kind", "what", "why", "decided by", "at (UTC)", "due", "holds until", "about")
    book.sheet("Decisions").table(names, rows)
    rows = [
        (f"{one.source}/{one.action}", AGENDA[one.step], one.title, one.owner, one.due, one.opened_at, one.url)
        for one in (said.actions if said else ())
    ]
    book.sheet("Actions").table(("id", "step", "what", "owner", "due", "asked for at (UTC)", "link"), rows)
    rows = [(AGENDA[one.step], one.text, one.by, one.at) for one in (said.notes if said else ())]
    book.sheet("Notes").table(("step", "note", "by", "at (UTC)"), rows)
    rows = [(one.name, one.owner, one.present) for one in (said.attendees if said else ())]
    book.sheet("Attendance").table(("name", "invited as an owner", "was there"), rows)
