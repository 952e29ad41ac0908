"""Where others stand: the bands of DORA's yearly survey, as data with their source. A band is a place, not a verdict.

DORA prints a group's typical answer rather than a border ("5 %", "between one day and one week"); the borders between
groups are set where Apache DevLake, which shows the same reports, sets them. Later years cannot be cut in this way: in
2024 the high group failed more often than the medium one, from 2025 on the survey tells no such groups.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Band = Literal["elite", "high", "medium", "low"]
BANDS: tuple[Band, ...] = ("elite", "high", "medium", "low")
LATEST = 2023
SOURCES: Mapping[int, str] = {
    2021: "Accelerate State of DevOps 2021, DORA and Google Cloud",
    2023: "Accelerate State of DevOps 2023, DORA and Google Cloud",
}
_DAY, _WEEK, _MONTH = 24.0, 168.0, 730.5
"""Hours; a month is a twelfth of a year."""
_A_MONTH = _WEEK / _MONTH
"""Once a month, a week."""


class Cuts(NamedTuple):
    """The borders of one measure, from the best group on: a value at or within a border belongs to its band."""

    unit: str
    better: Literal["higher", "lower"]
    elite: float
    high: float
    medium: float
    words: tuple[str, str, str, str]
    """What the report says of each group."""
    closed: bool = True
    """Whether the border itself still belongs to the better band ("less than one hour" does not hold it)."""


BENCHMARKS: Mapping[int, Mapping[str, Cuts]] = {
    2021: {
        "change_failure_rate": Cuts(
            "share", "lower", 0.15, 0.20, 0.30, ("0-15 %", "16-30 %", "16-30 %", "16-30 %")
        ),
    },
    2023: {
        "deployment_frequency": Cuts(
            "per_week", "higher", 7, 1, _A_MONTH,
            ("on demand, several a day", "once a day to once a week", "once a week to once a month",
             "once a week to once a month"),
        ),
        "change_lead_time": Cuts(
            "hours", "lower", _DAY, _WEEK, _MONTH,
            ("less than a day", "a day to a week", "a week to a month", "a week to a month"), closed=False,
        ),
        "change_failure_rate": Cuts("share", "lower", 0.05, 0.10, 0.15, ("5 %", "10 %", "15 %", "64 %")),
        "recovery_time": Cuts(
            "minutes", "lower", 60, _DAY * 60, _WEEK * 60,
            ("less than an hour", "less than a day", "a day to a week", "a month to six months"), closed=False,
        ),
    },
}  # fmt: skip
"""Year → KPI → its bands. Of deployment frequency: of one service, as the survey asks."""


def band(kpi: str, value: float | None, year: int = LATEST) -> Band | None:
    """The group of a year's survey in which a value would stand; None without a value, or where the survey did not ask
    for this."""
    cuts = BENCHMARKS[year].get(kpi)
    if cuts is None or value is None:
        return None
    for name, border in zip(BANDS, (cuts.elite, cuts.high, cuts.medium), strict=False):
        if (value >= border) if cuts.better == "higher" else value < border or (cuts.closed and value == border):
            return name
    return "low"
