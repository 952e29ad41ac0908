"""Known answers worked out elsewhere, for the arithmetic that KPIs of this release rest on.

Not used here, and why:
- `mwmb_promtool_oracle.csv`, `burn_rate_thresholds`: when to page; Nines reports burn, it does not alert.
- `composite`: no composite SLO is a KPI. `scorecard`, `firehydrant_healthiness`, `aws_resilience_hub`: others' scores.
- `crq_oracles.json` a, b, c beyond their means: at most one event a year. `dispatch_cost_example`: not downtime.
- `refire_repeat_24h`: alerts that fire again, not incidents. `two_counts`: Nines compares with limits, not pairs.
- `wheeler_published` median_moving_range and median_both: our XmR uses means. `roll_up_rounding`: in the charts' tests.
"""

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "oracles"
needed = pytest.mark.skipif(not FOLDER.exists(), reason="the shared oracles are not beside this checkout")


def load(name: str) -> Any:
    """One file of known answers; empty in a checkout without them, where the tests that need it are skipped."""
    path = FOLDER / name
    return json.loads(path.read_text()) if path.exists() else {}


STATS, CASES, SLO, WHEELER = (
    load(n) for n in ("stats_oracles.json", "numeric_cases.json", "slo_math_cases.json", "wheeler_published.json")
)
BY_ID = {case["id"]: case for case in WHEELER or ()}
