"""What stands on the Risk register: the finding, the tiles, the matrix, what it costs, what waits and what is odd.

All of it is as it stood when the chosen period ended (or now, where it is not over): the tiles and the lists are of
one moment. What has happened since is said beside the finding. Levels are as they are stated now: a register file
keeps no history of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache

from app.charts import risks as drawn
from app.charts import wording
from app.charts.headline import count
from app.metrics import losses, register
from app.metrics.facts import Action, Facts, Risk, Service
from app.metrics.grouping import known
from app.metrics.numbers import Ask, Scope
from app.metrics.register import Hits, Since, Standing
from app.metrics.risk_findings import Key
from app.policy import Policy
from app.store import register_reads
from app.store import risks as store_risks
from app.store.engine import reading
from app.store.register_reads import Listed
from app.ui import read
from app.ui.choices import Asked
from app.ui.history import History, history
from app.ui.overview import kpi_face
from app.ui.read import State
from app.ui.tiles import Face

KEYS = ("risks_above_appetite", "risk_reviews_overdue", losses.KEY)
OWN = ("acceptances", "open_risks", "at_target", "without_action", "to_mend")
"""Tiles that are counted here, not by the catalogue; each explains itself in `risks_tables`."""
_NEEDS = frozenset({"risks", "dr_tests"})
_YEAR = timedelta(days=365)


@dataclass(frozen=True, eq=False)
class Now:
    """What is to mend in the register of a scope now, whatever period is shown: what is mended goes."""

    odd: tuple[tuple[Standing, Listed], ...]
    """The risks with a finding."""
    gaps: tuple[str, ...]
    """Important services that are not tested in time, and that no open risk names."""
    many: int
    """How many risks there are."""
    services: Mapping[str, Service]

    def having(self, key: Key) -> list[tuple[Standing, Listed]]:
        """The risks with this finding."""
        return [(one, row) for one, row in self.odd if any(finding.key == key for finding in row.findings)]


@dataclass(frozen=True, eq=False)
class Shown:
    """The page for what was asked."""

    finding: str
    faces: tuple[Face, ...]
    found: tuple[Standing, ...]
    """Every risk in scope that was known by then, the highest first."""
    since: Since | None
    """What has changed up to now; None where the page is of now."""
    now: Now
    hits: Mapping[tuple[str, str], tuple[int, int]]
    """(source, risk) → incidents of its services in the year before, and how many of them severe."""
    acting: bool
    """Whether the actions of any risk are known."""
    facts: Facts
    policy: Policy
    moment: datetime
    day: date
    """The local day that the moment ends."""
    today: date
    looked: bool
    """Whether there was a register by then."""

    @cached_property
    def open(self) -> tuple[Standing, ...]:
        return tuple(one for one in self.found if one.open)

    @property
    def known(self) -> bool:
        """Whether the store holds any risk at all."""
        return bool(self.facts.risks)

    def names(self, services: Sequence[str]) -> list[str]:
        """Services by their names."""
        held = self.facts.services
        return [held[name].name if name in held else name for name in services]


def shown(asked: Asked) -> Shown:
    """Everything on the page, from the register of the chosen period's end and scope."""
    return _shown(read.state(), asked)


@lru_cache(maxsize=16)
def _shown(of: State, asked: Asked) -> Shown:
    numbers = history(KEYS, asked)
    moment = min(asked.period.end, asked.as_of)
    facts = facts_at(of, moment)
    ask = Ask((asked.period,), moment, scope=asked.scope)
    found = tuple(register.register(facts, ask))
    standing = [one for one in found if one.open]
    day = register.day_of(facts, moment)
    looked = bool(standing) or numbers["risks_above_appetite"].now.value is not None
    touched = hits(of).of([one.risk for one in found], moment - _YEAR, moment, facts.policy.major_severity)
    made = Shown(
        finding="",
        faces=(),
        found=found,
        since=register.since(facts, ask, asked.as_of) if moment < asked.as_of else None,
        now=_now(of, asked.as_of, asked.scope),
        hits=touched,
        acting=any(action.origin == "risk" for action in facts.actions),
        facts=facts,
        policy=facts.policy,
        moment=moment,
        day=day,
        today=register.day_of(facts, asked.as_of),
        looked=looked,
    )
    return replace(made, finding=drawn.finding(_told(made)), faces=_faces(made, numbers, asked) if looked else ())


