"""The bench measures what it says, tried at the smallest size: no times are judged here."""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.ui import places
from tests import filled
from tests.bench import pages, viewers
from tests.bench.result import Result
from tests.bench.servers import SCRIPT, served
from tests.bench.stores import Pair
from tests.bench.viewer import Viewer


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    before = os.environ.get("NINES_DATABASE_URL")
    yield filled.demo_store(tmp_path_factory.mktemp("bench"))
    os.environ.pop("NINES_DATABASE_URL", None)
    if before is not None:
        os.environ["NINES_DATABASE_URL"] = before


def test_a_page_is_measured_at_its_address_and_after_each_choice(url: str) -> None:
    with ThreadPoolExecutor(1) as apart:  # browser tests leave an event loop running in this thread
        took = apart.submit(lambda: list(pages.measure(Pair(url, url), 1, [places.INCIDENT]))).result()

    assert [(one.place, one.question) for one in took] == [("Incident", question) for question in pages.QUESTIONS]
    assert all(one.demo[0] > 0 and one.enterprise[0] > 0 and not one.broke for one in took)


def test_a_viewer_gets_the_page_and_what_it_chooses(url: str) -> None:
    async def look(address: str) -> Viewer:
        async with Viewer(address) as viewer:
            await viewer.open()
            first = viewer.received
            await viewer.choose({"tier": "Tier 0"})
            await viewer.go("incidents")
            assert viewer.received > first
            return viewer

    with served(SCRIPT, url) as server:
        with ThreadPoolExecutor(1) as apart:  # browser tests leave an event loop running in this thread
            viewer = apart.submit(lambda: asyncio.run(look(server.address))).result()

        assert server.resident_mb > 50
    assert {"overview", "incidents"} <= viewer.pages.keys() | {"overview"}
    assert "Tier 0" in viewer.boxes["tier"][1]
    assert viewer.boards > 2
    assert viewer.errors == 0


def test_viewers_open_and_click_and_are_counted(url: str) -> None:
    opened, clicked = viewers.measure(url, opening=2, clicking=2, every=1.0, lasting=2.0)

    assert len(opened.seconds) == 2
    assert opened.views_per_second > 0
    assert clicked.seconds


def test_a_percentile_is_linear_between_its_neighbours() -> None:
    assert viewers.percentile([4.0, 1.0, 2.0, 3.0], 0.5) == 2.5
    assert viewers.percentile([1.0], 0.95) == 1.0


def test_a_result_is_the_ratio_of_medians_and_its_verdict() -> None:
    assert "ratio 2.00, at most 2.00: met" in Result("x", [2.0, 4.0, 4.0], [1.0, 2.0, 9.0], "s", 2.0).line()
    assert "MISSED" in Result("x", [0.2], [1.0], "rows/s", 0.5, at_least=True).line()


def test_the_bench_says_how_it_is_called() -> None:
    script = Path(__file__).with_name("__main__.py").read_text(encoding="utf-8")

    for what in ("import", "overview", "pages", "browser", "click", "viewers"):
        assert f"\n{what} " in script
