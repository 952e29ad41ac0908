"""Prometheus: rows that equal its own answers, gaps that stay gaps, and what goes wrong on the way."""

import json
import subprocess
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app import ingest_sync
from app.people import local
from app.store import runs, syncing
from app.store.engine import reading, writing
from app.store.tables import FACTS
from data_sources import prometheus, promql
from data_sources.brought import Brought
from data_sources.http import Client, Slice, SourceError
from tests.sources.conftest import BEGIN, END
from tests.sources.live import Told, serving

HOUR = timedelta(hours=1)
GOOD = "sum(increase(web_total[{{window}}])) - sum(increase(web_errors_total[{{window}}]))"
TOTAL = "sum(increase(web_total[{{window}}]))"
BAD = "sum(increase(web_errors_total[{{window}}]))"
Rows = dict[datetime, tuple[float, float]]


def options(**said: Any) -> prometheus.Prometheus:
    found = {"kind": "prometheus", "url": "http://127.0.0.1:9", "slos": {"web": {"good": GOOD, "total": TOTAL}}, **said}
    return prometheus.Prometheus.model_validate(found)


def brought(base: str, chosen: prometheus.Prometheus, start: datetime = BEGIN, end: datetime = END) -> Brought:
    (part,) = prometheus.parts(chosen)
    with Client(base, name="metrics", sleep=lambda seconds: None) as wire:
        raw = prometheus.fetch(wire, chosen, part, Slice(start, end))
    return prometheus.parse(raw, chosen, part, Slice(start, end))


def rows(found: Brought) -> Rows:
    listed = (row for _, _, batch in found.batches for row in batch.table.to_pylist())
    epoch = BEGIN.replace(year=1970, month=1, day=1)
    return {epoch + timedelta(microseconds=row["start"]): (row["good"], row["total"]) for row in listed}


def by_promtool(base: str, query: str, step: int = 3_600) -> dict[datetime, float]:
    """What promtool's own query gives: start of a row → value."""
    command = ["promtool", "query", "range", "-o", "json", f"--step={step}s"]
    span = [f"--start={int(BEGIN.timestamp()) + step}", f"--end={int(END.timestamp())}"]
    told = subprocess.run([*command, *span, base, query], check=True, capture_output=True, text=True).stdout
    (series,) = json.loads(told)
    return {
        datetime.fromtimestamp(at - step, BEGIN.tzinfo): float(value)
        for at, value in series["values"]
        if value != "NaN"
    }


def window(query: str, seconds: int = 3_600) -> str:
    return query.replace("{{window}}", f"{seconds}s")


def test_rows_equal_promtools_own_results_with_resets_and_gaps(prometheus_server: str) -> None:
    found = rows(brought(prometheus_server, options()))

    good, total = (by_promtool(prometheus_server, window(query)) for query in (GOOD, TOTAL))
    assert found == {at: (good[at], whole) for at, whole in total.items()}
    assert len(found) == 45
    assert not {BEGIN + 16 * HOUR, BEGIN + 17 * HOUR} & found.keys()
    assert found[BEGIN + 12 * HOUR][1] > 1_100
    assert found[BEGIN + 28 * HOUR] == (0.0, 0.0)


def test_bad_and_total_give_the_same_as_good_and_total(prometheus_server: str) -> None:
    straight = rows(brought(prometheus_server, options()))
    turned = rows(brought(prometheus_server, options(slos={"web": {"bad": BAD, "total": TOTAL}})))

    assert straight.keys() == turned.keys()
    assert all(straight[at] == pytest.approx(turned[at]) for at in straight)


def test_a_bad_series_that_never_was_is_no_bad_one(prometheus_server: str) -> None:
    found = rows(brought(prometheus_server, options(slos={"web": {"bad": f"{BAD} > 1e9", "total": TOTAL}})))

    assert all(good == total for good, total in found.values())


