"""GitHub where teams do not use deployments, and what options say of a deployment that it does not say itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from app.store.engine import open_store
from data_sources import configured
from data_sources.http import SourceError
from tests.sources.hub import OPTIONS, Hub, Repository, commit, deployed, token
from tests.sources.vendor import NAME, Vendor, facts, read, sources

__all__ = ["token"]
RUNS: dict[str, Any] = {**OPTIONS, "repositories": ["acme/shop"], "from": "workflow_runs", "workflow": "deploy.yml"}
START = datetime(2026, 11, 10, tzinfo=UTC)


def release(number: int, tag: str, at: str | None, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "tag_name": tag,
        "draft": at is None,
        "prerelease": False,
        "created_at": "2026-11-01T10:00:00Z",
        "published_at": at,
        "html_url": f"https://hub.example/releases/{tag}",
        **more,
    }


def run(number: int, sha: str, at: datetime, conclusion: str | None = "success", **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "head_sha": sha,
        "head_branch": "main",
        "status": "completed" if conclusion else "in_progress",
        "conclusion": conclusion,
        "created_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{at + timedelta(minutes=9):%Y-%m-%dT%H:%M:%SZ}",
        "html_url": f"https://hub.example/runs/{number}",
        **more,
    }


def test_a_release_is_a_deployment_once_it_is_published(sqlite_engine: Engine, tmp_path: Path) -> None:
    shop = Repository()
    shop.releases = [
        release(1, "v1", "2026-11-20T10:00:00Z"),
        release(2, "v2/final", "2026-11-21T12:00:00+02:00"),
        release(3, "v3-rc1", "2026-11-22T10:00:00Z", prerelease=True),
        release(4, "v4", None),
    ]
    shop.commits = {"v1": commit("aaaaaaa"), "v2/final": commit("bbbbbbb", "Undo\n\nThis reverts commit aaaaaaa.")}
    options = {**OPTIONS, "repositories": ["acme/shop"], "from": "releases", "strategy": "canary"}
    with Vendor(Hub(shop=shop)).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **options))

    assert outcome.status == "done"
    found = facts(sqlite_engine)["deployments"]
    assert [(one["deployment"], one["status"], f"{one['deployed_at']:%d %H}", one["url"][-8:]) for one in found] == [
        ("1", "rolled_back", "20 10", "eases/v1"),
        ("2", "succeeded", "21 10", "v2/final"),
    ]
    assert {(one["strategy"], f"{one['committed_at']:%d %H}") for one in found} == {("canary", "19 10")}


def test_runs_of_a_workflow_are_deployments_by_their_conclusion(sqlite_engine: Engine, tmp_path: Path) -> None:
    shop = Repository()
    ends = ["success", "failure", "timed_out", "startup_failure", "cancelled", "skipped", "neutral", None]
    shop.runs["deploy.yml"] = [run(at, f"c{at}", START + timedelta(hours=at), end) for at, end in enumerate(ends, 1)]
    shop.runs["deploy.yml"].append(run(9, "c9", START, head_branch="try"))
    hub = Hub(shop=shop, docs=Repository())
    with Vendor(hub).up() as url:
        file = sources(tmp_path, url=url, **{**RUNS, "branch": "main", "repositories": ["acme/*"]})
        outcome = read(sqlite_engine, file)

    # Of the repositories of a pattern, those without such a workflow do not deploy by it.
    assert outcome.status == "done"
    found = facts(sqlite_engine)["deployments"]
    assert {(one["deployment"], one["status"], f"{one['deployed_at']:%H:%M}") for one in found} == {
        ("1", "succeeded", "01:09"),
        ("2", "failed", "02:09"),
        ("3", "failed", "03:09"),
        ("4", "failed", "04:09"),
    }
    assert {one["service"] for one in found} == {"shop"}


def test_more_runs_than_a_search_gives_are_asked_for_in_halves_of_the_time(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    shop = Repository()
    cancelled = [run(at, "c", START + timedelta(minutes=at), "cancelled") for at in range(2_100)]
    shop.runs["deploy.yml"] = [*cancelled, run(9_001, "a", START), run(9_002, "b", START + timedelta(minutes=2_200))]
    vendor = Vendor(Hub(shop=shop))
    with vendor.up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, since="2026-11-05", **RUNS))

    assert outcome.status == "done"
    assert [one["deployment"] for one in facts(sqlite_engine)["deployments"]] == ["9001", "9002"]


def test_more_runs_in_a_minute_than_a_search_gives_are_told(sqlite_engine: Engine, tmp_path: Path) -> None:
    shop = Repository()
    shop.runs["deploy.yml"] = [run(at, "c", START, "cancelled") for at in range(1_001)]
    with Vendor(Hub(shop=shop)).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, since="2026-11-10", **RUNS))

    assert len(outcome.unread) == 1
    assert outcome.unread[0].startswith("Of 1,001 runs of acme/shop between 2026-11-10 00:00:00+00:00 and ")
    assert outcome.unread[0].endswith(" only 1,000 came.")


def test_runs_read_bit_by_bit_give_what_reading_once_gives(sqlite_engine: Engine, tmp_path: Path) -> None:
    shop = Repository()
    moments = [datetime(2026, 10, 30, 10, tzinfo=UTC) + timedelta(days=3 * at) for at in range(8)]
    shop.runs["deploy.yml"] = [run(at, "abacabdb"[at] * 7, moment) for at, moment in enumerate(moments)]
    hub = Hub(shop=shop)
    with Vendor(hub).up() as url:
        file = sources(tmp_path, url=url, again_days=1, **RUNS)
        once = open_store(f"sqlite:///{tmp_path}/once.db")
        read(once, file)
        for moment in moments:
            hub.now = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
            read(sqlite_engine, file, now=moment + timedelta(hours=1))

    assert facts(sqlite_engine) == facts(once)
    undone = [one["deployment"] for one in facts(once)["deployments"] if one["status"] == "rolled_back"]
    assert undone == ["1", "3", "4", "6"]
    once.dispose()


def test_options_say_service_strategy_and_what_was_unplanned(sqlite_engine: Engine, tmp_path: Path) -> None:
    rows = [(at, f"c{at}", f"2026-11-20T1{at}:00:00Z") for at in range(1, 6)]
    shop = deployed(*rows)
    shop.deployments[0]["payload"] = {"app": "cart", "how": "Blue-Green"}
    shop.deployments[1]["payload"] = '{"app": "pay", "how": "shadow"}'
    shop.deployments[2]["payload"] = "plain words"
    shop.deployments[3]["ref"] = "HOTFIX-7"
    shop.requests = {
        "c1": [{"head": {"ref": "feature"}, "labels": [{"name": "Hotfix"}]}],
        "c2": [{"head": {"ref": "hotfix/tax"}, "labels": []}],
        "c3": [{"head": {"ref": "feature"}, "labels": [{"name": "docs"}]}],
    }
    shop.lost = {"c5"}
    options = {**OPTIONS, "repositories": ["acme/shop"], "service": "payload.app", "strategy_place": "payload.how"}
    with Vendor(Hub(shop=shop)).up() as url:
        file = sources(tmp_path, url=url, strategy="rolling", unplanned=["hotfix*"], **options)
        outcome = read(sqlite_engine, file)

    found = facts(sqlite_engine)["deployments"]
    assert [(one["service"], one.get("strategy"), one["unplanned"]) for one in found] == [
        ("cart", "blue_green", True),
        ("pay", None, True),
        ("shop", "rolling", False),
        ("shop", "rolling", True),
        ("shop", "rolling", False),
    ]
    assert outcome.status == "done"
    assert sorted(outcome.notes) == [
        "acme/shop: Nines knows no strategy called 'shadow'; it is left blank.",
        "acme/shop: a deployed commit is not there any more; when it was made is left blank.",
    ]
    assert [one["deployment"] for one in found if "committed_at" not in one] == ["5"]


def test_other_options_are_another_question_and_read_from_the_start(sqlite_engine: Engine, tmp_path: Path) -> None:
    hub = Hub(shop=deployed((1, "a", "2026-10-01T10:00:00Z")))
    options = {**OPTIONS, "repositories": ["acme/shop"]}
    with Vendor(hub).up() as url:
        read(sqlite_engine, sources(tmp_path, url=url, **options))
        read(sqlite_engine, sources(tmp_path, url=url, strategy="canary", **options))

    assert [one["strategy"] for one in facts(sqlite_engine)["deployments"]] == ["canary"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"from": "workflow_runs"}, "must name a workflow, like deploy.yml"),
        ({"workflow": "deploy.yml"}, "must name a workflow, like deploy.yml, where it says from: workflow_runs"),
        ({"from": "tags"}, "from must be 'deployments', 'releases' or 'workflow_runs'"),
        ({"repositories": ["shop"]}, "repositories.0 must be of the form"),
        ({"repositories": []}, "repositories must not be empty"),
        ({"token": "ghp_abcdef0123456789"}, "token must be the name of an environment variable"),
    ],
)
def test_options_that_cannot_be_are_refused_by_name(tmp_path: Path, more: dict[str, Any], words: str) -> None:
    with pytest.raises(SourceError, match=NAME) as refused:
        configured.load(sources(tmp_path, **{**OPTIONS, "repositories": ["acme/shop"], **more}))

    assert words in str(refused.value)
    assert "ghp_" not in str(refused.value)
