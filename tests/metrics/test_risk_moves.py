"""How risks moved since a day: levels of the ratings that were in force then, and what no history tells."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.charts import risk_moves as words
from app.metrics.register import Level, Standing, Which
from app.metrics.risk_moves import History, Move, moves, paths
from app.metrics.risk_records import Assessment
from tests.metrics.test_register import risk, standing

SINCE = datetime(2026, 10, 1, tzinfo=UTC)
DAY = timedelta(1)
KEY = ("grc", "R")


def rated(version: int, at: datetime, likelihood: int, impact: int, why: str | None = None, **more: Any) -> Assessment:
    return Assessment(version, at, "ana", why, likelihood, impact, **more)


def one(*ratings: Assessment, now: Standing | None = None, which: Which = "current", **history: Any) -> Move:
    now = now or standing(risk("R", identified_on=date(2026, 1, 1)))
    since = history.pop("since", SINCE)
    (made,) = moves([now], {KEY: History(ratings, **history)} if ratings else {}, since, which, "UTC")
    return made


def test_a_move_is_from_the_level_in_force_then_to_the_one_stated_now_with_every_reason_between() -> None:
    move = one(
        rated(1, SINCE - 90 * DAY, 5, 5),
        rated(2, SINCE, 4, 4, "In force at that very instant"),
        rated(3, SINCE + DAY, 4, 4, "Only the money changed"),
        rated(4, SINCE + 2 * DAY, 4, 3, "Half"),
        rated(5, SINCE + 3 * DAY, 3, 3, "All"),
    )

    assert (move.fate, move.before, move.after, move.by) == ("moved", Level(4, 4), Level(3, 3), 9 - 16)
    assert [step.why for step in move.steps] == ["All", "Half"]
    assert words.way(move) == "16 → 9, 4 × 4 → 3 × 3"
    assert words.why(move.steps[0], "UTC") == "ana on 4 Oct 2026 00:00: “All”"


def test_there_and_back_is_no_move() -> None:
    assert (
        one(rated(1, SINCE - DAY, 3, 3), rated(2, SINCE + DAY, 5, 5), rated(3, SINCE + 2 * DAY, 3, 3)).fate == "stayed"
    )


def test_a_history_that_begins_later_is_not_known_rather_than_no_move() -> None:
    late, none = one(rated(1, SINCE + DAY, 3, 3)), one()

    assert (late.fate, late.begins) == ("unknown", SINCE + DAY)
    assert (none.fate, none.begins) == ("unknown", None)
    assert words.finding([late, none], date(2026, 9, 30)) == "How risks moved since 30 Sep 2026 is not known"
    assert words.aside([late, none], date(2026, 9, 30)) == (
        "Of 2 risks the history does not reach back to 30 Sep 2026, so whether they moved is not known; "
        "the earliest of it begins on 2 Oct 2026.",
    )


@pytest.mark.parametrize(("found_on", "fate"), [(date(2026, 9, 30), "unknown"), (date(2026, 10, 1), "new")])
def test_what_was_identified_since_is_new(found_on: date, fate: str) -> None:
    now = standing(risk("R", identified_on=found_on))

    assert one(rated(1, SINCE + DAY, 3, 3), now=now).fate == fate


def test_each_may_be_asked_since_its_own_last_review() -> None:
    ratings = rated(1, SINCE - 9 * DAY, 5, 3), rated(2, SINCE + DAY, 3, 3, "Since")

    assert one(*ratings, since=None, reviewed_at=SINCE).before == Level(5, 3)
    assert one(*ratings, since=None, reviewed_at=SINCE + 2 * DAY).fate == "stayed"
    assert one(*ratings, since=None).fate == "unreviewed"


def test_a_target_that_is_stated_or_taken_back_since_goes_no_way() -> None:
    now = standing(risk("R", target_likelihood=2, target_impact=2))
    stated = one(
        rated(1, SINCE - DAY, 3, 3),
        rated(2, SINCE + DAY, 3, 3, target_likelihood=2, target_impact=2),
        now=now,
        which="target",
    )
    gone = one(
        rated(1, SINCE - DAY, 3, 3, target_likelihood=2, target_impact=2), rated(2, SINCE + DAY, 3, 3), which="target"
    )

    assert (stated.fate, stated.before, stated.after) == ("stated", None, Level(2, 2))
    assert (gone.fate, gone.before, gone.after) == ("unstated", Level(2, 2), None)
    assert paths([stated, gone]) == {}


def test_the_finding_counts_down_up_and_across() -> None:
    ways = {"A": (4, 4), "B": (1, 3), "C": (3, 3), "D": (1, 9)}
    some = []
    for name, (likelihood, impact) in ways.items():
        now = standing(risk(name, 3, 3))
        (move,) = moves(
            [now], {("grc", name): History((rated(1, SINCE, likelihood, impact),))}, SINCE, "current", "UTC"
        )
        some.append(move)

    assert words.finding(some, date(2026, 9, 30)) == (
        "Since 30 Sep 2026: 1 risk came down, 1 went up and 1 moved at the same level"
    )
    assert words.finding([some[2]], None) == "No risk has moved since its last review"
    assert sum(len(went) for went in paths(some).values()) == 3
