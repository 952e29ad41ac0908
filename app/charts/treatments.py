"""What treatments would buy, in sentences: money a year, against what they cost, and what is no more than chance."""

from collections.abc import Mapping
from dataclasses import replace

from app.charts import losses, risks, wording
from app.charts.description import Chart
from app.charts.headline import count
from app.metrics.register import Level
from app.metrics.simulation import Moved
from app.metrics.treatments import Compared
from app.policy import RiskPolicy


def finding(found: Compared, currency: str) -> str:
    """What these treatments take off an average year, and for how much."""
    many = len(found.treatments)
    who = f"{wording.capital(count(many))} treatment{'s' if many != 1 else ''}"
    takes, it = ("takes", "it costs") if many == 1 else ("take", "they cost")
    if found.reduction <= 0:
        worse = found.reduction < 0
        added = losses.money(-found.reduction, currency)
        return f"{who} would add {added} to an average year" if worse else f"{who} would take nothing off a year"
    share = wording.value(found.reduction / found.before.mean, "share")
    said = f"{who} {takes} {losses.money(found.reduction, currency)} off an average year, {share} of it"
    unknown = sum(one.treatment.cost is None for one in found.treatments)
    if unknown:
        return f"{said}; what {'it costs' if many == 1 else f'{count(unknown)} of them cost'} nobody has said"
    if not found.cost:
        return f"{said}, and {it} nothing"
    return f"{said}; {it} {losses.money(found.cost, currency)}: {ratio(found.ratio)}"


def ratio(value: float | None) -> str:
    """Money a year for each unit of money spent: "4.2 a year for each 1 spent"; empty without a cost."""
    return "" if value is None else f"{wording.value(value, 'ratio')} a year for each 1 spent"


def moved(step: Moved, currency: str) -> str:
    """How far an amount moves, with what the simulation leaves open: "1.2 M EUR less ± 40 k EUR"."""
    if step.by is None or step.high is None:
        return "too few years to tell"
    if step.by == 0 and not step.certain:
        return "no change"
    if not step.certain:
        return "cannot be told from chance"
    return f"{wording.gap(step.by, 'money', currency)} ± {losses.money(step.high - step.by, currency)}"


def shifted(step: Moved) -> str:
    """How far a probability moves: "8.1 points less ± 0.2"."""
    if step.by is None or step.high is None:
        return "too few years to tell"
    if step.by == 0 and not step.certain:
        return "no change"
    if not step.certain:
        return "cannot be told from chance"
    return f"{wording.gap(step.by, 'share')} ± {(step.high - step.by) * 100:.2g}"


def matrix(counts: Mapping[Level, int], before: Mapping[Level, int], scales: RiskPolicy) -> Chart:
    """The matrix of the open risks with these treatments, and how many would be above appetite."""
    made = risks.matrix(counts, "current", scales)
    now, then = (sum(held for at, held in cells.items() if at.score > scales.appetite) for cells in (before, counts))
    whole = sum(counts.values())
    would = f"{then:,} of {whole:,}" if then else f"None of {whole:,}"
    title = f"{would} would be above appetite, {'as now' if then == now else f'now {now:,}'}"
    subtitle = f"Likelihood by impact with these treatments; the line: likelihood × impact of {scales.appetite}"
    return replace(made, title=title, subtitle=subtitle, alt=f"{title}. {subtitle}.")
