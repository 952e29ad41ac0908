"""What a tile says of a number, in words: its value, verdict, target and change. Tiles of pages and of packs alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.charts import wording
from app.charts.description import Chart, Series, Signal
from app.charts.theme import VerdictKey
from app.metrics.catalogue import KPIS
from app.metrics.numbers import Number
from app.policy import Policy

_SIGNAL_WORDS: dict[str, tuple[VerdictKey, str]] = {
    "improving": ("met", "improving"),
    "worsening": ("missed", "worsening"),
    "steady": ("no_target", "no real change"),
    "too_few": ("no_target", "too few to tell"),
}


@dataclass(frozen=True)
class Face:
    """What stands on a tile, in words."""

    kpi: str
    name: str
    value: str
    """With its unit; `no data` where there is none."""
    beside: str
    """What the value is of: "11 of 14 SLOs"."""
    key: VerdictKey
    word: str
    said: str
    """The change in words."""
    target: str
    spark: Chart | None = None
    empty: bool = False
    year: str = ""
    """What it was a year before: "October 2025: 3 h 20 min"."""
    behind: str = ""
    """Which source that it is made from is late: "3 h late: pagerduty"."""


def op_of(key: str, policy: Policy) -> str:
    """The comparison of a KPI with its target."""
    target = policy.targets.get(key)
    return target.op if target else ">=" if KPIS[key].better == "higher" else "<="


def judged(now: Number, by_tier: Sequence[Number] = ()) -> tuple[VerdictKey, str]:
    """The verdict and its word: the number's own; without a target of its own that of its tiers, each by its own
    target, or of its SLOs; else whether it really changes."""
    if now.value is None:
        return "no_data", wording.NO_DATA
    if now.verdict != "no_target":
        return wording.verdict_key(now), wording.verdict(now)
    if now.kpi == "error_budget_remaining" and now.numerator is not None:
        return ("met", "met") if now.numerator == now.denominator else ("missed", "missed")
    verdicts = {number.verdict for number in by_tier} & {"met", "missed"}
    if verdicts:
        return ("missed", "missed") if "missed" in verdicts else ("met", "met")
    return _SIGNAL_WORDS[now.signal]


def face(
    now: Number, before: Number | None, trend: Sequence[Number], policy: Policy, by_tier: Sequence[Number] = (),
    unfit: str = "",
) -> Face:  # fmt: skip
    """What a tile says of a number, of the one it is compared with, and of the months before.

    `by_tier`: the same number of each tier, where tiers have targets of their own; `unfit`: what it cannot be narrowed
    to ("tier").
    """
    kpi, op = KPIS[now.kpi], op_of(now.kpi, policy)
    key, word = judged(now, by_tier)
    return Face(
        kpi=now.kpi,
        name=kpi.name,
        value=wording.amount(now, op, policy.currency),
        beside=wording.sample(now) if kpi.shape == "share" and now.n else "",
        key=key,
        word=word,
        said=f"Not counted by {unfit}" if unfit else _said(now, before, policy),
        target=_target(now, op, policy, kpi.target),
        spark=spark(trend, policy),
        empty=now.value is None,
    )


def _said(now: Number, before: Number | None, policy: Policy) -> str:
    if now.value is None:
        return (
            wording.capital(wording.sample(now))
            if now.n == 0 and now.unit == "share"
            else "No facts about it in this period"
        )
    if before is None:
        return wording.capital(wording.signal(now))
    text = wording.change(now, before, policy.currency)
    return wording.capital(text) + (" so far" if now.partial else "")


def _target(now: Number, op: str, policy: Policy, words: str) -> str:
    if now.target is None:
        return f"Target: {words}" if words else "No target"
    return f"Target {wording.target(now.target, now.unit, op, now.value, policy.currency)}"


def spark(trend: Sequence[Number], policy: Policy) -> Chart | None:
    """The months before as a small line with their signals; None where there is nothing to draw."""
    if sum(number.value is not None for number in trend) < 2:
        return None
    kpi = KPIS[trend[0].kpi]
    return Chart(
        kind="spark",
        title=wording.finding(kpi.name, trend),
        subtitle=f"{kpi.name} by month",
        unit=kpi.unit,
        x=tuple(number.period for number in trend),
        series=(Series(kpi.name, tuple(number.value for number in trend)),),
        target=trend[-1].target,
        target_op=op_of(kpi.key, policy),
        signals=tuple(
            Signal(at, number.signal)
            for at, number in enumerate(trend)
            if number.signal in ("improving", "worsening") and number.value is not None
        ),
        partial=frozenset(at for at, number in enumerate(trend) if number.partial),
        currency=policy.currency,
    )


def spent(made: Face, now: Number, before: Number) -> Face:
    """Error budgets are told by those that are spent: what is asked is that none is."""
    if now.value is None or now.numerator is None or now.denominator is None:
        return replace(made, name="Error budgets spent", target="Target: none spent")
    spent, whole = round(now.denominator - now.numerator), round(now.denominator)
    said = made.said
    if before.numerator is not None and before.denominator is not None:
        moved = spent - round(before.denominator - before.numerator)
        when = wording.period_in(before.period, now.period)
        said = f"As many as {when}" if moved == 0 else f"{abs(moved)} {'more' if moved > 0 else 'fewer'} than {when}"
        said += f", {wording.signal(now)}" if now.signal != "too_few" else ""
    return replace(
        made,
        name="Error budgets spent",
        value=f"{spent}",
        beside=f"of {whole} SLO{'s' if whole != 1 else ''}",
        said=said,
        target="Target: none spent",
    )
