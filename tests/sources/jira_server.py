"""A Jira for tests: Cloud or Data Center, with issues that a small part of JQL finds, in the reader's time zone."""

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.sources.live import Told

SECRET = "s3cr3t-of-jira"
FIELDS = (
    *("summary", "duedate", "created", "priority", "assignee", "issuelinks", "labels", "components", "status"),
    *("resolution", "resolutiondate", "updated", "parent"),
)
ANN = {"accountId": "5b1", "displayName": "Ann", "emailAddress": "ann@example.com"}


def status(name: str, category: str = "done") -> dict[str, Any]:
    return {"status": {"name": name, "statusCategory": {"key": category}}}


def change(at: str, field: str, old: str | None, new: str | None) -> dict[str, Any]:
    """A change: days and ids stand in `from` and `to`, what people see beside them."""
    item = {"field": field, "fieldId": field, "from": old, "fromString": old, "to": new, "toString": new}
    return {"id": at, "created": at, "items": [item]}


def issue(key: str, updated: str = "2026-11-20T10:00:00.000+0000", *changes: Any, **fields: Any) -> dict[str, Any]:
    """An issue as both kinds of Jira give it."""
    known: dict[str, Any] = {
        "summary": f"Issue {key}",
        "created": "2026-11-10T09:00:00.000+0000",
        "updated": updated,
        "priority": {"name": "High", "id": "2"},
        "assignee": ANN,
        "issuelinks": [],
        "components": [],
        "resolution": None,
        "resolutiondate": None,
        **status("To Do", "new"),
        **fields,
    }
    return {"id": f"id-{key}", "key": key, "fields": known, "histories": list(changes)}


def link(key: str, words: str = "is caused by", name: str = "Problem/Incident") -> dict[str, Any]:
    return {
        "type": {"name": name, "inward": words, "outward": "causes"},
        "inwardIssue": {"id": f"id-{key}", "key": key},
    }


def resolved(at: str, name: str = "Done", word: str = "Done") -> dict[str, Any]:
    return {"resolutiondate": at, "resolution": {"name": word}, **status(name)}


class Server:
    """A Jira with these issues."""

    def __init__(self, *issues: dict[str, Any], cloud: bool = True, zone: str = "America/New_York", page: int = 100):
        self.issues, self.cloud, self.zone, self.page = list(issues), cloud, ZoneInfo(zone), page
        self.fields = [{"id": name, "name": name.title()} for name in FIELDS]
        self.histories = 2
        """How many changes of an issue a search of Cloud gives."""

    def __call__(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Told:
        if path == "/rest/api/2/serverInfo":
            kind = "Cloud" if self.cloud else "Server"
            return 200, {}, {"baseUrl": "https://jira.example.com", "deploymentType": kind}
        basic = f"Basic {b64encode(f'bot@example.com:{SECRET}'.encode()).decode()}"
        if headers.get("Authorization") != (basic if self.cloud else f"Bearer {SECRET}"):
            return 401, {}, {"errorMessages": ["You are not authenticated."]}
        place = path.removeprefix(f"/rest/api/{3 if self.cloud else 2}/")
        if place == "myself":
            return 200, {}, {"displayName": "Bot", "timeZone": self.zone.key}
        if place == "field":
            return 200, {}, self.fields
        if place == ("search/jql" if self.cloud else "search"):
            return self._search(params)
        found = re.fullmatch(r"issue/([^/]+)/changelog", place)
        if found and self.cloud:
            return self._changelog(found[1], int(params["startAt"]))
        return 410 if place == "search" else 404, {}, {"errorMessages": ["The requested API has been removed."]}

    def _search(self, params: Mapping[str, str]) -> Told:
        jql = params["jql"]
        asked = re.search(r"key in \((.*?)\)", jql)
        keys = asked[1].split(", ") if asked else [one["key"] for one in self.issues]
        lost = set(keys) - {one["key"] for one in self.issues}
        if lost:
            return 400, {}, {"errorMessages": [f"An issue with key '{lost.pop()}' does not exist for field 'key'."]}
        project = re.search(r"project = (\w+)", jql)
        found = [
            one
            for one in sorted(self.issues, key=lambda one: (one["fields"]["updated"], one["key"]))
            if one["key"] in keys
            and (project is None or one["key"].startswith(f"{project[1]}-"))
            and self._within(jql, datetime.fromisoformat(one["fields"]["updated"]))
        ]
        start = int(params.get("nextPageToken", "t0")[1:] if self.cloud else params.get("startAt", "0"))
        some = found[start : start + min(int(params["maxResults"]), self.page)]
        issues = [self._shown(one, params["fields"].split(",")) for one in some]
        last = start + len(some) >= len(found)
        if self.cloud:
            return (
                200,
                {},
                {"issues": issues, "isLast": last, **({} if last else {"nextPageToken": f"t{start + len(some)}"})},
            )
        return 200, {}, {"issues": issues, "startAt": start, "maxResults": len(some), "total": len(found)}

    def _within(self, jql: str, updated: datetime) -> bool:
        """JQL knows minutes alone, in the reader's time."""
        for sign, text in re.findall(r'updated (>=|<) "([^"]+)"', jql):
            bound = datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=self.zone).astimezone(UTC)
            if (updated < bound) if sign == ">=" else (updated >= bound):
                return False
        return True

    def _shown(self, one: Mapping[str, Any], fields: list[str]) -> dict[str, Any]:
        newest = one["histories"][::-1][: self.histories] if self.cloud else one["histories"]
        return {
            "id": one["id"],
            "key": one["key"],
            "fields": {name: value for name, value in one["fields"].items() if name in fields},
            "changelog": {"total": len(one["histories"]), "maxResults": len(newest), "histories": newest},
        }

    def _changelog(self, issue_id: str, start: int) -> Told:
        (one,) = (each for each in self.issues if each["id"] == issue_id)
        some = one["histories"][start : start + 2]
        last = start + len(some) >= len(one["histories"])
        return 200, {}, {"values": some, "startAt": start, "total": len(one["histories"]), "isLast": last}
