"""A GitHub for tests: repositories with what they deployed, in the shapes and the order that its API documents."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlencode

import pytest

from tests.sources.live import Told

SECRET = "s3cr3t-of-the-hub"
OPTIONS = {"kind": "github", "token": "GITHUB_TOKEN"}
CAP = 1_000


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", SECRET)


def commit(sha: str, message: str = "Work", at: str = "2026-11-19T10:00:00Z") -> dict[str, Any]:
    return {
        "sha": sha,
        "html_url": f"https://hub.example/commit/{sha}",
        "commit": {
            "message": message,
            "author": {"name": "Ann", "date": "2026-10-01T08:00:00Z"},
            "committer": {"name": "Ann", "date": at},
        },
        "author": None,
    }


def deployment(number: int, sha: str, at: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "sha": sha,
        "ref": "main",
        "task": "deploy",
        "payload": {},
        "environment": "production",
        "original_environment": "production",
        "creator": None,
        "created_at": at,
        "updated_at": at,
        **more,
    }


def status(state: str, at: str) -> dict[str, Any]:
    return {"state": state, "created_at": at, "log_url": f"https://hub.example/run/{state}", "target_url": ""}


class Repository:
    """What one repository holds. Every commit of a deployment is there, unless it is in `lost`."""

    def __init__(self, *deployments: tuple[dict[str, Any], Iterable[dict[str, Any]]], archived: bool = False):
        self.archived = archived
        self.deployments = [said for said, _ in deployments]
        self.statuses = {str(said["id"]): list(statuses) for said, statuses in deployments}
        self.commits: dict[str, dict[str, Any]] = {}
        self.lost: set[str] = set()
        self.requests: dict[str, list[dict[str, Any]]] = {}
        self.releases: list[dict[str, Any]] = []
        self.runs: dict[str, list[dict[str, Any]]] = {}
        self.refused: Told | None = None


def deployed(*rows: tuple[int, str, str], state: str = "success") -> Repository:
    """A repository whose deployments (number, commit, time) ended in the moment that they began."""
    return Repository(*((deployment(number, sha, at), [status(state, at)]) for number, sha, at in rows))


class Hub:
    """A GitHub with these repositories, as it is at a moment."""

    def __init__(self, **repositories: Repository):
        self.repositories = {name.replace("_", "-"): one for name, one in repositories.items()}
        self.now = "9999"
        self.size = 100

    def __call__(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Told:
        if headers.get("Authorization") != f"Bearer {SECRET}":
            return 401, {}, {"message": "Bad credentials"}
        parts = path.removeprefix("/api/v3").strip("/").split("/")
        if parts == ["orgs", "acme", "repos"]:
            listed = [
                {"name": name, "full_name": f"acme/{name}", "archived": one.archived, "owner": {"login": "acme"}}
                for name, one in self.repositories.items()
            ]
            return self._page(listed, path, params, headers)
        one = self.repositories.get(parts[2]) if parts[:2] == ["repos", "acme"] else None
        if one is None:
            return 404, {}, {"message": "Not Found"}
        return one.refused or self._of(one, parts[3:], path, params, headers)

    def _of(self, one: Repository, parts: list[str], path: str, params: Mapping[str, str], headers: Any) -> Told:
        match parts:
            case ["deployments"]:
                named = params.get("environment")
                shown = [said for said in one.deployments if named in (None, said["environment"])]
                return self._page(self._newest(shown), path, params, headers)
            case ["deployments", number, "statuses"]:
                return self._page(self._newest(one.statuses[number]), path, params, headers)
            case ["releases"]:
                return self._page(self._newest(one.releases), path, params, headers)
            case ["commits", sha]:
                sha = unquote(sha)
                if sha in one.lost:
                    return 422, {}, {"message": f"No commit found for SHA: {sha}"}
                return 200, {}, one.commits.get(sha) or commit(sha)
            case ["commits", sha, "pulls"]:
                return 200, {}, one.requests.get(sha, [])
            case ["actions", "workflows", workflow, "runs"] if workflow in one.runs:
                shown = [said for said in self._newest(one.runs[workflow]) if _asked(said, params)]
                code, links, page = self._page(shown[:CAP], path, params, headers)
                return code, links, {"total_count": len(shown), "workflow_runs": page}
        return 404, {}, {"message": "Not Found"}

    def _newest(self, every: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """What there is by now, newest first."""
        return sorted((one for one in every if one["created_at"] <= self.now), key=lambda one: one["created_at"])[::-1]

    def _page(self, every: list[Any], path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Told:
        size, page = min(int(params.get("per_page", 30)), self.size), int(params.get("page", 1))
        links = {}
        if page * size < len(every):
            query = urlencode({**params, "page": page + 1})
            links["Link"] = f'<http://{headers["Host"]}{path}?{query}>; rel="next", <http://x/9>; rel="last"'
        return 200, links, every[(page - 1) * size : page * size]


def _asked(run: Mapping[str, Any], params: Mapping[str, str]) -> bool:
    at = datetime.fromisoformat(run["created_at"])
    created = params["created"]
    if created.startswith("<"):
        fits = at < datetime.fromisoformat(created[1:])
    else:
        start, end = map(datetime.fromisoformat, created.split(".."))
        fits = start <= at <= end
    fits = fits and params.get("status") in (None, run["conclusion"])
    return fits and params.get("branch") in (None, run["head_branch"])
