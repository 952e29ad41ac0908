"""What a review remembers, on slides: how last time's decisions stand, what moved since, what the meeting decided."""

from app.charts import faces, wording
from app.metrics.review_records import AGENDA, Attendee
from app.review import slides_tables
from app.review.brand import policy
from app.review.slides_deck import BOTTOM, LEFT, ROOM, Deck
from app.review.slides_exceptions import exceptions
from app.review.slides_fit import fitted
from app.review.slides_xml import Box
from app.review.snapshot import Cell, Column, Frozen, Minutes, Restated, Section, Snapshot, Table

_KINDS = {
    "decision": "decision",
    "budget_exception": "exception to the error-budget policy",
    "acceptance": "risk accepted",
}
_COLUMNS = 3


def last_time(deck: Deck, snapshot: Snapshot, section: Section) -> None:
    """What earlier reviews decided and asked for, and the frozen numbers that have moved since."""
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            one.outcome, one.text, wording.period(one.period), one.kind, one.who,
            one.due.isoformat() if one.due else None,
            one.reason or (f"{one.outcome} on {wording.day(one.on)}" if one.on else None),
        )
        for one in snapshot.earlier
    )  # fmt: skip
    columns = (
        Column("State", "verdict"), Column("What"), Column("Review"), Column("Kind"), Column("Who"),
        Column("Due", "date"), Column("What came of it"),
    )  # fmt: skip
    table = Table(section.title, columns, rows, "Nothing was decided or asked for in an earlier review.")
    if section.exceptions:
        exceptions(deck, snapshot, section, lambda _: deck.add(section.finding, section.title))
    _list(deck, table, section.finding, section.title, snapshot.currency)
    if snapshot.restated:
        count = len(snapshot.restated)
        moved = "numbers have moved since they were" if count != 1 else "number has moved since it was"
        finding = f"{count} {moved} frozen"
        _list(deck, restated(snapshot), finding, "Restated", snapshot.currency)


def restated(snapshot: Snapshot) -> Table:
    """Frozen numbers that are others now: was, is, why."""
    held = policy(snapshot)

    def said(one: Restated, number: str) -> str:
        found = one.was if number == "was" else one.now
        op = faces.op_of(one.kpi, held) if held else ""
        return wording.value(found.value, one.unit, found.target, op, snapshot.currency)

    rows = tuple(
        (wording.period(one.period), one.name, one.group or "organisation", said(one, "was"), said(one, "is"), one.said)
        for one in snapshot.restated
    )
    columns = tuple(map(Column, ("Review", "Number", "Of", "Was", "Is", "Why")))
    return Table("Restated since they were frozen", columns, rows, "No frozen number has moved.")


def minutes(deck: Deck, frozen: Frozen) -> None:
    """What the meeting decided, asked for and noted, and who was there; nothing before the review is closed."""
    said = frozen.minutes
    if said is None:
        return
    title = AGENDA["decisions"]
    many = len(said.decisions)
    _list(deck, _decisions(said), f"{many} decision{'s' if many != 1 else ''} taken" if many else "Nothing was decided",
          title, frozen.snapshot.currency)  # fmt: skip
    many = len(said.actions)
    _list(deck, _actions(said), f"{many} action{'s' if many != 1 else ''} agreed, each with its owner and day" if many
          else "No action was asked for", title, frozen.snapshot.currency)  # fmt: skip
    if said.notes:
        rows = tuple((AGENDA[one.step], one.text, one.by) for one in said.notes)
        table = Table("Notes", (Column("Step"), Column("What was noted"), Column("By")), rows, "")
        _list(deck, table, "What was noted", "Notes", frozen.snapshot.currency)
    _attendance(deck, said)


def _decisions(said: Minutes) -> Table:
    rows = tuple(
        (one.what, one.why, _KINDS[one.kind], one.decided_by, one.due.isoformat() if one.due else None,
         one.until.isoformat() if one.until else None)
        for one in said.decisions
    )  # fmt: skip
    columns = (
        Column("What"),
        Column("Why"),
        Column("Kind"),
        Column("Who"),
        Column("Due", "date"),
        Column("Holds until", "date"),
    )
    return Table("Decisions", columns, rows, "The meeting decided nothing that outlives it.")


def _actions(said: Minutes) -> Table:
    rows = tuple(
        (one.title, one.owner, one.due.isoformat() if one.due else None, AGENDA[one.step]) for one in said.actions
    )
    return Table(
        "Actions",
        (Column("What"), Column("Owner"), Column("Due", "date"), Column("Of")),
        rows,
        "Nobody was asked for anything.",
    )


def _attendance(deck: Deck, said: Minutes) -> None:
    there = [one for one in said.attendees if one.present]
    slide = (
        deck.add(f"{len(there)} of {len(said.attendees)} invited were there", "Attendance") if said.attendees else None
    )
    if slide is None:
        return
    held = f"Held on {wording.day(said.on)}" if said.on else "Held"
    slide.say(f"{held}, chaired by {said.chair or 'nobody'}.", Box(LEFT, slide.top, ROOM, 0.3), (14, 12), "muted")
    top, wide = slide.top + 0.5, ROOM / _COLUMNS
    groups = (
        ("There", there),
        ("Not there", [one for one in said.attendees if one.present is False]),
        ("Nobody has said", [one for one in said.attendees if one.present is None]),
    )
    for place, (name, some) in enumerate(groups):
        x = LEFT + place * wide
        slide.say(f"{name} ({len(some)})", Box(x, top, wide - 0.3, 0.26), (13,), "accent", bold=True)
        y = top + 0.36
        for at, one in enumerate(some):
            fit = fitted(_who(one), wide - 0.3, 0.4, (13, 12, 11))
            if y + fit.high > BOTTOM - 0.3:
                rest = [_who(each) for each in some[at:]]
                slide.say(f"and {len(rest)} more", Box(x, y, wide - 0.3, 0.26), (13,), "muted")
                slide.notes.append(f"{name}: {wording.listed(rest)}")
                break
            slide.say(_who(one), Box(x, y, wide - 0.3, 0.4), (13, 12, 11), name="Attendee")
            y += fit.high + 0.08


def _who(one: Attendee) -> str:
    return f"{one.name} (owner)" if one.owner else one.name


def comments(deck: Deck, snapshot: Snapshot) -> None:
    """What was said about numbers and items that are no exception: those stand with their exceptions."""
    asked = {one.subject for section in snapshot.sections for one in section.exceptions}
    rows = tuple((about(one.subject), one.text, one.by) for one in snapshot.comments if one.subject not in asked)
    if rows:
        table = Table("Comments", (Column("About"), Column("Comment"), Column("By")), rows, "")
        _list(deck, table, "What was said about other numbers", "Comments", snapshot.currency)


def about(subject: str) -> str:
    from app.metrics.catalogue import KPIS

    kind, _, rest = subject.partition(":")
    key, _, group = rest.partition(":")
    if kind != "number" or key not in KPIS:
        return subject
    return f"{KPIS[key].name}{', ' + group.replace('=', ' ').replace(';', ', ') if group else ''}"


def _list(deck: Deck, table: Table, finding: str, eyebrow: str, currency: str) -> None:
    slides_tables.listed(lambda part: deck.add(finding + (", continued" if part else ""), eyebrow), table, currency)
