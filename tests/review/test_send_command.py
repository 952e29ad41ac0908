"""`nines review send` and `deliver`: what they print, and when they fail."""

from collections.abc import Callable
from typing import Any

import pytest

from app.review import delivery
from app.settings import load
from tests.review.delivery_case import Reply, review, webhook

Nines = Callable[..., Any]


@pytest.fixture(autouse=True)
def _kept(monkeypatch: pytest.MonkeyPatch) -> None:
    found = review()
    monkeypatch.setattr(delivery, "kept", lambda conn, period: found if period == "2026-10" else None)


def test_it_says_of_each_place_what_became_of_it(sqlite_nines: Nines, monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook() as one, webhook(Reply(404), Reply(202)) as other:
        monkeypatch.setenv("NINES_SLACK_WEBHOOK", one.url)
        monkeypatch.setenv("NINES_TEAMS_WEBHOOK", other.url)
        dry = sqlite_nines("review", "send", "2026-10", "--dry-run")
        first = sqlite_nines("review", "send", "2026-10")
        second = sqlite_nines("review", "send", "2026-10")

    assert dry.code == 0
    assert "Subject: Reliability review October 2026: 11 of 14 tier-0 SLOs met" in dry.out
    assert first.code == 1
    slack, teams = first.out.splitlines()
    assert slack.startswith("Slack (127.0.0.1, ")
    assert ": sent on " in slack
    assert "failed: Microsoft Teams refused it (404)" in teams
    assert second.code == 0
    assert (len(one.arrived), len(other.arrived)) == (1, 2)
    assert "hush" not in dry.out + first.out + first.err + second.out


def test_what_cannot_be_sent_is_said(sqlite_nines: Nines, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = sqlite_nines("review", "send", "2026-10")
    silent = sqlite_nines("review", "deliver")
    monkeypatch.setenv("NINES_SLACK_WEBHOOK", "http://127.0.0.1:9/x")

    assert (nowhere.code, silent.code) == (1, 1)
    assert nowhere.err.startswith("There is nowhere to send a digest to: set NINES_SMTP_URL")
    assert sqlite_nines("review", "send", "2026-09").err == "There is no frozen review of 2026-09: freeze it first.\n"
    assert sqlite_nines("review", "send", "2026-10", "--to", "slak").code == 2
    assert sqlite_nines("review", "send", "soon").code == 2
    assert sqlite_nines("review", "send", "2026-10", "--to", "teams").err.startswith("teams: not set.")
    assert sqlite_nines("review", "deliver").code == 0, "nothing is due"


def test_targets_are_those_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINES_SMTP_URL", "smtp://127.0.0.1")
    monkeypatch.setenv("NINES_MAIL_FROM", "nines@example.com")
    monkeypatch.setenv("NINES_DIGEST_TO", "ana@example.com;bo@example.com;ana@example.com")
    monkeypatch.setenv("NINES_TEAMS_WEBHOOK", "https://flows.example.com/hush?sig=hush")

    found = delivery.targets(load())

    assert [target.name.partition(",")[0] for target in found] == [
        "e-mail to ana@example.com", "e-mail to bo@example.com", "Microsoft Teams (flows.example.com",
    ]  # fmt: skip
    assert "hush" not in repr(found)
    assert [target.place.channel for target in delivery.targets(load(), ["teams"])] == ["teams"]
