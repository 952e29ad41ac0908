"""The headline of the Overview: rules over numbers, made into at most five sentences. What needs a decision is never
left out.

"October: 11 of 14 tier-0 SLOs met. Customers were affected for 212 minutes, no real change. Checkout has spent its
error budget and is frozen. Two risks are above appetite; one acceptance ran out on the 12th."
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.charts import wording
from app.metrics.numbers import Number

_MOST = 5
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_TOLD = ("time_to_restore", "major_incidents", "on_call_load", "dr_pass_rate")
"""Numbers of which a real worsening or improvement is worth a sentence, the weightiest first."""
_NAMES = {
    "time_to_restore": "time to restore",
    "major_incidents": "the number of severe incidents",
    "on_call_load": "on-call load",
    "dr_pass_rate": "the share of DR tests passed",
}


@dataclass(frozen=True)
class Story:
    """What a headline is told from."""

    period: str
    """In words: "October 2026"."""
    partial: bool
    numbers: Mapping[str, Number]
    """By KPI key, of the whole scope."""
    slos: Number | None = None
    """SLOs met in the most important tier that has any."""
    slos_tier: int | None = None
    frozen: Sequence[str] = ()
    """Names of services with an SLO whose budget is spent."""
    expired: Sequence[date] = ()
    """The last days of acceptances that ran out."""
    late_actions: int = 0
    scoped: str = ""


def headline(story: Story) -> tuple[str, ...]:
    """The sentences, in order: promises, customers, freezes, risks, then what has really changed. One honest
    sentence without data."""
    told = [_slos(story), _impact(story), _frozen(story), _risks(story)]
    first = [sentence for sentence in told if sentence]
    if all(number.value is None for number in story.numbers.values()) and not (story.frozen or story.expired):
        where = f" for {story.scoped}" if story.scoped else ""
        return (f"{story.period}: no data{where}.",)
    more = [sentence for sentence in (_late(story), *_changes(story)) if sentence]
    lead = f"{story.period}, so far: " if story.partial else f"{story.period}: "
    sentences = (first + more)[:_MOST] or ["nothing here needs a decision."]
    return (lead + _lower(sentences[0]) if not sentences[0][0].isdigit() else lead + sentences[0], *sentences[1:])


def _slos(story: Story) -> str:
    number = story.slos
    if number is None or number.value is None or number.numerator is None or not number.denominator:
        return "no SLO was measured." if story.numbers.get("slos_met") is not None else ""
    tier = f"tier-{story.slos_tier} " if story.slos_tier is not None else ""
    met, of = round(number.numerator), round(number.denominator)
    if met == of:
        which = "the one" if of == 1 else "both" if of == 2 else f"all {of}"
        return f"{which} {tier}SLO{'s' if of != 1 else ''} met{_moved(number)}."
    return f"{met} of {of} {tier}SLO{'s' if of != 1 else ''} met{_moved(number)}."


def _impact(story: Story) -> str:
    number = story.numbers.get("customer_impact_minutes")
    if number is None or number.value is None:
        known = story.slos is not None and story.slos.value is not None
        return "" if known or number is None else "Customer impact is not known."
    if number.value == 0:
        return "Customers were not affected."
    aimed = ""
    if number.target is not None and number.verdict == "missed":
        aimed = f" ({_minutes(number.target) if number.target else 'none'} aimed for)"
    return f"Customers were affected for {_minutes(number.value)}{aimed}{_moved(number)}."


def _minutes(minutes: float) -> str:
    if minutes < 1:
        return "less than a minute"
    if minutes < 600:
        whole = round(minutes)
        return f"{whole} minute{'s' if whole != 1 else ''}"
    return wording.duration(minutes)


def _frozen(story: Story) -> str:
    names = list(story.frozen)
    if not names:
        return ""
    if len(names) == 1:
        return f"{wording.capital(names[0])} has spent its error budget and is frozen."
    shown = names if len(names) <= 3 else [*names[:2], f"{count(len(names) - 2)} more services"]
    return f"{wording.capital(wording.listed(shown))} have spent an error budget and are frozen."


def _risks(story: Story) -> str:
    number = story.numbers.get("risks_above_appetite")
    parts = []
    if number is not None and number.value:
        above = round(number.value)
        parts.append(f"{count(above)} risk{'s are' if above != 1 else ' is'} above appetite")
    if len(story.expired) == 1:
        parts.append(f"one acceptance ran out on {wording.day(story.expired[0])}")
    elif story.expired:
        parts.append(f"{count(len(story.expired))} acceptances have run out")
    return f"{wording.capital('; '.join(parts))}." if parts else ""


def _late(story: Story) -> str:
    if not story.late_actions:
        return ""
    return (
        f"{wording.capital(count(story.late_actions))} action{'s are' if story.late_actions != 1 else ' is'} overdue."
    )


def _changes(story: Story) -> list[str]:
    found = []
    for word in ("worsening", "improving"):
        for key in _TOLD:
            number = story.numbers.get(key)
            if number is not None and number.value is not None and number.signal == word:
                verb = "has really worsened" if word == "worsening" else "has really improved"
                since = "" if number.since in (None, number.period) else f" since {wording.period(number.since or '')}"
                found.append(f"{wording.capital(_NAMES[key])} {verb}{since}.")
    return found


def _moved(number: Number) -> str:
    if number.signal == "steady":
        return ", no real change"
    if number.signal == "too_few":
        return ""
    if number.since in (None, number.period):
        return f", a real {'improvement' if number.signal == 'improving' else 'worsening'}"
    return f", {number.signal} since {wording.period(number.since or number.period)}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def count(number: int) -> str:
    """A small number as a word: "two"; a large one in figures."""
    return _COUNTS[number] if 0 <= number < len(_COUNTS) else f"{number:,}"
