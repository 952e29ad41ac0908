"""Fact files in which every text that a person or a source can fill means harm."""

import csv
import io
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection, Engine

from app import ingest
from app.metrics.review_records import AGENDA
from app.metrics.risk_records import Invalid, RiskKey
from app.people import Grant, Role, local
from app.records import ENTITIES, ORIGINS
from app.review import freeze
from app.store import mappings, people, register, register_acceptances, register_actions, reviews, syncing
from app.store.audit import audit
from app.store.engine import open_store, writing
from data_sources.columns import Rule, rules

EVIL = "evil.example"
"""A host that nothing may ask."""
PAYLOADS = (
    f'<img src="http://{EVIL}/i.png" onerror="window.hit=1"><script>window.hit=1</script>',
    f"\"'><svg onload=window.hit=1><iframe src=http://{EVIL}/f></iframe></textarea></title>",
    f"**bold** [link](http://{EVIL}/l) ![pixel](http://{EVIL}/m.png) `code` $x^2$ :material/bug: :red[x] # - >",
    f'=HYPERLINK("http://{EVIL}/h","press")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "\x1b[31mred\x07 \x08\x7f\x85 \u202egpj.exe\u202c \u2066hidden\u2069 \ufffe",
    f"javascript:fetch('http://{EVIL}/j')//%{{x}} <a href='http://{EVIL}/a'>a</a>",
    "w" * 1_900,
)
REVIEW = "2026-10"
"""The month whose review is held in the store."""
START = datetime(2026, 10, 2, 9, tzinfo=timezone.utc)  # noqa: UP017
_ORDER = ("started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at")
_NUMBERS: Mapping[str, float] = {
    "objective": 0.99, "slice_objective": 0.95, "share": 0.5, "good": 90, "total": 100, "minutes": 60, "part": 1,
    "whole": 2, "loss_low": 1_000, "loss_high": 9_000, "events_per_year_low": 0.1, "events_per_year_high": 2,
}  # fmt: skip
_CHOICES: Mapping[tuple[str, str], str] = {
    ("incidents", "kind"): "incident", ("risks", "status"): "open", ("slos", "method"): "occurrences",
    ("dr_tests", "status"): "executed", ("pages", "channel"): "push",
}  # fmt: skip
_THINGS = {"service": "services", "team": "teams", "slo": "slos", "incident": "incidents", "caused_by": "deployments"}


def thing(entity: str, number: int) -> str:
    """The id of a thing: harmful, and like no other."""
    return f"{PAYLOADS[number].replace(';', ',')} {entity}-{number}"


def store(folder: Path) -> str:
    """A store with all of it, rows set aside and policy among them: its URL."""
    for name, said in files().items():
        (folder / name).write_text(said, encoding="utf-8", newline="")
    bad = folder / f"incidents-{PAYLOADS[7][:4]}<b>.csv"
    rows = [
        f'"x{n}","t","{text.replace(chr(34), chr(34) * 2)}",2026-10-05T10:00:00Z' for n, text in enumerate(PAYLOADS)
    ]
    bad.write_text("\n".join(["incident,title,severity,detected_at", *rows]), encoding="utf-8")
    url = f"sqlite:///{folder}/hostile.db"
    engine = open_store(url)
    ingest.run(engine, [folder / name for name in files()], by=local(PAYLOADS[2]))
    ingest.run(engine, [bad], source=PAYLOADS[0], by=local(PAYLOADS[0]))
    with writing(engine) as conn:
        for text in PAYLOADS:
            _typed(conn, text)
            audit(conn, actor=text, action=text, entity=text, entity_id=text, old={text: text}, new=[text], why=text)
        _said(conn)
    _reviewed(engine)
    engine.dispose()
    return url


def _said(conn: Connection) -> None:
    """What a live source says, in every field of the mapping."""
    now = datetime.now(UTC)
    syncing.begun(conn, PAYLOADS[0], PAYLOADS[1], now, every_minutes=None, expected_hours=None)
    for field in mappings.FIELDS:
        seen = [mappings.Saw(field, text, text, None, False, 1, PAYLOADS) for text in PAYLOADS]
        mappings.saw(conn, PAYLOADS[0], 1, now, seen)


