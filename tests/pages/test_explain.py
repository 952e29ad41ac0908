""" "How is this counted?" of every KPI: what it says, and that the rows behind it add up to it."""

import pytest
from streamlit.testing.v1 import AppTest

from app.charts import counting
from app.metrics import periods
from app.metrics.catalogue import KPIS
from app.metrics.numbers import Ask, Group, Number, Row
from app.policy import default
from app.ui import explain, read
from tests.filled import boards, text

MEASURED = [key for key, kpi in KPIS.items() if kpi.measured and not kpi.always_by]


def script(key: str) -> None:
    from app.metrics import periods
    from app.metrics.numbers import Scope
    from app.ui import read
    from app.ui.choices import Asked
    from app.ui.explain import explain

    month = periods.parse("2026-10")
    explain(key, Asked(month, month.previous(), Scope(), read.moment(), "UTC"))


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("key", MEASURED)
def test_the_rows_shown_add_up_to_the_number(key: str) -> None:
    october = Ask((periods.parse("2026-10"),), read.moment())
    (number,) = read.numbers([key], october)

    at = AppTest.from_function(script, args=(key,), default_timeout=60).run()

    assert not at.exception
    shown = boards(at)
    assert KPIS[key].question in text(shown[f"explain_{key}"])
    rows = read.rows(key, october)
    used = [row for row in rows if not row.reason]
    assert sum(row.n for row in used) == number.n
    assert len(rows) - len(used) == number.n_excluded
    if KPIS[key].shape in ("count", "sum"):
        assert sum(row.part for row in used) == pytest.approx(number.value)
    foot = text(shown[f"explain_{key}_rows_table"].split("<tfoot>")[1])
    assert explain.adds_up(KPIS[key], number, rows, default()) == foot


@pytest.mark.usefixtures("full")
def test_what_is_not_in_the_catalogue_opens_nothing() -> None:
    at = AppTest.from_function(script, args=("<script>",), default_timeout=60).run()

    assert not at.exception
    assert not boards(at)


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("key", ["slo_compliance", "toil", "time_to_restore"])
def test_without_data_it_says_so_and_shows_no_table(key: str) -> None:
    at = AppTest.from_function(script, args=(key,), default_timeout=60).run()

    assert not at.exception
    assert "no data" in text(boards(at)[f"explain_{key}"])
    assert f"explain_{key}_rows_table" not in boards(at)


def test_what_was_left_out_is_told_by_reason() -> None:
    number = Number("time_to_restore", "2026-10", Group(), 50.0, "minutes", n=2, n_excluded=3,
                    excluded={"no end": 2, "negative": 1})  # fmt: skip

    assert counting.left_out(number) == "3 rows: 2 no end, 1 negative"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0"), (3.0, "3"), (2.5, "2.5"), (2_226_240.126, "2,226,240.13"), (0.004, "0.004"), (10.0, "10")],
)
def test_parts_and_wholes_are_plain_figures(value: float, shown: str) -> None:
    assert counting.figure(value) == shown


def test_rows_lead_to_the_page_of_their_incident_slo_or_risk() -> None:
    def row(entity: str, name: str) -> Row:
        return Row("2026-10", Group(), entity, "s", name, "t", None)

    assert explain._leads_to(row("impacts", "INC-1")) == {"do": "open", "place": "incident", "incident": "INC-1"}
    assert explain._leads_to(row("sli", "a/b/2026-10-01T00:00:00Z")) == {"do": "open", "place": "slos", "slo": "a/b"}
    assert explain._leads_to(row("risks", "R-1")) == {"do": "open", "place": "risk", "risk": "R-1", "source": "s"}
    assert explain._leads_to(row("actions", "A-1")) is None
