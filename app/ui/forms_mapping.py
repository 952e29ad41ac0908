"""The form that says what values of a live source mean here: one field of one source, some of its values at once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, NamedTuple

from app.charts import wording
from app.metrics.risk_records import Conflict, Invalid, Unknown
from app.people import Person
from app.store import mappings
from app.store.engine import reading
from app.store.mappings import FIELDS, Value
from app.ui import privacy, read, who
from app.ui.forms import Begun, Field, Form, Opened, Values
from app.ui.markup import Markup, el, join, plain

HERE = "mapping"
"""What forms call the list of values."""
MOST = 20
"""How many values one form asks about."""
_YES = {"true": "yes", "false": "no"}


class Subject(NamedTuple):
    """Which values of which field of which source."""

    source: str
    field: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.source}:{self.field}:{sha256(repr(self.values).encode()).hexdigest()[:12]}"


class _About(NamedTuple):
    values: Mapping[str, Value]
    """Field of the form → the value it is about."""
    options: Mapping[str, str]
    """What a value may mean → how it is called."""


def words(field: str, ours: str | None) -> str:
    """What a value means, as a reader calls it; empty: nothing."""
    return "" if ours is None else _named(field).get(ours, ours)


def _named(field: str) -> Mapping[str, str]:
    directory = read.directory()
    match field:
        case "severity":
            return {str(level): f"{level} · {name}" for level, name in sorted(directory.policy.severities.items())}
        case "customer_impact":
            return _YES
        case "services":
            return {name: title if title == name else f"{title} · {name}" for name, title in directory.services}
        case "teams":
            return {name: title if title == name else f"{title} · {name}" for name, title in directory.teams}
    return {}


def samples(one: Value) -> tuple[str, ...]:
    """Some facts that had a value, as the reader may see them."""
    return tuple(map(privacy.unnamed, one.samples))


def shown(one: Value) -> str | None:
    """What the form shows of a value: what it means; None where that is nothing here."""
    return one.mapped if one.mapped is not None else one.means if one.known else None


def _begin(subject: Subject) -> Begun:
    who.person().must("write", everywhere=True)
    with reading(who.whole(read.state().url)) as conn:
        listed = {one.value: one for one in mappings.values(conn) if one[:2] == subject[:2]}
        version = mappings.version(conn, subject.source, subject.field)
        causes = mappings.causes(conn) if subject.field == "causes" else ()
    asked = [listed[value] for value in subject.values[:MOST] if value in listed]
    if not asked:
        raise Unknown(f"{subject.source} does not say this any more: look again.")
    options = {cause: cause for cause in causes} if subject.field == "causes" else _named(subject.field)
    about = _About({f"v{at}": one for at, one in enumerate(asked)}, options)
    return Begun(version, {name: shown(one) for name, one in about.values.items()}, about)


def _rows(opened: Opened) -> Sequence[Sequence[Field]]:
    about: _About = opened.about
    return [
        [
            Field(
                name,
                one.value,
                "choice",
                list(about.options),
                lambda ours: about.options.get(ours, ours),
                help=plain(_had(one)),
                others=one.field == "causes",
            )
        ]
        for name, one in about.values.items()
    ]


def _had(one: Value) -> str:
    """How many rows had it, and which: "12 rows of the last reading that had it, such as INC-7 Checkout is down"."""
    such = f", such as {wording.listed(list(samples(one)))}" if one.samples else ""
    return f"{one.rows:,} row{'s' if one.rows != 1 else ''} of the last reading that had it{such}."


def _note(opened: Opened) -> str:
    subject: Subject = opened.subject
    more = len(subject.values) - len(opened.about.values)
    left = f" These are the first {len(opened.about.values)} of {len(subject.values):,}." if more > 0 else ""
    return f"As {subject.source} says it, and what that is here. Blank: what it means by itself.{left}"


def _below(opened: Opened) -> Markup:
    """What would become of what is chosen."""
    about: _About = opened.about
    changes = [(about.values[name], ours) for name, ours in opened.changed().items() if name in about.values]
    if not changes:
        return el("p", "Choose what a value means: you see here what that touches before it is saved.", cls="muted")
    rows = sum(one.rows for one, _ in changes)
    title = f"{len(changes)} value{'s' if len(changes) != 1 else ''} would mean something else"
    touched = f"{rows:,} row{'s' if rows != 1 else ''} of the last reading had {'it' if len(changes) == 1 else 'them'}."
    anew = (
        f"The next reading of {opened.subject.source} begins at its start, so that what is here already follows; "
        "rows that were set aside for it come in."
    )
    heads = el("thead", el("tr", *(el("th", name, scope="col") for name in ("Theirs", "Now", "Would be", "Touches"))))
    body = [
        el(
            "tr",
            el("td", one.value),
            el("td", words(one.field, shown(one)) or "nothing", cls="muted"),
            el("td", el("b", words(one.field, ours or one.by_itself) or "nothing")),
            el("td", f"{one.rows:,}: {'; '.join(samples(one))}" if one.samples else f"{one.rows:,}", cls="wide"),
        )
        for one, ours in changes
    ]
    table = el("table", heads, el("tbody", join(*body)), cls="rows tight")
    return el(
        "section",
        el("h2", title),
        el("p", f"{touched} {anew}", cls="sub"),
        el("div", table, cls="scroll", tabindex="0"),
        cls="card section flush",
    )


def _save(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    about: _About = opened.about
    subject: Subject = opened.subject
    names = {one.value: name for name, one in about.values.items()}
    wanted = {about.values[name].value: ours for name, ours in values.items()}
    if not wanted:
        raise Invalid({"": "Choose what a value means first."})
    try:
        moved = mappings.save(conn, subject.source, subject.field, wanted, of=opened.version, by=by)
    except Invalid as wrong:
        raise Invalid({names.get(value, ""): said for value, said in wrong.fields.items()}) from wrong
    except Conflict as met:
        sides = {
            names[value]: replace(clash, base=opened.base.get(names[value])) for value, clash in met.fields.items()
        }
        raise Conflict(met.key, met.version, met.by, met.at, sides) from met
    count = f"{len(moved)} value{'s' if len(moved) != 1 else ''}"
    return f"{count} of {subject.source} mean{'s' if len(moved) == 1 else ''} something else from its next reading on."


FORMS: Mapping[str, Form] = {
    field: Form(f"map_{field}", f"What {plural} mean here", "Save", _begin, _rows, _save, _note, below=_below)
    for field, (_, plural) in FIELDS.items()
}
"""Field of the mapping → its form."""