def test_a_good_series_that_is_not_there_is_unknown_and_told(prometheus_server: str) -> None:
    found = brought(prometheus_server, options(slos={"web": {"good": f"{GOOD} > 1e9", "total": TOTAL}}))

    assert {total for _, total in rows(found).values()} == {0.0}
    assert any("have a total but no number of good ones" in one for one in found.unread)


def test_nan_is_a_gap(prometheus_server: str) -> None:
    found = rows(brought(prometheus_server, options(slos={"web": {"ratio": "avg(share)"}})))

    assert len(found) == 47
    assert BEGIN + 19 * HOUR not in found


def test_time_slices_are_judged_one_by_one(prometheus_server: str) -> None:
    said = {"bad": BAD, "total": TOTAL, "method": "timeslices", "slice_minutes": 5, "slice_objective": 0.95}

    found = rows(brought(prometheus_server, options(slos={"web": said})))

    assert found[BEGIN + 3 * HOUR] == (12.0, 12.0)
    good, total = found[BEGIN + 6 * HOUR]
    assert total == 12.0
    assert good <= 1.0
    assert found[BEGIN + 28 * HOUR] == (0.0, 0.0)


def test_a_value_is_held_against_its_threshold_a_sample_at_a_time(prometheus_server: str) -> None:
    said = {"value": "max(delay_seconds)", "op": "lt", "threshold": 0.5}

    found = rows(brought(prometheus_server, options(slos={"web": said})))

    assert set(found.values()) == {(54.0, 60.0)}


def test_more_than_eleven_thousand_points_come_in_pieces(prometheus_server: str) -> None:
    said = {"value": "max(delay_seconds)", "op": "lt", "threshold": 0.5}
    chosen = options(slos={"web": said}, sample_seconds=10)

    found = brought(prometheus_server, chosen)

    span = {"query": "vector(1)", "start": int(BEGIN.timestamp()), "end": int(END.timestamp()), "step": 10}
    with Client(prometheus_server) as wire, pytest.raises(SourceError, match=r"maximum resolution of 11,000 points"):
        wire.post("/api/v1/query_range", span)
    assert sum(total for _, total in rows(found).values()) == pytest.approx(48 * 360, rel=0.01)


def test_openslo_definitions_bring_their_own_queries(prometheus_server: str, tmp_path: Path) -> None:
    text = (Path(__file__).parent / "openslo" / "checkout.yaml").read_text(encoding="utf-8")
    text = text.replace('http_requests_total{job="checkout",code=~"5.."}', "web_errors_total")
    (tmp_path / "slo.yaml").write_text(
        text.replace('http_requests_total{job="checkout"}', "web_total"), encoding="utf-8"
    )
    chosen = options(slos={}, openslo=[tmp_path], data_source="prometheus")

    found = rows(brought(prometheus_server, chosen))

    assert found == rows(brought(prometheus_server, options(slos={"checkout-up": {"bad": BAD, "total": TOTAL}})))
    with pytest.raises(SourceError, match="No SLO is asked for"):
        prometheus.parts(options(slos={}, openslo=[tmp_path], data_source="another"))


def test_victoriametrics_gives_rows_that_equal_its_own_answers(victoria_server: str) -> None:
    found = rows(brought(victoria_server, options()))

    span = {"start": int(BEGIN.timestamp()) + 3_600, "end": int(END.timestamp()), "step": 3_600}
    asked = [
        httpx.get(f"{victoria_server}/api/v1/query_range", params={"query": window(query), **span}).json()
        for query in (GOOD, TOTAL)
    ]
    good, total = ({at: float(value) for at, value in one["data"]["result"][0]["values"]} for one in asked)
    assert {int(at.timestamp()) + 3_600: pair for at, pair in found.items()} == {
        at: (good[at], whole) for at, whole in total.items()
    }
    assert BEGIN + 16 * HOUR not in found
    assert found[BEGIN + 12 * HOUR][1] == pytest.approx(1_200, rel=0.05)


def _proxied(base: str, spoil: Callable[[int, Any], Told | None]) -> Callable[..., Told]:
    calls = iter(range(10_000))

    def answer(path: str, asked: Mapping[str, str], headers: Mapping[str, str]) -> Told:
        body = httpx.post(f"{base}{path}", data=dict(asked)).json()
        return spoil(next(calls), body) or (200, {}, body)

    return answer


