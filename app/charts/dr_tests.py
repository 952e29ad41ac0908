"""What DR tests say: the sentence on top, whether they pass, how fast services came back, and a mark for each state."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from app.charts import wording
from app.charts.description import Chart, Limits, Series
from app.charts.findings import named
from app.charts.headline import count
from app.charts.pen import Pen
from app.charts.theme import VerdictKey
from app.charts.trend import constant_target, partial
from app.metrics.drills import Drill, Passed, State
from app.metrics.numbers import Number

MOST = 12
"""Rows of dumbbells: the rest is in the table."""
STATE_WORDS: Mapping[State, str] = {
    "passed": "passed",
    "partial": "passed in part",
    "failed": "failed",
    "no_result": "done, no result",
    "overdue": "overdue",
    "postponed": "postponed",
    "cancelled": "cancelled",
    "planned": "planned",
}
STATE_KEYS: Mapping[State, VerdictKey] = {
    "passed": "met",
    "partial": "unsure",
    "failed": "missed",
    "no_result": "no_data",
    "overdue": "missed",
    "postponed": "no_data",
    "cancelled": "no_data",
    "planned": "no_target",
}
_TIMES = {
    "rto": ("RTO", "came back in time", "took longer than allowed"),
    "rpo": ("RPO", "lost no more data than allowed", "lost more data than allowed"),
}
_EMPTY = "No DR test of these months has a result. Import dr_tests.csv, with executed_at and result."


class Drilled(NamedTuple):
    """What the finding of the DR tests page is told from."""

    period: str
    passed: Number
    """Tests passed in the period."""
    covered: Number
    """Critical services tested in time, at the period's end."""
    tiers: str
    """The tiers that must be tested, in words: "tier 0 and 1"."""
    worst: tuple[str, float, float] | None = None
    """The test of the period furthest beyond its RTO: its name, the minutes it took and might take."""
    failed: Sequence[str] = ()
    """Names of the tests of the period that did not pass."""
    last: str = ""
    """When a test was last carried out, where none was in the period."""
    never: Sequence[str] = ()
    """Names of critical services that were never tested."""
    overdue_tests: int = 0
    overdue_actions: int = 0
    partial: bool = False


def finding(told: Drilled) -> str:
    """Would we come back, how fast, how do we know: and what is overdue today."""
    when = wording.capital(told.period) + (", so far" if told.partial else "")
    sentences = [f"{when}: {'; '.join(part for part in (_passed(told), _slow(told)) if part)}."]
    if proven := _proven(told):
        sentences.append(f"{proven}.")
    owed = [
        f"{count(number)} {what}{'s' if number != 1 else ''}{more}"
        for number, what, more in (
            (told.overdue_tests, "test", ""),
            (told.overdue_actions, "action", " that tests called for"),
        )
        if number
    ]
    if owed:
        several = len(owed) > 1 or told.overdue_tests + told.overdue_actions > 1
        sentences.append(f"Today {wording.listed(owed)} {'are' if several else 'is'} overdue.")
    return " ".join(sentences)


def _passed(told: Drilled) -> str:
    passed = told.passed
    if passed.value is None or passed.numerator is None:
        return "no DR test was carried out" + (f"; the last one known was on {told.last}" if told.last else "")
    part, whole = round(passed.numerator), passed.n
    if part == whole:
        return f"all {whole:,} DR tests passed" if whole > 1 else "the one DR test passed"
    if whole == 1:
        return f"the one DR test did not pass: “{told.failed[0]}”" if told.failed else "the one DR test did not pass"
    said = f"{part or 'none'} of {whole:,} DR tests passed"
    slowest = told.worst[0] if told.worst else ""
    return said + (f", “{told.failed[0]}” did not" if len(told.failed) == 1 and told.failed[0] != slowest else "")


def _slow(told: Drilled) -> str:
    if told.worst is None:
        return ""
    name, took, target = told.worst
    return f"“{name}” took {wording.duration(took)} to come back, {wording.duration(target)} was allowed"


def _proven(told: Drilled) -> str:
    covered = told.covered
    if covered.value is None or covered.numerator is None or covered.denominator is None:
        return ""
    part, whole = round(covered.numerator), round(covered.denominator)
    if part == whole:
        said = f"All {whole:,} services of {told.tiers} were tested in time"
    else:
        said = f"{part:,} of {whole:,} services of {told.tiers} were tested in time"
    if told.never:
        said += f"; {named(told.never)} {'was' if len(told.never) == 1 else 'were'} never tested"
    return said


def by_quarter(numbers: Sequence[Number]) -> Chart:
    """The share of tests passed by quarter, each with its range: a click narrows the page to it."""
    return Chart(
        "interval", wording.finding("Tests passed", numbers),
        "Share of tests passed by quarter, and where it lies with 95 % confidence",
        "share", tuple(wording.period(number.period) for number in numbers),
        (
            Series(
                "", tuple(number.value for number in numbers),
                labels=tuple(_sample(n.numerator, n.denominator) for n in numbers),
                verdicts=tuple(wording.verdict_key(number) for number in numbers),
                keys=tuple(number.period for number in numbers),
            ),
        ),
        target=constant_target(numbers), target_op=">=", partial=partial(numbers), empty=_EMPTY,
        limits=Limits(tuple(n.low for n in numbers), (None,) * len(numbers), tuple(n.high for n in numbers)),
    )  # fmt: skip


