"""Chains of incidents that repeat one another, each as dots along one time line: how often, how close, still going?"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from app.charts import wording
from app.metrics.facts import Facts, Incident, Service
from app.metrics.periods import local_day
from app.ui.markup import Markup, button, el, join

_DOTS = 24
"""Of one chain, the latest."""


def opens(incident: Incident) -> dict[str, str]:
    """What a click on an incident asks: its page."""
    return {"do": "open", "place": "incident", "incident": incident.incident, "source": incident.source}


def drawn(
    chains: Sequence[Sequence[Incident]],
    services: Mapping[str, Service],
    zone: str,
    major: int,
    *,
    most: int = 4,
    here: Incident | None = None,
) -> Markup:
    """The first chains on a time line that they share; `here` is the incident of this page. A click on a dot opens
    that incident."""
    shown = [chain[-_DOTS:] for chain in chains[:most]]
    start = min(one.detected_at for chain in shown for one in chain)
    stop = max(one.detected_at for chain in shown for one in chain)
    rows = [
        _chain(chain, len(full), services, (start, stop), zone, major, here)
        for chain, full in zip(shown, chains, strict=False)
    ]
    more = len(chains) - len(rows)
    return join(
        el("ul", *rows, cls="items chains"),
        el(
            "p",
            el("span", el("i", cls="dot severe"), f"severity 1-{major}" if major > 1 else "severity 1"),
            el("span", el("i", cls="dot"), "lower"),
            cls="muted small key",
        ),
        el("p", f"and {more:,} more chain{'s' if more > 1 else ''}", cls="muted small") if more > 0 else None,
    )


def card(chains: Sequence[Sequence[Incident]], facts: Facts, zone: str, sub: str = "") -> Markup:
    """The chains with what they come to as title."""
    longest = len(chains[0])
    said = f"{len(chains):,} chains of repeats, the longest of {longest}"
    return el(
        "section",
        el("h2", said if len(chains) > 1 else f"One chain of {longest} repeats"),
        el("p", sub or "Incidents with the same cause on a shared service, or linked by somebody", cls="sub"),
        drawn(chains, facts.services, zone, facts.policy.major_severity),
        cls="section bare",
    )


def _chain(
    chain: Sequence[Incident], times: int, services: Mapping[str, Service], span: tuple[datetime, datetime],
    zone: str, major: int, here: Incident | None,
) -> Markup:  # fmt: skip
    last = chain[-1]
    named = sorted({services[name].name if name in services else name for one in chain for name in one.services})
    beyond = f" and {len(named) - 3} more" if len(named) > 3 else ""
    said = " · ".join(part for part in (last.cause, wording.listed(named[:3]) + beyond) if part)
    first_day, last_day = (wording.day(local_day(one.detected_at, zone)) for one in (chain[0], last))
    return el(
        "li",
        el("div", el("span", last.title), el("span", f"{times:,} times", cls="small late"), cls="row"),
        el("p", said, cls="why") if said else None,
        el("div", *(_dot(one, span, zone, major, one == here) for one in chain), cls="track"),
        el("p", f"{first_day} to {last_day}", cls="muted small"),
    )


def _dot(one: Incident, span: tuple[datetime, datetime], zone: str, major: int, here: bool) -> Markup:
    whole = max((span[1] - span[0]) / timedelta(seconds=1), 1.0)
    at = (one.detected_at - span[0]) / timedelta(seconds=1) / whole * 100
    said = f"{wording.instant(one.detected_at, zone)}, severity {one.severity}: {one.title}"
    kind = " ".join(["dot"] + (["severe"] if one.severity <= major else []) + (["here"] if here else []))
    return button("", act=opens(one), cls=kind, style=f"left:{at:.2f}%", title=said, aria_label=said)
