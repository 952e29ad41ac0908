"""GitHub: how a deployment ended is in its statuses, and what undid it in those that came after, slice after slice."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from app import ingest_sync
from app.store.engine import open_store
from data_sources.http import SourceError
from tests.sources.hub import OPTIONS, SECRET, Hub, Repository, commit, deployed, deployment, status, token
from tests.sources.live import AT
from tests.sources.vendor import NAME, Vendor, facts, killed_and_resumed, read, sources

__all__ = ["token"]
SHOP: dict[str, Any] = {**OPTIONS, "repositories": ["acme/shop"]}


def verdicts(engine: Engine) -> dict[str, str]:
    return {one["deployment"]: one["status"] for one in facts(engine)["deployments"]}


def test_the_state_of_a_deployment_is_in_its_statuses(sqlite_engine: Engine, tmp_path: Path) -> None:
    at = "2026-11-20T10:00:00Z"
    rows = {
        1: [
            status("in_progress", at),
            status("success", "2026-11-20T10:05:00Z"),
            status("inactive", "2026-11-21T10:00:00Z"),
        ],
        2: [status("failure", "2026-11-20T10:06:00Z")],
        3: [status("error", "2026-11-20T10:07:00Z")],
        4: [status("failure", "2026-11-20T10:06:00Z"), status("success", "2026-11-20T10:08:00Z")],
        5: [status("success", "2026-11-20T10:05:00Z"), status("failure", "2026-11-20T10:09:00Z")],
        6: [status("success", "2026-11-20T10:05:00Z"), status("success", "2026-11-20T10:09:00Z")],
        7: [status("queued", at), status("inactive", at)],
        8: [],
    }
    hub = Hub(shop=Repository(*((deployment(number, f"c{number}", at), told) for number, told in rows.items())))
    hub.repositories["shop"].deployments.append(deployment(9, "c9", "2026-11-28T11:00:00Z", environment="staging"))
    hub.repositories["shop"].deployments.append(deployment(10, "c9", "2026-11-28T11:00:00Z"))
    hub.repositories["shop"].statuses |= {"9": [status("success", at)], "10": [status("in_progress", at)]}
    with Vendor(hub).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, map={"services": {"shop": "Checkout"}}, **SHOP))

    found = facts(sqlite_engine)["deployments"]
    assert {(one["deployment"], one["status"], f"{one['deployed_at']:%H:%M}") for one in found} == {
        ("1", "succeeded", "10:05"),
        ("2", "failed", "10:06"),
        ("3", "failed", "10:07"),
        ("4", "succeeded", "10:08"),
        ("5", "failed", "10:09"),
        ("6", "succeeded", "10:05"),
    }
    assert {(one["service"], f"{one['committed_at']:%d %H:%M}") for one in found} == {("Checkout", "19 10:00")}
    assert {one["deployment"]: one["url"] for one in found}["2"] == "https://hub.example/run/failure"
    assert outcome.unread == ["acme/shop: 2 deployments have no status that says how they ended."]


def test_going_back_and_reverting_undo_a_deployment_of_the_same_environment(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    shop = deployed(
        (1, "aaaaaaa1", "2026-11-20T10:00:00Z"),
        (2, "bbbbbbb2", "2026-11-20T11:00:00Z"),
        (3, "aaaaaaa1", "2026-11-20T12:00:00Z"),
        (4, "ccccccc3", "2026-11-20T13:00:00Z"),
        (5, "ddddddd4", "2026-11-20T14:00:00Z"),
    )
    shop.commits["ddddddd4"] = commit("ddddddd4", 'Revert "Search"\n\nThis reverts commit ccccccc3.')
    failed, said = deployment(6, "bbbbbbb2", "2026-11-20T15:00:00Z"), [status("failure", "2026-11-20T15:00:00Z")]
    other = deployment(7, "aaaaaaa1", "2026-11-20T16:00:00Z", environment="eu")
    shop.deployments += [failed, other]
    shop.statuses |= {"6": said, "7": [status("success", "2026-11-20T16:00:00Z")]}
    with Vendor(Hub(shop=shop)).up() as url:
        read(sqlite_engine, sources(tmp_path, url=url, environments=["production", "eu"], **SHOP))

    assert verdicts(sqlite_engine) == {
        "1": "succeeded",
        "2": "rolled_back",
        "3": "succeeded",
        "4": "rolled_back",
        "5": "succeeded",
        "6": "failed",
        "7": "succeeded",
    }


def test_reading_bit_by_bit_gives_what_reading_once_gives(sqlite_engine: Engine, tmp_path: Path) -> None:
    """Slices end on 3 November; some are undone from another slice, one weeks after it was last looked at."""
    days = ["11-01", "11-02", "11-04", "11-05", "11-06", "11-20", "11-21", "11-22"]
    shop = deployed(*((at, "abacabdb"[at - 1] * 7, f"2026-{day}T10:00:00Z") for at, day in enumerate(days, 1)))
    shop.commits["ccccccc"] = commit("ccccccc", "Undo\n\nThis reverts commit aaaaaaa.")
    shop.statuses["4"] = [status("pending", "2026-11-05T10:00:00Z"), status("success", "2026-11-08T10:00:00Z")]
    hub = Hub(shop=shop)
    with Vendor(hub).up() as url:
        file = sources(tmp_path, url=url, **SHOP)
        once = open_store(f"sqlite:///{tmp_path}/once.db")
        read(once, file)
        for day in ("11-02T12", "11-04T12", "11-06T12", "11-12T12", "11-21T08", "11-28T12"):
            now = datetime.fromisoformat(f"2026-{day}:00:00Z")
            hub.now = f"{now:%Y-%m-%dT%H:%M:%SZ}"
            read(sqlite_engine, file, now=now)

    assert facts(sqlite_engine) == facts(once)
    # 3 goes back; 4 ends after 5 and reverts what 1, 3 and 5 deployed; 6 goes back to 2, and 8 once more.
    undone = {name for name, verdict in verdicts(once).items() if verdict == "rolled_back"}
    assert undone == {"1", "2", "3", "4", "5", "7"}
    once.dispose()


def test_a_status_is_seen_while_its_deployment_is_looked_at_again(sqlite_engine: Engine, tmp_path: Path) -> None:
    shop = deployed((1, "a", "2026-11-20T10:00:00Z"), (2, "b", "2026-11-27T10:00:00Z"))
    with Vendor(Hub(shop=shop)).up() as url:
        file = sources(tmp_path, url=url, again_days=3, **SHOP)
        read(sqlite_engine, file)
        for number in ("1", "2"):
            shop.statuses[number].append(status("failure", "2026-11-28T13:00:00Z"))
        read(sqlite_engine, file, now=AT + timedelta(hours=2))

    assert verdicts(sqlite_engine) == {"1": "succeeded", "2": "failed"}


def test_a_list_is_read_to_the_slice_and_what_it_may_have_undone_and_no_further(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    first = datetime.fromisoformat("2026-11-25T00:00:00Z")
    shop = deployed(
        *((at, f"c{at}", f"{first + timedelta(minutes=at - 500):%Y-%m-%dT%H:%M:%SZ}") for at in range(1, 721))
    )
    vendor = Vendor(Hub(shop=shop))
    with vendor.up() as url:
        file = sources(tmp_path, url=url, since="2026-11-25", **SHOP)
        outcome = read(sqlite_engine, file)
        on = vendor.paths()
        vendor.forget()
        shop.deployments[499]["sha"] = "c495"
        read(sqlite_engine, file)
        back = vendor.paths()

    assert outcome.status == "done"
    found = verdicts(sqlite_engine)
    assert (len(found), [one for one in found if found[one] == "rolled_back"]) == (222, ["499"])
    listed = [asked.count("/repos/acme/shop/deployments") for asked in (on, back)]
    assert (listed, [sum("/statuses" in path for path in asked) for asked in (on, back)]) == ([4, 4], [221, 221 + 10])


def test_limits_and_failures_are_waited_for(sqlite_engine: Engine, tmp_path: Path) -> None:
    vendor = Vendor(Hub(shop=deployed(*((at, f"c{at}", "2026-11-20T10:00:00Z") for at in range(1, 5)))))
    secondary = (403, {"Retry-After": "60"}, {"message": "You have exceeded a secondary rate limit."})
    primary = (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9"}, {"message": "API rate limit exceeded"})
    vendor.faults = {2: secondary, 4: primary, 6: (429, {}, {}), 8: (500, {}, "down")}
    with vendor.up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, since="2026-11-10", **SHOP))

    assert outcome.failure is None
    assert outcome.calls == 1 + 4 + 4 + 4
    assert len(facts(sqlite_engine)["deployments"]) == 4


def test_a_repository_that_was_renamed_or_is_not_shown_ends_no_other(sqlite_engine: Engine, tmp_path: Path) -> None:
    hub = Hub(old=Repository(), closed=Repository(), shop=deployed((1, "a", "2026-11-20T10:00:00Z")))
    hub.repositories["old"].refused = (301, {"Location": "/repositories/7/deployments"}, {"message": "Moved"})
    hub.repositories["closed"].refused = (403, {"x-ratelimit-remaining": "4000"}, {"message": "Not accessible"})
    names = ["acme/old", "acme/closed", "acme/gone", "acme/shop"]
    with Vendor(hub).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, repositories=names, **OPTIONS))

    assert outcome.unread == [
        f"acme/old: {NAME} has moved what was at /repos/acme/old/deployments (301): call it by its new name.",
        f"acme/closed: {NAME} knows the credentials, but they may not read /repos/acme/closed/deployments.",
        f"acme/gone: {NAME} has nothing at /repos/acme/gone/deployments (404): is its url right, and its version one "
        "that Nines knows?",
    ]
    assert list(verdicts(sqlite_engine)) == ["1"]


def test_a_pattern_reads_an_organisation_archived_repositories_too(sqlite_engine: Engine, tmp_path: Path) -> None:
    at = "2026-11-20T10:00:00Z"
    hub = Hub(pay_api=deployed((1, "a", at)), Pay_web=deployed((2, "a", at)), shop=deployed((3, "a", at)))
    hub.repositories["Pay-web"].archived = True
    hub.repositories["pay-closed"] = Repository()
    hub.repositories["pay-closed"].refused = (403, {}, {"message": "Resource not accessible by personal access token"})
    hub.size = 2
    with Vendor(hub).up() as url:
        file = sources(tmp_path, url=f"{url}/api/v3", repositories=["acme/pay-*", "acme/none-*"], **OPTIONS)
        outcome = read(sqlite_engine, file)

    assert {one["service"] for one in facts(sqlite_engine)["deployments"]} == {"pay-api", "Pay-web"}
    assert outcome.unread == [
        f"acme/pay-closed: {NAME} knows the credentials, but they may not read "
        "/api/v3/repos/acme/pay-closed/deployments.",
        "No repository fits acme/none-*: does it exist, and may the token see it?",
    ]


def test_a_killed_reading_is_completed_by_the_next(tmp_path: Path) -> None:
    rows = [(at, "ab"[at % 2] * 7, f"2026-11-{at:02}T10:00:00Z") for at in range(1, 9)]
    killed_and_resumed(Vendor(Hub(shop=deployed(*rows))), tmp_path, at=14, **SHOP)


def test_an_expired_token_is_said_and_no_secret_kept(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Vendor(Hub(shop=deployed((1, "a", "2026-11-20T10:00:00Z")))).up() as url:
        file = sources(tmp_path, url=url, **SHOP)
        told = [read(sqlite_engine, file)]
        monkeypatch.setenv("GITHUB_TOKEN", f"{SECRET}-that-expired")
        told.append(read(sqlite_engine, file))

    assert told[1].failure == f"{NAME} does not accept the credentials: are they right, and not expired?"
    with sqlite_engine.connect() as conn:
        driver: Any = conn.connection.driver_connection
        assert SECRET not in "".join(driver.iterdump()) + repr(told)


def test_what_is_no_github_is_said(sqlite_engine: Engine, tmp_path: Path) -> None:
    for body, sentence in (
        ({"items": []}, f"acme/shop: {NAME} does not answer as GitHub does: is its url right?"),
        ([{"id": 1}], f"acme/shop: {NAME}: the answer has another shape than Nines knows (KeyError: 'created_at')."),
    ):
        with Vendor(lambda *_, body=body: (200, {}, body)).up() as url:
            assert read(sqlite_engine, sources(tmp_path, url=url, **SHOP)).unread == [sentence]


def test_its_test_says_what_may_be_read(tmp_path: Path) -> None:
    with Vendor(Hub(shop=deployed((1, "a", "2026-11-20T10:00:00Z")), pay=Repository())).up() as url:
        file = sources(tmp_path, url=url, repositories=["acme/*"], **OPTIONS)
        assert ingest_sync.test(file, NAME) == "It answers: 2 repositories, and what acme/pay deployed may be read."
        file = sources(tmp_path, url=url, repositories=["acme/none*"], **OPTIONS)
        with pytest.raises(SourceError, match=r"No repository fits acme/none\*: may the token see it\?"):
            ingest_sync.test(file, NAME)