def by_kind(found: Sequence[Passed], target: float | None, months: str) -> Chart:
    """The share of tests passed by kind of test, each with its range."""
    ranges = [one.interval for one in found]
    short = [one for one in found if one.against(target) == "missed"]
    sure = bool(found) and all(one.against(target) == "met" for one in found)
    title = "Tests passed by kind: no data"
    if short:
        title = f"{wording.capital(wording.listed([kind(one.kind).lower() for one in short]))} tests fall short"
    elif found:
        title = "Every kind of test passes" if sure else "No kind of test can be told to fall short"
    return Chart(
        "interval", title, f"Share of tests passed by kind, {months}, with the 95 % range", "share",
        tuple(kind(one.kind) for one in found),
        (
            Series(
                "", tuple(one.part / one.whole if one.whole else None for one in found),
                labels=tuple(_sample(one.part, one.whole) for one in found),
                verdicts=tuple(one.against(target) for one in found), keys=tuple(one.kind for one in found),
            ),
        ),
        target=target, target_op=">=", empty=_EMPTY,
        limits=Limits(tuple(r.low if r else None for r in ranges), (None,) * len(found),
                      tuple(r.high if r else None for r in ranges)),
    )  # fmt: skip


def _sample(part: float | None, whole: float | None) -> str:
    return f"{part:,.0f} of {whole:,.0f}" if whole and part is not None else "no test"


def dumbbells(which: Literal["rto", "rpo"], found: Sequence[Drill], months: str, most: int = MOST) -> Chart:
    """The achieved times of tests against their targets, those furthest beyond first (as `drills.worst` gives them)."""
    name, good, over = _TIMES[which]
    times = [getattr(one, which) for one in found]
    missed = sum(time.met is False for time in times)
    title = f"{name}: no data"
    if missed:
        title = f"{name}: {missed:,} of {len(times):,} tests {over}"
    elif times:
        title = f"{name}: {f'all {len(times):,} tests' if len(times) > 1 else 'the one test'} {good}"
    shown, kept = times[:most], found[:most]
    rest = len(times) - len(shown)
    head = f"The worst {len(shown)} of {len(times):,}" if rest else "Every test, the worst first"
    return Chart(
        "dumbbell", title, f"{head}, {months}; tick: the target, log axis", "minutes",
        tuple(one.test.name for one in kept),
        (
            Series("achieved", tuple(time.achieved for time in shown),
                   labels=tuple(f"{wording.duration(t.achieved)} of {wording.duration(t.target)}" for t in shown),
                   verdicts=tuple("missed" if time.met is False else "met" for time in shown),
                   keys=tuple(key(one) for one in kept)),
            Series("target", tuple(time.target for time in shown), "comparison"),
        ),
        log=any(time.achieved or time.target for time in shown),
        empty=f"No test of these months has an achieved {name}. "
        f"Fill the column {which}_achieved_minutes of dr_tests.",
    )  # fmt: skip


def key(one: Drill) -> str:
    """What a click on a test's point names."""
    return f"{one.test.source}/{one.test.test}"


def kind(name: str) -> str:
    """A kind of test in words: "Backup restore"."""
    return wording.capital(name.replace("_", " "))


def mark(state: State, size: float = 13) -> str:
    """A state's shape alone; hidden from screen readers: its word stands beside it."""
    return marks((state,), size)


def marks(states: Sequence[State], size: float = 13, gap: float = 3) -> str:
    """A shape for each of these states, side by side."""
    pen, step = Pen(), size + gap
    for at, state in enumerate(states):
        _shape(pen, at * step + size / 2, size / 2, state, size * 0.84)
    wide = max(len(states) * step - gap, 0)
    drawn = "".join(pen.parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:g}" height="{size:g}" '
        f'viewBox="0 0 {wide:g} {size:g}" aria-hidden="true">{drawn}</svg>'
    )


def _shape(pen: Pen, x: float, y: float, state: State, size: float) -> None:
    r = size / 2
    match state:
        case "passed":
            pen.verdict(x, y, "met", size)
        case "failed":
            pen.verdict(x, y, "missed", size)
        case "no_result":
            pen.verdict(x, y, "no_data", size)
        case "partial":
            pen.dot(x, y, r, "none", "unsure", 1.4)
            pen.path(f"M{x:g} {y - r:g}A{r:g} {r:g} 0 0 0 {x:g} {y + r:g}Z", fill="unsure")
        case "overdue":
            pen.rect(x - r, y - r, size, size, "missed", radius=2)
            pen.line(x, y - r * 0.55, x, y + r * 0.15, "card", 1.6)
            pen.line(x, y + r * 0.42, x, y + r * 0.68, "card", 1.6)
        case "planned":
            pen.dot(x, y, r * 0.86, "none", "accent", 1.6)
        case "postponed":
            pen.path(f"M{x - r * 0.7:g} {y - r * 0.7:g}l{r * 0.7:g} {r * 0.7:g}l{-r * 0.7:g} {r * 0.7:g}"
                     f"M{x + r * 0.05:g} {y - r * 0.7:g}l{r * 0.7:g} {r * 0.7:g}l{-r * 0.7:g} {r * 0.7:g}",
                     "no_data", 1.5)  # fmt: skip
        case "cancelled":
            pen.line(x - r * 0.75, y, x + r * 0.75, y, "no_data", 1.8)
