"""Argo CD: what an application's history keeps is a deployment once, whatever leaves the history later."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from app import ingest_sync
from app.store.engine import open_store
from data_sources.http import SourceError
from tests.sources.live import AT, Told
from tests.sources.vendor import NAME, Vendor, facts, killed_and_resumed, read, sources

SECRET = "s3cr3t-of-the-fleet"
OPTIONS = {"kind": "argocd", "token": "ARGOCD_TOKEN"}
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def kept(number: int, revision: str, at: str | None = None, **more: Any) -> dict[str, Any]:
    """One entry of a history: an hour after the one before it, unless a time is given."""
    return {
        "id": number,
        "revision": revision,
        "deployStartedAt": "2026-11-20T11:00:00Z",
        "deployedAt": at or f"{NOON + timedelta(hours=number):%Y-%m-%dT%H:%M:%SZ}",
        "source": {"repoURL": "https://git.example.com/deploy", "path": "shop", "targetRevision": "main"},
        "initiatedBy": {"automated": True},
        **more,
    }


def application(name: str, *history: dict[str, Any], last: Any = None, **metadata: Any) -> dict[str, Any]:
    status = {"sync": {"status": "Synced"}, "history": list(history) or None, "operationState": last}
    return {
        "metadata": {"name": name, "namespace": "argocd", "resourceVersion": "7", **metadata},
        "status": {key: value for key, value in status.items() if value is not None},
    }


def operation(phase: str, ended: str = "2026-11-21T10:00:00Z", **sync: Any) -> dict[str, Any]:
    return {
        "phase": phase,
        "startedAt": "2026-11-21T09:58:00Z",
        "finishedAt": ended,
        "operation": {"sync": {"revision": "c3", **sync}},
        "syncResult": {"revision": "c3"},
    }


class Fleet:
    """An Argo CD with these applications."""

    def __init__(self, *applications: dict[str, Any]):
        self.applications = list(applications)

    def __call__(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Told:
        if headers.get("Authorization") != f"Bearer {SECRET}":
            return 401, {}, {"error": "no session information", "code": 16, "message": "no session information"}
        if path != "/api/v1/applications":
            return 404, {}, {"error": "Not Found", "code": 5, "message": "Not Found"}
        key, _, value = params.get("selector", "").partition("=")
        shown = [one for one in self.applications if not key or one["metadata"].get("labels", {}).get(key) == value]
        return 200, {}, {"metadata": {"resourceVersion": "4711"}, "items": shown or None}


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGOCD_TOKEN", SECRET)


def statuses(engine: Engine) -> dict[str, str]:
    """The hour of each deployment (the failed one's whole time) → its status."""
    return {one["deployment"].partition("@")[2]: one["status"] for one in facts(engine)["deployments"]}


def test_a_history_is_deployments_and_going_back_undoes_the_one_before(sqlite_engine: Engine, tmp_path: Path) -> None:
    shop = application("shop", kept(0, "a1"), kept(1, "b2", "2026-11-20T14:00:00+01:00"), kept(2, "a1"))
    with Vendor(Fleet(shop)).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, strategy="rolling", **OPTIONS))

    assert outcome.status == "done"
    found = facts(sqlite_engine)["deployments"]
    assert [(one["deployment"], f"{one['deployed_at']:%H:%M}", one["status"]) for one in found] == [
        ("argocd/shop@2026-11-20T12:00:00Z", "12:00", "succeeded"),
        ("argocd/shop@2026-11-20T14:00:00+01:00", "13:00", "rolled_back"),
        ("argocd/shop@2026-11-20T14:00:00Z", "14:00", "succeeded"),
    ]
    assert {(one["service"], one["strategy"], one["url"]) for one in found} == {
        ("shop", "rolling", f"{url}/applications/argocd/shop")
    }
    assert not any("committed_at" in one for one in found)


