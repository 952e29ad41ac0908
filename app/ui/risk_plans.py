"""What may be ticked in the what-if: the planned actions of risks stated in money, as they state their cost and effect,
and, of a risk without any, to bring it to its target. What an action does not state is typed beside it.

In the address a tick is `?treat=KEY~COST~EVENTS~LOSS`; KEY is `action:SOURCE/ACTION` or `SOURCE/RISK`, what follows may
be blank or missing.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import streamlit as st

from app.metrics import losses, treatments
from app.metrics.facts import Risk
from app.metrics.risk_records import Treatment as Planned
from app.metrics.treatments import Bought, Treatment
from app.store import register_versions
from app.store.engine import reading
from app.store.register_versions import Held
from app.ui import read
from app.ui.risks import Shown

ADDRESS = "treat"
MOST = 12
"""So many are weighed at once."""
_PARTS = 3


class Typed(NamedTuple):
    """What a reader says of a plan that does not say it itself."""

    cost: float | None = None
    events: float | None = None
    """Share of events left."""
    loss: float | None = None
    """Share of loss left."""


class Plan(NamedTuple):
    """One thing that may be ticked."""

    key: str
    title: str
    action: bool
    """Whether somebody planned it; else it is to bring the risk to its target."""
    costed: bool
    """Whether it states its cost."""
    stated: bool
    """Whether it states an effect."""
    bought: Bought
    """What it buys alone."""


def plans(page: Shown, typed: Mapping[str, Typed]) -> list[Plan]:
    """Everything that may be ticked: what is planned before what is not, what buys most first."""
    priced = {one.risk.risk: one for one in page.open if one.loss is not None}
    made, planned = list[Plan](), set[str]()
    for held in _open_actions(page):
        one, standing = held.entry, priced.get(held.entry.origin_id)
        if standing is None:
            continue
        key = f"action:{held.key}"
        said, stated = typed.get(key, Typed()), _stated(one)
        treatment = Treatment(
            losses.key(standing.risk),
            one.cost if one.cost is not None else said.cost,
            one.events_factor if stated else said.events,
            one.loss_factor if stated else said.loss,
            one.to_likelihood,
            one.to_impact,
        )
        planned.add(treatment.risk)
        costed = one.cost is not None
        made += _plan(page, key, one.title, standing.risk, treatment, action=True, costed=costed, stated=stated)
    risks = {losses.key(one.risk): one.risk for one in page.open}
    for treatment in treatments.to_target(page.found):
        if treatment.risk not in planned:
            key, risk = treatment.risk, risks[treatment.risk]
            treatment = treatment._replace(cost=typed.get(key, Typed()).cost)
            made += _plan(page, key, risk.title, risk, treatment, action=False, costed=False, stated=True)
    return sorted(made, key=lambda plan: (not plan.action, -plan.bought.reduction, plan.key))


def _stated(one: Planned) -> bool:
    return any(each is not None for each in (one.events_factor, one.loss_factor, one.to_likelihood, one.to_impact))


def _plan(
    page: Shown, key: str, title: str, risk: Risk, treatment: Treatment, *, action: bool, costed: bool, stated: bool
) -> list[Plan]:
    found = treatments.alone(treatment, risk, page.policy.risk)
    return [] if found is None else [Plan(key, title, action, costed, stated, found)]


def unpriced(page: Shown) -> int:
    """How many planned actions are against open risks that are not stated in money."""
    silent = {one.risk.risk for one in page.open if one.loss is None}
    return sum(held.entry.origin_id in silent for held in _open_actions(page))


def _open_actions(page: Shown) -> list[Held[Planned]]:
    """Those that were opened by the moment of the page, and not done by then."""
    moment = page.moment
    return [
        held
        for held in _actions(read.state())
        if held.entry.opened_at <= moment
        and not any(at is not None and at <= moment for at in (held.entry.closed_at, held.entry.cancelled_at))
    ]


@lru_cache(maxsize=4)
def _actions(of: read.State) -> tuple[Held[Planned], ...]:
    with reading(read.opened(of.url)) as conn:
        return tuple(register_versions.actions_of_risks(conn))


def chosen(some: Iterable[Plan], ticked: Collection[str], page: Shown) -> list[Bought]:
    """What is ticked, all against one risk taken together."""
    wanted = [plan.bought.treatment for plan in some if plan.key in ticked]
    return treatments.bought(wanted, [one.risk for one in page.open], page.policy.risk)


def titles(some: Iterable[Plan], ticked: Collection[str]) -> dict[str, list[str]]:
    """Risk → the titles of the actions that are ticked against it."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for plan in some:
        if plan.key in ticked and plan.action:
            found[plan.bought.treatment.risk].append(plan.title)
    return found


# --- the address


def ticked(known: Collection[str]) -> dict[str, Typed]:
    """Key → what is typed of it, as the address says; what means nothing is passed over."""
    found: dict[str, Typed] = {}
    for said in st.query_params.get_all(ADDRESS):
        for key, rest in _readings(said):
            if key in known and len(found) < MOST:
                amounts = [_amount(part) for part in rest]
                cost, events, loss = [*amounts, None, None, None][:_PARTS]
                found[key] = Typed(cost, _share(events), _share(loss))
                break
    return found


def _readings(said: str) -> list[tuple[str, Sequence[str]]]:
    """The ways to read it: an id may hold what divides it from its cost."""
    split = [said.rsplit("~", parts) for parts in range(_PARTS + 1)]
    return [(parts[0], parts[1:]) for parts in split]


def _amount(text: str) -> float | None:
    try:
        amount = float(text)
    except ValueError:
        return None
    return amount if math.isfinite(amount) and amount >= 0 else None


def _share(amount: float | None) -> float | None:
    return amount if amount is not None and amount <= 1 else None


def keep(typed: Mapping[str, Typed]) -> None:
    """Writes what is ticked and typed into the address."""
    said = []
    for key, one in typed.items():
        parts = ["" if amount is None else f"{amount:.12g}" for amount in one]
        said.append("~".join([key, *parts]).rstrip("~"))
    _write(said)


def _write(said: Sequence[str]) -> None:
    if said:
        st.query_params[ADDRESS] = list(said)
    else:
        st.query_params.pop(ADDRESS, None)


def turn(key: str) -> bool:
    """Ticks or unticks; whether it was ticked."""
    said = st.query_params.get_all(ADDRESS)
    left = [one for one in said if key not in {name for name, _ in _readings(one)}]
    if len(left) < len(said):
        _write(left)
        return True
    if len(said) < MOST:
        _write([*said, key])
    return False
