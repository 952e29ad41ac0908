"""`make bench`: imports against a bare insert of the same rows, the Overview against a bare Streamlit page."""

import argparse
import sys
from statistics import median
from typing import NamedTuple


class Result(NamedTuple):
    """One comparison: medians of interleaved runs, in `unit`."""

    what: str
    ours: list[float]
    bare: list[float]
    unit: str
    target: float
    at_least: bool

    def line(self) -> str:
        ratio = median(self.ours) / median(self.bare)
        met = ratio >= self.target if self.at_least else ratio <= self.target
        bound = "at least" if self.at_least else "at most"
        return (
            f"{self.what:<24} {_short(median(self.ours)):>9} {_short(median(self.bare)):>9} {self.unit:<7} "
            f"ratio {ratio:.2f}, {bound} {self.target:.2f}: {'met' if met else 'MISSED'}   "
            f"({len(self.ours)} runs, Nines {_short(min(self.ours))} to {_short(max(self.ours))})"
        )


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("what", nargs="*", choices=["import", "overview", []], help="default: both")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the imported file")
    parser.add_argument("--entity", choices=["sli", "pages"], default="sli")
    parser.add_argument("--databases", nargs="*", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--runs", type=int, default=3, help="imports on each database")
    parser.add_argument("--visits", type=int, default=9, help="visits of each page, fresh and warm")
    chosen = parser.parse_args()
    what = chosen.what or ["import", "overview"]
    print(f"{'':<24} {'Nines':>9} {'bare':>9}", flush=True)
    if "import" in what:
        from tests.bench import imports

        for database in chosen.databases:
            ours, bare = imports.measure(database, chosen.entity, chosen.rows, chosen.runs)
            name = f"import {chosen.entity}, {database}"
            print(Result(name, ours, bare, "rows/s", 1 / 3, at_least=True).line(), flush=True)
    if "overview" in what:
        from tests.bench import overview

        for state, (ours, bare) in overview.measure(chosen.visits).items():
            print(Result(f"Overview, {state}", ours, bare, "s", 1.3, at_least=False).line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
