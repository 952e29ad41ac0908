"""The door of the pages, where no server of ours stands before it."""

from pathlib import Path

import pytest
from streamlit import config, runtime

from tests import filled


@pytest.fixture
def one_fact(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NINES_DATABASE_URL", filled.one_fact_store(tmp_path))
    monkeypatch.setattr(runtime, "exists", lambda: True)


@pytest.mark.usefixtures("one_fact")
@pytest.mark.parametrize(("address", "opens"), [("127.0.0.1", True), ("0.0.0.0", False), ("", False)])
def test_without_sign_in_nobody_reads_from_another_machine(address: str, opens: bool) -> None:
    before = config.get_option("server.address")
    config.set_option("server.address", address)
    try:
        page = filled.app().run()
    finally:
        config.set_option("server.address", before)

    assert not page.exception
    assert bool(page.sidebar.caption) is opens
    assert [error.value for error in page.error if "sign in" in error.value] == ([] if opens else [page.error[0].value])


@pytest.mark.usefixtures("one_fact")
def test_with_sign_in_a_server_that_knows_nobody_shows_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PUBLIC_URL": "https://nines.example.com",
        "OIDC_ISSUER": "https://login.example.com",
        "OIDC_CLIENT_ID": "nines",
        "OIDC_CLIENT_SECRET": "hush",
        "COOKIE_SECRET": "hush" * 8,
    }.items():
        monkeypatch.setenv(f"NINES_{name}", value)

    page = filled.app().run()

    assert [button.label for button in page.button] == ["Sign in with login\\.example\\.com"]
    assert not page.sidebar.caption
