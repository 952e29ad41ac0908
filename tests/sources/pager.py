"""PagerDuty's documented shapes, for its tests and those of webhooks."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tests.sources.live import Told

SECRET = "s3cr3t-of-the-pager"
OPTIONS: dict[str, Any] = {"kind": "pagerduty", "token": "PAGERDUTY_TOKEN", "since": "2026-11-26"}
ANN, BOB, GONE = ("PANN", "Ann Lee"), ("PBOB", "Bob Ray"), ("PGONE", "Gus Gone")


def reference(kind: str, name: str, summary: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": name, "type": f"{kind}_reference", "summary": summary, "self": None, "html_url": None, **more}


def user(who: tuple[str, str]) -> dict[str, Any]:
    return reference("user", *who)


_number = 0


def entry(kind: str, at: str, who: tuple[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """A log entry: of a notification `who` is whom it went to, otherwise who did it."""
    global _number
    _number += 1
    said = {"id": f"R{_number:05}", "type": f"{kind}_log_entry", "created_at": at, "channel": {"type": "auto"}, **more}
    if kind == "notify":
        by = more.pop("by", "push")
        said |= {"channel": {"type": "auto", "notification": {"type": by, "status": "success"}}}
        return said | {"user": user(who or ANN)}
    return said | {"agent": user(who) if who else reference("service", "PSVC", "Checkout")}


def assigned(at: str, *people: tuple[str, str], kind: str = "assign") -> dict[str, Any]:
    return entry(kind, at, assignees=[user(one) for one in people])


def incident(name: str, at: str = "2026-11-27T09:00:00Z", **more: Any) -> dict[str, Any]:
    """Acknowledgements are empty here, as they are of an incident that nobody has acknowledged now."""
    return {
        "id": name,
        "type": "incident",
        "title": f"Trouble {name}",
        "created_at": at,
        "status": "resolved",
        "urgency": "high",
        "priority": None,
        "service": reference("service", "PSVC", "Checkout"),
        "escalation_policy": reference("escalation_policy", "PPOL", "Shop"),
        "teams": [],
        "acknowledgements": [],
        "resolve_reason": None,
        "html_url": f"https://shop.pagerduty.example/incidents/{name}",
        **more,
    }


def oncall(who: tuple[str, str], start: str | None, end: str | None, level: int = 1) -> dict[str, Any]:
    return {
        "user": user(who),
        "schedule": reference("schedule", "PSCH", "Primary") if start else None,
        "escalation_policy": reference("escalation_policy", "PPOL", "Shop"),
        "escalation_level": level,
        "start": start,
        "end": end,
    }


class Pager:
    """An account: what may be read of it, at most `cap` of a list."""

    def __init__(self, cap: int = 10_000) -> None:
        self.cap = cap
        self.incidents: dict[str, dict[str, Any]] = {}
        self.entries: dict[str, list[dict[str, Any]]] = {}
        self.fields: dict[str, list[dict[str, Any]]] = {}
        self.oncalls: list[dict[str, Any]] = []
        shop = reference("team", "PTEAM", "Payments")
        zones = (("PANN", "Ann Lee", "ann"), ("PBOB", "Bob Ray", "bob"))
        self.lists: dict[str, list[dict[str, Any]]] = {
            "users": [
                {
                    "id": one,
                    "name": name,
                    "email": f"{mail}@shop.example",
                    "time_zone": "Europe/Berlin",
                    "teams": [shop],
                }
                for one, name, mail in zones
            ],
            "teams": [{"id": "PTEAM", "type": "team", "name": "Payments", "summary": "Payments"}],
            "escalation_policies": [{"id": "PPOL", "name": "Shop", "teams": [shop]}],
            "services": [{"id": "PSVC", "name": "Checkout", "teams": [shop]}],
        }
        self.refused: dict[str, Told] = {}

    def add(self, one: dict[str, Any], *entries: dict[str, Any], fields: Iterable[tuple[str, Any]] = ()) -> None:
        """An incident with its log entries, from the first one on."""
        self.incidents[one["id"]] = one
        self.entries[one["id"]] = [*entries]
        self.fields[one["id"]] = [
            {"name": name, "display_name": name.title(), "value": value} for name, value in fields
        ]

    def __call__(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Told:
        if headers.get("Authorization") != f"Token token={SECRET}":
            return 401, {}, {"error": {"message": "Unauthorized", "code": 2006}}
        assert headers["Accept"] == "application/vnd.pagerduty+json;version=2"
        if path in self.refused:
            return self.refused[path]
        match path.strip("/").split("/"):
            case ["log_entries"]:
                every = [
                    one | {"incident": reference("incident", name)}
                    for name, held in self.entries.items()
                    for one in held
                ]
                return self._page("log_entries", _newest(every, params), params)
            case ["oncalls"]:
                return self._page("oncalls", _overlapping(self.oncalls, params), params)
            case ["incidents", name] if name in self.incidents:
                return 200, {}, {"incident": self.incidents[name]}
            case ["incidents", name, "log_entries"]:
                return self._page("log_entries", _newest(self.entries[name], params), params)
            case [_, name, "custom_fields", "values"]:
                return 200, {}, {"custom_fields": self.fields.get(name, [])}
            case [name] if name in self.lists:
                return self._page(name, self.lists[name], params)
        return 404, {}, {"error": {"message": "Not Found", "code": 2100}}

    def _page(self, key: str, items: list[dict[str, Any]], params: Mapping[str, str]) -> Told:
        offset, limit = int(params.get("offset", 0)), min(int(params.get("limit", 25)), 100)
        if offset + limit > self.cap:
            return 400, {}, {"error": {"message": "Invalid Input Provided", "errors": ["Offset is too large."]}}
        total = len(items) if params.get("total") == "true" else None
        more = offset + limit < len(items)
        page = {key: items[offset : offset + limit], "more": more, "total": total, "offset": offset, "limit": limit}
        return 200, {}, page


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _newest(entries: Iterable[dict[str, Any]], params: Mapping[str, str]) -> list[dict[str, Any]]:
    since, until = params.get("since", "1970-01-01T00:00:00Z"), params.get("until", "2100-01-01T00:00:00Z")
    chosen = [one for one in entries if _moment(since) <= _moment(one["created_at"]) < _moment(until)]
    return sorted(chosen, key=lambda one: (_moment(one["created_at"]), one["id"]), reverse=True)


def _overlapping(oncalls: Iterable[dict[str, Any]], params: Mapping[str, str]) -> list[dict[str, Any]]:
    since, until = _moment(params["since"]), _moment(params["until"])
    return [
        one
        for one in oncalls
        if (one["start"] is None or _moment(one["start"]) < until)
        and (one["end"] is None or _moment(one["end"]) > since)
    ]
