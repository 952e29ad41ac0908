"""The matrix of risks and the sentence that tells the register."""

from collections.abc import Mapping
from typing import Any

import pytest

from app import policy as policies
from app.charts import risks as drawn
from app.charts.risks import Told, finding
from app.metrics.register import Level

SCALES = policies.default().risk
COUNTS: Mapping[Level, int] = {Level(4, 4): 2, Level(3, 4): 5}


def test_the_likeliest_is_on_top_and_the_line_runs_above_twelve() -> None:
    chart = drawn.matrix(COUNTS, "current", SCALES)

    assert chart.series[0].name == "5 almost certain"
    assert chart.x[-1] == "5 severe"
    over = {
        (5 - row, at + 1)
        for row, series in enumerate(chart.series)
        for at, verdict in enumerate(series.verdicts)
        if verdict == "missed"
    }
    assert over == {(x, y) for x in range(1, 6) for y in range(1, 6) if x * y > 12}
    assert chart.series[1].values == (0, 0, 0, 2, 0)
    assert chart.title == "2 of 7 are above appetite"


def test_risks_without_that_level_are_told() -> None:
    chart = drawn.matrix(COUNTS, "target", SCALES, unstated=3)

    assert chart.title == "2 of 7 would stay above appetite"
    assert "3 risks without a target in no cell" in chart.subtitle
    assert drawn.matrix({}, "target", SCALES, 3).title == "No risk states a target"
    assert drawn.matrix({Level(1, 1): 1}, "current", SCALES).title == "The one risk is not above appetite"


def test_levels_of_one_risk_in_one_cell_stand_together() -> None:
    chart = drawn.path([("inherent", Level(4, 4)), ("now", Level(2, 4)), ("target", Level(2, 4))], SCALES)

    assert chart.series[1].labels[3] == "inherent"
    assert chart.series[3].labels[3] == "now, target"
    assert chart.title == "Inherent 4 × 4, now 2 × 4, target 2 × 4"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"known": False, "open": 0}, "No risk was known on 31 Oct 2026."),
        ({"open": 0}, "No risk was open on 31 Oct 2026."),
        (
            {"open": 1},
            "On 31 Oct 2026 the one open risk did not lie above appetite. "
            "No review is overdue and no acceptance runs out.",
        ),
        (
            {"above": ["Fire"], "ran_out": 2, "reviews": 1},
            "One of 9 open risks lies above appetite on 31 Oct 2026: “Fire”. "
            "Two acceptances have run out and one review is overdue.",
        ),
        (
            {"above": ["Fire", "Flood"], "ending": 1, "loss": 2_000_000.0, "priced": 9, "half": 2},
            "Two of 9 open risks lie above appetite on 31 Oct 2026, led by “Fire”. "
            "One acceptance runs out within 30 days. "
            "Together they cost 2 M EUR in an average year, half of it from two.",
        ),
        (
            {"loss": 1_000.0, "priced": 1, "half": 1},
            "On 31 Oct 2026 none of 9 open risks lay above appetite. No review is overdue and no acceptance runs out. "
            "The one stated in money costs 1 k EUR in an average year.",
        ),
    ],
)
def test_the_finding_in_words(more: dict[str, Any], said: str) -> None:
    assert finding(Told(**{"day": "31 Oct 2026", "known": True, "open": 9, **more})) == said
