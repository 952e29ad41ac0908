"""The sentence on top of a page: rules over its numbers. What needs a decision is never left out."""

from collections.abc import Sequence
from typing import NamedTuple

from app.charts import wording
from app.charts.headline import count
from app.metrics.numbers import Number

_NAMED = 3


class Promises(NamedTuple):
    """What the finding of the SLOs page is told from."""

    period: str
    """In words."""
    met: Number
    """SLOs met over the period."""
    defined: int
    """SLOs in scope."""
    measured: int
    """Those with data in the period."""
    services: int
    """Services in scope."""
    frozen: Sequence[str] = ()
    """Names of SLOs whose budget is spent, the most overspent first."""
    warned: Sequence[str] = ()
    """Names of SLOs with little budget left, the least first."""
    partial: bool = False
    excepted: Sequence[str] = ()
    """Names of SLOs for which an approver has set the error-budget policy aside."""


def promises(told: Promises) -> str:
    """Which promises are kept, which are about to break, who is frozen."""
    when = f"in {told.period}" + (" so far" if told.partial else "")
    if not told.defined:
        who = f"{told.services:,} services have" if told.services != 1 else "The one service has"
        return (
            f"No promise to keep or to break: {who[:1].lower()}{who[1:]} no SLO."
            if told.services
            else "No SLO is defined here."
        )
    if told.met.value is None or told.met.denominator is None:
        first = (
            f"None of {told.defined:,} SLOs was measured {when}"
            if told.defined != 1
            else f"The one SLO was not measured {when}"
        )
        rest = _states(told)
        return f"{first}." + (f" {wording.capital(rest)}." if rest else "")
    kept, of = round(told.met.numerator or 0), round(told.met.denominator)
    if kept == of:
        first = f"All {of:,} SLOs were met {when}" if of > 1 else f"The one SLO measured was met {when}"
    else:
        first = f"{kept:,} of {of:,} SLOs were met {when}"
    silent = told.defined - told.measured
    if silent > 0:
        first += f", {count(silent)} more {'was' if silent == 1 else 'were'} not measured"
    return f"{first}; {_states(told) or 'no budget is spent and none is about to be'}."


def _states(told: Promises) -> str:
    parts = []
    if told.frozen:
        parts.append(f"{named(told.frozen)} {'is' if len(told.frozen) == 1 else 'are'} out of budget and frozen")
    if told.excepted:
        some = "it" if len(told.excepted) == 1 else "them"
        parts.append(f"{named(told.excepted)} may go on, since the error-budget policy is set aside for {some}")
    if told.warned:
        parts.append(f"{named(told.warned)} {'is' if len(told.warned) == 1 else 'are'} about to break")
    return "; ".join(parts)


def named(names: Sequence[str], most: int = _NAMED) -> str:
    """Names as a person says them, a long list by its first two and how many more."""
    shown = list(names) if len(names) <= most else [*names[: most - 1], f"{count(len(names) - most + 1)} more"]
    return wording.listed(shown)


class Happened(NamedTuple):
    """What the finding of the Incidents page is told from."""

    period: str
    counted: int | None
    """All incidents of the period; None where nobody was looking."""
    severe: Number
    impact: Number
    cost: Number
    restore: Number
    cause: tuple[str, int] | None = None
    """The commonest, and how many it made."""
    late_postmortems: int = 0
    overdue_actions: int = 0
    partial: bool = False
    currency: str = "EUR"


def happened(told: Happened) -> str:
    """How often, how bad, how fast, and what is owed."""
    when = wording.capital(told.period) + (", so far" if told.partial else "")
    if told.counted is None:
        first = f"{when}: no incidents are known, and nobody was looking."
    else:
        parts = [_counted(told), _suffered(told), _fast(told)]
        first = f"{when}: {'; '.join(part for part in parts if part)}."
    owed = _owed(told)
    return f"{first} {owed}" if owed else first


def _counted(told: Happened) -> str:
    if not told.counted:
        return "no incident"
    said = f"{told.counted:,} incident{'s' if told.counted != 1 else ''}"
    severe = round(told.severe.value or 0)
    if severe == told.counted:
        said += ", severe" if severe == 1 else ", all severe"
    else:
        said += f", {severe or 'none'} of them severe"
    change = {"steady": "no real change", "improving": "a real improvement", "worsening": "a real worsening"}
    return said + (f" ({change[told.severe.signal]})" if told.severe.signal in change else "")


def _suffered(told: Happened) -> str:
    if told.impact.value is None:
        return ""
    if told.impact.value == 0:
        return "no customer impact is on record"
    said = f"customers were affected for {wording.duration(told.impact.value)}"
    if told.cost.value:
        said += f", which cost {wording.value(told.cost.value, 'money', currency=told.currency)}"
    return said


def _fast(told: Happened) -> str:
    if told.restore.value is None or not told.restore.n:
        return ""
    took = wording.duration(told.restore.value)
    return f"it took {took} to restore" if told.restore.n == 1 else f"half were restored within {took}"


def _owed(told: Happened) -> str:
    parts = []
    if told.cause is not None and told.counted and told.cause[1] > 1:
        parts.append(f"{told.cause[0]} was behind {count(told.cause[1])} of them")
    owed = []
    if told.late_postmortems:
        owed.append(f"{count(told.late_postmortems)} postmortem{'s are' if told.late_postmortems != 1 else ' is'} late")
    if told.overdue_actions:
        owed.append(f"{count(told.overdue_actions)} action{'s are' if told.overdue_actions != 1 else ' is'} overdue")
    if owed:
        parts.append(f"today {wording.listed(owed)}")
    return f"{wording.capital('; '.join(parts))}." if parts else ""
