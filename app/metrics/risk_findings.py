"""What is odd or waits in the risk register: each finding with a sentence and what mends it.

All of it holds as of an instant, in the organisation's zone; a day that ends something holds to its end.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from app.metrics import acceptances
from app.metrics.acceptances import SOON, Judged, ends
from app.metrics.periods import local_day
from app.metrics.risk_records import Entry, Review, Treatment
from app.policy import Policy

Key = Literal[
    "bare", "acceptance_expired", "acceptance_risen", "unaccepted", "review_overdue", "action_overdue",
    "incident_since_review", "acceptance_expiring", "acceptance_waiting", "endless", "above_inherent",
    "lowered_without_action", "no_action", "no_owner",
    "level_contradicts", "target_above", "no_evidence", "no_review", "no_service", "unpriced", "closed_undated",
    "dr_gap",
]  # fmt: skip
KEYS: tuple[Key, ...] = (
    "bare", "acceptance_expired", "acceptance_risen", "unaccepted", "review_overdue", "action_overdue",
    "incident_since_review", "acceptance_expiring", "acceptance_waiting", "endless", "above_inherent",
    "lowered_without_action", "no_action", "no_owner",
    "level_contradicts", "target_above", "no_evidence", "no_review", "no_service", "unpriced", "closed_undated",
    "dr_gap",
)  # fmt: skip
"""The most pressing first."""
Mends = Literal["propose", "decide", "review", "action", "date", "assess", "edit", "close", "create"]
"""The act that mends it; `date`: of the action that is overdue."""
_NOBODY = frozenset({"-", "--", "?", "n/a", "na", "nobody", "none", "tbc", "tbd", "unassigned", "unknown"})
"""What people write where nobody is."""


class Finding(NamedTuple):
    key: Key
    sentence: str
    mends: Mends
    to_do: str
    """What mends it, in words."""
    field: str | None = None
    """The field that it is about, where it is about one."""


class Around(NamedTuple):
    """One risk and what is known around it."""

    entry: Entry
    acceptances: Sequence[Judged] = ()
    actions: Sequence[Treatment] = ()
    reviewed: Review | None = None
    """The latest one that was not undone."""
    incidents: Sequence[tuple[str, datetime]] = ()
    """Those that it is linked to: id, detected at."""
    tested: bool = False
    """Whether it is linked to a DR test that passed."""
    services: int = 0
    """How many of those that it names are known."""
    acting: bool = True
    """Whether the actions of any risk are known: where nobody brings them, no risk lacks one."""


def findings(around: Around, policy: Policy, as_of: datetime) -> tuple[Finding, ...]:
    """Everything about one risk at an instant, the most pressing first; of a closed one that its day is missing
    alone."""
    if not _open(around.entry, local_day(as_of - _TICK, policy.timezone)):
        return tuple(_closed(around.entry))
    found = [
        *_accepted(around, policy, as_of),
        *_looked_at(around, policy, as_of),
        *_treated(around, policy, as_of),
        *_rated(around, policy),
        *_stated(around),
    ]
    return tuple(sorted(found, key=lambda one: KEYS.index(one.key)))


_TICK = timedelta(microseconds=1)


def _open(entry: Entry, day: date) -> bool:
    return entry.closed_on > day if entry.closed_on is not None else entry.status == "open"


def _closed(entry: Entry) -> Iterator[Finding]:
    if entry.closed_on is None:
        said = "It is closed on no known day, so it counts in no month."
        yield Finding("closed_undated", said, "close", "Reopen it, and close it with its day", "closed_on")


def _accepted(around: Around, policy: Policy, as_of: datetime) -> Iterator[Finding]:
    entry, zone = around.entry, policy.timezone
    held = acceptances.in_force(around.acceptances)
    if acceptances.waiting(around.acceptances):
        yield Finding("acceptance_waiting", "An acceptance waits for a decision.", "decide", "Approve or decline it")
    if held is not None:
        if held.state == "risen":
            was, now = held.acceptance.score, score(entry)
            said = f"It was accepted at a level of {was} and stands at {now} now."
            yield Finding("acceptance_risen", said, "propose", "Ask anew at this level, or bring it down")
        if held.ends_at - as_of <= SOON:
            said = f"Its acceptance ends with {day(held.acceptance.valid_until)}."
            yield Finding("acceptance_expiring", said, "propose", "Ask anew, or bring it down", "accepted_until")
        return
    until = entry.accepted_until
    if until is not None and as_of >= ends(until, zone):
        said = f"Its acceptance ran out at the end of {day(until)}."
        yield Finding("acceptance_expired", said, "propose", "Ask anew, or treat it", "accepted_until")
    elif entry.accepted_by is not None:  # as its file says
        if until is not None and ends(until, zone) - as_of <= SOON:
            said = f"Its acceptance ends with {day(until)}."
            yield Finding("acceptance_expiring", said, "propose", "Ask anew, or bring it down", "accepted_until")
        if until is None:
            said = "It is accepted without a last day."
            yield Finding("endless", said, "propose", "Ask for an acceptance until a day", "accepted_until")
    elif entry.treatment == "accept":
        said = "It is to be accepted, and nobody has signed for it."
        yield Finding("unaccepted", said, "propose", "Ask for an acceptance", "treatment")


def _looked_at(around: Around, policy: Policy, as_of: datetime) -> Iterator[Finding]:
    entry, zone = around.entry, policy.timezone
    if entry.review_on is None:
        yield Finding(
            "no_review", "No review of it is planned.", "review", "Review it, which sets the next date", "review_on"
        )
    elif as_of >= ends(entry.review_on, zone):
        said = f"Its review was due on {day(entry.review_on)}."
        yield Finding("review_overdue", said, "review", "Review it", "review_on")
    since = _last_look(around, zone)
    if since is not None:
        new = sorted(name for name, at in around.incidents if since < at <= as_of)
        if new:
            said = f"{_listed(new)} happened since it was last looked at."
            yield Finding("incident_since_review", said, "review", "Review it with what happened in mind")


def _last_look(around: Around, zone: str) -> datetime | None:
    last = around.reviewed
    if last is None:
        found = around.entry.identified_on
        return None if found is None else ends(found, zone)
    return last.at if local_day(last.at, zone) == last.on else ends(last.on, zone)


def _treated(around: Around, policy: Policy, as_of: datetime) -> Iterator[Finding]:
    entry, zone = around.entry, policy.timezone
    known = [one for one in around.actions if one.opened_at <= as_of]
    kept = [one for one in known if one.cancelled_at is None or one.cancelled_at > as_of]
    working = [one for one in kept if one.closed_at is None or one.closed_at > as_of]
    late = [one for one in working if one.due_on is not None and as_of >= ends(one.due_on, zone)]
    if around.acting and score(entry) > policy.risk.appetite and not working and not _covered(around, policy, as_of):
        said = f"At {score(entry)} it lies above the appetite of {policy.risk.appetite}, with neither an open action "
        to_do = "Give somebody an action with a date, or have it accepted until a day"
        yield Finding("bare", f"{said}nor a live acceptance.", "action", to_do)
    if late:
        said = f"{_listed([one.title for one in late])} {'is' if len(late) == 1 else 'are'} overdue."
        yield Finding("action_overdue", said, "date", "Close it, or agree on another date")
    lowered = inherent(entry) is not None and score(entry) < (inherent(entry) or 0)
    if around.acting and entry.treatment != "accept" and not kept:
        if lowered:
            said = f"It came down from {inherent(entry)} to {score(entry)} without any action."
            yield Finding("lowered_without_action", said, "action", "Name what brought it down, or rate it again")
        else:
            said = f"It is to be {_PAST[entry.treatment]}, and nobody does anything for it."
            yield Finding("no_action", said, "action", "Add an action")
    shown = entry.evidence_url or around.tested or any(one.evidence_url or one.url for one in kept)
    if lowered and not shown:
        said = "Nothing shows that what brought it down works."
        yield Finding("no_evidence", said, "edit", "Link the evidence, or a DR test that passed", "evidence_url")


def _covered(around: Around, policy: Policy, as_of: datetime) -> bool:
    """Whether somebody has signed for it, here or as its file says, and that has not ended."""
    entry = around.entry
    if acceptances.in_force(around.acceptances) is not None:
        return True
    until = entry.accepted_until
    return entry.accepted_by is not None and (until is None or as_of < ends(until, policy.timezone))


_PAST = {"mitigate": "mitigated", "transfer": "transferred", "avoid": "avoided", "accept": "accepted"}


def _rated(around: Around, policy: Policy) -> Iterator[Finding]:
    entry = around.entry
    now, before = score(entry), inherent(entry)
    if before is not None and now > before:
        said = f"What is left ({now}) is more than there was to begin with ({before})."
        yield Finding("above_inherent", said, "assess", "Rate it again", "likelihood")
    if entry.target_likelihood is not None and entry.target_impact is not None:
        target = entry.target_likelihood * entry.target_impact
        if target > now:
            said = f"Its target ({target}) lies above where it stands ({now})."
            yield Finding("target_above", said, "assess", "Set another target", "target_likelihood")
    if entry.stated_level is not None and contradicts(entry.stated_level, now, policy):
        said = f"A sheet calls it {entry.stated_level}, but by the matrix it is {now} ({policy.risk.band(now).name})."
        yield Finding("level_contradicts", said, "assess", "Rate it again", "stated_level")
    if None in (entry.events_per_year_low, entry.events_per_year_high, entry.loss_low, entry.loss_high):
        said = "What it costs is not stated."
        yield Finding("unpriced", said, "assess", "State how often it happens and what it costs each time", "loss_low")


def _stated(around: Around) -> Iterator[Finding]:
    entry = around.entry
    if entry.owner.strip().casefold() in _NOBODY:
        yield Finding("no_owner", "Nobody owns it.", "edit", "Name an owner", "owner")
    if not around.services:
        said = "It names no service that is known." if entry.services else "It names no service."
        yield Finding("no_service", said, "edit", "Name the services that it would hurt", "services")


def gap(service: str) -> Finding:
    """That a service of tier 0 or 1, by its name, is not tested in time and in no open risk (`register.gaps`)."""
    said = f"{service} is not shown to come back in time, and no open risk says so."
    return Finding("dr_gap", said, "create", "Enter a risk for it")


def score(entry: Entry) -> int:
    """Likelihood x impact, 1-25."""
    return entry.likelihood * entry.impact


def inherent(entry: Entry) -> int | None:
    """The same before anything was done; None where it is not stated."""
    one, other = entry.inherent_likelihood, entry.inherent_impact
    return None if one is None or other is None else one * other


def contradicts(stated: str, now: int, policy: Policy) -> bool:
    """Whether a stated level (`12`, `high`, `12 (high)`) is another one than the matrix gives."""
    text = stated.strip().casefold()
    number, _, word = text.partition(" ")
    if number.isdigit():
        return int(number) != now or (
            bool(word.strip("() ")) and word.strip("() ") != policy.risk.band(now).name.casefold()
        )
    return text != policy.risk.band(now).name.casefold()


def day(on: date) -> str:
    """A day in a sentence."""
    return f"{on.day} {on:%b %Y}"


def _listed(names: Sequence[str], most: int = 2) -> str:
    shown, more = list(names[:most]), len(names) - most
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join(shown)
