"""GitLab: what changed is asked for by its time; what undid it stands around it, whatever slice it is met in."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from sqlalchemy.engine import Engine

from app import ingest_sync
from app.store.engine import open_store
from data_sources.http import SourceError
from tests.sources.live import AT, Told
from tests.sources.vendor import NAME, Vendor, facts, killed_and_resumed, read, sources

SECRET = "s3cr3t-of-the-lab"
OPTIONS = {"kind": "gitlab", "token": "GITLAB_TOKEN"}
SHOP: dict[str, Any] = {**OPTIONS, "projects": ["acme/shop"]}
START = datetime(2026, 11, 20, 10, tzinfo=UTC)


def told(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"


def deployment(
    number: int, sha: str, at: datetime, status: str = "success", message: str = "Work", **more: Any
) -> dict[str, Any]:
    """One that ended five minutes after it began."""
    return {
        "id": number,
        "iid": number,
        "ref": "main",
        "sha": sha,
        "status": status,
        "created_at": told(at),
        "updated_at": told(at + timedelta(minutes=5)),
        "user": None,
        "environment": {"id": 9, "name": "production"},
        "deployable": {
            "id": 600 + number,
            "name": "deploy: canary",
            "finished_at": told(at + timedelta(minutes=5)),
            "commit": {"id": sha, "created_at": "2026-11-19T11:00:00.000+02:00", "message": message},
            "web_url": f"https://lab.example/jobs/{number}",
        },
        **more,
    }


class Lab:
    """A GitLab with these projects, as it is at a moment; each deployment runs from its beginning to its change."""

    def __init__(self, **projects: list[dict[str, Any]]):
        self.projects = {f"acme/{name.replace('__', '/')}": found for name, found in projects.items()}
        self.requests: dict[str, list[dict[str, Any]]] = {}
        self.commits: dict[str, dict[str, Any]] = {}
        self.refused: dict[str, Told] = {}
        self.now = AT + timedelta(days=365)
        self.size, self.cap = 100, 50_000

    def __call__(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Told:
        if headers.get("Authorization") != f"Bearer {SECRET}":
            return 401, {}, {"message": "401 Unauthorized"}
        match path.removeprefix("/api/v4/").split("/"):
            case ["groups", group, "projects"] if unquote(group) in ("acme", "acme/pay"):
                listed = [{"id": at, "path_with_namespace": name} for at, name in enumerate(self.projects, 1)]
                return self._page(
                    [one for one in listed if str(one["path_with_namespace"]).startswith(unquote(group))], params
                )
            case ["projects", named, "repository", "commits", sha]:
                found = self.commits.get(sha)
                return (200, {}, found) if found else (404, {}, {"message": "404 Commit Not Found"})
            case ["projects", named, "repository", "commits", sha, "merge_requests"]:
                return 200, {}, self.requests.get(sha, [])
            case ["projects", named, "deployments"]:
                name = list(self.projects)[int(named) - 1] if named.isdigit() else unquote(named)
                if name in self.refused:
                    return self.refused[name]
                if name in self.projects:
                    return self._deployments(self.projects[name], params)
        return 404, {}, {"message": "404 Project Not Found"}

    def _deployments(self, every: list[dict[str, Any]], params: Mapping[str, str]) -> Told:
        order = params["order_by"]
        if "updated_after" in params and order != "updated_at":
            return 400, {}, {"message": "400 Bad request - `updated_at` filter requires `updated_at` sort"}
        shown = [
            one
            for one in map(self._by_now, every)
            if one["created_at"] <= told(self.now)
            and one["environment"]["name"] == params["environment"]
            and params.get("status") in (None, one["status"])
            and params.get("updated_after", "")[:19] <= one["updated_at"][:19] <= params.get("updated_before", "9")[:19]
        ]
        # When one ended is what GitLab orders by, but does not tell of the deployment itself.
        ended = {one["id"]: (one["deployable"] or {}).get("finished_at", one["updated_at"]) for one in shown}
        by = {"updated_at": lambda one: (one["updated_at"], one["id"]), "finished_at": lambda one: ended[one["id"]]}
        shown.sort(key=by[order], reverse=params["sort"] == "desc")
        return self._page(shown, params)

    def _by_now(self, one: dict[str, Any]) -> dict[str, Any]:
        running = {"status": "running", "updated_at": one["created_at"]}
        return one if one["updated_at"] <= told(self.now) else {**one, **running}

    def _page(self, every: list[Any], params: Mapping[str, str]) -> Told:
        size, page = min(int(params["per_page"]), self.size), int(params["page"])
        if page * size > self.cap:
            return 405, {}, {"error": f"Offset pagination has a maximum allowed offset of {self.cap}"}
        following = str(page + 1) if page * size < len(every) else ""
        total = {"x-total": str(len(every))} if len(every) <= 10_000 else {}
        return 200, {"x-next-page": following, **total}, every[(page - 1) * size : page * size]


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_TOKEN", SECRET)


def verdicts(engine: Engine) -> dict[str, str]:
    return {one["deployment"]: one["status"] for one in facts(engine)["deployments"]}


def test_what_ended_is_a_deployment_and_what_was_canceled_is_none(sqlite_engine: Engine, tmp_path: Path) -> None:
    states = ["success", "failed", "canceled", "created", "running", "blocked", "skipped"]
    shop = [deployment(at, f"c{at}", START, status) for at, status in enumerate(states, 1)]
    shop.append(deployment(8, "c8", START, environment={"id": 2, "name": "staging"}))
    with Vendor(Lab(shop=shop)).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, map={"services": {"shop": "Checkout"}}, **SHOP))

    assert outcome.status == "done"
    found = facts(sqlite_engine)["deployments"]
    assert [(one["deployment"], one["status"], f"{one['deployed_at']:%H:%M}") for one in found] == [
        ("1", "succeeded", "10:05"),
        ("2", "failed", "10:05"),
    ]
    assert {(one["service"], f"{one['committed_at']:%d %H:%M}") for one in found} == {("Checkout", "19 09:00")}
    assert [one["url"] for one in found] == ["https://lab.example/jobs/1", "https://lab.example/jobs/2"]


def test_going_back_and_reverting_undo_a_deployment(sqlite_engine: Engine, tmp_path: Path) -> None:
    said = {
        3: 'Revert "Search"\n\nThis reverts commit bbbbbbb2.',
        5: "Merge branch 'x'\n\nSee merge request acme/shop!7",
    }
    said[6] = "Revert \"Merge branch 'x'\"\n\nThis reverts merge request !7"
    commits = ["aaaaaaa1", "bbbbbbb2", "ccccccc3", "aaaaaaa1", "ddddddd4", "eeeeeee5"]
    shop = [
        deployment(at, sha, START + timedelta(hours=at), message=said.get(at, "Work"))
        for at, sha in enumerate(commits, 1)
    ]
    with Vendor(Lab(shop=shop)).up() as url:
        read(sqlite_engine, sources(tmp_path, url=url, **SHOP))

    undone = {name for name, verdict in verdicts(sqlite_engine).items() if verdict == "rolled_back"}
    assert undone == {"2", "3", "5"}


def test_reading_bit_by_bit_gives_what_reading_once_gives(sqlite_engine: Engine, tmp_path: Path) -> None:
    """Slices end on 3 November; 2, 4 and 7 are undone from another one, or another reading; 4 waits until 5 has ended,
    and 5 changes once more later, with what came meanwhile around it."""
    days = [1, 2, 4, 5, 6, 14, 22, 27]
    moments = [datetime(2026, 11, day, 10, tzinfo=UTC) for day in days]
    shop = [deployment(at, "abacabdb"[at - 1] * 7, moment) for at, moment in enumerate(moments, 1)]
    shop[3]["updated_at"] = shop[3]["deployable"]["finished_at"] = "2026-11-10T10:00:00.000Z"
    lab = Lab(shop=shop)
    with Vendor(lab).up() as url:
        file = sources(tmp_path, url=url, **SHOP)
        for moment in moments:
            lab.now = moment + timedelta(minutes=2)
            read(sqlite_engine, file, now=lab.now)
        shop[4]["updated_at"] = "2026-11-27T12:00:00.000Z"
        lab.now = AT
        read(sqlite_engine, file)
        once = open_store(f"sqlite:///{tmp_path}/once.db")
        read(once, file)

    assert facts(sqlite_engine) == facts(once)
    assert [name for name, verdict in verdicts(once).items() if verdict == "rolled_back"] == ["2", "4", "7"]
    once.dispose()


def test_a_deployment_of_another_tool_takes_its_commit_by_a_call(sqlite_engine: Engine, tmp_path: Path) -> None:
    shop = [deployment(at, f"c{at}", START + timedelta(hours=at), deployable=None) for at in (1, 2)]
    lab = Lab(shop=shop)
    lab.commits["c1"] = {"id": "c1", "created_at": "2026-11-19T09:00:00.000+00:00", "message": "Work"}
    with Vendor(lab).up() as url:
        file = sources(tmp_path, url=url, **SHOP)
        outcome = read(sqlite_engine, file)
        shop[0] |= {"status": "failed", "updated_at": "2026-11-28T13:00:00.000Z"}
        again = read(sqlite_engine, file, now=AT + timedelta(hours=2))

    found = facts(sqlite_engine)["deployments"]
    assert [(one["status"], f"{one['deployed_at']:%d %H:%M}", "committed_at" in one) for one in found] == [
        ("failed", "28 13:00", True),
        ("succeeded", "20 12:05", False),
    ]
    assert {one["url"] for one in found} == {f"{url}/acme/shop/-/environments/9"}
    assert outcome.notes == ["acme/shop: a deployed commit is not there any more; when it was made is left blank."]
    assert again.counts["deployments"].changed == 1


def test_a_pattern_reads_a_group_and_options_say_more(sqlite_engine: Engine, tmp_path: Path) -> None:
    lab = Lab(pay__api=[deployment(1, "c1", START)], pay__web=[deployment(2, "c2", START, ref="hotfix/1")], shop=[])
    lab.projects["acme/pay/closed"] = []
    lab.refused["acme/pay/closed"] = (403, {}, {"message": "403 Forbidden"})
    lab.requests = {"c1": [{"source_branch": "tax", "labels": ["docs"]}]}
    lab.size = 2
    options = {**OPTIONS, "projects": ["acme/pay/*", "acme/none/*"], "unplanned": ["hotfix*"]}
    with Vendor(lab).up() as url:
        file = sources(tmp_path, url=url, service="environment.name", strategy_place="deployable.name", **options)
        outcome = read(sqlite_engine, file)

    found = facts(sqlite_engine)["deployments"]
    assert [(one["service"], one["strategy"], one["unplanned"]) for one in found] == [
        ("production", "canary", False),
        ("production", "canary", True),
    ]
    assert sorted(outcome.unread) == [
        f"acme/none/*: {NAME} has nothing at /api/v4/groups/acme%2Fnone/projects (404): is its url right, and its "
        "version one that Nines knows?",
        f"acme/pay/closed: {NAME} knows the credentials, but they may not read /api/v4/projects/4/deployments.",
    ]


def test_more_than_pages_may_count_is_asked_for_by_later_times(sqlite_engine: Engine, tmp_path: Path) -> None:
    many = [deployment(at, "c", START + timedelta(seconds=at), "canceled", deployable=None) for at in range(5_150)]
    lab = Lab(shop=[deployment(90_001, "a", START), *many, deployment(90_002, "b", START + timedelta(hours=5))])
    lab.cap = 5_000
    vendor = Vendor(lab)
    with vendor.up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, since="2026-11-10", **SHOP))

    assert outcome.status == "done"
    assert list(verdicts(sqlite_engine)) == ["90001", "90002"]
    assert outcome.calls == 50 + 2 + 1


def test_what_moves_between_pages_is_told_and_asked_for_again(sqlite_engine: Engine, tmp_path: Path) -> None:
    lab = Lab(shop=[deployment(at, f"c{at}", AT - timedelta(hours=9, minutes=-at)) for at in range(1, 4)])
    vendor = Vendor(lab)
    short = [deployment(1, "c1", AT - timedelta(hours=9))]
    vendor.faults = {1: (200, {"x-total": "3", "x-next-page": ""}, short)}
    with vendor.up() as url:
        file = sources(tmp_path, url=url, since="2026-11-25", **SHOP)
        first = read(sqlite_engine, file)
        again = read(sqlite_engine, file, now=AT + timedelta(hours=1))

    assert (first.unread, again.unread) == (["Of 3 deployments of acme/shop only 1 came."], [])
    assert len(verdicts(sqlite_engine)) == 3


def test_limits_and_failures_are_waited_for(sqlite_engine: Engine, tmp_path: Path) -> None:
    lab = Lab(shop=[deployment(at, f"c{at}", START + timedelta(minutes=at)) for at in range(1, 8)])
    lab.size = 3
    vendor = Vendor(lab)
    vendor.faults = {2: (429, {"Retry-After": "3"}, {}), 3: (429, {}, {}), 5: (500, {}, "down")}
    with vendor.up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, since="2026-11-10", **SHOP))

    assert (outcome.failure, outcome.unread, outcome.calls) == (None, [], 3 + 3 + 3)
    assert len(verdicts(sqlite_engine)) == 7


def test_a_project_that_was_renamed_ends_no_other(sqlite_engine: Engine, tmp_path: Path) -> None:
    lab = Lab(old=[], shop=[deployment(1, "a", START)])
    lab.refused["acme/old"] = (301, {"Location": "/api/v4/projects/7/deployments"}, {})
    with Vendor(lab).up() as url:
        file = sources(tmp_path, url=url, projects=["acme/old", "acme/shop"], **OPTIONS)
        outcome = read(sqlite_engine, file)

    moved = "/api/v4/projects/acme%2Fold/deployments"
    assert outcome.unread == [f"acme/old: {NAME} has moved what was at {moved} (301): call it by its new name."]
    assert list(verdicts(sqlite_engine)) == ["1"]


def test_a_killed_reading_is_completed_by_the_next(tmp_path: Path) -> None:
    moments = [datetime(2026, 10, 30, 10, tzinfo=UTC) + timedelta(days=2 * at) for at in range(6)]
    lab = Lab(shop=[deployment(at, "ab"[at % 2] * 7, moment) for at, moment in enumerate(moments, 1)])
    killed_and_resumed(Vendor(lab), tmp_path, at=6, **SHOP)


def test_an_expired_token_is_said_and_no_secret_kept(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Vendor(Lab(shop=[deployment(1, "a", START)])).up() as url:
        file = sources(tmp_path, url=url, **SHOP)
        said = [read(sqlite_engine, file)]
        monkeypatch.setenv("GITLAB_TOKEN", f"{SECRET}-that-expired")
        said.append(read(sqlite_engine, file, now=AT + timedelta(hours=1)))

    assert said[1].failure == f"{NAME} does not accept the credentials: are they right, and not expired?"
    with sqlite_engine.connect() as conn:
        driver: Any = conn.connection.driver_connection
        assert SECRET not in "".join(driver.iterdump()) + repr(said)


def test_what_is_no_gitlab_is_said(sqlite_engine: Engine, tmp_path: Path) -> None:
    with Vendor(lambda *_: (200, {}, {"message": "Hello"})).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **SHOP))

    assert outcome.unread == [f"acme/shop: {NAME} does not answer as GitLab does: is its url right?"]


def test_its_test_says_what_may_be_read(tmp_path: Path) -> None:
    with Vendor(Lab(shop=[], pay=[])).up() as url:
        file = sources(tmp_path, url=url, projects=["acme/*"], **OPTIONS)
        assert ingest_sync.test(file, NAME) == "It answers: 2 projects, and what acme/pay deployed may be read."
        file = sources(tmp_path, url=url, projects=["acme/none*"], **OPTIONS)
        with pytest.raises(SourceError, match=r"No project fits acme/none\*: may the token see it\?"):
            ingest_sync.test(file, NAME)
