"""What is stated against what happened, at the edges where a verdict turns, with figures worked out by hand."""

from typing import Any

import pytest

from app.charts import sanity as said
from app.metrics import sanity
from app.metrics.facts import Risk
from app.metrics.sanity import Seen


def risk(rate: tuple[float | None, float | None] = (0.1, 0.5), loss: Any = (1_000.0, 9_000.0), **more: Any) -> Risk:
    made = Risk("grc", "R", "R", "people", "vp", "open", 3, 3, "mitigate", ("shop",))
    return made._replace(
        events_per_year_low=rate[0], events_per_year_high=rate[1], loss_low=loss[0], loss_high=loss[1], **more
    )


def told(one: Risk, seen: Seen) -> str:
    found = sanity.often(one, seen)
    assert found is not None
    return said.often(found)


@pytest.mark.parametrize(
    ("rate", "seen", "words"),
    [
        # Garwood of 4: 1.0899 to 10.2416, over 2 years 0.545 to 5.12
        ((0.1, 0.5), Seen(2.0, 4), "0.1 to 0.5 a year; 4 happened in 2 years (0.54 to 5.1 a year): stated too low."),
        ((0.1, 0.6), Seen(2.0, 4), "0.1 to 0.6 a year; 4 happened in 2 years (0.54 to 5.1 a year): agrees."),
        # Garwood of 1: 0.0253 to 5.5716
        ((0.1, 0.5), Seen(2.0, 1), "1 happened in 2 years (0.013 to 2.8 a year): too few to tell."),
        # Garwood of 0: 0 to 3.6889, over 2 years 1.84
        ((2.0, 9.0), Seen(2.0), "no incident hit its services in 2 years (0 to 1.8 a year): stated too high."),
        ((1.8, 9.0), Seen(2.0), "none that is linked to it happened in 2 years (0 to 1.8 a year): too few to tell."),
        # Garwood of 2: 0.2422 to 7.2247
        (
            (4.0, 9.0),
            Seen(2.0, 0, 2, 0),
            "even all 2 incidents on its services in 2 years (0.12 to 3.6 a year) are fewer: stated too high.",
        ),
        (
            (0.1, 0.5),
            Seen(2.0, 0, 9, 4),
            "4 severe incidents hit its services in 2 years (0.54 to 5.1 a year): too low, if they were this risk.",
        ),
        ((2.0, 9.0), Seen(0.2), "none that is linked to it happened in 2 months (0 to 18 a year): too few to tell."),
    ],
)
def test_how_often_it_is_stated_against_how_often_it_happened(
    rate: tuple[float, float], seen: Seen, words: str
) -> None:
    assert told(risk(rate), seen).endswith(words)
    assert told(risk(rate), seen).startswith(f"Stated {rate[0]:g} to {rate[1]:g} a year; ")


def test_without_services_only_linked_incidents_tell() -> None:
    alone = risk((2.0, 9.0), services=())

    assert "nothing to hold it against" in told(alone, Seen(5.0))
    assert "agrees" in told(alone, Seen(2.0, 9)), "4.5 a year"
    assert "stated too high" not in told(alone, Seen(5.0, 1)), "nobody knows what was not linked"
    assert sanity.often(risk((None, None)), Seen(5.0, 3)) is None


@pytest.mark.parametrize(
    ("costs", "linked", "words"),
    [
        # Two of two above: 0.05^2 = 0.0025; one of one: 0.05; one of three: 1 - 0.95^3 = 0.14
        (
            [12_000.0, 40_000.0], True,
            "Stated 1 k to 9 k EUR each; 2 incidents cost 12 k EUR to 40 k EUR in downtime alone, 2 of them more than "
            "stated: stated too low.",
        ),
        ([12_000.0], True, "1 incident cost 12 k EUR in downtime alone, 1 of them more than stated: too few to tell."),
        ([2_000.0, 3_000.0, 12_000.0], True, "1 of them more than stated: agrees."),
        ([12_000.0, 40_000.0], False, "2 severe incidents of its services cost"),
        ([2_000.0, 3_000.0, 4_000.0], True, "none of them more than stated: agrees."),
        ([1.0, 2.0, 3.0], True, "none of them more than stated: downtime is only a part of it."),
    ],
)  # fmt: skip
def test_what_it_is_stated_to_cost_against_what_it_cost(costs: list[float], linked: bool, words: str) -> None:
    found = sanity.each(risk(), costs, linked)

    assert found is not None
    assert words in said.each(found, "EUR")


def test_no_cost_and_no_stated_loss_say_nothing() -> None:
    assert sanity.each(risk(), [], True) is None
    assert sanity.each(risk(), [2_000.0, 3_000.0, 4_000.0], False) is None, "nobody said that they were this risk"
    assert sanity.each(risk(loss=(None, None)), [5.0], True) is None
