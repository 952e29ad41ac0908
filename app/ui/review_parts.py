"""The parts of reviews as markup: exceptions with what was said of them, decisions, actions, what became of earlier
ones, and the tables of a snapshot."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from app.charts import wording
from app.charts.theme import VerdictKey
from app.metrics.review_records import AGENDA, Comment, Decision, Followed, Note, Outcome, Promised, Review, State, Step
from app.review.snapshot import Cell, Column, Exceptional, Table
from app.ui import review_read, tiles
from app.ui.markup import Markup, button, el, join

STATES: Mapping[State, str] = {
    "planned": "Planned",
    "preparation": "In preparation",
    "held": "Being held",
    "closed": "Closed",
}
OUTCOMES: Mapping[Outcome, tuple[VerdictKey, str]] = {
    "late": ("missed", "late"),
    "open": ("no_target", "open"),
    "done": ("met", "done"),
    "dropped": ("no_data", "dropped"),
}
_KIND: Mapping[str, tuple[VerdictKey, str]] = {
    "missed": ("missed", "missed"),
    "overdue": ("missed", "overdue"),
    "signal": ("unsure", "signal"),
}
_VERDICTS: Mapping[str, VerdictKey] = {"met": "met", "missed": "missed"}


def state(one: Review) -> str:
    """How a review stands: "In preparation, numbers frozen"."""
    frozen = one.state == "preparation" and one.frozen is not None
    return STATES[one.state] + (", numbers frozen" if frozen else "")


def form(name: str, item: object, words: str, *, said: str = "", step: Step | None = None) -> Markup:
    """A button that opens a form."""
    act = {"do": "form", "form": name, "item": item} | ({"step": step} if step else {})
    return button(words, act=act, cls="link small", aria_label=f"{words}: {said}" if said else None)


def exceptions(
    found: Iterable[tuple[Step, Exceptional]], said: Iterable[Comment], may: bool, *, steps: bool = True
) -> Markup:
    """A list of them, with the comments on each."""
    by: dict[str, list[Comment]] = {}
    for comment in said:
        by.setdefault(comment.subject, []).append(comment)
    return el("ul", *(_exception(step, one, by.get(one.subject, ()), may, steps) for step, one in found), cls="items")


def _exception(step: Step, one: Exceptional, said: Sequence[Comment], may: bool, steps: bool) -> Markup:
    where = f"{AGENDA[step]} · " if steps else ""
    return el(
        "li",
        el("div", el("span", one.text), tiles.verdict(*_KIND[one.kind]), cls="row"),
        *(comment_of(each) for each in said),
        el(
            "p",
            f"{where}Asked: {one.owner or 'the chair'}",
            form("review_comment", [one.subject, one.text], "Comment", said=one.text) if may else None,
            cls="why deeds",
        ),
    )


def comment_of(one: Comment) -> Markup:
    return el("blockquote", el("p", one.text), el("footer", f"{one.by}, {wording.day(one.at.date())}", cls="why"))


def notes(found: Iterable[Note], steps: bool = True) -> Markup | None:
    """What was noted; None where nothing was."""
    made = [
        el(
            "li",
            el("h3", AGENDA[one.step]) if steps else None,
            el("p", one.text, cls="pre"),
            el("p", f"{one.by}, {wording.day(one.at.date())}", cls="why"),
        )
        for one in found
        if one.text
    ]
    return el("ul", *made, cls="items") if made else None


def decisions(
    found: Sequence[Decision], today: date, may: bool, may_sign: str, me: str, *, open_: bool
) -> Markup | None:
    """What was decided, with what can be done about each; None where nothing was. `open_`: it may be changed still."""
    rows = [_decision(one, today, may, may_sign, me, open_) for one in found]
    return el("ul", *rows, cls="items") if rows else None


def _decision(one: Decision, today: date, may: bool, may_sign: str, me: str, open_: bool) -> Markup:
    own = (one.recorded_by or "").casefold() == me.casefold()
    acts = []
    pending = one.done_on is None and one.dropped_on is None
    if one.needs_signing and not may_sign and not own:
        acts.append(form("decision_sign", one.id, "Sign it", said=one.what))
    if may and pending:
        if open_ and one.signed_by is None:
            acts.append(form("decision_edit", one.id, "Change", said=one.what))
        if one.due is not None:
            acts.append(form("decision_finish", one.id, "It is done", said=one.what))
        if one.signed_by is None or not may_sign:
            acts.append(form("decision_drop", one.id, "Drop", said=one.what))
    return el(
        "li",
        el("div", el("span", one.what), tiles.verdict(*standing(one, today)), cls="row"),
        el("p", one.why),
        el("p", "; ".join(_about(one, own)), cls="why"),
        el("p", f"Dropped: {one.reason}", cls="why") if one.reason else None,
        el("p", *acts, cls="deeds") if acts else None,
    )


def standing(one: Decision, today: date) -> tuple[VerdictKey, str]:
    """How a decision stands, in a word."""
    if one.dropped_on is not None:
        return OUTCOMES["dropped"]
    if one.needs_signing:
        return "unsure", "to be signed"
    if one.done_on is not None:
        return OUTCOMES["done"]
    if one.kind != "decision" and one.until is not None:
        return ("met", "in force") if one.until >= today else ("no_data", "run out")
    if one.due is None:
        return "no_target", "holds"
    return OUTCOMES["late" if one.due < today else "open"]


def _about(one: Decision, own: bool) -> list[str]:
    subject = review_read.called(one.subject or "")
    kinds = {"budget_exception": f"Error-budget exception of {subject}", "acceptance": f"Acceptance of {subject}"}
    said = [kinds[one.kind]] if one.kind in kinds else []
    said.append(f"decided by {one.decided_by}" if said else f"Decided by {one.decided_by}")
    if one.until is not None:
        said.append(f"until {wording.day(one.until)}")
    if one.due is not None:
        said.append(f"due {wording.day(one.due)}")
    if one.signed_by is not None:
        said.append(f"signed by {one.signed_by}")
    elif one.needs_signing:
        said.append("waits for an approver" + (" other than you: you wrote it down" if own else ""))
    return said


def actions(found: Sequence[Promised], today: date, may: bool) -> Markup | None:
    """What was asked for; None where nothing was."""
    rows = [_action(one, today, may) for one in found]
    return el("ul", *rows, cls="items") if rows else None


def _action(one: Promised, today: date, may: bool) -> Markup:
    key, pending = [one.source, one.action], one.done_on is None and one.dropped_on is None
    late = one.due is not None and one.due < today
    word: Outcome = "dropped" if one.dropped_on else "done" if one.done_on else "late" if late else "open"
    owner = one.owner or el("span", "no owner yet", cls="soon")
    due = f"due {wording.day(one.due)}" if one.due else el("span", "no due date yet", cls="soon")
    acts = (("action_edit", "Change"), ("action_done", "It is done"), ("action_drop", "Drop"))
    return el(
        "li",
        el("div", el("span", one.title), tiles.verdict(*OUTCOMES[word]), cls="row"),
        el("p", owner, ", ", due, f" · {one.action}", cls="why"),
        el("p", f"Dropped: {one.reason}", cls="why") if one.reason else None,
        el("p", *(form(name, key, words, said=one.title) for name, words in acts), cls="deeds")
        if may and pending
        else None,
    )


def followed(found: Sequence[Followed], may: bool) -> Markup:
    """What earlier reviews decided and asked for: done, late, dropped, open, with buttons to finish or drop."""
    if not found:
        return el(
            "p", "No decision or action of an earlier review is open, or changed since the last one.", cls="muted"
        )
    return el("ul", *(_followed(one, may) for one in found), cls="items")


def _followed(one: Followed, may: bool) -> Markup:
    item: object = int(one.id) if one.kind == "decision" else one.id.split("/", 1)
    names = ("decision_finish", "decision_drop") if one.kind == "decision" else ("action_done", "action_drop")
    due = f", due {wording.day(one.due)}" if one.due else ""
    on = f", {one.outcome} on {wording.day(one.on)}" if one.on else ""
    said = f"{wording.capital(one.kind)} of {wording.period(one.period)} · {one.who or 'nobody'}{due}{on}"
    pending = one.outcome in ("open", "late")
    return el(
        "li",
        el("div", el("span", one.text), tiles.verdict(*OUTCOMES[one.outcome]), cls="row"),
        el("p", said, cls="why"),
        el("p", f"Dropped: {one.reason}", cls="why") if one.reason else None,
        el(
            "p",
            form(names[0], item, "It is done", said=one.text),
            form(names[1], item, "Drop", said=one.text),
            cls="deeds",
        )
        if may and pending
        else None,
    )


def table(one: Table, currency: str) -> Markup:
    """A table of a snapshot."""
    if not one.rows:
        return el("section", el("h2", one.title), el("p", one.empty, cls="muted"), cls="card section")
    numeric = [column.unit not in ("text", "date", "verdict") for column in one.columns]
    heads = (
        el("th", column.name, scope="col", cls="number" if right else None)
        for column, right in zip(one.columns, numeric, strict=True)
    )
    rows = (
        el(
            "tr",
            *(
                el("td", cell(value, column, currency), cls="number" if right else "wide" if at == 1 else None)
                for at, (value, column, right) in enumerate(zip(row, one.columns, numeric, strict=True))
            ),
        )
        for row in one.rows
    )
    more = f"and {one.more:,} more, which the workbook holds" if one.more else ""
    return el(
        "section",
        el("h2", one.title),
        el("div", el("table", el("thead", el("tr", *heads)), el("tbody", *rows), cls="rows tight"), cls="scroll",
           tabindex="0", role="region", aria_label=one.title),
        el("p", more, cls="why") if more else None,
        cls="card section",
    )  # fmt: skip


def cell(value: Cell, column: Column, currency: str) -> str | Markup:
    """A cell as it is shown."""
    if value is None:
        return el("span", "–", cls="muted")
    if column.unit == "date" and isinstance(value, str):
        return wording.day(date.fromisoformat(value))
    if column.unit == "verdict":
        return tiles.verdict(_VERDICTS.get(str(value), "no_data"), str(value))
    if isinstance(value, (bool, str)):
        return str(value)
    return wording.value(float(value), column.unit, currency=currency)


def card(title: str, *parts: Markup | str | None, sub: str = "") -> Markup:
    """A part of a page in a card."""
    return el("section", el("h2", title), el("p", sub, cls="sub") if sub else None, join(*parts), cls="card section")
