"""What a year of the register costs: the loss exceedance curve, percentiles in words, and the sentences they make."""

from collections.abc import Sequence
from itertools import chain
from typing import Literal, NamedTuple

from app.charts import wording
from app.charts.description import Chart, Series
from app.charts.theme import VerdictKey
from app.metrics.bad_years import Outcome
from app.metrics.simulation import Exceedance, Percentile
from app.policy import Policy, Tolerance

EMPTY = "No risk has a loss range: add events per year and loss, as 90 % ranges."
OFTEN = {0.5: "two", 0.9: "ten", 0.95: "twenty", 0.99: "a hundred"}
"""One year in so many costs more than a percentile."""
Side = Literal["within", "beyond", "edge"]


class Told(NamedTuple):
    """The years of a register as a chart tells them."""

    mean: float
    """In closed form."""
    percentiles: tuple[Percentile, ...]
    curve: tuple[Exceedance, ...]
    tolerance: tuple[tuple[Tolerance, Exceedance], ...]
    """What is tolerated, and how likely such a year is."""
    risks: int
    years: int
    currency: str
    before: tuple[Exceedance, ...] = ()
    """Before treatments, where the chart is of what they would buy."""


def told(found: Outcome, policy: Policy, before: Outcome | None = None) -> Told:
    """Simulated years as charts tell them, beside what the policy tolerates."""
    return Told(
        mean=found.mean,
        percentiles=found.percentiles,
        curve=found.curve,
        tolerance=tuple((point, found.beyond(point.loss)) for point in policy.risk.tolerance),
        risks=len(found.exposures),
        years=len(found.years),
        currency=policy.currency,
        before=before.curve if before is not None else (),
    )


def name(p: float) -> str:
    """ "P90"."""
    return f"P{p * 100:g}"


def money(amount: float | None, currency: str) -> str:
    """An amount as a chart says it."""
    return wording.value(amount, "money", currency=currency)


def error(found: Percentile) -> str:
    """How far a percentile may be off: "± 0.7 %"; empty where it is nothing, or none."""
    if found.value is None or found.low is None or found.high is None or not found.value:
        return ""
    return f"± {wording.value(max(found.value - found.low, found.high - found.value) / found.value, 'share')}"


def side(point: Tolerance, found: Exceedance) -> Side:
    """On which side of the tolerance a year lies: the edge where the error of the simulation leaves both open."""
    if found.high <= point.probability:
        return "within"
    return "beyond" if found.low > point.probability else "edge"


VERDICTS: dict[Side, tuple[VerdictKey, str]] = {
    "within": ("met", "within"),
    "beyond": ("missed", "beyond"),
    "edge": ("unsure", "at the edge"),
}


def beyond(told: Told) -> tuple[Tolerance, Exceedance] | None:
    """The point of the tolerance that is broken the most, by how many times as likely; None where none is."""
    broken = [pair for pair in told.tolerance if side(*pair) == "beyond"]
    return max(broken, key=lambda pair: pair[1].probability / pair[0].probability, default=None)


def chance(probability: float) -> str:
    """A probability in per cent, to three digits."""
    return f"{float(f'{probability * 100:.3g}'):g} %"


def likely(point: Tolerance, found: Exceedance) -> str:
    """How likely a year beyond a point of the tolerance is: as many digits as tell it from what is tolerated."""
    return wording.value(found.probability, "share", point.probability, "<=")


def title(told: Told) -> str:
    """The finding of the curve."""
    if not told.curve:
        return "What a year costs: not stated" if not told.risks else "No year costs anything"
    worst, bad = beyond(told), _of(told, 0.9)
    said = f"one year in ten costs more than {money(bad.value, told.currency)}" if bad and bad.value else ""
    if worst:
        point, found = worst
        return (
            f"Beyond tolerance: {likely(point, found)} of years cost more than "
            f"{money(point.loss, told.currency)}, at most {chance(point.probability)} may"
        )
    if not told.tolerance:
        return f"{wording.capital(said)}, an average one {money(told.mean, told.currency)}" if said else (
            f"An average year costs {money(told.mean, told.currency)}"
        )  # fmt: skip
    edge = any(side(*pair) == "edge" for pair in told.tolerance)
    where = "At the edge of tolerance" if edge else "Within tolerance"
    return f"{where}: {said}" if said else where


