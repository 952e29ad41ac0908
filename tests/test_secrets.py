"""A secret is told nowhere, whatever a system does with it: not in logs, errors, the store, on pages or in repr."""

import base64
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
import yaml
from sqlalchemy.engine import Engine

from app import logs
from app.settings import load
from app.store.engine import open_store, reading
from app.store.review_tables import METADATA
from app.ui import read
from data_sources import configured
from data_sources.http import Client
from data_sources.options import client
from tests.filled import boards
from tests.pages.health import page
from tests.sources.live import AT, Told, serving
from tests.sources.vendor import Vendor, sources
from tests.sources.vendor import read as read_source

ROOT = Path(__file__).parents[1]
TOKEN = 'tok-0123/"secret"-of+page'
PASSWORD = "pass word of metrics, 9 letters and more"
FORMS = {
    form
    for one in (TOKEN, PASSWORD, base64.b64encode(f"ann:{PASSWORD}".encode()).decode())
    for form in (one, quote(one, safe=""), json.dumps(one)[1:-1], repr(one)[1:-1])
}
INCIDENT = {
    "id": "a1",
    "name": f"Checkout down, says OAuth {TOKEN}",
    "impact": TOKEN,
    "created_at": "2026-10-02T09:00:00Z",
    "resolved_at": "2026-10-02T10:00:00Z",
    "shortlink": f"https://stspg.io/{quote(TOKEN, safe='')}",
    "components": [{"name": f"{TOKEN} service"}],
}
FAULTS: tuple[Told, ...] = (
    (200, {}, [INCIDENT]),
    (400, {}, {"error": f"no such token: {TOKEN}"}),
    (401, {}, f"expired: {TOKEN}"),
    (403, {}, {"message": {"message": TOKEN}}),
    (404, {"X-Echo": "yes"}, TOKEN),
    (302, {"Location": f"/{quote(TOKEN, safe='')}"}, TOKEN),
    (500, {}, TOKEN),
    (200, {}, f"<html>{TOKEN}"),
    (200, {}, {"incidents": TOKEN}),
    (200, {}, [{TOKEN: TOKEN}]),
    (200, {}, [{"id": "a2", "name": TOKEN, "impact": {TOKEN: [TOKEN]}, "created_at": TOKEN}]),
)


def told(text: str) -> list[str]:
    return [form for form in FORMS if form in text]


def stored(engine: Engine) -> str:
    """Every cell of every table."""
    with reading(engine) as conn:
        return repr([tuple(row) for table in METADATA.sorted_tables for row in conn.execute(sa.select(table))])


@pytest.mark.usefixtures("as_before")
def test_a_source_that_says_our_secret_back_in_every_way_has_it_told_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path}/nines.db"
    for name, value in {"NINES_DATABASE_URL": url, "PAGE_TOKEN": TOKEN, "PAGE_PASSWORD": PASSWORD}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(read, "now", lambda: AT)
    engine = open_store(url)
    answer: list[Told] = []
    vendor = Vendor(lambda path, parameters, headers: answer[0])
    said: list[Any] = []
    with vendor.up() as address:
        file = sources(tmp_path, kind="statuspage", url=address, token="PAGE_TOKEN", page="abc", user="ann",
                       password="PAGE_PASSWORD")  # fmt: skip
        logs.configure(load(log_level="debug"))
        for fault in FAULTS:
            answer[:] = [fault]
            said.append(read_source(engine, file))
        source = configured.load(file)["vendor"]
        wire = client("vendor", source.options, {"PAGE_TOKEN": TOKEN, "PAGE_PASSWORD": PASSWORD})
        said += [source, wire, wire.__dict__["_token"] if wire else None]
        logging.getLogger("anybody").error("asked with %s and %s", TOKEN, quote(PASSWORD, safe=""))
    shown = "".join(boards(at := page()).values()) + "".join(boards(page("Imports")).values())
    logged = capsys.readouterr().err

    assert not at.exception
    assert [one.status for one in said[: len(FAULTS)]].count("failed") >= 8
    assert "Checkout down, says" in stored(engine), "what has it is kept without it"
    assert "another shape than expected" in logged, "a trace was logged"
    for place, text in (("said", repr(said)), ("store", stored(engine)), ("pages", shown), ("log", logged)):
        assert (place, told(text)) == (place, [])
        assert "[hidden]" in text or place == "pages"
    engine.dispose()


def test_a_command_hides_secrets_in_what_nobody_foresaw_too(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(yaml.safe_dump({"sources": {"x": {"kind": "prometheus", "token": "PAGE_TOKEN"}}}), "utf-8")
    code = (
        "import os, logging, app.cli as cli, app.cli.sources as sources\n"
        "def boom(arguments):\n"
        "    logging.getLogger('x').warning('with %s', os.environ['PAGE_TOKEN'])\n"
        "    raise RuntimeError(os.environ['PAGE_TOKEN'])\n"
        "cli.run = boom\n"
        "cli.main()\n"
    )
    environment = {
        "PATH": "/usr/bin", "HOME": str(tmp_path), "PAGE_TOKEN": TOKEN, "NINES_SOURCES": str(file),
        "NINES_LOG_LEVEL": "debug",
    }  # fmt: skip

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)

    assert done.returncode == 1
    assert "with [hidden]" in done.stderr
    assert "RuntimeError: [hidden]" in done.stderr
    assert told(done.stderr + done.stdout) == []


def test_what_is_secret_follows_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRST_TOKEN", "first-token")
    monkeypatch.setenv("SHORT_TOKEN", "abc")
    file = tmp_path / "sources.yaml"
    secrets = logs.Secrets(["hush"], file)
    assert secrets.hide("hush first-token abc") == "[hidden] first-token abc"

    file.write_text("sources: {x: {headers: {Key: FIRST_TOKEN, Other: SHORT_TOKEN, Third: NOT_SET}}}\n", "utf-8")
    assert secrets.hide("hush first-token abc") == "[hidden] [hidden] abc"
    file.write_text("sources: [\n", "utf-8")
    assert secrets.hide("hush") == "[hidden]"


def test_a_short_secret_changes_no_fact_and_a_long_one_is_hidden_in_any_shape() -> None:
    from pydantic import SecretStr

    body = [{"title": f"checkout {TOKEN}", TOKEN: [1, None, {"deep": f"x{TOKEN}y"}]}]
    with (
        serving(lambda path, parameters, headers: (200, {}, body)) as url,
        Client(url, token=SecretStr(TOKEN), headers={"X-Scope-OrgID": SecretStr("checkout")}) as wire,
    ):
        assert wire.get("/").body == [{"title": "checkout [hidden]", "[hidden]": [1, None, {"deep": "x[hidden]y"}]}]
