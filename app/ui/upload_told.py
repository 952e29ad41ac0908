"""What a preview, a receipt and a refusal of uploaded files say. Pure: a report in, markup out."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from app.ingest import SHOWN, Change, Report
from app.ui import privacy
from app.ui.data_health import ASIDE, IMPORTS
from app.ui.data_health_views import counts_table
from app.ui.markup import Markup, button, el, join
from app.ui.quality import counted

_LONGEST = 80
_FIELDS = 5


def preview(report: Report, zoneless: bool) -> Markup:
    """What an import of these files would do."""
    return el(
        "section",
        el("h2", _would(report)),
        el("p", "Nothing is kept yet.", cls="sub"),
        counts_table(report.counts),
        _asides(report, zoneless),
        _changed([change for change in report.changes if not change.new]),
        _new([change for change in report.changes if change.new]),
        _notes(report.notes),
        cls="card section flush upload",
        role="status",
    )


def receipt(report: Report) -> Markup:
    """What an import did."""
    new, changed, unchanged, aside = _totals(report)
    said = [
        f"{count:,} {word}" for count, word in ((new, "new"), (changed, "changed"), (unchanged, "unchanged")) if count
    ]
    kept = ", ".join(said) or "no row kept"
    return el(
        "section",
        el("h2", f"Import {report.run} is done: {kept}" + (f"; {aside:,} set aside" if aside else "")),
        el("p", "Every page shows it now.", cls="sub"),
        counts_table(report.counts),
        _notes(report.notes),
        el(
            "div",
            button("See what was set aside", act={"do": "view", "view": ASIDE}, cls="primary") if aside else None,
            button("See all imports", act={"do": "view", "view": IMPORTS}),
            button("Put this away", act={"do": "done"}),
            cls="acts",
        ),
        cls="card section flush upload receipt",
        role="status",
    )


def refused(wrong: Sequence[str]) -> Markup:
    """Why files cannot be imported as they are."""
    return el(
        "section",
        el("h2", "These files cannot be imported as they are"),
        el("ul", *(el("li", sentence) for sentence in wrong)),
        el("p", "Nothing was kept. Mend this and choose the files again.", cls="sub"),
        cls="card section flush upload refused",
        role="alert",
    )


def import_label(report: Report) -> str | None:
    """What the button says; None where an import would change nothing."""
    new, changed, _, aside = _totals(report)
    if new + changed:
        rest = f", set {aside:,} aside" if aside else ""
        return f"Import {new + changed:,} fact{'' if new + changed == 1 else 's'}{rest}"
    return f"Keep {aside:,} row{'' if aside == 1 else 's'} set aside, to mend" if aside else None


def _totals(report: Report) -> tuple[int, int, int, int]:
    """New, changed, unchanged, set aside."""
    counts = report.counts.values()
    new, changed = sum(count.new for count in counts), sum(count.changed for count in counts)
    return new, changed, sum(count.unchanged for count in counts), report.set_aside


def _would(report: Report) -> str:
    new, changed, unchanged, aside = _totals(report)
    if not new + changed + aside:
        return "An import would change nothing: " + (
            "these facts are all here" if unchanged else "the files hold no row"
        )
    parts = (
        (new, f"{_facts(report)} would be new"),
        (changed, f"{changed:,} would change"),
        (unchanged, f"{unchanged:,} {'is' if unchanged == 1 else 'are'} here already"),
        (aside, f"{aside:,} row{'' if aside == 1 else 's'} would be set aside"),
    )
    return ", ".join(words for count, words in parts if count)


def _facts(report: Report) -> str:
    brought = [(entity, count.new) for entity, count in report.counts.items() if count.new]
    if len(brought) == 1:
        return counted(*brought[0])
    return f"{sum(count for _, count in brought):,} facts"


def _asides(report: Report, zoneless: bool) -> Markup | None:
    if not report.rejects:
        return None
    rows = [
        (one.file, f"{one.line:,}" if one.line else "", one.column or "", _cut(one.value), one.reason)
        for one in report.rejects
    ]
    more = f"The first {len(rows)} of {report.set_aside:,}." if report.set_aside > SHOWN else None
    hint = None
    if zoneless and any("has no offset" in one.reason for one in report.rejects):
        hint = el("p", "Some times have no offset: choose the zone they are in, above.", cls="soon")
    return el(
        "div",
        el("h3", "Would be set aside"),
        hint,
        _table(("File", "Line", "Column", "Value", "Why"), rows),
        el("p", more, cls="muted small") if more else None,
    )


def _changed(changes: Sequence[Change]) -> Markup | None:
    if not changes:
        return None
    rows = [
        (
            f"{change.entity} {change.key}" if at == 0 else "",
            column,
            said(privacy.veiled(old, {column: old}) if column in privacy.PRIVATE else old),
            said(new),
        )
        for change in changes
        for at, (column, (old, new)) in enumerate(change.columns.items())
    ]
    return el("div", el("h3", "Would change, for example"), _table(("Fact", "Column", "Now", "Would be"), rows))


def _new(changes: Sequence[Change]) -> Markup | None:
    if not changes:
        return None
    rows = [(f"{change.entity} {change.key}", _fields(change.columns)) for change in changes]
    return el("div", el("h3", "Would be new, for example"), _table(("Fact", "What it says"), rows))


def _fields(columns: Mapping[str, tuple[Any, Any]]) -> str:
    told = [f"{name} {said(new)}" for name, (_, new) in list(columns.items())[:_FIELDS]]
    return "; ".join(told) + ("; …" if len(columns) > _FIELDS else "")


def said(value: Any) -> str:
    """A value of a fact as a person reads it."""
    match value:
        case None:
            return "blank"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S} UTC".replace(":00 UTC", " UTC")
        case date():
            return value.isoformat()
        case tuple():
            return _cut("; ".join(value))
        case float() if value.is_integer():
            return f"{value:.0f}"
    return _cut(str(value))


def _cut(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _notes(notes: Sequence[str]) -> Markup | None:
    if not notes:
        return None
    shown = [*notes[:10], *([f"and {len(notes) - 10} more"] if len(notes) > 10 else [])]
    return el("div", el("h3", "Passed over"), el("ul", *(el("li", note) for note in shown)))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    head = el("thead", el("tr", *(el("th", name, scope="col") for name in heads)))
    last = len(heads) - 1
    body = (
        el("tr", *(el("td", cell, cls="wide" if at == last else None) for at, cell in enumerate(row))) for row in rows
    )
    return el("div", el("table", head, el("tbody", join(*body)), cls="rows"), cls="card scroll", tabindex="0")
