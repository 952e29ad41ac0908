"""Argo CD: the deployments that each application's history keeps, and the last operation where it failed.

The list of applications is one answer, without pages and without a filter by time, and an application keeps its last
ten successful deployments only. So everything is asked for each time, and the slice says which of it is new: what left
a history before anybody read it is told, and what was judged while it could be is not judged again.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.records import ENTITIES
from data_sources.brought import Brought, Kind, Part, Row, batch
from data_sources.deployed import Deployed, Strategy, judged, part_of, strategy
from data_sources.http import Client, Slice, SourceError
from data_sources.mapped import Values
from data_sources.options import EnvName, Wired

_FAILED = frozenset({"Failed", "Error"})
_NAMED = 3
"""How many applications a sentence names."""


class ArgoCd(Wired):
    """Of an Argo CD source."""

    token: EnvName
    selector: str | None = None
    """Which applications, by their labels as Kubernetes selects them: `env=production`."""
    service: str | None = None
    """The label or annotation that names an application's service; its own name without."""
    strategy_label: str | None = None
    """The label or annotation that says how an application is deployed."""
    strategy: Strategy | None = None
    """How the others are deployed."""


def fetch(client: Client | None, options: ArgoCd, part: Part, slice_: Slice) -> list[Any]:
    """Every application."""
    assert client is not None
    return _listed(client, options)


def _listed(client: Client, options: ArgoCd) -> list[Any]:
    """Every application, whole: choosing fields would leave the histories out."""
    body = client.get("/api/v1/applications", {"selector": options.selector} if options.selector else None).body
    if not isinstance(body, dict) or not {"items", "metadata"} <= body.keys():
        raise SourceError("version", f"{client.name} does not answer as Argo CD does: is its url right?")
    return list(body["items"] or ())


def parse(raw: Sequence[Any], options: ArgoCd, part: Part, slice_: Slice) -> Brought:
    """Deployments of the slice, and earlier ones that they undid."""
    values = Values(options.map)
    rows: list[Row] = []
    cut: list[str] = []
    notes: list[str] = []
    for one in raw:
        known = _shared(one, options, values, notes)
        history = sorted(one.get("status", {}).get("history") or (), key=lambda each: int(each["id"]))
        if history and int(history[0]["id"]) > 0 and _at(history[0]["deployedAt"]) > slice_.start:
            cut.append(one["metadata"]["name"])
        rows += (_row(one, known, at, status) for at, status in (*_kept(history, slice_), *_failed(one, slice_)))
    unread = [_missed(cut, slice_.start)] if cut else []
    if not raw:
        unread.append("It shows no application: may its account see them, and does selector fit?")
    found = ((ENTITIES["deployments"], "applications", batch("deployments", rows)),) if rows else ()
    return Brought(found, tuple(unread), tuple(dict.fromkeys(notes)), seen=values.seen())


def _shared(one: Mapping[str, Any], options: ArgoCd, values: Values, notes: list[str]) -> dict[str, Any]:
    """What all deployments of an application have in common."""
    named = one["metadata"]["name"]
    said = {**(one["metadata"].get("annotations") or {}), **(one["metadata"].get("labels") or {})}
    word = said.get(options.strategy_label) if options.strategy_label else None
    how = strategy(word) if word else options.strategy
    if word and how is None:
        notes.append(f"{named}: Nines knows no strategy called {word!r}; it is left blank.")
    service = values.service(said.get(options.service or "") or named, named)
    url = f"{options.url}/applications/{one['metadata']['namespace']}/{named}"
    return {"service": service, "strategy": how, "url": url}


def _kept(history: Sequence[Mapping[str, Any]], slice_: Slice) -> Iterator[tuple[str, str]]:
    """Time and status of each deployment of the slice, and of those that one of the slice undid."""
    until = [each for each in history if _at(each["deployedAt"]) < slice_.end]
    new = {str(each["id"]) for each in until if _at(each["deployedAt"]) >= slice_.start}
    verdicts = judged([Deployed(str(each["id"]), _what(each)) for each in until], new)
    yield from ((each["deployedAt"], verdicts[str(each["id"])]) for each in until if str(each["id"]) in verdicts)


def _what(each: Mapping[str, Any]) -> str:
    """What was deployed, the same again where somebody goes back to it."""
    held = (each.get("revisions") or each.get("revision"), each.get("sources") or each.get("source"))
    return json.dumps(held, sort_keys=True)


def _failed(one: Mapping[str, Any], slice_: Slice) -> Iterator[tuple[str, str]]:
    """Time and status of the last operation where it was a deployment that failed."""
    last = one.get("status", {}).get("operationState") or {}
    sync = (last.get("operation") or {}).get("sync") or {}
    if last.get("phase") not in _FAILED or sync.get("dryRun") or sync.get("resources"):
        return
    ended = last.get("finishedAt") or last["startedAt"]
    if slice_.start <= _at(ended) < slice_.end:
        yield ended, "failed"


def _row(one: Mapping[str, Any], known: Mapping[str, Any], at: str, status: str) -> Row:
    """Numbers begin anew where an application is deleted and made again; its name and the time stay different."""
    place = f"{one['metadata']['namespace']}/{one['metadata']['name']}"
    return Row({"deployment": f"{place}@{at}", "deployed_at": at, "status": status, **known})


def _missed(names: Sequence[str], since: datetime) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return (
        f"Deployments of {', '.join(sorted(names)[:_NAMED])}{more} may be missing: nothing as old as "
        f"{since:%Y-%m-%d %H:%M} UTC is kept, where this reading begins. "
        "Read more often, or raise revisionHistoryLimit."
    )


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test(client: Client | None, options: ArgoCd) -> str:
    """How many applications it shows, and how many of them have a history."""
    assert client is not None
    found = _listed(client, options)
    if not found:
        raise SourceError(
            "permission", f"{client.name} shows no application: may its account see them, and does selector fit?"
        )
    kept = sum(bool(one.get("status", {}).get("history")) for one in found)
    return f"It answers: {len(found):,} applications, {kept:,} of them with deployments."


def _parts(options: Any) -> Sequence[Part]:
    return (part_of("applications", options.selector, options.service, options.strategy_label, options.strategy),)


KIND = Kind(
    name="argocd",
    options=ArgoCd,
    test=test,
    parts=_parts,
    fetch=fetch,
    parse=parse,
    slice=lambda options: timedelta(days=36_500),
    overlap=lambda options: timedelta(minutes=10),
    mapped=("services",),
)
