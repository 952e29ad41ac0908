"""An Opsgenie and a JSM Operations for tests: one history, told in the shapes of either."""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.sources.live import Told

_ZONE = ZoneInfo("Europe/Berlin")
SECRET = "s3cr3t-of-ops"
CLOUD = "c10ud-1d"
OPSGENIE = {"kind": "opsgenie", "token": "OPS_TOKEN", "since": "2026-11-10"}
JSM_OPS = {
    "kind": "jsm_ops",
    "user": "bot@example.com",
    "password": "OPS_TOKEN",
    "cloud_id": CLOUD,
    "since": "2026-11-10",
}


def at(text: str) -> datetime:
    """A moment of November 2026, like `20 09:00`."""
    return datetime.strptime(f"2026-11-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


class Line(NamedTuple):
    """A line of a log."""

    when: str
    text: str
    owner: str = "System"
    kind: str = "system"


class Alert(NamedTuple):
    """An alert or an incident."""

    id: str
    created: str
    lines: Sequence[Line] = ()
    acknowledged: str | None = None
    closed: str | None = None
    updated: str | None = None
    responders: Sequence[tuple[str, str]] = (("team", "t1"),)
    tags: Sequence[str] = ()
    priority: str = "P2"
    more: Mapping[str, Any] = {}


def called(when: str, who: str, words: str = "Sent push notification") -> Line:
    return Line(when, words, who, "alertRecipient")


class Shift(NamedTuple):
    who: str
    start: str
    end: str


def told(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.000Z}"


class Server:
    """One of the two with this history."""

    def __init__(
        self, *alerts: Alert, jsm: bool = False, shifts: Sequence[Shift] = (), incidents: Sequence[Alert] = ()
    ):
        self.alerts, self.jsm, self.shifts, self.incidents = list(alerts), jsm, shifts, incidents
        self.cap = 20_000
        self.people = {"u1": "Ann", "u2": "Bob"}
        self.refused: set[str] = set()
        """Places that the account may not see."""

    def __call__(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Told:
        basic = f"Basic {b64encode(f'bot@example.com:{SECRET}'.encode()).decode()}"
        if headers.get("Authorization") != (basic if self.jsm else f"GenieKey {SECRET}"):
            return 401, {}, {"message": "Could not authenticate"}
        root = f"/jsm/ops/api/{CLOUD}/v1/" if self.jsm else "/v"
        if path == f"/ex/jira/{CLOUD}/rest/api/3/user/bulk" and self.jsm:
            return self._people()
        if not path.startswith(root):
            return 404, {}, {"message": "Not found"}
        place = path.removeprefix(root) if self.jsm else path[4:]
        if place in self.refused:
            return 403, {}, {"message": "Not allowed"}
        return self._place(place, params)

    def _place(self, place: str, params: Mapping[str, str]) -> Told:
        name, _, rest = place.partition("/")
        if name == "alerts" and rest == "count" and not self.jsm:
            return 200, {}, {"data": {"count": len(self._found(self.alerts, params))}}
        if name in ("alerts", "incidents") and not rest and (name == "alerts" or not self.jsm):
            return self._page(name, self._found(self.alerts if name == "alerts" else self.incidents, params), params)
        if name in ("alerts", "incidents") and rest.endswith("/logs"):
            return self._logs(next(one for one in (*self.alerts, *self.incidents) if one.id == rest[:-5]), params)
        if name == "teams":
            teams = [("t1", "Payments"), ("t2", "Search")]
            if self.jsm:
                return 200, {}, {"platformTeams": [{"teamId": key, "teamName": team} for key, team in teams]}
            return 200, {}, {"data": [{"id": key, "name": team} for key, team in teams]}
        if place == "schedules":
            owner = {"teamId": "t1"} if self.jsm else {"ownerTeam": {"id": "t1", "name": "Payments"}}
            rotations = [{"participants": [{"type": "user", "id": key} for key in self.people]}]
            one = {"id": "s1", "name": "Primary", "timezone": _ZONE.key, "enabled": True, "rotations": rotations}
            return 200, {}, {"values" if self.jsm else "data": [{**one, **owner}]}
        if place == "schedules/s1/timeline":
            return self._timeline(params)
        if place == "services" and not self.jsm:
            return 200, {}, {"data": [{"id": "sv1", "name": "Checkout"}]}
        return 404, {}, {"message": "Not found"}

    def _found(self, alerts: Sequence[Alert], params: Mapping[str, str]) -> list[Alert]:
        def within(one: Alert) -> bool:
            times = {"createdAt": at(one.created), "updatedAt": at(one.updated or one.closed or one.created)}
            bounds = re.findall(r"(createdAt|updatedAt)(>=|<)(\d+)", params.get("query", ""))
            if any(self.jsm and name == "updatedAt" for name, *_ in bounds):
                return False
            return all((times[name].timestamp() * 1000 >= int(bound)) == (sign == ">=") for name, sign, bound in bounds)

        return sorted(filter(within, alerts), key=lambda one: (at(one.created), one.id))

    def _page(self, name: str, found: Sequence[Alert], params: Mapping[str, str]) -> Told:
        size, offset = int(params["size" if self.jsm else "limit"]), int(params.get("offset", "0"))
        if offset + size > self.cap or size > 100:
            return 422, {}, {"message": f"Sum of offset and limit should be lower than {self.cap}"}
        items = [self._shown(one) for one in found[offset : offset + size]]
        link = f"https://api.opsgenie.com/v2/{name}?offset={offset + size}&limit={size}"
        onward = {"next": link} if offset + size < len(found) else {}
        if self.jsm:
            return 200, {}, {"values": items, "count": len(found), "links": onward}
        return (
            200,
            {},
            {"data": items, "paging": {"first": "https://api.opsgenie.com/v2/alerts", **onward}, "took": 0.1},
        )

    def _shown(self, one: Alert) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": one.id,
            "tinyId": one.id[1:],
            "message": f"Trouble {one.id}",
            "status": "closed" if one.closed else "open",
            "createdAt": told(at(one.created)),
            "updatedAt": told(at(one.updated or one.closed or one.created)),
            "priority": one.priority,
            "tags": list(one.tags),
            "responders": [{"type": kind, "id": key} for kind, key in one.responders],
            **one.more,
        }
        ends = {"ackTime": one.acknowledged, "closeTime": one.closed}
        if self.jsm:
            return {**shown, **{name: told(at(end)) for name, end in ends.items() if end}}
        passed = {name: (at(end) - at(one.created)) / timedelta(milliseconds=1) for name, end in ends.items() if end}
        return {**shown, **({"report": passed} if passed else {})}

    def _logs(self, one: Alert, params: Mapping[str, str]) -> Told:
        """Newest first, two a page, by a key."""
        lines = list(one.lines)[::-1]
        start = int(params.get("after" if self.jsm else "offset", "-1").split("_")[-1]) + 1
        onward = (
            {"next": f"/logs?{'after' if self.jsm else 'offset'}=149200_{start + 1}"} if start + 2 < len(lines) else {}
        )
        names = ("logTime", "logType") if self.jsm else ("createdAt", "type")
        some = [
            {names[0]: told(at(line.when)), names[1]: line.kind, "owner": line.owner, "log": line.text}
            for line in lines[start : start + 2]
        ]
        return 200, {}, {"values": some, "links": onward} if self.jsm else {"data": some, "paging": onward}

    def _timeline(self, params: Mapping[str, str]) -> Told:
        """Stretches are cut off at both ends of what is asked for, and told in the schedule's own time."""
        start = datetime.fromisoformat(params["date"]).replace(hour=0, minute=0)
        end = start + timedelta(days=int(params["interval"]))
        periods = [
            {
                "startDate": max(at(one.start), start).astimezone(_ZONE).isoformat(),
                "endDate": min(at(one.end), end).astimezone(_ZONE).isoformat(),
                "type": "base",
                "responder" if self.jsm else "recipient": self._responder(one.who),
            }
            for one in self.shifts
            if at(one.start) < end and at(one.end) > start
        ]
        timeline = {"finalTimeline": {"rotations": [{"id": "r1", "name": "Week", "periods": periods}]}}
        return 200, {}, timeline if self.jsm else {"data": timeline}

    def _responder(self, who: str) -> dict[str, Any]:
        if who not in self.people:
            return {"type": "noone"} if self.jsm else {"type": "none"}
        known = {"type": "user", "id": who}
        return known if self.jsm else {**known, "name": f"{self.people[who].lower()}@example.com"}

    def _people(self) -> Told:
        if "people" in self.refused:
            return 403, {}, {"message": "Not allowed"}
        mail = {"Ann": {"emailAddress": "ann@example.com"}}
        users = [{"accountId": key, "displayName": name, **mail.get(name, {})} for key, name in self.people.items()]
        return 200, {}, {"values": users, "total": len(users), "isLast": True}
