"""The tables of the Change page: every service that deployed, and every deployment that went wrong."""

from collections import defaultdict
from typing import Any

from app.charts import wording
from app.charts.change import STRATEGIES
from app.charts.theme import VerdictKey
from app.metrics.rollout import Blame
from app.store.change import Trouble, Wanted
from app.ui import tables, tiles
from app.ui.change import Shown, troubled
from app.ui.choices import Asked
from app.ui.tables import ACT, URL, Act, Column, Found, Slice

STATES: dict[str, tuple[VerdictKey, str]] = {
    "failed": ("no_target", "never went live"),
    "rolled_back": ("missed", "rolled back"),
    "succeeded": ("missed", "blamed"),
}


def services(page: Shown, asked: Asked) -> Act | None:
    """Every service that deployed: how often, how much of it failed, and how it ships."""
    rows = []
    for one in page.rates:
        steps, known = page.steps.get(one.name), page.services.get(one.name)
        rows.append(
            {
                "service": page.names.get(one.name, one.name),
                "tier": known.tier if known else None,
                "team": page.teams.get(known.team, known.team) if known else None,
                "deployments": one.deployments,
                "failed": one.failed,
                "share": one.share if one.enough else None,
                "low": one.low if one.enough else None,
                "high": one.high if one.enough else None,
                "steps": steps.progressive / steps.deployments if steps else None,
                "usual": STRATEGIES.get(steps.usual or "", steps.usual) if steps else None,
            }
        )
    columns = [
        Column("service", "Service", wide=True),
        Column("tier", "Tier", number=True),
        Column("team", "Team"),
        Column("deployments", "Deployments", lambda n: f"{n:,}", number=True),
        Column("failed", "Failed", lambda n: f"{n:,}", number=True),
        Column("share", "Failure", lambda at: "too few" if at is None else wording.value(at, "share"), number=True),
        Column("low", "At least", _share, number=True),
        Column("high", "At most", _share, number=True),
        Column("steps", "Step by step", _share, number=True),
        Column("usual", "Mostly"),
    ]
    return tables.table(
        "change_services", columns, rows, sort="low", down=True, file=f"changes-by-service-{_key(asked)}", page_rows=10
    )


def _share(value: float | None) -> str:
    return "" if value is None else wording.value(value, "share")


def _key(asked: Asked) -> str:
    return asked.period.key.replace("..", "-to-")


def wrong(page: Shown, asked: Asked) -> Act | None:
    """The deployments that failed, were rolled back, or are blamed for an incident: the latest first."""
    blames: defaultdict[tuple[str, str], list[Blame]] = defaultdict(list)
    for one in page.blames:
        blames[one.source, one.deployment].append(one)

    def fetch(part: Slice) -> Found:
        wanted = Wanted(part.by, part.down, part.offset, part.limit, frozenset(blames), part.search)
        found, total = troubled(asked, _searched(wanted, page) if part.search else wanted)
        return Found([_row(one, page, blames.get((one.source, one.deployment), [])) for one in found], total)

    columns = [
        Column("deployment", "Deployment"),
        Column("service", "Service", wide=True),
        Column("deployed", "Deployed", lambda at: wording.instant(at, asked.zone)),
        Column("state", "What became of it", _state),
        Column("strategy", "Strategy", lambda name: STRATEGIES.get(name or "", name)),
        Column("unplanned", "Planned", lambda said: "" if said is None else "no" if said else "yes"),
        Column("incident", "Incident", lambda title: title or "", wide=True),
    ]
    return tables.paged(
        "change_wrong", columns, fetch, sort="deployed", down=True, file=f"failed-changes-{_key(asked)}", page_rows=12
    )


def _state(said: str) -> Any:
    key, word = STATES[said.removesuffix("+")]
    return tiles.verdict(key, f"{word}, blamed" if said.endswith("+") else word)


def _searched(wanted: Wanted, page: Shown) -> Wanted:
    """What a text finds beside deployments' own ids: names of services, incidents, states and strategies."""
    text = wanted.text
    return wanted._replace(
        titled=frozenset((b.source, b.deployment) for b in page.blames if text in f"{b.title} {b.incident}".casefold()),
        services=frozenset(name for name, said in page.names.items() if text in f"{said} {name}".casefold()),
        states=frozenset(state for state, (_, word) in STATES.items() if text in word),
        strategies=frozenset(name for name, said in STRATEGIES.items() if name and text in said),
    )


def _row(one: Trouble, page: Shown, blames: list[Blame]) -> dict[str, Any]:
    first = blames[0] if blames else None
    more = f" and {len(blames) - 1} more" if len(blames) > 1 else ""
    return {
        "deployment": one.deployment,
        "service": page.names.get(one.service, one.service),
        "deployed": one.deployed_at,
        "state": one.status + ("+" if first and one.status == "rolled_back" else ""),
        "strategy": one.strategy,
        "unplanned": one.unplanned,
        "incident": f"{first.title}{more}" if first else None,
        URL: one.url,
        ACT: {"do": "open", "place": "incident", "incident": first.incident, "source": first.incident_source}
        if first
        else None,
    }
