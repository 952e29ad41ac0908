"""GitLab, of its company or one's own: what projects deployed to environments.

What changed in a slice of time is asked for by the time of the change. What it undid, and what undid it, stands among
the successful deployments around it, which are listed the last one first. GitLab's own DORA numbers are not asked for:
they need its highest tier, and come without the deployments that they are of.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

from annotated_types import MinLen
from pydantic import StringConstraints

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
)
from data_sources.http import Answer, Client, Slice, SourceError, by_token, incomplete, next_link
from data_sources.mapped import Values
from data_sources.options import EnvName, Url

_PAGE = 100
_PAGES = 50
"""After how many pages a list is asked for anew from where it came to: GitLab may refuse the 50,000th item."""


class GitLab(Deploying):
    """Of a GitLab source."""

    url: Url = "https://gitlab.com"
    token: EnvName
    projects: Annotated[tuple[Annotated[str, StringConstraints(pattern=r"^[\w.-]+(/[\w.*?\[\]-]+)+$")], ...], MinLen(1)]
    """Paths of projects, or patterns of those of a group and its subgroups: `acme/shop`, `acme/backend/*`."""


class One(NamedTuple):
    """A deployment, and what was asked about it."""

    said: Mapping[str, Any]
    commit: Mapping[str, Any] | None
    """None: it is not there any more."""
    requests: Sequence[Mapping[str, Any]]
    """The merge requests that brought the commit."""


class Line(NamedTuple):
    """What was deployed to one environment of one project."""

    project: str
    succeeded: Sequence[One]
    """As they ended, with some around those that changed in the slice."""
    failed: Sequence[One]
    new: frozenset[str]
    """The ids of the successful ones that changed in the slice."""


class Found(NamedTuple):
    lines: Sequence[Line]
    unread: Sequence[str]


def fetch(client: Client | None, options: GitLab, part: Part, slice_: Slice) -> Found:
    """What the projects of one entry deployed."""
    assert client is not None
    unread: list[str] = []
    ids = _projects(client, part.of)
    if not ids:
        unread.append(f"No project fits {part.of}: does it exist, and may the token see it?")

    def asked(path: str) -> Sequence[Line]:
        return _Project(client, path, ids[path], options, unread).lines(slice_)

    return Found(of_each(sorted(ids), is_pattern(part.of), asked, unread), unread)


def _projects(client: Client, entry: str) -> dict[str, str]:
    """Path of each project that an entry names → how the API names it."""
    if not is_pattern(entry):
        return {entry: quote(entry, safe="")}
    steps = entry.split("/")
    group = "/".join(steps[: next(at for at, step in enumerate(steps) if is_pattern(step))])
    params = {"include_subgroups": "true", "with_shared": "false", "order_by": "id", "sort": "asc"}
    pages = _pages(client, f"/api/v4/groups/{quote(group, safe='')}/projects", params)
    listed = {one["path_with_namespace"]: str(one["id"]) for page in pages for one in page.body}
    return {path: named for path, named in listed.items() if fnmatchcase(path.casefold(), entry.casefold())}


def _pages(client: Client, path: str, params: Mapping[str, str]) -> Iterator[Answer]:
    """Answers, page by page as each one says which is the next: by its number, or by its address."""

    def page(token: str | None) -> tuple[list[Answer], str | None]:
        if token is not None and token.startswith("http"):
            answer = client.get(token)
        else:
            answer = client.get(path, {"per_page": _PAGE, **params, "page": token or 1})
        if not isinstance(answer.body, list):
            raise SourceError("version", f"{client.name} does not answer as GitLab does: is its url right?")
        return [answer], answer.headers.get("x-next-page") or next_link(answer.headers)

    return by_token(page)


class _Project:
    """What is asked about one project, each commit once."""

    def __init__(self, client: Client, path: str, named: str, options: GitLab, unread: list[str]):
        self._client, self._path, self._options, self._unread = client, path, options, unread
        self._place = f"/api/v4/projects/{named}"
        self._known: dict[str, Any] = {}

    def lines(self, slice_: Slice) -> list[Line]:
        return [
            line
            for environment in self._options.environments
            for line in [self._line(environment, slice_)]
            if line.new or line.failed
        ]

    def _line(self, environment: str, slice_: Slice) -> Line:
        changed = self._changed(environment, slice_)
        new = {int(said["id"]) for said in changed if said["status"] == "success"}
        around, last = self._around(environment, new) if new else ([], 0)
        return Line(
            self._path,
            [self._whole(said, brought=place <= last) for place, said in enumerate(around)],
            [self._whole(said, brought=True) for said in changed if said["status"] == "failed"],
            frozenset(map(str, new)),
        )

    def _changed(self, environment: str, slice_: Slice) -> list[Mapping[str, Any]]:
        """What was changed in a slice of time, in that order."""
        found: dict[int, Mapping[str, Any]] = {}
        total: int | None = None
        after: str | None = _told(slice_.start)
        while after is not None:
            params = {"updated_after": after, "updated_before": _told(slice_.end), "environment": environment}
            pages = _pages(
                self._client, f"{self._place}/deployments", {**params, "order_by": "updated_at", "sort": "asc"}
            )
            begun, after = after, None
            for number, answer in enumerate(pages, 1):
                said = answer.headers.get("x-total")
                total = int(said) if total is None and said else total
                found |= {one["id"]: one for one in answer.body}
                if number >= _PAGES and answer.body and answer.body[-1]["updated_at"] != begun:
                    after = answer.body[-1]["updated_at"]
                    break
        missing = incomplete(f"deployments of {self._path}", total, len(found))
        self._unread += [missing] if missing else []
        return list(found.values())

    def _around(self, environment: str, new: set[int]) -> tuple[list[Mapping[str, Any]], int]:
        """Successful deployments as they ended, from some before the first new one to some after the last; and the
        place of the last new one among them."""
        known: dict[int, Mapping[str, Any]] = {}
        params = {"environment": environment, "status": "success", "order_by": "finished_at", "sort": "desc"}
        for answer in _pages(self._client, f"{self._place}/deployments", params):
            known |= {int(said["id"]): said for said in answer.body}
            if new <= known.keys() and new.isdisjoint(list(known)[-WINDOW:]):
                break
        order = list(known)[::-1]
        at = [place for place, named in enumerate(order) if named in new] or [0]
        first = max(at[0] - WINDOW, 0)
        return [known[named] for named in order[first : at[-1] + WINDOW + 1]], at[-1] - first

    def _whole(self, said: Mapping[str, Any], brought: bool) -> One:
        """With its commit and, where they say what was unplanned, the merge requests that brought it."""
        commit = (said.get("deployable") or {}).get("commit")
        place = f"{self._place}/repository/commits/{said['sha']}"
        wanted = brought and bool(self._options.unplanned)
        return One(
            said,
            commit or self._asked(place),
            (self._asked(f"{place}/merge_requests") or ()) if wanted else (),
        )

    def _asked(self, place: str) -> Any:
        """What is there; None where nothing is: a commit that a forced push took away."""
        if place not in self._known:
            try:
                self._known[place] = self._client.get(place).body
            except SourceError as cause:
                if cause.reason not in ("query", "version"):
                    raise
                self._known[place] = None
        return self._known[place]


def _told(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def parse(raw: Found, options: GitLab, part: Part, slice_: Slice) -> Brought:
    """Deployments that changed in the slice, and those that they undid."""
    values = Values(options.map)
    rows: list[Row] = []
    notes: list[str] = []
    for line in raw.lines:
        verdicts = judged([_deployed(one) for one in line.succeeded], line.new)
        ended = [(one, verdicts.get(str(one.said["id"]))) for one in line.succeeded]
        for one, status in [*ended, *((one, "failed") for one in line.failed)]:
            if status is not None:
                known = _known(one, options, values, line.project, notes)
                rows.append(Row({"deployment": str(one.said["id"]), "status": status, **known}))
    found = ((ENTITIES["deployments"], part.of, batch("deployments", rows)),) if rows else ()
    return Brought(found, tuple(raw.unread), tuple(dict.fromkeys(notes)), partial=bool(raw.unread), seen=values.seen())


def _deployed(one: One) -> Deployed:
    return Deployed(str(one.said["id"]), one.said["sha"], (one.commit or {}).get("message") or "")


def _known(one: One, options: GitLab, values: Values, project: str, notes: list[str]) -> dict[str, Any]:
    said, job = one.said, one.said.get("deployable") or {}
    names = [
        said["ref"],
        *(name for request in one.requests for name in (request["source_branch"], *request["labels"])),
    ]
    if one.commit is None:
        notes.append(f"{project}: a deployed commit is not there any more; when it was made is left blank.")
    environment = f"{options.url}/{project}/-/environments/{said['environment']['id']}"
    return {
        "deployed_at": job.get("finished_at") or said["updated_at"],
        "committed_at": one.commit["created_at"] if one.commit else None,
        "url": job.get("web_url") or environment,
        **described(said, options, values, project, names, notes),
    }


def test(client: Client | None, options: GitLab) -> str:
    """How many projects there are, and whether the first one may be read."""
    assert client is not None
    ids = {path: named for entry in options.projects for path, named in _projects(client, entry).items()}
    if not ids:
        raise SourceError("query", f"No project fits {options.projects[0]}: may the token see it?")
    first, now = min(ids), datetime.now(UTC)
    _Project(client, first, ids[first], options, []).lines(Slice(now, now))
    return f"It answers: {len(ids):,} projects, and what {first} deployed may be read."


def _parts(options: GitLab) -> Sequence[Part]:
    asked = options.model_dump(include={"environments", "service", "strategy_place", "strategy", "unplanned"})
    return [part_of(entry, asked) for entry in options.projects]


KIND = Kind(
    name="gitlab",
    options=GitLab,
    test=test,
    parts=_parts,
    fetch=fetch,
    parse=parse,
    slice=lambda options: timedelta(days=30),
    overlap=lambda options: timedelta(hours=1),
    mapped=("services",),
    apart=APART,
)