@lru_cache(maxsize=32)
def _now(of: State, as_of: datetime, scope: Scope) -> Now:
    facts, ask = facts_at(of, as_of), Ask((), as_of, scope=scope)
    found = register.register(facts, ask)
    rows = {(row.key.source, row.key.id): row for row in listed(of, as_of) if row.findings}
    keyed = ((one, rows.get((one.risk.source, one.risk.risk))) for one in found)
    odd = tuple((one, row) for one, row in keyed if row is not None)
    return Now(odd, tuple(register.gaps(facts, ask)), len(found), facts.services)


@lru_cache(maxsize=4)
def listed(of: State, as_of: datetime) -> tuple[Listed, ...]:
    """Every risk with what hangs on it and is odd about it, whatever the scope."""
    with reading(read.opened(of.url)) as conn:
        return tuple(register_reads.listed(conn, as_of))


@lru_cache(maxsize=16)
def facts_at(of: State, moment: datetime) -> Facts:
    """Risks, their actions, services and DR tests as they were known at a moment, with the policy then in force."""
    held = read.facts(_NEEDS, Ask((), moment))
    policy = held.policy_at(moment - timedelta(microseconds=1))
    return known(replace(held, actions=actions(of), policy=policy), moment)


@lru_cache(maxsize=4)
def actions(of: State) -> tuple[Action, ...]:
    """The actions that come from risks."""
    with reading(read.opened(of.url)) as conn:
        return tuple(store_risks.actions(conn))


@lru_cache(maxsize=4)
def hits(of: State) -> Hits:
    """The incidents, to be counted by the services that they name."""
    with reading(read.opened(of.url)) as conn:
        return Hits(store_risks.hits(conn))


def priced(found: Sequence[Standing]) -> list[Standing]:
    """The open risks that are stated in money, the dearest first."""
    stated = [one for one in found if one.open and one.loss is not None]
    return sorted(stated, key=lambda one: (-(one.loss or 0.0), one.risk.title))


def half(found: Sequence[Standing]) -> list[Standing]:
    """The fewest of the dearest risks that make at least half of what all cost."""
    dearest, so_far = priced(found), 0.0
    whole = sum(one.loss or 0.0 for one in dearest)
    for at, one in enumerate(dearest):
        so_far += one.loss or 0.0
        if so_far >= whole / 2:
            return dearest[: at + 1]
    return dearest


def total(found: Sequence[Standing]) -> float | None:
    """What the open risks cost in an average year; None where none is stated."""
    stated = priced(found)
    return sum(one.loss or 0.0 for one in stated) if stated else None


def _told(page: Shown) -> drawn.Told:
    standing, dearest = page.open, priced(page.found)
    return drawn.Told(
        day=wording.day(page.day),
        known=page.looked,
        open=len(standing),
        above=[one.risk.title for one in standing if one.above],
        reviews=sum(one.review_overdue for one in standing),
        ran_out=sum(one.acceptance == "ran_out" for one in standing),
        ending=sum(one.acceptance == "ending" for one in standing),
        loss=total(page.found),
        priced=len(dearest),
        half=len(half(page.found)),
        currency=page.policy.currency,
    )


def _faces(page: Shown, numbers: Mapping[str, History], asked: Asked) -> tuple[Face, ...]:
    above, overdue, loss = (
        kpi_face(key, numbers[key].now, numbers[key].before, numbers[key].trend, page.policy, asked) for key in KEYS
    )
    return (
        above,
        overdue,
        _acceptances(page),
        _loss(page, loss),
        _open(page, asked),
        _at_target(page),
        _without_action(page),
        _to_mend(page),
    )


def _plural(number: int, one: str, several: str) -> str:
    return f"{count(number)} {one if number == 1 else several}"


def _stock(kpi: str, name: str, value: int, beside: str, said: str, target: str, good: bool | None) -> Face:
    """A tile that counts risks; `good` None: nothing to judge."""
    if good is None:
        return Face(kpi, name, f"{value:,}", beside, "no_target", "", wording.capital(said), target)
    key = "met" if good else "missed"
    return Face(kpi, name, f"{value:,}", beside, "met" if good else "missed", key, wording.capital(said), target)


