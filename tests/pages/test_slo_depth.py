"""One SLO in depth: its budget's parts add up to the KPI on real stores, and the page tells them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import ingest
from app.metrics.numbers import Ask, Scope
from app.metrics.periods import parse
from app.people import local
from app.store.engine import open_store
from app.ui import read, slo_depth
from app.ui.choices import Asked
from tests.filled import NOW, app, boards, read_by_pages, text
from tests.metrics import oracles

COMPANY = Path(__file__).parents[3] / "shared" / "cases" / "company"
PAGE = "../pages/slos.py"
DAYS = "".join(f"shop-up,2026-10-{day:02}T00:00:00Z,1440,998,1000\n" for day in range(4, 20))
FACTS = {
    "services.csv": "service,name,tier,team\nshop,Shop,0,web\n",
    "slos.csv": (
        "slo,service,name,kind,objective,window,method,slice_minutes,slice_objective,valid_from\n"
        "shop-up,shop,Shop is up,availability,0.99,28d,occurrences,,,2026-01-01\n"
        "shop-up,shop,Shop is up,availability,0.995,28d,occurrences,1440,0.99,2026-10-15\n"
        "cron-up,shop,Cron is up,availability,0.9,1M,timeslices,5,,\n"
        "idle-up,shop,Nobody measures,availability,0.9,28d,occurrences,,,\n"
    ),
    "sli.csv": (
        f"slo,start,minutes,good,total\n{DAYS}"
        "shop-up,2026-10-20T00:00:00Z,1440,948,1000\n"
        "shop-up,2026-10-21T00:00:00Z,1440,988,1000\n"
        "shop-up,2026-10-22T00:00:00Z,1440,900,1000\n"
        "cron-up,2026-10-05T00:00:00Z,1440,280,288\n"
    ),
    "incidents.csv": (
        "incident,title,severity,started_at,detected_at,mitigated_at,services,caused_by\n"
        "INC-1,Shop <b>down</b>,1,2026-10-20T10:00:00Z,2026-10-20T10:05:00Z,2026-10-20T12:24:00Z,shop,D-1\n"
        "INC-2,Shop slow,2,2026-10-22T10:00:00Z,2026-10-22T10:05:00Z,2026-10-22T11:00:00Z,shop,\n"
    ),
    "deployments.csv": "deployment,service,deployed_at,status\nD-1,shop,2026-10-20T09:30:00Z,succeeded\n",
    "exclusions.csv": (
        "exclusion,start,end,services,slos,reason,category,approved_by\n"
        "X1,2026-10-22T00:00:00Z,2026-10-23T00:00:00Z,,shop-up,Move of the data centre,maintenance,Ada Head\n"
    ),
}


@pytest.fixture
def hand_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_by_pages(FACTS, tmp_path, monkeypatch)


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages read the synthetic company with the awkward edges, as of its end."""
    url = f"sqlite:///{tmp_path}/company.db"
    engine = open_store(url)
    ingest.run(engine, [COMPANY], by=local("ann"))
    engine.dispose()
    monkeypatch.setattr(read, "now", lambda: datetime(2026, 11, 1, tzinfo=UTC))
    monkeypatch.setenv("NINES_DATABASE_URL", url)


def asked(period: str, as_of: datetime = NOW) -> Asked:
    zone = read.directory().policy.timezone
    return Asked(parse(period, zone), parse(period, zone).previous(), Scope(), as_of, zone)


def every(periods: list[str], as_of: datetime) -> Iterator[tuple[slo_depth.Depth, float]]:
    """Each SLO with a budget in depth, and what the KPI says is left of it."""
    for period in periods:
        of = asked(period, as_of)
        for number in read.numbers(("error_budget_remaining",), Ask((of.period,), as_of, frozenset({"slo"}))):
            if number.value is None or number.group.slo is None:
                continue
            source = next(slo.source for slo in read.facts(frozenset(), of.ask()).slos if slo.slo == number.group.slo)
            found = slo_depth.depth(of, source, number.group.slo)
            assert found is not None, number.group.slo
            yield found, number.value


def adds_up(found: slo_depth.Depth, left: float) -> None:
    """The parts are the whole that the KPI tells, and the line ends at it."""
    assert found.spend is not None, found.slo
    told = [found.spend.everyday, found.spend.cut, found.spend.unexplained, *(part.bad for part in found.spend.parts)]
    assert min(told) >= -1e-6, found.slo
    assert sum(told) / found.spend.allowed == pytest.approx(1 - left, rel=1e-9, abs=1e-9), found.slo
    assert found.spend.left == pytest.approx(left, rel=1e-9, abs=1e-9), found.slo
    ends = [day.left for day in found.days if day.left is not None]
    assert ends[-1] == pytest.approx(left, rel=1e-7, abs=1e-7), found.slo


