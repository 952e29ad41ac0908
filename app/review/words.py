"""What paper and page say of a frozen review, in words: cells, what was decided, how each number is counted."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from app.charts import counting, faces, wording
from app.charts.theme import VerdictKey
from app.metrics.catalogue import KPIS
from app.metrics.numbers import Group, Number
from app.metrics.review_records import AGENDA, Comment, Step
from app.policy import Policy, default
from app.review import brand
from app.review.snapshot import Cell, Column, Exceptional, Frozen, Minutes, Names, Section, Snapshot, Table

NOTHING = "–"
"""What a cell says where nothing is known."""
NUMBERS = frozenset({"share", "count", "minutes", "hours", "money", "per_week", "ratio", "ms", "score", "days"})
"""Units of columns that hold numbers."""
KINDS = {"missed": "missed its target", "signal": "really worsening", "overdue": "overdue"}
_STATES: Mapping[str, VerdictKey] = {
    "met": "met", "done": "met", "missed": "missed", "late": "missed", "cannot tell": "unsure", "open": "unsure",
    wording.NO_DATA: "no_data", "dropped": "no_data",
}  # fmt: skip
_DECIDED = {"decision": "decision", "budget_exception": "error-budget exception", "acceptance": "risk acceptance"}


class Counted(NamedTuple):
    """How one number that is shown is counted."""

    number: Number
    name: str
    question: str
    value: str
    key: VerdictKey
    word: str
    facts: tuple[tuple[str, str], ...]


class Attendance(NamedTuple):
    """Who was there, who was not, of whom nobody has said."""

    present: tuple[str, ...]
    absent: tuple[str, ...]
    unsaid: tuple[str, ...]


def policy(snapshot: Snapshot) -> Policy:
    """The policy that was frozen; where this release cannot read it any more, the one it ships."""
    return brand.policy(snapshot) or default()


def title(snapshot: Snapshot) -> str:
    """How the pack is called."""
    return f"Reliability review, {snapshot.title}"


def days(snapshot: Snapshot) -> str:
    """ "1 to 31 October 2026"."""
    first, last = snapshot.first, snapshot.last
    ends = wording.period(last.isoformat())
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {ends}"
    return f"{wording.period(first.isoformat())} to {ends}"


def colophon(frozen: Frozen) -> tuple[tuple[str, str], ...]:
    """What the numbers are: of when, frozen when and by whom, and how to tell that they are the same."""
    kept, said = frozen.snapshot, frozen.minutes
    facts = [
        ("Period", f"{days(kept)}, {kept.zone}"),
        ("As of", wording.instant(kept.as_of, kept.zone)),
        ("Frozen", f"{wording.instant(kept.frozen_at, kept.zone)} by {kept.frozen_by}"),
    ]
    if said and said.on:
        facts.append(("Held", wording.day(said.on) + (f", chaired by {said.chair}" if said.chair else "")))
    if said:
        facts.append(("Closed", f"{wording.instant(said.closed_at, kept.zone)} by {said.closed_by}"))
    facts += [("Counted by", f"Nines {kept.release}"), ("Snapshot", frozen.hash)]
    if frozen.minutes_hash:
        facts.append(("Minutes", frozen.minutes_hash))
    return tuple(facts)


def cell(value: Cell, column: Column, currency: str) -> str:
    """A cell of a table in words."""
    if value is None:
        return NOTHING
    if column.unit in NUMBERS and isinstance(value, int | float):
        return wording.value(float(value), column.unit, currency=currency)
    if column.unit == "date" and isinstance(value, str):
        try:
            return wording.day(date.fromisoformat(value))
        except ValueError:
            return value
    return str(value)


def state(value: Cell) -> VerdictKey | None:
    """The verdict that a word of a table stands for."""
    return _STATES.get(value) if isinstance(value, str) else None


def remarks(snapshot: Snapshot) -> Mapping[str, Sequence[Comment]]:
    """Subject → what was said about it, in order."""
    found: defaultdict[str, list[Comment]] = defaultdict(list)
    for comment in snapshot.comments:
        found[comment.subject].append(comment)
    return found


def loose(snapshot: Snapshot, step: Step) -> tuple[tuple[str, Comment], ...]:
    """Comments of this step on what is no exception (any more): what they are about, and what they say."""
    asked = {one.subject for section in snapshot.sections for one in section.exceptions}
    homes = {kpi: section.step for section in reversed(snapshot.sections) for kpi in section.kpis}
    steps: Mapping[str, Step] = {"risks": "risks", "dr_tests": "dr"}
    found = []
    for comment in snapshot.comments:
        kind, _, rest = comment.subject.partition(":")
        home = homes.get(rest.partition(":")[0], "headline") if kind == "number" else steps.get(kind, "last_time")
        if comment.subject not in asked and home == step:
            found.append((_about(comment.subject, snapshot.names), comment))
    return tuple(found)


def _about(subject: str, names: Names) -> str:
    kind, _, rest = subject.partition(":")
    if kind != "number":
        return rest.partition("/")[2] or rest
    kpi, _, group = rest.partition(":")
    name = KPIS[kpi].name if kpi in KPIS else kpi
    parts = dict(part.split("=", 1) for part in group.split(";") if "=" in part)
    tier = int(parts["tier"]) if parts.get("tier", "").isdigit() else None
    within = of(Group(tier, parts.get("team"), parts.get("service"), slo=parts.get("slo")), names)
    return f"{name}, {within}" if within else name


def of(group: Group, names: Names) -> str:
    """A group in words: "tier 0", "Checkout"; "" for the organisation."""
    parts = (
        f"tier {group.tier}" if group.tier is not None else "",
        names.teams.get(group.team, group.team) if group.team is not None else "",
        names.services.get(group.service, group.service) if group.service is not None else "",
        names.slos.get(group.slo, group.slo) if group.slo is not None else "",
        f"severity {group.severity}" if group.severity is not None else "",
    )
    return ", ".join(part for part in parts if part)


def counted(snapshot: Snapshot) -> tuple[Counted, ...]:
    """Every number that stands on a section, once, in the order in which they stand there."""
    rules = policy(snapshot)
    whole = {number.kpi: number for number in snapshot.numbers.get("", ()) if number.group == Group()}
    keys = dict.fromkeys(key for section in snapshot.sections for key in section.kpis)
    return tuple(_counted(whole[key], snapshot, rules) for key in keys if key in whole and key in KPIS)


def _counted(number: Number, snapshot: Snapshot, rules: Policy) -> Counted:
    kpi = KPIS[number.kpi]
    tiers = [n for n in snapshot.numbers.get("tier", ()) if n.kpi == number.kpi and n.value is not None]
    tiers = [n for n in tiers if n.group.tier is not None]
    key, word = faces.judged(number, [n for n in tiers if n.verdict in ("met", "missed")])
    return Counted(
        number,
        kpi.name,
        kpi.question,
        wording.amount(number, faces.op_of(number.kpi, rules), snapshot.currency),
        key,
        word,
        tuple(counting.facts(kpi, number, rules, tiers)),
    )


def tables(frozen: Frozen, section: Section) -> Iterator[Table]:
    """The lists of a section; those of last time are made of the snapshot's own entries."""
    if section.step != "last_time":
        yield from section.tables
        return
    yield followed(frozen.snapshot)
    if frozen.snapshot.restated:
        yield restated(frozen.snapshot)


