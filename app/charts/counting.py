""" "How is this counted?" in words: what a number is made from, how sure it is, what was left out. The same on
pages and in packs."""

from collections.abc import Iterator, Sequence

from app.charts import faces, wording
from app.metrics import losses
from app.metrics.kpi import Kpi
from app.metrics.numbers import Number
from app.policy import Policy


def facts(kpi: Kpi, number: Number, policy: Policy, tiers: Sequence[Number] = ()) -> Iterator[tuple[str, str]]:
    """What there is to say of a number beside its value, each with its name; `tiers`: the same number of each tier."""
    said = (
        ("Formula", kpi.formula),
        ("In a period by", kpi.at),
        ("Made from", made(kpi, number, policy)),
        ("Range", sureness(number, policy)),
        ("A bad year", bad_years(number, policy.currency)),
        ("Coverage", coverage(number)),
        ("Left out", left_out(number)),
        ("With exclusions taken out", exclusions(number, policy)),
        ("Target", target(kpi, number, policy)),
        ("By tier", "; ".join(by_tier(number, policy) for number in tiers)),
        ("Change", wording.capital(wording.signal(number)) + "." if number.value is not None else None),
    )
    yield from ((name, words) for name, words in said if words)


def made(kpi: Kpi, number: Number, policy: Policy) -> str:
    """ "2 of 5 deployments", "From 12 incidents; mean 95 min, nine in ten within 3 h 20 min"."""
    said = wording.capital(wording.sample(number))
    if kpi.shape in ("rate", "ratio") and number.numerator is not None and number.denominator is not None:
        said += f": {figure(number.numerator)} of {figure(number.denominator)}"
    if kpi.shape == "duration" and number.mean is not None:
        mean, p90 = (wording.value(part, number.unit, currency=policy.currency) for part in (number.mean, number.p90))
        said += f"; mean {mean}, nine in ten within {p90}"
    return said


def sureness(number: Number, policy: Policy) -> str | None:
    """The interval; None without one."""
    said = wording.interval(number, policy.currency)
    if not said:
        return None
    return f"With 95 % confidence {said}" + (
        ": on both sides of the target, so it cannot be told" if wording.verdict_key(number) == "unsure" else ""
    )


def coverage(number: Number) -> str | None:
    """How much of what there was to observe was observed."""
    return (
        None if number.coverage is None else f"{wording.value(number.coverage, 'share')} of what there was to observe"
    )


def figure(value: float) -> str:
    """A part or a whole, to two digits behind the point, without noughts at the end."""
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".") if abs(value) >= 0.01 or value == 0 else f"{value:.2g}"


def left_out(number: Number) -> str | None:
    """How many rows were not used, by reason; None where all were."""
    if not number.n_excluded:
        return None
    reasons = sorted(number.excluded.items(), key=lambda pair: -pair[1])
    return f"{number.n_excluded:,} rows: " + ", ".join(f"{count:,} {reason}" for reason, count in reasons)


def exclusions(number: Number, policy: Policy) -> str | None:
    """What approved exclusions took out, and what the number is without them."""
    minutes = number.extra.get("excluded_minutes")
    if not minutes:
        return None
    without = number.extra.get("without_exclusions")
    beside = (
        f"; without them it is {wording.value(without, number.unit, number.target, currency=policy.currency)}"
        if without is not None
        else ""
    )
    return f"{wording.duration(minutes)} of approved exclusions{beside}"


def target(kpi: Kpi, number: Number, policy: Policy) -> str:
    """The target as the number is held against it, and as the policy words it."""
    if number.target is None:
        return kpi.target or "none"
    return f"{_wanted(number, policy)} (policy: {kpi.target})" if kpi.target else _wanted(number, policy)


def by_tier(number: Number, policy: Policy) -> str:
    """ "Tier 0: 99.95 %, met (target ≥ 99.9 %)"."""
    said = f"Tier {number.group.tier}: {wording.amount(number, faces.op_of(number.kpi, policy), policy.currency)}"
    if number.target is None:
        return said
    return f"{said}, {wording.verdict(number)} (target {_wanted(number, policy)})"


def bad_years(number: Number, currency: str) -> str | None:
    """What the bad years of a number cost, with the error of each; None for other numbers, and without data."""
    if number.kpi != losses.KEY or "years" not in number.extra:
        return None
    said = [
        _percentile(often, value, number.extra[f"{name}_low"], number.extra[f"{name}_high"], currency)
        for often, name, value in (
            ("ten", "p90", number.p90),
            ("twenty", "p95", number.extra["p95"]),
            ("a hundred", "p99", number.extra["p99"]),
        )
    ]
    return f"{'; '.join(said)} (of {number.extra['years']:,} simulated years)"


def spread(value: float, low: float, high: float) -> str:
    """How far a simulated amount may be off: "0.4 %" of it, "0 %" where it is nothing."""
    share = max(value - low, high - value) / value if value else 0.0
    return wording.value(share, "share")


def _percentile(often: str, value: float | None, low: float | None, high: float | None, currency: str) -> str:
    if value is None or low is None or high is None:
        return f"one year in {often}: too few years to tell"
    amount = wording.value(value, "money", currency=currency)
    return f"one year in {often} costs more than {amount} (± {spread(value, low, high)})"


def _wanted(number: Number, policy: Policy) -> str:
    assert number.target is not None
    op = faces.op_of(number.kpi, policy)
    return wording.target(number.target, number.unit, op, number.value, policy.currency)