@pytest.mark.usefixtures("full")
def test_parts_add_up_to_the_budget_spent_for_every_slo_of_the_demo() -> None:
    found = list(every(["2026-04", "2026-10", "2026-11"], NOW))

    for depth, left in found:
        adds_up(depth, left)
    assert len(found) >= 3 * 49
    assert sum(part.bad > 0 for depth, _ in found for part in (depth.spend.parts if depth.spend else ())) > 20


@oracles.needed
@pytest.mark.usefixtures("company")
def test_parts_add_up_to_the_budget_spent_for_every_slo_of_the_company() -> None:
    found = list(every([f"2026-{month:02}" for month in range(5, 11)], datetime(2026, 11, 1, tzinfo=UTC)))

    for depth, left in found:
        adds_up(depth, left)
    assert len({depth.slo.slo for depth, _ in found}) == 12
    assert any(depth.exclusions for depth, _ in found)


def page(slo: str, **address: str) -> AppTest:
    at = app()
    for name, said in {"slo": slo, **address}.items():
        at.query_params[name] = said
    return at.run().switch_page(PAGE).run()


@pytest.mark.usefixtures("hand_made")
def test_a_page_names_what_each_incident_spent_and_the_rest() -> None:
    at = page("shop-up")

    assert not at.exception
    said = text(boards(at)["slo_depth"])
    # 18 days of 1,000 are left: 90 may fail. 16 x 2 + 52 + 12 did; 2 of 1,000 are usual.
    assert "1 Shop <b>down</b> 20 Oct 2026 10:00, 2 h 24 min, after deployment D-1" in said
    assert "56 % 50 failures" in said
    assert "Everyday errors" in said
    assert "All that was spent of 90 failures 107 % 96 failures" in said
    assert "1 other incident touched the service and is given nothing" in said
    assert "<b>down</b>" not in boards(at)["slo_depth"], "what people wrote is never markup"


@pytest.mark.usefixtures("hand_made")
def test_a_page_tells_exclusions_with_both_values_and_who_approved_them() -> None:
    said = text(boards(page("shop-up"))["slo_depth"])

    assert (
        "1 approved exclusion in the window Attained 99.47 % with them and 99 % without; −7 % of the budget left"
        in said
    )
    assert "Move of the data centre 22 Oct 2026 00:00 to 23 Oct 2026 00:00, 24 h of the window; maintenance" in said
    assert "approved by Ada Head" in said


@pytest.mark.usefixtures("hand_made")
def test_a_page_compares_methods_and_says_what_cannot_be_told() -> None:
    events, slices = (text(boards(page(slo))["slo_depth"]) for slo in ("shop-up", "cron-up"))

    assert "By events (its own)" in events
    assert "2 d lie in rows with less than 99 % good" in events, "the slice's own objective: 948 and 988 of 1,000"
    assert "By slices, each good or bad (its own)" in slices
    assert "cannot be told" in slices


@pytest.mark.usefixtures("hand_made")
def test_the_line_has_gaps_where_nothing_was_measured_and_what_happened_on_it() -> None:
    drawn = boards(page("shop-up"))["slo_burndown_chart"]

    said = text(drawn)
    assert "The error budget is overspent by 7 %" in said
    assert "Measured on 19 of 28 days" in said
    assert "nines-incident" in drawn
    assert "nines-deployment" in drawn
    assert "nines-exclusion" in drawn
    assert "objective ≥ 99.5 %" in drawn
    assert "frozen at 0 %" in said
    assert "warning at 25 %" in said


@pytest.mark.usefixtures("hand_made")
def test_an_slo_that_nobody_measures_has_no_budget_and_no_line() -> None:
    at = page("idle-up")

    assert not at.exception
    assert "Nothing was measured in the window." in text(boards(at)["slo_depth"])
    assert "Too few days to tell" in text(boards(at)["slo_depth"])
    assert "Import sli" in text(boards(at)["slo_burndown_chart"])


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("period", ["2026-11", "2026", "2026-Q3", "2024-11"])
@pytest.mark.parametrize("slo", ["ledger-correctness", "reviews-availability", "recommendations-availability"])
def test_every_kind_of_period_and_window_is_shown(slo: str, period: str) -> None:
    at = page(slo, period=period)

    assert not at.exception
    assert "What spent the budget" in text(boards(at)["slo_depth"])


@pytest.mark.usefixtures("full")
def test_a_day_without_data_is_no_good_day() -> None:
    """The exporter of this one was down for eleven days, 128 days before today."""
    found = slo_depth.depth(asked("2026-07"), "catalogue", "recommendations-availability") or next(
        depth for depth, _ in every(["2026-07"], NOW) if depth.slo.slo == "recommendations-availability"
    )

    assert sum(day.left is None for day in found.days) == 11
    assert "Measured on 17 of 28 days" in text(
        boards(page("recommendations-availability", period="2026-07"))["slo_burndown_chart"]
    )
