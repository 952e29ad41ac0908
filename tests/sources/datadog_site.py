"""A Datadog for tests: SLOs, their history and corrections, incidents, and two keys."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.sources.live import Told

SECRETS = {"DATADOG_API_KEY": "s3cr3t-api", "DATADOG_APP_KEY": "s3cr3t-app"}
OPTIONS: dict[str, Any] = {
    "kind": "datadog",
    "headers": {"DD-API-KEY": "DATADOG_API_KEY", "DD-APPLICATION-KEY": "DATADOG_APP_KEY"},
}
ANN = {"type": "users", "id": "u-ann", "attributes": {"name": "Ann Lee", "email": "ann@example.com", "handle": "ann"}}


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


class Site:
    """A site with these SLOs, corrections and incidents; `histories` are what it answers for an SLO, or makes it."""

    def __init__(self, *slos: dict[str, Any]):
        self.slos, self.corrections, self.incidents = list(slos), list[Any](), list[Any]()
        self.histories: dict[str, Any] = {}
        self.refused: set[str] = set()
        self.page = 500

    def __call__(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Told:
        sent = {name.lower(): value for name, value in headers.items()}
        known = sent.get("dd-api-key") == SECRETS["DATADOG_API_KEY"]
        if path == "/api/v1/validate":
            return (200, {}, {"valid": True}) if known else (403, {}, {"errors": ["Forbidden"]})
        if not known or sent.get("dd-application-key") != SECRETS["DATADOG_APP_KEY"] or path in self.refused:
            return 403, {}, {"errors": ["Forbidden"]}
        if path == "/api/v1/slo":
            return 200, {}, self._listed(self.slos, params, "metadata")
        if path == "/api/v1/slo/correction":
            return 200, {}, self._listed(self.corrections, params, "meta")
        if path == "/api/v2/incidents":
            return 200, {}, self._incidents(int(params["page[size]"]), int(params.get("page[offset]", 0)))
        if path.endswith("/history"):
            answer = self.histories[path.split("/")[-2]]
            body = answer(int(params["from_ts"]), int(params["to_ts"])) if callable(answer) else answer
            return body if isinstance(body, tuple) else (200, {}, body)
        return 404, {}, {"errors": ["Not found"]}

    def _listed(self, items: list[Any], params: Mapping[str, str], about: str) -> dict[str, Any]:
        start, size = int(params["offset"]), min(int(params["limit"]), self.page)
        told = {"page": {"total_count": len(items), "total_filtered_count": size}}
        return {"data": items[start : start + size], "error": None, about: told}

    def _incidents(self, size: int, start: int) -> dict[str, Any]:
        pagination: dict[str, int] = {"offset": start, "size": size}
        if start + size < len(self.incidents):
            pagination["next_offset"] = start + size
        page = self.incidents[start : start + size]
        return {"data": page, "included": [ANN], "meta": {"pagination": pagination}}


def slo(name: str, kind: str = "metric", **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "name": f"{name} works",
        "type": kind,
        "tags": ["env:prod", "service:checkout"],
        "monitor_tags": [],
        "thresholds": [{"timeframe": "30d", "target": 99.9, "target_display": "99.9", "warning": 99.95}],
        "creator": {"handle": "ann", "email": "ann@example.com", "name": None},
        **more,
    }


def events(interval: int = 7_200, good: float | None = 99.0, total: float | None = 100.0) -> Any:
    """A history with the same sums in each stretch; the first begins before what is asked for, as Datadog's does."""

    def answer(start: int, end: int) -> dict[str, Any]:
        times = list(range(start - start % interval - interval, end, interval))
        values = {"numerator": {"values": [good] * len(times)}, "denominator": {"values": [total] * len(times)}}
        series = {"interval": interval, "times": [float(time * 1000) for time in times], **values}
        return {"data": {"series": series, "overall": {"sli_value": 99.0, "errors": None}}, "errors": None}

    return answer


def states(*turns: tuple[str, Any], **overall: Any) -> dict[str, Any]:
    history = [[at(time), state] for time, state in turns]
    return {"data": {"overall": {"sli_value": 99.0, "history": history, **overall}}, "errors": None}


def correction(number: int, **more: Any) -> dict[str, Any]:
    about = {
        "slo_id": "pay",
        "start": at("2026-11-20 02:00"),
        "end": at("2026-11-20 04:00"),
        "description": "Database upgrade",
        "category": "Scheduled Maintenance",
        "timezone": "UTC",
        "rrule": None,
        "duration": None,
        "creator": {"data": ANN},
        **more,
    }
    return {"type": "correction", "id": f"c{number}", "attributes": about}


def incident(number: int, **more: Any) -> dict[str, Any]:
    fields = {
        "severity": {"type": "dropdown", "value": "SEV-2"},
        "services": {"type": "autocomplete", "value": ["checkout", "search"]},
        "cause_class": {"type": "dropdown", "value": "configuration"},
    }
    about = {
        "public_id": number,
        "title": f"Trouble {number}",
        "created": "2026-11-20T09:12:00+00:00",
        "detected": "2026-11-20T10:10:00+01:00",
        "resolved": "2026-11-20T11:00:00+00:00",
        "customer_impacted": True,
        "customer_impact_start": "2026-11-20T09:00:00+00:00",
        "customer_impact_end": "2026-11-20T09:50:00+00:00",
        "state": "resolved",
        "severity": "SEV-2",
        "is_test": False,
        **more,
        "fields": fields | more.get("fields", {}),
    }
    commander = {"commander_user": {"data": {"type": "users", "id": "u-ann"}}}
    return {"type": "incidents", "id": f"i{number}", "attributes": about, "relationships": commander}