def followed(snapshot: Snapshot) -> Table:
    """What earlier reviews decided and asked for, and how it stands."""
    rows = tuple(
        (one.text, one.kind, one.who, wording.period(one.period), _iso(one.due), one.outcome, _iso(one.on), one.reason)
        for one in snapshot.earlier
    )
    columns = (
        Column("What"), Column("Kind"), Column("Who"), Column("Review"), Column("Due", "date"),
        Column("State", "verdict"), Column("On", "date"), Column("Reason"),
    )  # fmt: skip
    empty = "No earlier review decided anything or asked for anything."
    return Table("Decisions and actions of earlier reviews", columns, rows, empty)


def restated(snapshot: Snapshot) -> Table:
    """Numbers of earlier frozen reviews that are others now."""
    rules = policy(snapshot)

    def amount(kpi: str, unit: str, number: Number) -> str:
        return wording.value(number.value, unit, number.target, faces.op_of(kpi, rules), snapshot.currency)

    rows = tuple(
        (
            wording.period(one.period),
            one.name,
            one.group or "organisation",
            amount(one.kpi, one.unit, one.was),
            amount(one.kpi, one.unit, one.now),
            one.said,
        )
        for one in snapshot.restated
        if one.kpi in KPIS
    )
    columns = tuple(map(Column, ("Review", "Number", "Of", "Was", "Is", "Why")))
    return Table("Restated since they were frozen", columns, rows, "No frozen number has moved.")


def decisions(minutes: Minutes) -> Table:
    """What was decided in the meeting."""
    rows = tuple(
        (one.what, one.why, one.decided_by, _DECIDED[one.kind], AGENDA[one.step], _iso(one.until), _iso(one.due))
        for one in minutes.decisions
    )
    columns = (
        Column("What"), Column("Why"), Column("Decided by"), Column("Kind"), Column("At"),
        Column("Holds until", "date"), Column("Carried out by", "date"),
    )  # fmt: skip
    return Table("Decisions", columns, rows, "Nothing was decided.")


def decided(minutes: Minutes) -> Iterator[tuple[str, str, str]]:
    """Each decision where there is room for sentences: what, why, and by whom, at which step, until when."""
    for one in minutes.decisions:
        parts = [wording.capital(_DECIDED[one.kind]), f"decided by {one.decided_by}", f"at {AGENDA[one.step]}"]
        parts += [f"holds until {wording.day(one.until)}"] if one.until else []
        parts += [f"to be carried out by {wording.day(one.due)}"] if one.due else []
        yield one.what, one.why, ", ".join(parts)


def actions(minutes: Minutes) -> Table:
    """What was asked for in the meeting."""
    rows = tuple((one.title, one.owner, _iso(one.due), AGENDA[one.step]) for one in minutes.actions)
    columns = (Column("What"), Column("Owner"), Column("Due", "date"), Column("At"))
    return Table("Actions", columns, rows, "Nothing was asked for.")


def attendance(minutes: Minutes) -> Attendance:
    """Who was there; owners of services are marked."""

    def named(present: bool | None) -> tuple[str, ...]:
        return tuple(
            f"{one.name} (service owner)" if one.owner else one.name
            for one in minutes.attendees
            if one.present is present
        )

    return Attendance(named(True), named(False), named(None))


def ordered(exceptions: Sequence[Exceptional]) -> list[Exceptional]:
    """The severe ones first, otherwise as they were kept."""
    return sorted(exceptions, key=lambda one: not one.severe)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def outcome(minutes: Minutes) -> str:
    """ "2 decisions and no action came out of the meeting"."""
    many = ((len(minutes.decisions), "decision"), (len(minutes.actions), "action"))
    said = " and ".join(f"{count or 'no'} {noun}{'s' if count != 1 else ''}" for count, noun in many)
    return wording.capital(f"{said} came out of the meeting")
