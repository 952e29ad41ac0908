"""The outbox of digests: once to each place, tried again where that helps, never twice after a crash."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app.people import NotAllowed, Person, Role
from app.review import delivery
from app.review.snapshot import Frozen
from app.store import deliveries
from app.store.audit import audit
from app.store.engine import generation, reading, writing
from app.store.tables import DELIVERIES
from tests.review.delivery_case import (
    CHILD,
    NOW,
    ROOT,
    SECRET,
    Clock,
    Hook,
    Reply,
    review,
    rows,
    send,
    slack,
    teams,
    trail,
    webhook,
)


def test_a_digest_goes_to_each_place_once(engine: Engine) -> None:
    clock = Clock()
    with reading(engine) as conn:
        before = generation(conn)
    with webhook() as one, webhook(Reply(202, body=b"")) as other:
        first = send(engine, clock, slack(one.url), teams(other.url))
        second = send(engine, clock, slack(one.url), teams(other.url), how="failed")

    assert [row.state for row in first] == ["sent", "sent"]
    assert first == second
    assert (len(one.arrived), len(other.arrived)) == (1, 1)
    assert one.arrived[0]["blocks"][0]["text"]["text"].startswith("Reliability review October 2026: 11 of 14")
    assert other.arrived[0]["attachments"][0]["content"]["type"] == "AdaptiveCard"
    assert [entry.action for entry in trail(engine)] == ["ask", "ask", "send", "send"]
    with reading(engine) as conn:
        assert generation(conn) == before, "no number depends on it"


def test_another_try_waits_as_long_as_the_other_side_asks(sqlite_engine: Engine) -> None:
    clock = Clock()
    with webhook(Reply(429, {"Retry-After": "90"}, b"rate_limited"), Reply()) as hook:
        (first,) = send(sqlite_engine, clock, slack(hook.url))
        clock.on(seconds=89)
        (early,) = send(sqlite_engine, clock, slack(hook.url), how="failed")
        clock.on(seconds=1)
        (second,) = send(sqlite_engine, clock, slack(hook.url))

    assert (first.state, first.next_at) == ("waiting", NOW + timedelta(seconds=90))
    assert first.error == "Slack takes nothing just now (429 rate_limited)."
    assert early == first
    assert (second.state, second.attempts) == ("sent", 2)
    assert len(hook.arrived) == 2
    assert [entry.action for entry in trail(sqlite_engine)] == ["ask", "fail", "send"]
    assert trail(sqlite_engine)[1].why == first.error


def test_retry_after_may_name_an_instant(sqlite_engine: Engine) -> None:
    at = format_datetime(NOW + timedelta(minutes=10), usegmt=True)
    with webhook(Reply(503, {"Retry-After": at})) as hook:
        (row,) = send(sqlite_engine, Clock(), slack(hook.url))

    assert row.next_at == NOW + timedelta(minutes=10)


def test_tries_get_rarer_and_end(sqlite_engine: Engine) -> None:
    clock = Clock()
    waited = []
    with webhook(Reply(500)) as hook:
        for _ in range(5):
            (row,) = send(sqlite_engine, clock, slack(hook.url), most=5, longest_seconds=200.0)
            if row.next_at:
                waited.append((row.next_at - clock.now).total_seconds())
                clock.now = row.next_at

    assert waited == [60, 120, 200, 200]
    assert row.state == "failed"
    assert row.error == "Slack takes nothing just now (500). It was tried 5 times."
    assert len(hook.arrived) == 5


def test_by_chance_a_try_comes_a_little_later() -> None:
    late = replace(Clock().world(), chance=lambda: 1.0)

    assert delivery.pause(1, None, late) == 75
    assert delivery.pause(3, 8.0, late) == 10


def test_after_a_500_the_next_try_is_the_one_that_arrives(engine: Engine) -> None:
    clock = Clock()
    with webhook(Reply(500), Reply()) as hook:
        send(engine, clock, teams(hook.url))
        clock.on(minutes=2)
        (row,) = send(engine, clock, teams(hook.url))

    assert (row.state, row.attempts, row.sent_at, row.error) == ("sent", 2, clock.now, None)
    assert len(hook.arrived) == 2


def test_what_is_refused_fails_at_once_and_is_tried_again_when_somebody_asks(sqlite_engine: Engine) -> None:
    clock = Clock()
    with webhook(Reply(404, body=b"no_service"), Reply()) as hook:
        (first,) = send(sqlite_engine, clock, slack(hook.url))
        clock.on(days=1)
        (second,) = send(sqlite_engine, clock, slack(hook.url))
        (third,) = send(sqlite_engine, clock, slack(hook.url), how="failed")

    assert first.state == "failed"
    assert first.error == "Slack refused it (404 no_service): look at its address, and whether it still exists."
    assert second == first
    assert third.state == "sent"
    assert [entry.action for entry in trail(sqlite_engine)] == ["ask", "fail", "ask again", "send"]


def test_nobody_is_followed_elsewhere(sqlite_engine: Engine) -> None:
    with webhook() as elsewhere, webhook(Reply(307, {"Location": elsewhere.url})) as hook:
        (row,) = send(sqlite_engine, Clock(), slack(hook.url))

    assert row.state == "failed"
    assert row.error == "Slack sends elsewhere (307), where Nines does not go: look at its address."
    assert elsewhere.arrived == []


def test_a_server_that_is_away_is_tried_again(sqlite_engine: Engine) -> None:
    with webhook() as hook:
        url = hook.url

    (row,) = send(sqlite_engine, Clock(), slack(url))

    assert (row.state, row.error) == ("waiting", "Slack cannot be reached (no connection).")


def test_a_message_that_nobody_answered_may_have_arrived_so_it_is_not_sent_again_by_itself(
    sqlite_engine: Engine,
) -> None:
    clock, free = Clock(), threading.Event()
    with webhook(Reply(before=lambda: free.wait(20)), Reply()) as hook:
        (first,) = send(sqlite_engine, clock, slack(hook.url), timeout_seconds=0.3)
        clock.on(days=1)
        (second,) = send(sqlite_engine, clock, slack(hook.url), how="failed")
        (third,) = send(sqlite_engine, clock, slack(hook.url), how="again")
        free.set()

    assert first.state == second.state == "unsure"
    assert first.error == "Slack was given the message and did not answer (it took too long)."
    assert third.state == "sent"
    assert len(hook.arrived) == 2


def test_a_gateway_that_gave_up_waiting_leaves_it_unsure(sqlite_engine: Engine) -> None:
    with webhook(Reply(504)) as hook:
        (row,) = send(sqlite_engine, Clock(), teams(hook.url))

    assert row.state == "unsure"


def test_again_sends_what_is_unsure_and_else_what_was_sent(sqlite_engine: Engine) -> None:
    clock = Clock()
    with webhook(Reply(504), Reply()) as one, webhook() as other:
        send(sqlite_engine, clock, slack(one.url), teams(other.url))
        send(sqlite_engine, clock, slack(one.url), teams(other.url), how="again")
        assert (len(one.arrived), len(other.arrived)) == (2, 1)
        done = send(sqlite_engine, clock, slack(one.url), teams(other.url), how="again")

    assert (len(one.arrived), len(other.arrived)) == (3, 2)
    assert [row.copy for row in done] == [2, 2]


def _killed_while_it_sends(url: str, channel: str, where: str, arrived: threading.Event) -> None:
    command = [sys.executable, "-c", CHILD, url, channel, where]
    sender = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        assert arrived.wait(120)
    finally:
        sender.send_signal(signal.SIGKILL)
        sender.wait()


def test_after_a_crash_between_sending_and_writing_it_down_nothing_is_sent_twice(
    engine: Engine, store_url: str
) -> None:
    clock, arrived, dead = Clock(), threading.Event(), threading.Event()

    def hold() -> None:
        arrived.set()
        dead.wait(120)

    with webhook(Reply(before=hold), Reply()) as hook:
        _killed_while_it_sends(store_url, "slack", hook.url, arrived)
        dead.set()
        (left,) = rows(engine)
        clock.on(minutes=5)
        (soon,) = send(engine, clock, slack(hook.url), how="failed")
        clock.on(minutes=15)
        (later,) = send(engine, clock, slack(hook.url), how="failed")
        clock.on(days=1)
        (much_later,) = send(engine, clock, slack(hook.url), how="failed")

    assert left.state == soon.state == "sending", "the claim is not over yet"
    assert later.state == much_later.state == "unsure"
    assert later.error == "Whoever was sending it stopped before it was known whether it arrived."
    assert len(hook.arrived) == 1
    assert [entry.action for entry in trail(engine)] == ["ask", "unsure"]


def test_two_senders_at_once_send_one_message(engine: Engine) -> None:
    clock = Clock()
    with webhook() as hook, ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: send(engine, clock, slack(hook.url)), range(6)))

    assert len(hook.arrived) == 1
    assert {row.state for (row,) in done} <= {"sent", "sending"}
    assert [row.state for row in rows(engine)] == ["sent"]
    assert [entry.action for entry in trail(engine)] == ["ask", "send"]


def test_a_row_is_claimed_by_one_alone(engine: Engine) -> None:
    with writing(engine, count=False) as conn:
        place = deliveries.Place("slack", "x")
        deliveries.ask(conn, "2026-10", "c", [place], by=delivery.BY_ITSELF, now=NOW)
    (row,) = rows(engine)

    def claimed(_: int) -> str | None:
        with writing(engine, count=False) as conn:
            return deliveries.claim(conn, row.id, NOW, NOW + timedelta(minutes=1))

    with ThreadPoolExecutor(4) as pool:
        words = [word for word in pool.map(claimed, range(4)) if word]

    assert len(words) == 1
    with writing(engine, count=False) as conn:
        deliveries.record(conn, row.id, "another", "sent", NOW)
    assert [one.state for one in rows(engine)] == ["sending"]


def test_who_was_slow_still_writes_down_what_became_of_it(sqlite_engine: Engine) -> None:
    with writing(sqlite_engine, count=False) as conn:
        place = deliveries.Place("slack", "x")
        deliveries.ask(conn, "2026-10", "c", [place], by=delivery.BY_ITSELF, now=NOW)
        word = deliveries.claim(conn, 1, NOW, NOW + timedelta(minutes=1))
        deliveries.settle(conn, NOW + timedelta(minutes=2))
    assert [row.state for row in rows(sqlite_engine)] == ["unsure"]

    with writing(sqlite_engine, count=False) as conn:
        deliveries.record(conn, 1, word or "", "sent", NOW)

    assert [row.state for row in rows(sqlite_engine)] == ["sent"]


def test_a_review_that_was_changed_sends_what_is_so_now_and_no_more_what_was(sqlite_engine: Engine) -> None:
    clock, before = Clock(), replace(review(), minutes=None, minutes_hash="")
    with webhook(Reply(500), Reply()) as hook:
        send(sqlite_engine, clock, slack(hook.url), of=before)
        clock.on(hours=1)
        (now,) = send(sqlite_engine, clock, slack(hook.url))

    old, new = rows(sqlite_engine)
    assert (old.state, old.error) == ("failed", "The review was changed before this was sent.")
    assert new == now
    assert now.state == "sent"
    assert "Decisions" in str(hook.arrived[1])


def test_after_a_restore_what_was_waiting_may_have_been_sent(sqlite_engine: Engine) -> None:
    clock = Clock(datetime.now(UTC) - timedelta(hours=1))
    with webhook(Reply(500)) as hook:
        send(sqlite_engine, clock, slack(hook.url))
        with writing(sqlite_engine) as conn:
            audit(conn, actor="ana", action="restore", entity="store")
        clock.on(hours=2)
        (row,) = send(sqlite_engine, clock, slack(hook.url))

    assert row.state == "unsure"
    assert len(hook.arrived) == 1


def test_a_slow_webhook_gets_one_message_a_second(sqlite_engine: Engine) -> None:
    clock = Clock()
    with webhook() as hook:
        other = replace(slack(hook.url), place=deliveries.Place("slack", "the same"))
        send(sqlite_engine, clock, slack(hook.url), other)

    assert clock.slept == [1.0]


def test_only_who_may_write_everywhere_has_a_digest_sent(sqlite_engine: Engine) -> None:
    viewer = Person("vi", frozenset({Role.VIEWER}))
    with webhook() as hook, pytest.raises(NotAllowed):
        delivery.send(sqlite_engine, review(), [slack(hook.url)], by=viewer, world=Clock().world())

    assert rows(sqlite_engine) == []
    assert hook.arrived == []


def test_a_webhooks_address_is_nowhere_but_on_the_wire(
    sqlite_engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="app")
    clock = Clock()
    with webhook(Reply(400, body=f"bad {SECRET}".encode()), Reply(500), Reply(504), Reply(307), Reply()) as hook:
        target = slack(hook.url)
        for _ in range(5):
            send(sqlite_engine, clock, target, how="again")
            clock.on(days=1)
        assert hook.at == [f"/services/{SECRET}"] * 5

    with sqlite_engine.connect() as conn:
        held = str(conn.execute(sa.select(DELIVERIES)).all())
    told = held + str(trail(sqlite_engine)) + caplog.text + repr(target) + target.name
    assert "hush" not in told
    assert "hush" not in (tmp_path / "nines.db").read_bytes().decode("latin-1")
    assert "digest of 2026-10 for Slack: sent" in caplog.text


@pytest.fixture
def closed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Frozen:
    """A review that was closed a minute ago."""
    found = review()
    monkeypatch.setattr(delivery, "kept", lambda conn, period: found if period == "2026-10" else None)
    monkeypatch.setattr(deliveries, "_closed", lambda conn, since: [("2026-10", NOW - timedelta(minutes=1))])
    return found


def _places(monkeypatch: pytest.MonkeyPatch, *hooks: Hook) -> None:
    monkeypatch.setattr(delivery, "targets", lambda settings: tuple(slack(hook.url) for hook in hooks))


def test_a_closed_reviews_digest_goes_out_by_itself_and_once(
    engine: Engine, closed: Frozen, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.settings import load

    clock = Clock()
    with webhook(Reply(500), Reply()) as hook:
        _places(monkeypatch, hook)
        first = delivery.deliver(engine, load(), clock.world())
        again = delivery.deliver(engine, load(), clock.world())
        clock.on(minutes=2)
        second = delivery.deliver(engine, load(), clock.world())
        third = delivery.deliver(engine, load(), clock.world())

    assert [row.state for row in first] == ["waiting"]
    assert again == third == [], "nothing was due"
    assert [(row.state, row.asked_by) for row in second] == [("sent", "nines")]
    assert len(hook.arrived) == 2


def test_what_waits_for_a_place_that_is_gone_is_given_up(
    engine: Engine, closed: Frozen, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.settings import load

    clock = Clock()
    with webhook(Reply(500)) as hook:
        send(engine, clock, teams(hook.url))
        _places(monkeypatch, hook)
        clock.on(minutes=2)
        rows = delivery.deliver(engine, load(), clock.world())

    assert [(row.channel, row.state) for row in rows] == [("teams", "failed")]
    assert rows[0].error == "Nothing is sent there any more: the settings name it no longer."


def test_reviews_that_a_backup_brought_back_are_not_sent_by_themselves(engine: Engine, closed: Frozen) -> None:
    with reading(engine) as conn:
        assert deliveries.just_closed(conn, NOW) == ("2026-10",)
    with writing(engine) as conn:
        audit(conn, actor="ana", action="restore", entity="store")

    with reading(engine) as conn:
        assert deliveries.just_closed(conn, NOW) == ()