def test_an_application_of_several_sources_goes_back_by_all_of_them(sqlite_engine: Engine, tmp_path: Path) -> None:
    def of(number: int, *revisions: str) -> dict[str, Any]:
        return kept(number, "", revisions=list(revisions), source={}, sources=[{"path": "shop"}, {"chart": "web"}])

    fleet = Fleet(
        application("back", of(0, "a1", "1.0"), of(1, "a1", "1.1"), of(2, "a1", "1.0")),
        application("on", of(0, "a1", "1.0"), of(1, "b2", "1.1"), of(2, "a1", "1.1")),
    )
    with Vendor(fleet).up() as url:
        read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))

    undone = [one["service"] for one in facts(sqlite_engine)["deployments"] if one["status"] == "rolled_back"]
    assert undone == ["back"]


def test_the_last_operation_is_a_deployment_where_it_failed(sqlite_engine: Engine, tmp_path: Path) -> None:
    fleet = Fleet(
        application("failed", last=operation("Failed")),
        application("error", last=operation("Error", "2026-11-21T11:00:00+02:00")),
        application("done", kept(0, "c3"), last=operation("Succeeded")),
        application("running", last=operation("Running") | {"finishedAt": None}),
        application("tried", last=operation("Failed", dryRun=True)),
        application("partly", last=operation("Failed", resources=[{"kind": "Service", "name": "web"}])),
        application("new"),
    )
    with Vendor(fleet).up() as url:
        read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))

    found = facts(sqlite_engine)["deployments"]
    assert {(one["service"], f"{one['deployed_at']:%d %H:%M}", one["status"]) for one in found} == {
        ("failed", "21 10:00", "failed"),
        ("error", "21 09:00", "failed"),
        ("done", "20 12:00", "succeeded"),
    }


def test_labels_choose_applications_and_name_service_and_strategy(sqlite_engine: Engine, tmp_path: Path) -> None:
    fleet = Fleet(
        application(
            "shop-eu", kept(0, "a"), labels={"env": "production", "app": "shop"}, annotations={"how": "Canary"}
        ),
        application("pay-eu", kept(0, "a"), labels={"env": "production"}, annotations={"how": "shadow"}),
        application("shop-test", kept(0, "a"), labels={"env": "test", "app": "shop"}),
    )
    more = {"selector": "env=production", "service": "app", "strategy_label": "how", "strategy": "rolling"}
    with Vendor(fleet).up() as url:
        file = sources(tmp_path, url=url, map={"services": {"shop": "Checkout"}}, **more, **OPTIONS)
        outcome = read(sqlite_engine, file)

    found = facts(sqlite_engine)["deployments"]
    assert [(one["service"], one.get("strategy")) for one in found] == [("pay-eu", None), ("Checkout", "canary")]
    assert outcome.notes == ["pay-eu: Nines knows no strategy called 'shadow'; it is left blank."]


def test_a_verdict_stays_when_what_it_rests_on_has_left_the_history(sqlite_engine: Engine, tmp_path: Path) -> None:
    history = [kept(at, revision) for at, revision in enumerate("abacdefghij")]
    fleet = Fleet(application("shop", *history[:3]))
    with Vendor(fleet).up() as url:
        file = sources(tmp_path, url=url, **OPTIONS)
        read(sqlite_engine, file, now=NOON + timedelta(hours=2, minutes=30))
        fleet.applications = [application("shop", *history[1:])]
        outcome = read(sqlite_engine, file)

    assert outcome.status == "done"
    assert list(statuses(sqlite_engine).values()) == ["succeeded", "rolled_back", *["succeeded"] * 9]


def test_reading_bit_by_bit_gives_what_reading_once_gives(sqlite_engine: Engine, tmp_path: Path) -> None:
    history = [kept(at, revision) for at, revision in enumerate("abacabdb")]
    last = operation("Failed")
    fleet = Fleet(application("shop", *history, last=last))
    with Vendor(fleet).up() as url:
        file = sources(tmp_path, url=url, **OPTIONS)
        once = open_store(f"sqlite:///{tmp_path}/once.db")
        read(once, file)
        for at in range(len(history)):
            fleet.applications = [application("shop", *history[: at + 1])]
            read(sqlite_engine, file, now=NOON + timedelta(hours=at, minutes=20))
        fleet.applications = [application("shop", *history, last=last)]
        read(sqlite_engine, file)

    assert facts(sqlite_engine) == facts(once)
    assert list(statuses(once).values()).count("rolled_back") == 4
    once.dispose()


