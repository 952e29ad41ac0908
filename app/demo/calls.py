"""Calls and the pages they become, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from app.demo.case import Case
from app.demo.columns import flags, from_columns, joined, moments, numbered, pick
from app.demo.stage import Stage
from app.demo.timeline import MINUTE, SECOND, Bools, Floats, Ints

CHANNELS = ("push", "sms", "phone", "email")
EMAIL = 3
_ENGAGE = (1.9, 3.2, 4.5, 6.0)
"""Median minutes to acknowledge, by tier."""


@dataclass
class Calls:
    """What rings for one team; -1 is blank in `service` and `case`."""

    at: Ints
    service: Ints
    case: Ints
    channel: Ints
    noise: Bools


@dataclass
class Pages(Calls):
    """Calls with who took them and when; -1 is blank in `acknowledged` and `resolved` too."""

    team: Ints
    who: Ints
    acknowledged: Ints
    resolved: Ints
    unmarked: Bools


AnyCalls = TypeVar("AnyCalls", bound=Calls)


def kept(calls: AnyCalls, which: Any) -> AnyCalls:
    """Those at these places."""
    return type(calls)(**{field.name: getattr(calls, field.name)[which] for field in fields(calls)})


def stacked(parts: Sequence[AnyCalls]) -> AnyCalls:
    """One after the other."""
    return type(parts[0])(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(parts[0])}
    )


def taken(stage: Stage, rng: np.random.Generator, calls: Calls, team: int, who: Ints, unmarked: float = 0.16) -> Pages:
    """The pages that a team's calls become, with when each was acknowledged and done."""
    size = len(calls.at)
    median: Floats = np.array(_ENGAGE)[stage.company.tiers[calls.service]]
    took = np.exp(rng.normal(np.log(median), 0.65)) * MINUTE
    took = took.astype(np.int64) // SECOND * SECOND
    took = np.where(rng.random(size) < 0.0015, -40 * SECOND, took)
    done = (np.exp(rng.normal(np.log(24), 0.9, size)) * MINUTE).astype(np.int64) // SECOND * SECOND
    never = rng.random(size) < np.where(calls.channel == EMAIL, 0.12, 0.018)
    return Pages(
        **vars(calls),
        team=np.full(size, team),
        who=who,
        acknowledged=np.where(never, -1, calls.at + took),
        resolved=calls.at + np.maximum(took, 0) + done,
        unmarked=rng.random(size) < unmarked,
    )


def table(stage: Stage, cases: Sequence[Case], pages: Pages, first: int) -> pa.Table:
    """The rows in time order, numbered from `first`; what had not happened by the end of yesterday is blank."""
    pages = kept(pages, np.lexsort((pages.team, pages.at)))
    n = len(pages.at)
    ids = numbered("PG", first, n, 6)
    blank = {at: (getattr(pages, at) < 0) | (getattr(pages, at) >= stage.end) for at in ("acknowledged", "resolved")}
    unnamed = np.arange(n) % 97 == 5
    if stage.plan.tickets:
        unnamed &= pages.channel != EMAIL
    return from_columns(
        "pages",
        "pagerduty",
        {
            "page": ids,
            "triggered_at": moments(pages.at),
            "responder": pick(stage.company.people, pages.who),
            "team": pick([c.team for c in stage.company.crews], pages.team),
            "service": pick(stage.company.names, pages.service, pages.service < 0),
            "acknowledged_at": moments(pages.acknowledged, blank["acknowledged"]),
            "resolved_at": moments(pages.resolved, blank["resolved"]),
            "actionable": flags(~pages.noise, pages.unmarked),
            "channel": pick(CHANNELS, pages.channel, unnamed),
            "incident": pick([c.id for c in cases], pages.case, pages.case < 0),
            "url": joined("https://oncall.example.com/pages/", ids),
        },
    )
