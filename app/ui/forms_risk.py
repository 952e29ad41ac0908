"""The forms of what a risk says: edit, assess, and a new one. What is done with it: `forms_acts`."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from app.charts import wording
from app.metrics.periods import local_day
from app.metrics.risk_records import LABELS, RATING, Entry, RiskKey, Unknown
from app.people import Person
from app.policy import RiskPolicy
from app.store import register, register_reads
from app.store.engine import reading
from app.store.register_saving import desk
from app.store.register_versions import Held
from app.ui import read, risks, who
from app.ui.forms import Begun, Field, Form, Opened, Values, as_shown

TREATMENTS = ("mitigate", "transfer", "accept", "avoid")
_CATEGORIES = frozenset({"capacity", "people", "resilience", "security", "third party"})
"""Offered beside those that the register knows."""
_WHAT = ("title", "category", "owner", "treatment", "services", "tags", "description", "response", "evidence_url")
_DAYS = ("identified_on", "review_on")
_MONEY = ("events_per_year_low", "events_per_year_high", "loss_low", "loss_high")
_LEVELS = RATING[:6]
_RANGES = "90 % ranges: nine years in ten lie within."
WHY = Field("why", "Why", help="Stays in the history of the risk.")


class Subject(NamedTuple):
    """What a form is about: a risk, perhaps one thing of it."""

    risk: RiskKey | None
    item: Any = None

    def __str__(self) -> str:
        return f"{self.risk or 'new'}" + (f":{self.item}" if self.item is not None else "")


def held(subject: Subject, act: str = "edit") -> Held[Entry]:
    """The risk, whole, for somebody who may change it. Raises NotAllowed or Unknown."""
    with reading(who.whole(read.state().url)) as conn:
        here = desk(conn, who.person(), act, None)
        found = register_reads.entry(conn, subject.risk) if subject.risk else None
        if found is None:
            raise Unknown("There is no such risk (any more).")
        here.may_touch(found.entry.services or ())
        return found


def kind_of(name: str) -> Any:
    """Which widget a field of a risk has."""
    if name in ("description", "response"):
        return "text"
    if name in ("services", "tags"):
        return "many"
    if name in ("category", "treatment", *_LEVELS):
        return "choice"
    return "day" if name in _DAYS else "number" if name in _MONEY else "line"


def begun(subject: Subject, names: Sequence[str], more: Mapping[str, Any] | None = None) -> Begun:
    """Some fields of a risk as a form starts with them, and more that are its own."""
    one = held(subject)
    values = {name: as_shown(kind_of(name), getattr(one.entry, name)) for name in names}
    return Begun(one.version, values | dict(more or {}), one)


def entered(name: str, **more: Any) -> Field:
    """A field of a risk."""
    policy = read.directory().policy.risk
    label = wording.capital(LABELS[name].removeprefix("The "))
    if name in _LEVELS:
        scale = policy.likelihood if name.endswith("likelihood") else policy.impact
        words = lambda level: f"{level} · {wording.capital(scale[level - 1])}"  # noqa: E731
        return Field(name, label, "choice", range(1, 6), words, needed=name in ("likelihood", "impact"), **more)
    match name:
        case "treatment":
            return Field(name, label, "choice", TREATMENTS, wording.capital, needed=True, **more)
        case "category":
            known = {one.category for one in risks.facts_at(read.state(), read.moment()).risks}
            return Field(name, label, "choice", sorted(known | _CATEGORIES), others=True, **more)
        case "services":
            names = dict(read.directory().services)
            options = list(names)
            return Field(name, label, "many", options, lambda one: names.get(one, one), **more)
        case "tags":
            return Field(name, label, "many", others=True, help="Write one, then press Enter.", **more)
        case "evidence_url":
            return Field(name, "Evidence", help="Where it is shown, beginning with https://", **more)
    return Field(name, label, kind_of(name), **more)


def level_words(likelihood: Any, impact: Any, policy: RiskPolicy) -> str:
    """A level in words: "12 (high)"."""
    if likelihood is None or impact is None:
        return "not stated"
    return f"{likelihood * impact} ({policy.band(likelihood * impact).name})"


def _money_rows() -> list[list[Field]]:
    currency = read.directory().policy.currency
    return [
        [
            entered("events_per_year_low", help=_RANGES),
            entered("events_per_year_high"),
            *(entered(name)._replace(label=f"{wording.capital(LABELS[name])}, {currency}") for name in _MONEY[2:]),
        ]
    ]


def _edit_rows(opened: Opened) -> list[list[Field]]:
    return [
        [entered("title")],
        [entered("category"), entered("owner"), entered("treatment")],
        [entered("services"), entered("tags")],
        [entered("description", help="What could happen, and why.")],
        [entered("response", help="What we do about it.")],
        [entered("evidence_url"), entered("review_on"), entered("identified_on")],
        *_money_rows(),
        [WHY._replace(label="Why (needed where money changes)")],
    ]


def _edit(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    key = opened.subject.risk
    fields = {name: value for name, value in values.items() if name != "why"}
    saved = register.edit(conn, by, key, opened.version, fields, why=values.get("why"))
    return f"{key.id} is saved." if saved.version != opened.version else "Nothing had changed."


EDIT = Form(
    "edit",
    "Edit the risk",
    "Save",
    lambda subject: begun(subject, (*_WHAT, *_DAYS, *_MONEY), {"why": ""}),
    _edit_rows,
    _edit,
)


def _assess_rows(opened: Opened) -> list[list[Field]]:
    pairs = zip(_LEVELS[::2], _LEVELS[1::2], strict=True)
    order = [[entered(one), entered(other)] for one, other in pairs]
    said = ("Likelihood before anything was done", "Impact before anything was done")
    order[0] = [one._replace(label=label) for one, label in zip(order[0], said, strict=True)]
    order[1] = [one._replace(label=f"{one.label} now") for one in order[1]]
    order[2] = [
        one._replace(label=label)
        for one, label in zip(order[2], ("Likelihood to reach", "Impact to reach"), strict=True)
    ]
    return [order[1], order[0], order[2], *_money_rows(), [WHY]]


def _assess_note(opened: Opened) -> str:
    policy, typed, was = read.directory().policy.risk, opened.values, opened.about.entry
    now = level_words(typed["likelihood"], typed["impact"], policy)
    before = level_words(was.likelihood, was.impact, policy)
    score = (typed["likelihood"] or 0) * (typed["impact"] or 0)
    line = f"{'above' if score > policy.appetite else 'within'} the appetite of {policy.appetite}"
    parts = [f"Level {now}, {line}" + (f"; it was {before}" if now != before else "")]
    for name, words in (("inherent", "before anything was done"), ("target", "to reach")):
        parts.append(f"{words} {level_words(typed[f'{name}_likelihood'], typed[f'{name}_impact'], policy)}")
    return "; ".join(parts) + "."


def _assess(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    key = opened.subject.risk
    fields = {name: value for name, value in values.items() if name != "why"}
    register.assess(conn, by, key, opened.version, fields, opened.values["why"])
    return f"The rating of {key.id} is kept."


ASSESS = Form(
    "assess",
    "Assess the risk",
    "Keep the rating",
    lambda subject: begun(subject, RATING, {"why": ""}),
    _assess_rows,
    _assess,
    _assess_note,
)


def today() -> date:
    """The local day of the organisation."""
    return local_day(read.now(), read.directory().policy.timezone)


def _create_begin(subject: Subject) -> Begun:
    who.person().must("write")
    values: Values = {name: as_shown(kind_of(name), None) for name in ("risk", *_WHAT, *_DAYS[:1], *RATING)}
    values |= {"owner": who.person().name, "treatment": "mitigate", "identified_on": today()}
    values |= {"services": [subject.item] if subject.item else []}
    return Begun(0, values)


def _create_rows(opened: Opened) -> list[list[Field]]:
    levels = [entered(name) for name in _LEVELS]
    levels[0:2] = [
        one._replace(label=label)
        for one, label in zip(levels[0:2], ("Likelihood at first", "Impact at first"), strict=True)
    ]
    return [
        [entered("title", help="What could happen, in a few words.")],
        [entered("category"), entered("owner"), entered("treatment")],
        [entered("services"), entered("tags")],
        [levels[2]._replace(label="Likelihood now"), levels[3]._replace(label="Impact now")],
        [entered("description", help="What could happen, and why.")],
        [entered("response", help="What we do about it.")],
        [*levels[0:2], *levels[4:6]],
        *_money_rows(),
        [
            entered("identified_on"),
            entered("evidence_url"),
            Field("risk", "Id", help="Blank: the next one, like R-0012."),
        ],
    ]


def _create(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    typed = {name: value for name, value in opened.values.items() if value not in (None, "", [])}
    saved = register.create(conn, by, typed)
    return f"{saved.key.id} is in the register."


CREATE = Form(
    "create",
    "A new risk",
    "Enter it",
    _create_begin,
    _create_rows,
    _create,
    lambda opened: "A title, a category, an owner and how likely and how bad it is are enough to begin with.",
)