def test_a_503_in_the_middle_is_asked_again(prometheus_server: str) -> None:
    with serving(
        _proxied(prometheus_server, lambda n, body: (503, {"Retry-After": "1"}, {}) if n == 1 else None)
    ) as base:
        found = rows(brought(base, options()))

    assert found == rows(brought(prometheus_server, options()))


def test_a_success_with_warnings_is_partial(prometheus_server: str) -> None:
    with serving(
        _proxied(prometheus_server, lambda n, body: (200, {}, {**body, "warnings": ["one store is away"]}))
    ) as base:
        found = brought(base, options())

    assert found.partial
    assert found.unread == ("web: the answer is partial: one store is away.",)
    assert len(rows(found)) == 45


def test_a_query_that_gives_many_series_is_told_as_such(prometheus_server: str) -> None:
    with pytest.raises(SourceError, match="its query for good gives 2 series: sum them"):
        brought(prometheus_server, options(slos={"web": {"good": "increase(web_total[{{window}}])", "total": TOTAL}}))


def test_a_sync_killed_by_a_dead_server_goes_on_where_it_was(
    prometheus_server: str, tmp_path: Path, sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data_sources.http.time.sleep", lambda seconds: None)
    monkeypatch.setattr(Client.__init__, "__kwdefaults__", {**Client.__init__.__kwdefaults__, "sleep": lambda s: None})
    monkeypatch.setenv("METRICS_TOKEN", "s3cr3t-of-metrics")
    slo = {"service": "web", "kind": "availability", "objective": 0.9, "window": "28d", "method": "occurrences"}
    with writing(sqlite_engine) as conn:
        conn.execute(FACTS["slos"].insert().values(source="file", slo="web", name="web", valid_from=None, **slo))
    dead = True

    def spoil(number: int, body: Any) -> Told | None:
        return (503, {}, "s3cr3t-of-metrics is down") if dead and number >= 2 else None

    def sync() -> ingest_sync.Outcome:
        file = tmp_path / "sources.yaml"
        (one,) = ingest_sync.run(sqlite_engine, file, by=local("ann"), now=lambda: END + timedelta(minutes=10))
        return one

    with serving(_proxied(prometheus_server, spoil)) as base:
        (tmp_path / "sources.yaml").write_text(
            f"sources:\n  metrics:\n    kind: prometheus\n    url: {base}\n    token: METRICS_TOKEN\n"
            f"    since: 2026-11-20\n    slice_days: 1\n    slos:\n      web: {{good: '{GOOD}', total: '{TOTAL}'}}\n",
            encoding="utf-8",
        )
        failed = sync()
        with reading(sqlite_engine) as conn:
            (until,) = syncing.marks(conn, "metrics").values()
        dead = False
        fine = sync()

    assert failed.status == "failed"
    assert until == BEGIN + timedelta(days=1)
    assert fine.status == "done"
    with reading(sqlite_engine) as conn:
        held = {row.start: (row.good, row.total) for row in conn.execute(sa.select(FACTS["sli"]))}
        told = str([tuple(run) for run in runs.runs(conn)])
    assert held == rows(brought(prometheus_server, options()))
    assert "s3cr3t" not in told + str(failed) + str(fine)


def test_bare_counters_are_increased_and_rates_are_counted() -> None:
    assert promql.counted('sum(http_total{job="a"})', 60) == 'sum(increase(http_total{job="a"}[60s]))'
    assert promql.counted("http_total", 60) == "sum(increase(http_total[60s]))"
    assert promql.counted("sum(rate(x[{{.window}}]))", 60) == "(sum(rate(x[60s]))) * 60"
    assert promql.counted("sum(increase(x[{{ window }}]))", 60) == "sum(increase(x[60s]))"
    with pytest.raises(ValueError, match="names no"):
        promql.counted("a / b", 60)