def _reviewed(engine: Engine) -> None:
    """A review that is being held, with all that people type into one, as far as it takes these texts."""
    by = local("nobody")
    with writing(engine) as conn:
        opened = reviews.open_(conn, by, REVIEW, chair=PAYLOADS[0])
        prepared = reviews.prepare(conn, by, REVIEW, opened.version)
        for text in PAYLOADS:
            reviews.comment(conn, by, REVIEW, "number:toil:", text)
            with suppress(Invalid):
                reviews.ask(conn, by, REVIEW, step="risks", title=text, owner=text)
            with suppress(Invalid):
                reviews.decide(conn, by, REVIEW, step="decisions", what=text, why=text, decided_by=text)
        for step, text in zip(AGENDA, PAYLOADS, strict=False):
            reviews.note(conn, by, REVIEW, step, 0, text)
    freeze.freeze(engine, by, REVIEW, prepared.version)
    with writing(engine) as conn:
        reviews.hold(conn, by, REVIEW, prepared.version + 1)


def _typed(conn: Connection, text: str) -> None:
    """What people type into the app, as far as it takes this text."""
    by, key = local(text[:200]), RiskKey("file", thing("risks", PAYLOADS.index(text)))
    register.comment(conn, by, key, text)
    saved = register.review(conn, by, key, 1, note=text)
    register_acceptances.propose(
        conn, by, key, saved.version, reason=text, conditions=text, valid_until=date(2999, 1, 1)
    )
    register_actions.add(conn, by, key, {"title": text, "owner": text})
    if text.isprintable() and len(text) <= people.LONGEST:
        some = frozenset({text})
        grant = Grant(text, "person", Role.VIEWER, products=some, teams=some, member_of=some)
        people.add(conn, grant, by=by, why=text)


def files() -> dict[str, str]:
    """File name → content: one row a payload of every entity."""
    found = {}
    for name, entity in ENTITIES.items():
        stream = io.StringIO()
        columns = [rule for rule in rules(entity.record) if rule.name != "source"]
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerow([rule.name for rule in columns])
        writer.writerows([_cell(name, rule, number) for rule in columns] for number in range(len(PAYLOADS)))
        found[f"{name}.csv"] = stream.getvalue()
    return found


def _cell(entity: str, rule: Rule, number: int) -> Any:
    column = rule.name
    if column in (
        "timezone",
        "window",
        "period",
        "scope",
        "kpi",
        "repeat_of",
        "retired_on",
        "cancelled_at",
        "valid_from",
    ):
        fixed = {"timezone": "UTC", "window": "28d", "period": "2026-10", "kpi": "toil"}
        return f"service:{thing('services', number)}" if column == "scope" else fixed.get(column, "")
    if column == ENTITIES[entity].key[0] and column not in _THINGS:
        return thing(entity, number)
    if column == "origin":
        return _origin(number)
    if column == "origin_id":
        return thing(ORIGINS[_origin(number)], number)
    if rule.kind == "names":
        return ";".join(thing("slos" if column == "slos" else "services", at) for at in {number, (number + 3) % 10})
    if column in _THINGS:
        return thing(_THINGS[column], number)
    return _value(entity, rule, number)


def _value(entity: str, rule: Rule, number: int) -> Any:
    match rule.kind:
        case "choice":
            return _CHOICES.get((entity, rule.name), rule.choices[number % len(rule.choices)])
        case "whole":
            return number % 2 + (rule.name != "tier")
        case "number":
            return _NUMBERS.get(rule.name, 5)
        case "flag":
            return "true"
        case "day":
            return date(2026, 10, 3 + number) + timedelta(
                days=0 if rule.name in ("planned_on", "identified_on") else 20
            )
        case "instant":
            step = _ORDER.index(rule.name) if rule.name in _ORDER else int(rule.name in ("end", "closed_at")) * 5
            return (START + timedelta(days=number, minutes=10 * step)).isoformat()
    return PAYLOADS[number]


def _origin(number: int) -> str:
    return sorted(ORIGINS)[number % len(ORIGINS)]
