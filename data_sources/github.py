"""GitHub and GitHub Enterprise Server: what repositories deployed, by deployments, releases or runs of a workflow.

Lists come newest first and cannot be asked for a stretch of time (runs of a workflow can): they are read down to the
beginning of the slice and, where something of it may have undone what was before, some way on. A deployment's state is
in its statuses, which cannot be asked for by time either: the last days are read again.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from itertools import islice
from typing import Annotated, Any, Literal, NamedTuple, Self
from urllib.parse import quote

from annotated_types import Ge, Le, MinLen
from pydantic import Field, StringConstraints, model_validator

from app.records import ENTITIES
from data_sources.brought import Brought, Kind, Part, Row, batch
from data_sources.deployed import (
    APART,
    WINDOW,
    Deployed,
    Deploying,
    described,
    is_pattern,
    judged,
    of_each,
    part_of,
    reverts,
)
from data_sources.http import Client, Slice, SourceError, by_token, incomplete, next_link
from data_sources.mapped import Values
from data_sources.options import EnvName, Url

_PAGE = 100
_CAP = 1_000
"""Runs that GitHub gives of one stretch of time, whatever their number."""
_SHORTEST = timedelta(minutes=1)
_DAY = timedelta(days=1)
_How = Literal["succeeded", "failed"]
_STATES: Mapping[str, _How] = {"success": "succeeded", "failure": "failed", "error": "failed"}
"""Any other state (inactive: superseded, or taken down) does not say how a deployment ended."""
_CONCLUSIONS: Mapping[str | None, _How] = {
    "success": "succeeded",
    "failure": "failed",
    "timed_out": "failed",
    "startup_failure": "failed",
}


class GitHub(Deploying):
    """Of a GitHub source."""

    url: Url = "https://api.github.com"
    token: EnvName
    repositories: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.*?\[\]-]+$")], ...], MinLen(1)
    ]
    """Owner and name, or an organisation and a pattern of names: `acme/shop`, `acme/pay-*`."""
    origin: Literal["deployments", "releases", "workflow_runs"] = Field("deployments", alias="from")
    workflow: str | None = None
    """The file of the workflow whose runs are deployments: `deploy.yml`."""
    branch: str | None = None
    """Only its runs on this branch."""
    again_days: Annotated[float, Ge(0), Le(90)] = 7
    """For how long a deployment's statuses are looked at again."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.workflow is None) == (self.origin == "workflow_runs"):
            raise ValueError("must name a workflow, like deploy.yml, where it says from: workflow_runs, and only there")
        return self


class One(NamedTuple):
    """A deployment, release or run, and what was asked about it."""

    said: Mapping[str, Any]
    statuses: Sequence[Mapping[str, Any]] = ()
    commit: Mapping[str, Any] | None = None
    """None: it is not there any more."""
    requests: Sequence[Mapping[str, Any]] = ()
    """The pull requests that brought the commit."""


class Line(NamedTuple):
    """What was deployed to one place of one repository."""

    repository: str
    every: Sequence[One]
    new: frozenset[str]
    """The ids of those of the slice; the others came before."""


class Found(NamedTuple):
    lines: Sequence[Line]
    unread: Sequence[str]


def fetch(client: Client | None, options: GitHub, part: Part, slice_: Slice) -> Found:
    """What the repositories of one entry deployed."""
    assert client is not None
    unread: list[str] = []
    several = is_pattern(part.of)

    def asked(name: str) -> Sequence[Line]:
        try:
            return _Repository(client, name, options, unread).lines(slice_)
        except SourceError as cause:
            # Of many repositories, those without that workflow are none that it deploys.
            if several and options.workflow and cause.reason == "version":
                return ()
            raise

    names = _repositories(client, part.of)
    if not names:
        unread.append(f"No repository fits {part.of}: does it exist, and may the token see it?")
    return Found(of_each(names, several, asked, unread), unread)