def test_what_left_a_history_unread_is_told_once(sqlite_engine: Engine, tmp_path: Path) -> None:
    fleet = Fleet(application("shop", *(kept(at, str(at)) for at in range(10))), application("pay", kept(0, "a")))
    with Vendor(fleet).up() as url:
        file = sources(tmp_path, url=url, **OPTIONS)
        first = read(sqlite_engine, file, now=NOON + timedelta(hours=12))
        fleet.applications[0] = application("shop", *(kept(at, str(at)) for at in range(13, 23)))
        gap = read(sqlite_engine, file, now=NOON + timedelta(hours=24))
        after = read(sqlite_engine, file, now=NOON + timedelta(hours=26))

    assert (first.unread, after.unread) == ([], [])
    assert gap.unread == [
        "Deployments of shop may be missing: nothing as old as 2026-11-20 23:50 UTC is kept, "
        "where this reading begins. "
        "Read more often, or raise revisionHistoryLimit."
    ]


def test_an_application_that_is_deleted_keeps_its_deployments_and_made_again_adds_to_them(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    fleet = Fleet(application("shop", kept(0, "a")))
    with Vendor(fleet).up() as url:
        file = sources(tmp_path, url=url, **OPTIONS)
        read(sqlite_engine, file, now=NOON + timedelta(hours=1))
        fleet.applications = []
        gone = read(sqlite_engine, file, now=NOON + timedelta(hours=2))
        fleet.applications = [application("shop", kept(0, "b", "2026-11-20T15:00:00Z"))]
        read(sqlite_engine, file)

    assert gone.unread == ["It shows no application: may its account see them, and does selector fit?"]
    assert list(statuses(sqlite_engine)) == ["2026-11-20T12:00:00Z", "2026-11-20T15:00:00Z"]


def test_limits_and_failures_are_waited_for(sqlite_engine: Engine, tmp_path: Path) -> None:
    vendor = Vendor(Fleet(*(application(f"shop-{number}", kept(0, "a")) for number in range(300))))
    vendor.faults = {1: (429, {"Retry-After": "3"}, {}), 2: (429, {}, {}), 3: (500, {}, "down")}
    with vendor.up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))

    assert (outcome.failure, outcome.calls) == (None, 4)
    assert len(facts(sqlite_engine)["deployments"]) == 300


def test_a_killed_reading_is_completed_by_the_next(tmp_path: Path) -> None:
    vendor = Vendor(Fleet(application("shop", kept(0, "a"), kept(1, "b"), kept(2, "a"))))
    killed_and_resumed(vendor, tmp_path, at=1, **OPTIONS)


def test_an_expired_token_is_said_and_no_secret_kept(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Vendor(Fleet(application("shop", kept(0, "a")))).up() as url:
        file = sources(tmp_path, url=url, **OPTIONS)
        told = [read(sqlite_engine, file)]
        monkeypatch.setenv("ARGOCD_TOKEN", "s3cr3t-that-expired")
        told.append(read(sqlite_engine, file, now=AT + timedelta(hours=1)))

    assert told[1].failure == f"{NAME} does not accept the credentials: are they right, and not expired?"
    with sqlite_engine.connect() as conn:
        driver: Any = conn.connection.driver_connection
        assert "s3cr3t" not in "".join(driver.iterdump()) + repr(told)


def test_what_is_no_argo_cd_is_said(tmp_path: Path, sqlite_engine: Engine) -> None:
    for body, sentence in (
        ([], f"{NAME} does not answer as Argo CD does: is its url right?"),
        (
            {"metadata": {}, "items": [{}]},
            f"{NAME}: the answer has another shape than Nines knows (KeyError: 'metadata').",
        ),
    ):
        with Vendor(lambda *_, body=body: (200, {}, body)).up() as url:
            assert read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS)).failure == sentence


def test_its_test_counts_what_it_shows(tmp_path: Path) -> None:
    fleet = Fleet(application("shop", kept(0, "a")), application("new"))
    with Vendor(fleet).up() as url:
        file = sources(tmp_path, url=url, **OPTIONS)
        assert ingest_sync.test(file, NAME) == "It answers: 2 applications, 1 of them with deployments."
        fleet.applications = []
        with pytest.raises(SourceError, match="shows no application: may its account see them"):
            ingest_sync.test(file, NAME)
