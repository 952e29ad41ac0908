"""Stores for page tests, filled once a test run, and the markup that a page shows."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import demo, ingest
from app.people import local
from app.store.engine import open_store
from app.ui import read

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
"""The instant at which page tests look at `demo_store`."""
SCRIPT = Path(__file__).resolve().parents[1] / "app" / "streamlit_app.py"
ONE_FACT = "incident,title,severity,detected_at\nINC-1,Checkout is <b>down</b>,1,2026-10-05T10:00:00Z\n"


def demo_store(folder: Path, today: date = TODAY) -> str:
    """A store with the demo organisation up to the day before `today`: its URL."""
    url = f"sqlite:///{folder}/demo.db"
    engine = open_store(url)
    demo.fill(engine, today=today)
    engine.dispose()
    return url


def one_fact_store(folder: Path) -> str:
    """A store that holds one incident and nothing else: its URL."""
    url = f"sqlite:///{folder}/one.db"
    (folder / "incidents.csv").write_text(ONE_FACT, encoding="utf-8")
    engine = open_store(url)
    ingest.run(engine, [folder / "incidents.csv"], by=local("ann"))
    engine.dispose()
    return url


def app() -> AppTest:
    """The app, not yet run."""
    return AppTest.from_file(str(SCRIPT), default_timeout=60)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.parts.append(data.strip())


def text(markup: str) -> str:
    """What a reader sees of markup, parts separated by spaces."""
    parser = _Text()
    parser.feed(markup)
    return " ".join(parser.parts)


def boards(at: AppTest) -> dict[str, str]:
    """Key → markup of every board that a run shows."""
    return {element.key: json.loads(element.proto.json)["html"] for element in at.get("bidi_component")}


def read_by_pages(files: Mapping[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the pages read a store of these fact files (name → content), as of `NOW`."""
    for name, said in files.items():
        (folder / name).write_text(said, encoding="utf-8")
    url = f"sqlite:///{folder}/hand.db"
    engine = open_store(url)
    ingest.run(engine, [folder / name for name in files], by=local("ann"))
    engine.dispose()
    monkeypatch.setattr(read, "now", lambda: NOW)
    monkeypatch.setenv("NINES_DATABASE_URL", url)
