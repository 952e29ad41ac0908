"""What a speaker can answer with: how each number on a slide is counted, from what, how sure, and what was left out."""

from collections.abc import Iterable, Mapping

from app.charts import faces, wording
from app.charts.description import Chart
from app.metrics.catalogue import KPIS
from app.metrics.numbers import Number
from app.policy import Policy
from app.review.snapshot import Snapshot


def whole(snapshot: Snapshot) -> Mapping[str, Number]:
    """KPI → the organisation's number of the period."""
    return {one.kpi: one for one in snapshot.numbers.get("", ()) if one.group.slo is None}


def methods(snapshot: Snapshot, keys: Iterable[str], policy: Policy | None) -> list[str]:
    """A paragraph for each number."""
    found = whole(snapshot)
    return [method(found[key], policy, snapshot.currency) for key in keys if key in found and key in KPIS]


def method(number: Number, policy: Policy | None, currency: str) -> str:
    """How one number is counted."""
    kpi = KPIS[number.kpi]
    op = faces.op_of(number.kpi, policy) if policy else ""
    said = [f"{kpi.name}: {wording.amount(number, op, currency)}", wording.capital(kpi.formula)]
    said.append(wording.capital(wording.sample(number)))
    if range_ := wording.interval(number, currency):
        said.append(f"{wording.capital(range_)} with 95 % confidence")
    if number.target is not None:
        aim = wording.target(number.target, number.unit, op, number.value, currency)
        said.append(f"Target {aim}: {wording.verdict(number)}")
    if number.coverage is not None:
        said.append(f"Coverage {wording.value(number.coverage, 'share')}")
    if number.n_excluded:
        why = wording.listed([f"{many:,} {reason}" for reason, many in number.excluded.items()])
        said.append(f"Left out {number.n_excluded:,}" + (f" ({why})" if why else ""))
    if number.value is not None:
        said.append(wording.capital(wording.signal(number)))
    return ". ".join(part.rstrip(".") for part in said if part) + "."


def kpi_of(chart: Chart) -> str | None:
    """The KPI that a chart is the trend of; None where it is of more than one number."""
    if chart.kind not in ("line", "bar") or chart.horizontal or not chart.series:
        return None
    names = {kpi.name: key for key, kpi in KPIS.items()}
    return names.get(chart.series[0].name)
