"""The headline by table: which sentences which numbers make."""

from dataclasses import replace
from datetime import date

import pytest

from app.charts.headline import Story, count, headline
from app.metrics.numbers import Group, Number

SLOS = Number("slos_met", "2026-10", Group(tier=0), 11 / 14, "share", 11, 14, 14, verdict="missed", signal="too_few")
IMPACT = Number(
    "customer_impact_minutes", "2026-10", Group(), 212, "minutes", 212, n=3, verdict="no_target", signal="steady"
)
RISKS = Number("risks_above_appetite", "2026-10", Group(), 2, "count", 2, n=2, verdict="missed", signal="steady")
RESTORE = Number("time_to_restore", "2026-10", Group(), 80, "minutes", n=9, verdict="no_target", signal="steady")
FULL = Story(
    period="October 2026",
    partial=False,
    numbers={
        "customer_impact_minutes": IMPACT,
        "risks_above_appetite": RISKS,
        "slos_met": SLOS,
        "time_to_restore": RESTORE,
    },
    slos=SLOS,
    slos_tier=0,
    frozen=["Checkout"],
    expired=[date(2026, 10, 12)],
)


def none(kpi: str) -> Number:
    return Number(kpi, "2026-10", Group(), None, "count")


def test_the_example_of_the_screens() -> None:
    assert " ".join(headline(FULL)) == (
        "October 2026: 11 of 14 tier-0 SLOs met. Customers were affected for 212 minutes, no real change. Checkout has "
        "spent its error budget and is frozen. Two risks are above appetite; one acceptance ran out on 12 Oct 2026."
    )


def all_of(count: int) -> Number:
    return replace(SLOS, numerator=count, denominator=count, value=1.0)


def impact(**more: object) -> Story:
    return replace(FULL, numbers=numbers(customer_impact_minutes=replace(IMPACT, **more)))  # type: ignore[arg-type]


def numbers(**changed: Number) -> dict[str, Number]:
    return {**FULL.numbers, **changed}


@pytest.mark.parametrize(
    ("story", "sentence"),
    [
        (replace(FULL, slos=all_of(14)), "October 2026: all 14 tier-0 SLOs met."),
        (replace(FULL, slos=all_of(2)), "October 2026: both tier-0 SLOs met."),
        (replace(FULL, slos=all_of(1)), "October 2026: the one tier-0 SLO met."),
        (replace(FULL, slos_tier=None), "October 2026: 11 of 14 SLOs met."),
        (replace(FULL, partial=True), "October 2026, so far: 11 of 14 tier-0 SLOs met."),
        (replace(FULL, slos=none("slos_met")), "October 2026: no SLO was measured."),
        (
            replace(FULL, numbers=numbers(customer_impact_minutes=replace(IMPACT, value=0.0))),
            "Customers were not affected.",
        ),
        (
            replace(FULL, numbers=numbers(customer_impact_minutes=replace(IMPACT, value=0.4))),
            "Customers were affected for less than a minute, no real change.",
        ),
        (
            replace(FULL, numbers=numbers(customer_impact_minutes=replace(IMPACT, value=1.2, signal="too_few"))),
            "Customers were affected for 1 minute.",
        ),
        (
            replace(FULL, numbers=numbers(customer_impact_minutes=replace(IMPACT, target=100, verdict="missed"))),
            "Customers were affected for 212 minutes (100 minutes aimed for), no real change.",
        ),
        (
            impact(signal="worsening", since="2026-08"),
            "Customers were affected for 212 minutes, worsening since August 2026.",
        ),
        (
            impact(signal="worsening", since="2026-10"),
            "Customers were affected for 212 minutes, a real worsening.",
        ),
        (
            replace(FULL, frozen=["A", "B", "C", "D"]),
            "A, B and two more services have spent an error budget and are frozen.",
        ),
        (replace(FULL, frozen=["A", "B"]), "A and B have spent an error budget and are frozen."),
        (
            replace(FULL, numbers=numbers(risks_above_appetite=replace(RISKS, value=1.0)), expired=[]),
            "One risk is above appetite.",
        ),
        (
            replace(FULL, numbers=numbers(risks_above_appetite=none("risks_above_appetite")),
                    expired=[date(2026, 1, 1), date(2026, 1, 2)]),
            "Two acceptances have run out.",
        ),
        (replace(FULL, late_actions=14), "14 actions are overdue."),
        (replace(FULL, late_actions=1), "One action is overdue."),
        (
            replace(FULL, numbers=numbers(time_to_restore=replace(RESTORE, signal="worsening", since="2026-08"))),
            "Time to restore has really worsened since August 2026.",
        ),
    ],
)  # fmt: skip
def test_a_rule_makes_its_sentence(story: Story, sentence: str) -> None:
    assert sentence in headline(story)


def test_there_are_never_more_than_five_sentences() -> None:
    busy = replace(FULL, late_actions=3, numbers=numbers(time_to_restore=replace(RESTORE, signal="worsening")))

    assert len(headline(busy)) == 5


def test_without_data_there_is_one_honest_sentence() -> None:
    nothing = replace(
        FULL, numbers={key: none(key) for key in FULL.numbers if key != "slos_met"}, slos=None, frozen=[], expired=[]
    )

    assert headline(nothing) == ("October 2026: no data.",)
    assert headline(replace(nothing, scoped="Tier 3")) == ("October 2026: no data for Tier 3.",)


def test_unknown_impact_is_not_told_as_none() -> None:
    told = headline(replace(FULL, numbers=numbers(customer_impact_minutes=none("customer_impact_minutes"))))

    assert not any("Customers" in sentence for sentence in told)


def test_small_numbers_are_words() -> None:
    assert [count(n) for n in (0, 2, 12, 13, 1200)] == ["no", "two", "twelve", "13", "1,200"]
