"""Every page on every kind of store: it stands, with its title, and says what is missing where something is."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from app.demo.filling import fill
from app.demo.plan import ENTERPRISE
from app.metrics.catalogue import KPIS
from app.metrics.measure import add
from app.metrics.numbers import Ask, Number, Tally
from app.metrics.periods import containing
from app.records import ENTITIES
from app.store.engine import open_store, reading
from app.store.tables import FACTS
from app.ui import places, read
from app.ui.overview import TILES
from app.ui.places import Place
from tests.filled import NOW, TODAY, app, boards, text

LARGE = ENTERPRISE._replace(countries=ENTERPRISE.countries[:1])
"""The enterprise demo of one country: as dense as the whole, a twenty-fourth of it."""
MONTH = containing((NOW - timedelta(days=30)).date(), "month", "UTC")
MEASURED = [key for key, kpi in KPIS.items() if kpi.measured and not kpi.always_by]
OF_THE_COMPANY = frozenset({"unit_cost", "budget_variance"})
"""What the demo's finance tells of the company alone."""


@pytest.fixture(scope="module")
def large_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('large')}/large.db"
    engine = open_store(url)
    fill(engine, LARGE, today=TODAY)
    engine.dispose()
    return url


@pytest.fixture
def large(large_url: str, looked_at: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages read one country of the enterprise demo."""
    monkeypatch.setenv("NINES_DATABASE_URL", large_url)


def named(place: Place) -> dict[str, str]:
    """What the address of a page of one thing says: the latest of that thing, where there is any."""
    entity = next((entity for entity in ENTITIES.values() if entity.key[0] == place.name), None)
    if not place.hidden or entity is None:
        return {}
    table = FACTS[entity.name]
    with reading(read.opened(read.state().url)) as conn:
        order = table.c[entity.at or place.name].desc()
        found = conn.execute(sa.select(table.c[place.name]).order_by(order, table.c[place.name]).limit(1)).scalar()
    return {place.name: str(found)} if found is not None else {}


def opened(place: Place) -> AppTest:
    at = app()
    for name, said in named(place).items():
        at.query_params[name] = said
    at.default_timeout = 300
    return at.run().switch_page(str(place.script)).run()


@pytest.mark.parametrize("place", places.PLACES, ids=lambda place: place.name)
@pytest.mark.parametrize("store", ["full", "large", "empty", "one_fact"])
def test_every_page_stands_on_every_store(store: str, place: Place, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(store)

    at = opened(place)

    assert not at.exception
    shown = boards(at)
    assert shown, "a page is never blank"
    if store in ("full", "large"):
        assert f"<h1>{place.title}</h1>" in shown["frame_head"]
        least = 200 if place is places.REVIEW else 400  # the demo has held no review
        assert sum(len(text(markup)) for markup in shown.values()) > least
    if store == "empty" and place is places.RISKS:
        assert "New risk" in [button.label for button in at.button], "an empty register can be begun"
    elif store == "empty" and place is not places.DATA_HEALTH and not place.alone:
        assert "Nothing here yet" in text(shown["empty_store"])


def explained(at: AppTest) -> set[str]:
    """The KPIs that a page's tiles and cards explain."""
    acts = re.findall(r'data-act="([^"]*)"', " ".join(boards(at).values()))
    said = [json.loads(unescape(act)) for act in acts]
    return {act["kpi"] for act in said if act.get("do") == "explain" and act.get("kpi") in KPIS}


def close(number: Number, tally: Tally) -> bool:
    """Whether rows added up give a number: its n, and its parts and whole or its median."""
    if KPIS[number.kpi].shape == "duration":
        median = tally.durations().median
        return number.n == tally.n and (
            number.value is None if median is None else number.value == pytest.approx(median, rel=1e-9)
        )
    whole = number.denominator if KPIS[number.kpi].exposure is None else None
    parts = [(number.numerator, tally.part), (whole, tally.whole)]
    return number.n == tally.n and all(
        said == pytest.approx(sum_, rel=1e-9) for said, sum_ in parts if said is not None
    )


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("key", MEASURED)
@pytest.mark.parametrize("by", ["", "tier", "team"])
def test_the_rows_of_every_number_that_tiles_and_charts_show_add_up_to_it(key: str, by: str) -> None:
    months = tuple(MONTH.previous(step) for step in range(5, -1, -1))
    ask = Ask(months, NOW, frozenset({by} - {""}) & KPIS[key].dimensions)
    numbers = read.numbers((key,), ask)

    added: dict[tuple[str, object], Tally] = {}
    for row in read.rows(key, ask):
        add(added.setdefault((row.period, row.group), Tally()), row)

    assert any(number.n for number in numbers) or (by and key in OF_THE_COMPANY), "the demo holds facts of every KPI"
    wrong = [number for number in numbers if not close(number, added.get((number.period, number.group), Tally()))]
    assert not wrong


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("place", places.PLACES, ids=lambda place: place.name)
def test_what_a_page_explains_are_numbers_with_rows(place: Place) -> None:
    found = explained(opened(place))

    assert found <= {*MEASURED, "burn_rate"}
    if place is places.OVERVIEW:
        assert found >= {*TILES}
