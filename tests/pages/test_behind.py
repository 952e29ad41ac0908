"""A number says beside itself which source it is made from is late, or could not be read: each tile, each chart."""

import ast
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.metrics.catalogue import KPIS
from app.records import ENTITIES
from app.store.engine import open_store, writing
from app.store.freshness import SourceState, sources
from app.store.tables import SOURCES
from app.ui import read
from app.ui.freshness import behind_of
from tests.filled import NOW, app, boards, text

ROOT = Path(__file__).resolve().parents[2]
HOUR = timedelta(hours=1)
LATE = re.compile(r"(\d+ (days|h|min) late|last reading failed): \w+")
PAGES = ("overview", "slos", "incidents", "on_call", "change", "service", "dr_tests", "risks")


def state(name: str, entity: str, heard: datetime, hours: float | None = 1, **more: object) -> SourceState:
    held = {} if entity in ("teams", "services", "slos") else {entity: (heard, heard)}
    undated = frozenset({entity}) - held.keys()
    return SourceState(name, "fake", held, heard, None, hours, undated=undated)._replace(**more)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", KPIS)
def test_a_number_is_behind_where_a_source_of_what_it_needs_is_and_no_other(key: str) -> None:
    needs = KPIS[key].entities
    assert needs
    assert needs <= ENTITIES.keys()

    for entity in ENTITIES:
        said = behind_of([state("pagerduty", entity, NOW - 4 * HOUR)], needs, NOW)
        assert said == ("3 h late: pagerduty" if entity in needs else "")


def test_what_makes_it_old_is_told_in_few_words_the_latest_first() -> None:
    sli = frozenset({"sli"})
    failing = state("thanos", "sli", NOW, failed_at=NOW)
    late = [state(name, "sli", NOW - age) for name, age in (("a", 49 * HOUR), ("b", 73 * HOUR), ("c", 1.2 * HOUR))]

    assert behind_of([state("fine", "sli", NOW), state("other", "pages", NOW - 9 * HOUR)], sli, NOW) == ""
    assert behind_of([failing], sli, NOW) == "last reading failed: thanos"
    assert behind_of([failing, *late], sli, NOW) == "3 days late: b; 2 days late: a; and 2 more"
    assert behind_of([late[2]], sli, NOW) == "12 min late: c"
    assert behind_of([state("quiet", "sli", NOW - 99 * HOUR, None)], sli, NOW) == ""


@pytest.fixture(scope="module")
def late_url(demo_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The demo organisation, each of whose sources should have brought something a moment ago."""
    path = tmp_path_factory.mktemp("late") / "late.db"
    shutil.copy(demo_url.removeprefix("sqlite:///"), path)
    url = f"sqlite:///{path}"
    engine = open_store(url)
    with writing(engine) as conn:
        conn.execute(SOURCES.delete())
        for one in sources(conn):
            conn.execute(SOURCES.insert().values(name=one.name, kind="file", expected_hours=1e-6, failed_at=NOW))
    engine.dispose()
    return url


@pytest.mark.parametrize("page", PAGES)
def test_every_tile_and_every_chart_of_every_page_says_so(
    page: str, late_url: str, looked_at: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NINES_DATABASE_URL", late_url)
    at = app()
    if page == "service":
        at.query_params["service"] = "checkout"
    at.run()
    at = at if page == "overview" else at.switch_page(f"../pages/{page}.py").run()

    assert not at.exception
    shown = boards(at)
    tiles = [each for markup in shown.values() for each in markup.split("<article")[1:]]
    assert tiles
    for tile in tiles:
        assert LATE.search(text(f"<p{tile}")), text(f"<p{tile}")
    maps = [each for markup in shown.values() for each in markup.split("<section") if 'class="heat' in each]
    for one in maps:
        assert LATE.search(text(f"<p{one}")), text(f"<p{one}")[:200]
    for key in shown:
        if key.endswith("_chart"):
            assert LATE.search(text(shown[key.removesuffix("_chart") + "_behind"])), key


def test_every_chart_and_every_card_names_its_kpis() -> None:
    for path in [*(ROOT / "pages").glob("*.py"), *(ROOT / "app" / "ui").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "plot":
                named = next((one.value for one in node.keywords if one.arg == "of"), None)
                assert named is not None, f"{path.name}:{node.lineno}"
                for one in getattr(named, "elts", ()):
                    assert not isinstance(one, ast.Constant) or one.value in KPIS, f"{path.name}:{one.lineno}"


@pytest.mark.usefixtures("full")
def test_with_every_source_in_time_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "sources", lambda: ())

    assert "behind" not in "".join(boards(app().run()).values())