def _repositories(client: Client, entry: str) -> list[str]:
    owner, _, name = entry.partition("/")
    if not is_pattern(name):
        return [entry]
    listed = (one for page in _pages(client, f"/orgs/{owner}/repos", {"type": "all"}) for one in page)
    return sorted(one["full_name"] for one in listed if fnmatchcase(one["name"].casefold(), name.casefold()))


def _pages(client: Client, path: str, params: Mapping[str, str | int]) -> Iterator[Any]:
    """Whole answers, page by page as each one names the next."""

    def page(link: str | None) -> tuple[list[Any], str | None]:
        answer = client.get(link or path, None if link else {"per_page": _PAGE, **params})
        if not isinstance(answer.body, dict if path.endswith("/runs") else list):
            raise SourceError("version", f"{client.name} does not answer as GitHub does: is its url right?")
        return [answer.body], next_link(answer.headers)

    return by_token(page)


class _Repository:
    """What is asked about one repository, each commit once."""

    def __init__(self, client: Client, name: str, options: GitHub, unread: list[str]):
        self._client, self._name, self._options, self._unread = client, name, options, unread
        self._known: dict[str, tuple[Mapping[str, Any] | None, Sequence[Any]]] = {}

    def lines(self, slice_: Slice) -> list[Line]:
        match self._options.origin:
            case "releases":
                found = [self._releases(slice_)]
            case "workflow_runs":
                found = [self._runs(slice_)]
            case _:
                found = [self._deployments(environment, slice_) for environment in self._options.environments]
        lines = []
        for earlier, some in found:
            new = [self._whole(one) for one in some]
            before = self._before(earlier) if self._may_undo(new, earlier) else []
            lines.append(Line(self._name, [*before, *new], frozenset(str(one.said["id"]) for one in new)))
        return lines

    def _deployments(self, environment: str, slice_: Slice) -> tuple[list[One], list[One]]:
        """Those before the slice, of which statuses are not asked for yet, and those of it; both newest first."""
        new: dict[int, One] = {}
        earlier: dict[int, One] = {}
        for page in _pages(self._client, f"{self._path}/deployments", {"environment": environment}):
            for said in page:
                at = datetime.fromisoformat(said["created_at"])
                if at < slice_.start:
                    earlier[said["id"]] = One(said)
                # One that comes in meanwhile moves the others to the next page, where the last one is met again.
                elif at < slice_.end and said["id"] not in new:
                    new[said["id"]] = self._stated(One(said))
            if len(earlier) >= (_PAGE if new else 1):
                break
        return list(earlier.values()), list(new.values())

    def _stated(self, one: One) -> One:
        """With its statuses, where it is a deployment."""
        if self._options.origin != "deployments":
            return one
        pages = _pages(self._client, f"{self._path}/deployments/{one.said['id']}/statuses", {})
        return one._replace(statuses=[each for page in pages for each in page])

    def _before(self, earlier: Sequence[One]) -> list[One]:
        """The last successful ones, of earlier ones that come newest first."""
        stated = (one for one in map(self._stated, earlier) if _succeeded(one))
        return [self._whole(one) for one in islice(stated, WINDOW)]

    def _may_undo(self, new: Sequence[One], earlier: Sequence[One]) -> bool:
        """Whether a new one may have undone any: most do not, and those before need not be asked about."""
        commits = [_commit_of(one.said) for one in new]
        again = len(set(commits)) < len(commits) or not {_commit_of(one.said) for one in earlier}.isdisjoint(commits)
        # The name of a release does not tell whether its commit ran before.
        return self._options.origin == "releases" or again or any(reverts(_deployed(one).message) for one in new)

    def _releases(self, slice_: Slice) -> tuple[list[One], list[One]]:
        """All are listed each time: in which order, GitHub does not say."""
        listed = (one for page in _pages(self._client, f"{self._path}/releases", {}) for one in page)
        told = [one for one in listed if not one["draft"] and not one["prerelease"] and one["published_at"]]
        return _around([One(one) for one in {one["id"]: one for one in told}.values()], "published_at", slice_)

    def _runs(self, slice_: Slice) -> tuple[list[One], list[One]]:
        path = f"{self._path}/actions/workflows/{quote(self._options.workflow or '', safe='')}/runs"
        branch = {"branch": self._options.branch} if self._options.branch else {}
        runs = {said["id"]: One(said) for said in self._between(path, branch, slice_.start, slice_.end)}
        if runs:
            asked = {**branch, "created": f"<{_told(slice_.start)}", "status": "success"}
            earlier = next(_pages(self._client, path, asked))["workflow_runs"]
            runs |= {said["id"]: One(said) for said in earlier}
        return _around(list(runs.values()), "created_at", slice_)

    def _between(self, path: str, branch: Mapping[str, str], start: datetime, end: datetime) -> Iterator[Any]:
        """Runs of a stretch of time, of halves of it where there are more than GitHub gives."""
        created = {"created": f"{_told(start)}..{_told(end)}"}
        pages = _pages(self._client, path, {**branch, **created})
        first = next(pages)
        if first["total_count"] > _CAP and end - start > _SHORTEST:
            middle = start + timedelta(seconds=(end - start) // timedelta(seconds=2))
            yield from self._between(path, branch, start, middle)
            yield from self._between(path, branch, middle, end)
            return
        listed = [*first["workflow_runs"], *(said for page in pages for said in page["workflow_runs"])]
        yield from listed
        missing = incomplete(f"runs of {self._name} between {start} and {end}", first["total_count"], len(listed))
        self._unread += [missing] if missing else []

    def _whole(self, one: One) -> One:
        """With its commit and, where they say what was unplanned, the pull requests that brought it."""
        named = _commit_of(one.said)
        if named not in self._known:
            commit = self._asked(f"{self._path}/commits/{quote(named, safe='')}")
            wanted = commit and self._options.unplanned
            requests = self._asked(f"{self._path}/commits/{commit['sha']}/pulls") if commit and wanted else None
            self._known[named] = (commit, requests or ())
        commit, requests = self._known[named]
        return one._replace(commit=commit, requests=requests)

    def _asked(self, path: str) -> Any:
        """What is there; None where nothing is: a commit that a forced push took away."""
        try:
            return self._client.get(path).body
        except SourceError as cause:
            if cause.reason not in ("query", "version"):
                raise
            return None

    @property
    def _path(self) -> str:
        return f"/repos/{self._name}"


def _around(every: Sequence[One], when: str, slice_: Slice) -> tuple[list[One], list[One]]:
    """Those before a slice, and those of it, newest first; none before where it holds none."""
    known = sorted(((datetime.fromisoformat(one.said[when]), int(one.said["id"]), one) for one in every), reverse=True)
    new = [one for at, _, one in known if slice_.start <= at < slice_.end]
    return ([one for at, _, one in known if at < slice_.start] if new else []), new


def _told(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _commit_of(said: Mapping[str, Any]) -> str:
    return str(said.get("sha") or said.get("head_sha") or said["tag_name"])


def _ended(one: One) -> tuple[_How, str] | None:
    """How it ended, and when first; None where nothing says so."""
    said = one.said
    if "published_at" in said:
        return "succeeded", said["published_at"]
    if "conclusion" in said:
        how = _CONCLUSIONS.get(said["conclusion"])
        return (how, said["updated_at"]) if how else None
    # Newest first, as GitHub gives them: of two in one second, the first one counts.
    told = [(datetime.fromisoformat(each["created_at"]), each) for each in one.statuses if each["state"] in _STATES]
    if not told:
        return None
    how = _STATES[max(told, key=lambda each: each[0])[1]["state"]]
    return how, min(each["created_at"] for _, each in told if _STATES[each["state"]] == how)


def _succeeded(one: One) -> bool:
    ended = _ended(one)
    return ended is not None and ended[0] == "succeeded"


def _order(one: One) -> tuple[datetime, int]:
    """By when it ended: what begins first may well run last."""
    ended = _ended(one)
    return datetime.fromisoformat(ended[1] if ended else one.said["created_at"]), int(one.said["id"])


def parse(raw: Found, options: GitHub, part: Part, slice_: Slice) -> Brought:
    """Deployments of the slice, and earlier ones that they undid."""
    values = Values(options.map)
    rows: list[Row] = []
    notes: list[str] = []
    unread = list(raw.unread)
    for line in raw.lines:
        succeeded = sorted(filter(_succeeded, line.every), key=_order)
        verdicts = judged([_deployed(one) for one in succeeded], line.new)
        waiting = 0
        for one in line.every:
            named, ended = str(one.said["id"]), _ended(one)
            if ended is None:
                since = datetime.fromisoformat(one.said["created_at"])
                waiting += options.origin == "deployments" and since < slice_.end - _DAY
            elif named in verdicts or (ended[0] == "failed" and named in line.new):
                status = verdicts.get(named, "failed")
                known = _known(one, options, values, line.repository, notes)
                rows.append(Row({"deployment": named, "deployed_at": ended[1], "status": status, **known}))
        if waiting:
            unread.append(f"{line.repository}: {waiting:,} deployments have no status that says how they ended.")
    found = ((ENTITIES["deployments"], part.of, batch("deployments", rows)),) if rows else ()
    return Brought(found, tuple(unread), tuple(dict.fromkeys(notes)), partial=bool(raw.unread), seen=values.seen())


def _deployed(one: One) -> Deployed:
    commit = one.commit or {"sha": _commit_of(one.said), "commit": {"message": ""}}
    return Deployed(str(one.said["id"]), commit["sha"], commit["commit"]["message"])


def _known(one: One, options: GitHub, values: Values, repository: str, notes: list[str]) -> dict[str, Any]:
    said = one.said
    payload = said.get("payload")
    if isinstance(payload, str) and payload.startswith("{"):
        said = {**said, "payload": json.loads(payload)}
    labels = (label["name"] for request in one.requests for label in request["labels"])
    heads = (request["head"]["ref"] for request in one.requests)
    names = [*filter(None, (said.get("ref"), said.get("head_branch"))), *heads, *labels]
    logs = (each.get("log_url") or each.get("target_url") for each in one.statuses)
    if one.commit is None:
        notes.append(f"{repository}: a deployed commit is not there any more; when it was made is left blank.")
    return {
        "committed_at": one.commit["commit"]["committer"]["date"] if one.commit else None,
        "url": said.get("html_url") or next(filter(None, logs), None) or (one.commit or {}).get("html_url"),
        **described(said, options, values, repository, names, notes),
    }


def test(client: Client | None, options: GitHub) -> str:
    """How many repositories there are, and whether the first one may be read."""
    assert client is not None
    names = [name for entry in options.repositories for name in _repositories(client, entry)]
    if not names:
        raise SourceError("query", f"No repository fits {options.repositories[0]}: may the token see it?")
    now = datetime.now(UTC)
    _Repository(client, names[0], options, []).lines(Slice(now, now))
    return f"It answers: {len(names):,} repositories, and what {names[0]} deployed may be read."


def _parts(options: GitHub) -> Sequence[Part]:
    asked = options.model_dump(
        include={"origin", "workflow", "branch", "environments", "service", "strategy_place", "strategy", "unplanned"}
    )
    return [part_of(entry, asked) for entry in options.repositories]


KIND = Kind(
    name="github",
    options=GitHub,
    test=test,
    parts=_parts,
    fetch=fetch,
    parse=parse,
    slice=lambda options: timedelta(days=30),
    overlap=lambda options: timedelta(days=options.again_days),
    mapped=("services",),
    apart=APART,
)