def accepted(page: Shown) -> list[Standing]:
    """The open risks that somebody accepted, or was to."""
    return [one for one in page.open if one.acceptance != "none"]


def _acceptances(page: Shown) -> Face:
    states = [one.acceptance for one in accepted(page)]
    out, ending, unsigned = (states.count(state) for state in ("ran_out", "ending", "unsigned"))
    said = f"{count(ending) if ending else 'none'} more run{'s' if ending == 1 else ''} out within 30 days"
    if unsigned:
        said += f", {_plural(unsigned, 'was', 'were')} never signed"
    beside = f"of {len(states):,} accepted" if states else "nothing is accepted"
    return _stock("acceptances", "Acceptances run out", out, beside, said, "Target: none", not out)


def _loss(page: Shown, made: Face) -> Face:
    """Money is told by those that state it: what the others cost nobody knows."""
    many = len(priced(page.found))
    silent = len(page.open) - many
    if made.empty:
        return replace(made, said="No open risk states its ranges in money")
    said = f"{_plural(silent, 'open risk states', 'open risks state')} no ranges; " if silent else ""
    return replace(
        made,
        beside=f"from {_plural(many, 'risk', 'risks')}",
        said=wording.capital(said + made.said[:1].lower() + made.said[1:]),
    )


def _open(page: Shown, asked: Asked) -> Face:
    period = asked.period
    day = page.day
    fresh = sum(one.risk.identified_on is not None and period.first <= one.risk.identified_on for one in page.open)
    gone = sum(
        one.risk.closed_on is not None and period.first <= one.risk.closed_on <= day and not one.open
        for one in page.found
    )
    scales = page.policy.risk.impact
    impacts = [f"{sum(one.risk.impact == level for one in page.open)} {scales[level - 1]}" for level in (5, 4, 3)]
    lower = sum(one.risk.impact < 3 for one in page.open)
    said = f"By impact: {', '.join(impacts)}, {lower} lower"
    beside = f"{fresh or 'none'} new, {gone or 'none'} closed"
    return _stock("open_risks", "Open risks", len(page.open), beside, said, f"On {wording.day(page.day)}", None)


def _at_target(page: Shown) -> Face:
    aimed = [one for one in page.open if one.at_target is not None]
    there = sum(bool(one.at_target) for one in aimed)
    stated = [one for one in page.open if one.inherent is not None]
    down = sum(one.lowered for one in stated)
    if not aimed:
        return Face(
            "at_target", "At their target", wording.NO_DATA, "", "no_data", wording.NO_DATA,
            "No open risk states a target level", "Fill target_likelihood, target_impact", empty=True,
        )  # fmt: skip
    said = f"{down:,} of {len(stated):,} have come down from where they began" if stated else "No inherent level stated"
    return _stock("at_target", "At their target", there, f"of {len(aimed):,} with one", said, "Level ≤ target", None)


def _without_action(page: Shown) -> Face:
    treated = [one for one in page.open if one.risk.treatment != "accept"]
    if not page.acting:
        return Face(
            "without_action", "Without an action", wording.NO_DATA, "", "no_data", wording.NO_DATA,
            "No action of any risk is known: bring actions.csv", "Target: none", empty=True,
        )  # fmt: skip
    lacking = register.without_action(page.open)
    late = sum(any(action.state == "overdue" for action in one.actions) for one in page.open)
    said = f"{count(late)} with an action that is overdue" if late else "no action of the others is overdue"
    return _stock(
        "without_action", "Without an action", len(lacking), f"of {len(treated):,} to treat", said,
        "Listed below", None,
    )  # fmt: skip


def _to_mend(page: Shown) -> Face:
    now = page.now
    kinds = len({finding.key for _, row in now.odd for finding in row.findings})
    gaps = len(now.gaps)
    said = f"{_plural(kinds, 'kind', 'kinds')} of findings" if kinds else "nothing is odd"
    if gaps:
        said += f"; {_plural(gaps, 'service', 'services')} untested and in no risk"
    beside = f"of {_plural(now.many, 'risk', 'risks')} now"
    return _stock("to_mend", "Register to mend", len(now.odd), beside, said, "Listed below", None)


def opens(risk: Risk) -> dict[str, str]:
    """What a click on a risk asks: its page."""
    return {"do": "open", "place": "risk", "risk": risk.risk, "source": risk.source}
