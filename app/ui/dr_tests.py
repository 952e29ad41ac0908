"""What stands on the DR tests page: the finding, the tiles, the calendar, how fast, how well proven, what is owed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal

from app.charts import dr_tests as drawn
from app.charts import wording
from app.charts.description import Chart
from app.charts.dr_tests import Drilled
from app.metrics import drills
from app.metrics.drills import Calendar, Drill, Proof, Remedy
from app.metrics.facts import Action, Facts
from app.metrics.grouping import known
from app.metrics.numbers import Ask, Number
from app.metrics.periods import containing, local_day
from app.policy import Policy
from app.store import drills as store_drills
from app.store.engine import reading
from app.ui import choices, read
from app.ui.choices import Asked
from app.ui.history import History, history
from app.ui.overview import kpi_face
from app.ui.read import State
from app.ui.tiles import Face

TILES = ("dr_pass_rate", "dr_on_plan", "rto_rpo_met", "dr_coverage")
_NEEDS = frozenset({"dr_tests", "risks"})
_QUARTERS = 8


@dataclass(frozen=True)
class Shown:
    """The page for what was asked."""

    finding: str
    faces: tuple[Face, ...]
    numbers: Mapping[str, History]
    found: tuple[Drill, ...]
    """Every test in scope, by planned day."""
    lately: tuple[Drill, ...]
    """Carried out in the months of the trend, the latest first."""
    months: str
    """Those months in words."""
    calendar: Calendar
    quarters: tuple[Number, ...]
    covered: tuple[Number, ...]
    """Coverage today, a number for each tier that must be tested."""
    proofs: tuple[Proof, ...]
    """Today, of each service that must be tested."""
    remedies: tuple[Remedy, ...]
    facts: Facts
    policy: Policy

    @property
    def known(self) -> bool:
        """Whether the store holds any DR test, whatever the scope."""
        return bool(self.facts.dr_tests)

    @property
    def claimed(self) -> tuple[Drill, ...]:
        """Tests of the trend that passed and cannot show it."""
        return tuple(one for one in self.lately if one.lacks)


def shown(asked: Asked) -> Shown:
    """Everything on the page, from the numbers and facts of the chosen period and scope."""
    return _shown(read.state(), asked)


@lru_cache(maxsize=16)
def _shown(of: State, asked: Asked) -> Shown:
    ask = asked.ask()
    numbers = history(TILES, asked)
    facts = read.facts(_NEEDS, Ask((), asked.as_of))
    found = tuple(drills.in_scope(facts, ask, _drills(of, asked.as_of)))
    lately = tuple(drills.done_within(found, asked.trend[0].start, min(asked.trend[-1].end, asked.as_of)))
    today = containing(local_day(asked.as_of, asked.zone), "month", asked.zone)
    proofs = drills.proofs(read.rows("dr_coverage", asked.ask(today)), facts, found, asked.as_of)
    remedies = drills.remedies(facts, _actions(of, asked.as_of), found, asked.as_of)
    quarter = containing(asked.trend[-1].first, "quarter", asked.zone)
    quarters = tuple(quarter.previous(step) for step in range(_QUARTERS - 1, -1, -1))
    by_tier = read.numbers(("dr_coverage",), asked.ask(today, by=("tier",)))
    page = Shown(
        finding="",
        faces=tuple(kpi_face(key, *numbers[key], facts.policy, asked) for key in TILES),
        numbers=numbers,
        found=found,
        lately=lately,
        months=choices.period_words(choices.span(len(asked.trend), asked.trend[-1])),
        calendar=drills.calendar(found, drills.months_around(asked.trend[-1])),
        quarters=read.numbers(("dr_pass_rate",), asked.ask(*quarters)),
        covered=tuple(number for number in by_tier if number.group.tier is not None and number.value is not None),
        proofs=tuple(proofs),
        remedies=tuple(remedies),
        facts=facts,
        policy=facts.policy,
    )
    return Shown(**{**vars(page), "finding": drawn.finding(_told(page, asked))})


@lru_cache(maxsize=4)
def _drills(of: State, as_of: datetime) -> tuple[Drill, ...]:
    return tuple(drills.drills(read.facts(_NEEDS, Ask((), as_of)), as_of))


@lru_cache(maxsize=4)
def _actions(of: State, as_of: datetime) -> tuple[Action, ...]:
    with reading(read.opened(of.url)) as conn:
        return known(Facts(actions=store_drills.remedies(conn)), as_of).actions


def _told(page: Shown, asked: Asked) -> Drilled:
    within = drills.done_within(page.found, asked.period.start, min(asked.period.end, asked.as_of))
    slow = next((one for one in drills.worst(within, "rto") if one.rto.met is False), None)
    done = (one.test.executed_at for one in page.found if one.test.executed_at is not None and one.state in drills.DONE)
    last = max((at for at in done if at < asked.period.start), default=None)
    return Drilled(
        period=asked.words,
        passed=page.numbers["dr_pass_rate"].now,
        covered=page.numbers["dr_coverage"].now,
        tiers=tiers(page.policy),
        worst=(slow.test.name, slow.rto.achieved, slow.rto.target)
        if slow is not None and slow.rto.achieved is not None and slow.rto.target is not None
        else None,
        failed=tuple(one.test.name for one in within if one.state in ("failed", "partial")),
        last=wording.day(local_day(last, asked.zone)) if last else "",
        never=tuple(one.name for one in page.proofs if one.state == "never"),
        overdue_tests=sum(one.state == "overdue" for one in page.found),
        overdue_actions=sum(one.owed.state == "overdue" for one in page.remedies),
        partial=asked.partial,
    )


def tiers(policy: Policy) -> str:
    """The tiers whose services must be tested, in words: "tier 0 and 1"."""
    return f"tier {wording.listed([str(tier) for tier, one in sorted(policy.tiers.items()) if one.test_interval_days])}"


def quarters(page: Shown) -> Chart:
    """Whether tests pass, quarter by quarter."""
    return drawn.by_quarter(page.quarters)


def kinds(page: Shown) -> Chart:
    """Which kinds of test pass, over the months of the trend."""
    target = page.policy.targets.get("dr_pass_rate")
    return drawn.by_kind(drills.by_kind(page.lately), target.value if target else None, page.months)


def times(page: Shown, which: Literal["rto", "rpo"]) -> Chart:
    """What tests achieved against their target, over the months of the trend."""
    return drawn.dumbbells(which, drills.worst(page.lately, which), page.months)


def named(page: Shown, source: object, name: object) -> Drill | None:
    """The test of this source and id, if it is in scope; whatever the source where none is said."""
    here = [one for one in page.found if one.test.test == name]
    return next((one for one in here if source in (None, one.test.source)), None)


def opened(picked: str | None, page: Shown) -> Mapping[str, str] | None:
    """What a click on a point of a chart asks: that test."""
    one = next((one for one in page.found if drawn.key(one) == picked), None) if picked else None
    return opens(one) if one else None


def opens(one: Drill) -> dict[str, str]:
    """What a click on a test asks: to be told of it."""
    return {"do": "test", "test": one.test.test, "source": one.test.source}
