"""How reviews come out over time."""

from datetime import date, timedelta

from app.metrics.review_trends import kept, on_time

DAY = date(2026, 11, 10)


def test_only_what_has_a_target_and_data_is_judged() -> None:
    found = kept(["met", "missed", "met", "no_data", "no_target"])

    assert (found.part, found.whole) == (2, 3)
    assert kept(["no_data"]).share is None, "over nothing there is no share"


def test_on_time_counts_what_was_done_by_its_day_of_what_was_or_is_past_it() -> None:
    before, after = DAY - timedelta(days=1), DAY + timedelta(days=1)
    ends = [
        (DAY, DAY, None),  # on the day
        (after, before, None),  # before its day has come
        (before, DAY, None),  # a day late
        (before, None, None),  # late and open
        (DAY, None, None),  # due today: not over yet
        (before, None, DAY),  # dropped
        (None, None, None),  # holds as it stands
    ]

    found = on_time(ends, DAY)

    assert (found.part, found.whole) == (2, 4)