def _of(told: Told, p: float) -> Percentile | None:
    return next((one for one in told.percentiles if one.p == p), None)


def curve(told: Told, name_: str = "the register") -> Chart:
    """The loss exceedance curve with its percentiles and what is tolerated; before and after where both are told."""
    series = [_line(told.curve, name_, told.currency)]
    if told.before:
        series.append(_line(told.before, "before", told.currency, "comparison"))
    known = [one for one in told.percentiles if one.value]
    if known:
        series.append(
            Series(
                name="percentiles",
                values=tuple(1 - one.p for one in known),
                role="context",
                labels=tuple(f"{name(one.p)} {error(one)}" for one in known),
                at=tuple(one.value or 0.0 for one in known),
                keys=tuple(f"{name(one.p)} {short(one.value or 0.0, told.currency)}" for one in known),
            )
        )
    if told.tolerance and told.curve:
        dearest = max(points[-1].loss for points in (told.curve, told.before) if points)
        series.append(_stair([point for point, _ in told.tolerance], dearest))
    dashed = "; dashed: before" if told.before else ""
    dotted = "; dotted: what is tolerated" if told.tolerance else ""
    independent = f"{told.risks:,} independent risks" if told.risks != 1 else "1 risk"
    return Chart(
        kind="curve",
        title=title(told),
        subtitle=f"Probability that a year costs more than an amount, {told.years:,} simulated years of "
        f"{independent}{dashed}{dotted}",
        unit="money",
        x=tuple(short(one.loss, told.currency) for one in told.curve),
        series=tuple(series),
        currency=told.currency,
        alt=alt(told),
        empty=EMPTY if not told.risks else "No year costs anything: events or losses are stated as nothing.",
    )


def short(amount: float, currency: str) -> str:
    """An amount without its currency."""
    return money(amount, currency).removesuffix(f" {currency}")


def _line(
    points: Sequence[Exceedance], name_: str, currency: str, role: Literal["main", "comparison"] = "main"
) -> Series:
    return Series(
        name=name_,
        values=tuple(one.probability for one in points),
        role=role,
        labels=tuple(
            f"{chance(one.probability)} of years cost more than {money(one.loss, currency)}\n"
            f"{chance(one.low)} to {chance(one.high)} with 95 % confidence"
            for one in points
        ),
        at=tuple(one.loss for one in points),
    )


def _stair(points: Sequence[Tolerance], end: float) -> Series:
    """Each amount twice: down to its probability, and on to the next."""
    steps = [*(point.probability for point in points)]
    corners = chain.from_iterable(
        ((point.loss, 1.0 if at == 0 else steps[at - 1]), (point.loss, point.probability))
        for at, point in enumerate(points)
    )
    found = [*corners, (max(end, points[-1].loss), steps[-1])]
    return Series(
        name="tolerated", values=tuple(value for _, value in found), role="context", at=tuple(at for at, _ in found)
    )


def alt(told: Told) -> str:
    """The curve in sentences."""
    if not told.curve:
        return EMPTY
    said = [f"An average year costs {money(told.mean, told.currency)}"]
    said += [
        f"one year in {OFTEN[one.p]} costs more than {money(one.value, told.currency)}"
        for one in told.percentiles
        if one.value is not None
    ]
    said += [
        f"{likely(point, found)} of years cost more than {money(point.loss, told.currency)}, tolerated are "
        f"{chance(point.probability)}"
        for point, found in told.tolerance
    ]
    return f"{'; '.join(said)}."
