"""What is odd in the risk register, finding by finding: when it is told, when it is not, and what mends it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app import policy
from app.metrics.acceptances import judged
from app.metrics.risk_findings import KEYS, Around, contradicts, findings
from app.metrics.risk_records import LABELS, Acceptance, Entry, Link, Review, Treatment, differing

AT = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
POLICY = policy.default()
DAY = timedelta(1)
FINE = Entry(
    risk="R1", title="The hall burns", category="site", services=("shop",), owner="ana", status="open", likelihood=2,
    impact=4, inherent_likelihood=4, inherent_impact=5, target_likelihood=1, target_impact=4, treatment="mitigate",
    review_on=date(2026, 12, 1), identified_on=date(2026, 1, 1), events_per_year_low=0.1, events_per_year_high=0.2,
    loss_low=1.0, loss_high=2.0, evidence_url="https://example.org/drill",
)  # fmt: skip
ACTION = Treatment(
    action="A1", origin="risk", origin_id="R1", title="Sprinklers", opened_at=AT - 9 * DAY, due_on=date(2026, 10, 4)
)
DONE = ACTION.model_copy(update={"closed_at": AT - DAY})
REVIEW = Review(1, date(2026, 9, 1), "ana", "Seen.", date(2026, 12, 1), datetime(2026, 9, 1, 12, tzinfo=UTC), 2)


def _signed(until: date, score: tuple[int, int] = (2, 4), **more: Any) -> Acceptance:
    signed = {"approved_by": "eve", "approved_at": AT - 2 * DAY} | more
    return Acceptance(1, "app", "R1", "ana", AT - 3 * DAY, "why", until, *score, **signed)


def _keys(change: dict[str, Any], as_of: datetime = AT, **around: Any) -> list[str]:
    entry = FINE.model_copy(update=change)
    score = entry.likelihood * entry.impact
    signed = judged(around.pop("signed", ()), score, as_of, POLICY.timezone)
    known = {"services": 1, "actions": (DONE,), "acceptances": signed} | around
    return [one.key for one in findings(Around(entry=entry, **known), POLICY, as_of)]


def test_nothing_is_odd_about_a_risk_that_is_looked_after() -> None:
    assert _keys({}) == []


@pytest.mark.parametrize(
    ("key", "change", "around"),
    [
        ("acceptance_expired", {"accepted_by": "eve", "accepted_until": date(2026, 10, 4)}, {}),
        ("acceptance_risen", {"likelihood": 3}, {"signed": [_signed(date(2027, 9, 1))]}),
        ("unaccepted", {"treatment": "accept"}, {}),
        ("review_overdue", {"review_on": date(2026, 10, 4)}, {}),
        ("action_overdue", {}, {"actions": (ACTION,)}),
        ("incident_since_review", {}, {"reviewed": REVIEW, "incidents": (("INC-1", REVIEW.at + DAY),)}),
        ("acceptance_expiring", {"treatment": "accept"}, {"signed": [_signed(date(2026, 10, 31))]}),
        ("acceptance_expiring", {"accepted_by": "eve", "accepted_until": date(2026, 10, 31)}, {}),
        ("acceptance_waiting", {}, {"signed": [_signed(date(2026, 12, 1), approved_by=None, approved_at=None)]}),
        ("above_inherent", {"inherent_likelihood": 1, "inherent_impact": 1}, {}),
        ("lowered_without_action", {}, {"actions": ()}),
        ("no_action", {"inherent_likelihood": 2, "inherent_impact": 4}, {"actions": ()}),
        ("no_action", {"inherent_likelihood": None, "inherent_impact": None}, {"actions": ()}),
        ("bare", {"likelihood": 4}, {}),
        ("endless", {"accepted_by": "eve", "accepted_until": None}, {}),
        ("no_owner", {"owner": " TBD "}, {}),
        ("level_contradicts", {"stated_level": "high"}, {}),
        ("target_above", {"target_likelihood": 5}, {}),
        ("no_evidence", {"evidence_url": None}, {}),
        ("no_review", {"review_on": None}, {}),
        ("no_service", {}, {"services": 0}),
        ("unpriced", {"loss_low": None}, {}),
    ],
)
def test_each_finding_is_told_alone(key: str, change: dict[str, Any], around: dict[str, Any]) -> None:
    assert _keys(change, **around) == [key]


@pytest.mark.parametrize(
    ("change", "around"),
    [
        ({"treatment": "accept"}, {"signed": [_signed(date(2027, 9, 1))]}),
        ({"likelihood": 4}, {"actions": (ACTION.model_copy(update={"due_on": None}), DONE)}),
        (
            {"likelihood": 4, "inherent_likelihood": 4, "inherent_impact": 4},
            {"signed": [_signed(date(2027, 9, 1), (4, 4))]},
        ),
        ({"likelihood": 4, "accepted_by": "eve", "accepted_until": date(2027, 9, 1)}, {}),
        ({"likelihood": 4, "inherent_impact": 4}, {"actions": (), "acting": False}),
        ({"status": "closed", "closed_on": date(2026, 10, 5)}, {}),
        ({"accepted_by": "eve", "accepted_until": date(2027, 10, 5)}, {}),
        ({"review_on": date(2026, 10, 5)}, {}),
        ({}, {"actions": (ACTION.model_copy(update={"due_on": date(2026, 10, 5)}), DONE)}),
        ({}, {"reviewed": REVIEW, "incidents": (("INC-1", REVIEW.at - DAY), ("INC-2", AT + DAY))}),
        ({"evidence_url": None}, {"tested": True}),
        ({"evidence_url": None}, {"actions": (DONE.model_copy(update={"url": "https://example.org"}),)}),
        ({"stated_level": "8"}, {}),
        ({"stated_level": "8 (moderate)"}, {}),
        ({"stated_level": "Moderate"}, {}),
        ({"status": "closed", "closed_on": date(2026, 9, 1), "owner": "tbd"}, {}),
    ],
)
def test_nothing_is_told_where_it_is_as_it_should_be(change: dict[str, Any], around: dict[str, Any]) -> None:
    assert _keys(change, **around) == []


def test_a_cancelled_action_is_none_and_one_that_was_opened_later_is_not_known_yet() -> None:
    cancelled = ACTION.model_copy(update={"cancelled_at": AT - DAY})
    later = ACTION.model_copy(update={"opened_at": AT + DAY, "due_on": None})

    assert _keys({}, actions=(cancelled, later)) == ["lowered_without_action"]


def test_of_a_closed_risk_its_missing_day_is_told_alone() -> None:
    assert _keys({"status": "closed", "owner": "tbd"}) == ["closed_undated"]


def test_a_risk_that_is_closed_later_is_open_until_then() -> None:
    """Closed on the next day, looked at the day before: what was odd then is told."""
    assert _keys({"status": "closed", "closed_on": date(2026, 10, 6), "owner": "tbd"}) == ["no_owner"]


def test_above_appetite_a_lapsed_acceptance_covers_nothing() -> None:
    lapsed = {"likelihood": 4, "accepted_by": "eve", "accepted_until": date(2026, 10, 4)}

    assert _keys(lapsed) == ["bare", "acceptance_expired"]
    assert _keys(lapsed, actions=(), acting=False) == ["acceptance_expired"]


def test_a_day_ends_in_the_zone_of_the_organisation() -> None:
    policy = POLICY.model_copy(update={"timezone": "America/New_York"})
    entry = FINE.model_copy(update={"review_on": date(2026, 11, 1)})  # 25 hours long
    around = Around(entry=entry, actions=(DONE,), services=1)
    midnight = datetime(2026, 11, 2, 5, tzinfo=UTC)

    assert findings(around, policy, midnight - timedelta(seconds=1)) == ()
    assert [one.key for one in findings(around, policy, midnight)] == ["review_overdue"]


def test_every_finding_says_what_mends_it_and_the_most_pressing_comes_first() -> None:
    entry = FINE.model_copy(
        update={"treatment": "accept", "owner": "?", "review_on": None, "loss_low": None, "inherent_impact": 1}
    )
    found = findings(Around(entry=entry), POLICY, AT)

    assert [KEYS.index(one.key) for one in found] == sorted(KEYS.index(one.key) for one in found)
    assert found[0].key == "unaccepted"
    assert all(one.sentence.endswith(".") and one.to_do and (one.field is None or one.field in LABELS) for one in found)


@pytest.mark.parametrize(
    ("stated", "score", "told"),
    [
        ("12", 12, False),
        ("12", 8, True),
        ("high", 12, False),
        ("HIGH ", 9, True),
        ("12 (low)", 12, True),
        ("huge", 25, True),
    ],
)
def test_a_stated_level_contradicts_the_matrix_by_number_or_word(stated: str, score: int, told: bool) -> None:
    assert contradicts(stated, score, POLICY) is told


def test_a_link_is_written_and_read_whatever_its_names_hold() -> None:
    for source, name in (("jira", "INC-1"), ("a;b", "x/y;z%3B"), ("ü/ü", "%2F")):
        link = Link(kind="incident", source=source, id=name)
        assert ";" not in str(link)
        assert Link.read(str(link)) == link
    for text in ("INC-1", "incident:INC-1", "ticket:jira/X", "incident:/X", "incident:jira/"):
        with pytest.raises(ValueError, match="is no link"):
            Link.read(text)


def test_zero_differs_from_blank_and_an_empty_list_does_not() -> None:
    blank, zero = FINE.model_copy(update={"loss_low": None}), FINE.model_copy(update={"loss_low": 0.0})

    assert differing(blank, zero) == {"loss_low": (None, 0.0)}
    assert differing(FINE, FINE.model_copy(update={"tags": ()})) == {}
