"""A tile: one KPI's name, value, verdict, target, change and sparkline, with the way to how it is counted.

`face(...)` says what stands on it (pure; override a field with `dataclasses.replace`), `tile(face)` draws it,
`tiles([...])` a grid of four abreast. A click on one comes back from `board` as {"do": "explain", "kpi": …}; answer
it with `explain.explain(...)`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.charts import svg, wording
from app.charts.description import Chart, Series, Signal
from app.charts.theme import VerdictKey
from app.metrics.catalogue import KPIS
from app.metrics.numbers import Number
from app.policy import Policy
from app.ui.markup import Markup, button, el, join

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


def verdict(key: VerdictKey, word: str) -> Markup:
    """A verdict: shape, word and colour together."""
    shape = Markup(svg.shape(key, 14)) if key != "no_target" else None
    return el("span", shape, word, cls=f"verdict {key}")


def figure(value: str) -> Markup:
    """A value with its figures large and its units small: 3 h 20 min, 28.2 a week."""
    parts = (part for part in re.split(r"([\d.,\u2212]+)", value) if part)
    return join(*(part if part[0].isdigit() or part[0] == "\u2212" else el("small", part) for part in parts))


def tile(face: Face) -> Markup:
    """One tile as markup."""
    drawn = Markup(svg.draw(face.spark, 104, 38)) if face.spark else None
    return el(
        "article",
        el("div", el("h2", face.name), verdict(face.key, face.word), cls="top"),
        el(
            "div",
            el(
                "div",
                face.value if face.empty else el("span", figure(face.value)),
                el("span", face.beside, cls="beside") if face.beside else None,
                cls="value none" if face.empty else "value",
            ),
            el("div", drawn, cls="spark") if drawn else None,
            cls="mid",
        ),
        el(
            "div",
            el("p", face.said, cls="said", title=face.said),
            el("p", face.year, cls="said year") if face.year else None,
        ),
        el(
            "div",
            el("span", face.target, title=face.target),
            button(
                "How counted?",
                act={"do": "explain", "kpi": face.kpi},
                cls="how",
                aria_label=f"{face.name}: {face.value}, {face.word}. How is this counted?",
            ),
            cls="foot",
        ),
        cls="card tile",
        data_kpi=face.kpi,
    )


def tiles(faces: Sequence[Face]) -> Markup:
    """Tiles in a grid: four abreast, two on a phone."""
    return el("section", join(*(tile(face) for face in faces)), cls="grid", aria_label="Key numbers")
