"""Text that means harm, in every field that a person or a source can fill, is text on every page and in every file."""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import export, ingest
from app.metrics.review_records import AGENDA
from app.people import local
from app.records import ENTITIES
from app.store import mappings
from app.store.engine import open_store, reading
from app.ui import places, read, settings_views
from app.ui.places import Place
from tests import hostile
from tests.filled import app, boards

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
ONES_OF = {"incident": "incidents", "risk": "risks", "service": "services"}
LIVE = re.compile(r"(?<!\\)(<img|!\[pixel|\[link\]|\*\*bold|:red\[|`code`)")
"""Markdown, or HTML in it, of somebody else's, that is not escaped."""
SEEN = re.compile(r"window\.hit=1|w{50}|␛\[31mred|HYPERLINK|cmd\|")
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def hostile_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return hostile.store(tmp_path_factory.mktemp("hostile"))


@pytest.fixture
def look(hostile_url: str, looked_at: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages read facts that mean harm, for somebody whose name does."""
    monkeypatch.setenv("NINES_DATABASE_URL", hostile_url)
    monkeypatch.setenv("NINES_USER", hostile.PAYLOADS[0])


class Elements(HTMLParser):
    """What a browser would make of markup."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("img", "script", "iframe", "object", "embed", "link", "style", "base", "form", "input", "textarea"):
            self.wrong.append(tag)
        for name, value in attrs:
            said = (value or "").strip().lower()
            if name.startswith("on") or name in ("src", "srcdoc", "action", "xlink:href"):
                self.wrong.append(f"{tag} {name}={value}")
            if name == "href" and not said.startswith(("http://", "https://")):
                self.wrong.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def harmless(at: AppTest) -> str:
    """What a run shows, once nothing in it is an element, an attribute, or Markdown of somebody else's."""
    assert not at.exception
    seen = []
    for key, markup in boards(at).items():
        parser = Elements()
        parser.feed(markup)
        assert (key, parser.wrong) == (key, [])
        assert not RAW.search("".join(parser.text)), key
        seen.append("".join(parser.text))
    said = [element.value for element in (*at.markdown, *at.caption, *at.error, *at.warning, *at.info)]
    said += [block.proto.popover.label for block in at.get("popover")]
    for text in said:
        assert not LIVE.search(text)
        assert not RAW.search(text)
    return " ".join(seen)


def opened(place: Place, number: int) -> AppTest:
    at = app()
    address = {place.name: hostile.thing(ONES_OF[place.name], number)} if place.name in ONES_OF else {}
    at.query_params.update(address)
    at.run().switch_page(str(place.script))
    at.query_params.update(address)
    return at.run()


@pytest.mark.usefixtures("look")
@pytest.mark.parametrize("place", places.PLACES, ids=lambda place: place.name)
def test_every_page_shows_it_as_text(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[tuple[str, bytes]] = []
    monkeypatch.setattr(st, "download_button", _collected(files))

    seen = "".join(harmless(opened(place, number)) for number in ((0, 2, 7) if place.name in ONES_OF else (0,)))

    assert SEEN.search(seen) or place.name in ("data_health", "settings"), "the page shows the harmful text"
    for name, content in files:
        no_formula(name, content)


@pytest.mark.usefixtures("look")
@pytest.mark.parametrize("step", ["", *AGENDA])
def test_every_step_of_a_review_shows_it_as_text(step: str) -> None:
    at = app()
    at.query_params.update({"review": hostile.REVIEW, "step": step} if step else {"review": hostile.REVIEW})
    at.run().switch_page(str(places.REVIEW.script))
    at.query_params.update({"review": hostile.REVIEW, "step": step} if step else {"review": hostile.REVIEW})

    assert SEEN.search(harmless(at.run())) or step in ("dr", "change", "on_call")


@pytest.mark.usefixtures("look")
@pytest.mark.parametrize("view", ["Sources", "Set aside", "Quality", "Imports"])
def test_every_part_of_data_health_shows_it_as_text(view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[tuple[str, bytes]] = []
    monkeypatch.setattr(st, "download_button", _collected(files))
    at = app().run()
    at.session_state["view"] = view

    harmless(at.switch_page("../pages/data_health.py").run())

    for name, content in files:
        no_formula(name, content)


@pytest.mark.usefixtures("look")
@pytest.mark.parametrize("field", mappings.FIELDS)
def test_what_a_source_says_is_text_in_the_form_that_maps_it(field: str) -> None:
    at = app().run().switch_page("../pages/data_health.py").run()
    plural = mappings.FIELDS[field][1]
    opener = [one for one in at.button if one.key.startswith("do_map_") and plural in one.label]

    if field == "causes":
        assert not opener, "causes are told where some of them are mapped"
        return
    opener[0].click().run()

    assert len([one for one in at.selectbox if one.key.startswith("form_")]) == len(hostile.PAYLOADS)
    harmless(at)
    for one in (*at.selectbox, *at.button):
        assert not LIVE.search(one.label)
        assert not LIVE.search(getattr(one, "help", "") or "")


@pytest.mark.usefixtures("look")
@pytest.mark.parametrize("part", settings_views.VIEWS)
def test_every_part_of_the_settings_shows_it_as_text(part: str) -> None:
    at = app().run()
    at.session_state["part"] = part

    seen = harmless(at.switch_page("../pages/settings.py").run())

    assert SEEN.search(seen) or part != settings_views.PEOPLE


@pytest.mark.usefixtures("look")
def test_the_filters_narrow_to_it_and_an_address_that_means_harm_is_told_as_text() -> None:
    at = app()
    at.query_params["service"] = hostile.thing("services", 2)
    at.query_params["team"] = "![pixel](http://evil.example/x.png)"

    harmless(at.run())

    assert "![pixel]" not in "".join(caption.value for caption in at.caption)
    assert any("which is not here" in caption.value for caption in at.caption)


def _collected(files: list[tuple[str, bytes]]) -> Callable[..., bool]:
    def button(label: str, data: Any = b"", file_name: str = "", **_: Any) -> bool:
        made = data() if callable(data) else data
        files.append((file_name, made.encode() if isinstance(made, str) else made))
        return False

    return button


def no_formula(name: str, content: bytes) -> None:
    """No spreadsheet computes anything in the file."""
    if name.endswith(".csv"):
        for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")):
            assert not [cell for cell in row if cell.startswith(FORMULA) and not _number(cell)], name
    elif name.endswith(".xlsx"):
        for sheet in openpyxl.load_workbook(io.BytesIO(content)):
            for row in sheet.iter_rows():
                for cell in row:
                    assert cell.data_type != "f"
                    assert cell.hyperlink is None
                    assert not (isinstance(cell.value, str) and cell.value.startswith(FORMULA)), name


def _number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_every_export_holds_it_as_text_and_gives_it_back(hostile_url: str, tmp_path: Path) -> None:
    engine = open_store(hostile_url)
    with reading(engine) as conn:
        export.to_file(conn, "all", "csv", tmp_path / "csv")
        export.to_file(conn, "all", "xlsx", tmp_path / "all.xlsx")
        export.to_file(conn, "risks", "json", tmp_path / "risks.json")
        expected = {entity: list(export.rows(conn, entity)) for entity in ENTITIES}
    for file in (tmp_path / "csv").iterdir():
        no_formula(file.name, file.read_bytes())
    no_formula("all.xlsx", (tmp_path / "all.xlsx").read_bytes())
    assert json.loads((tmp_path / "risks.json").read_text(encoding="utf-8"))[0]["title"]

    again = open_store(f"sqlite:///{tmp_path}/again.db")
    ingest.run(again, [tmp_path / "csv"], by=local("ana"))
    with reading(again) as conn:
        held: Mapping[str, list[Any]] = {entity: list(export.rows(conn, entity)) for entity in ENTITIES}
    assert held == expected
    for one in (engine, again):
        one.dispose()


def test_a_long_text_is_set_aside_with_its_length_and_a_file_with_a_megabyte_in_a_cell_is_refused(
    tmp_path: Path, looked_at: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    title = "<b>" + "long " * 20_000
    (tmp_path / "incidents.csv").write_text(
        f'incident,title,severity,detected_at\ni1,"{title}",1,2026-10-05T10:00:00Z\ni2,Short,1,2026-10-05T10:00:00Z\n'
    )
    url = f"sqlite:///{tmp_path}/long.db"
    engine = open_store(url)
    report = ingest.run(engine, [tmp_path / "incidents.csv"], by=local("ana"))
    quoted = tmp_path / "teams.csv"
    quoted.write_text(f'team,name,timezone\na,"{title * 10}",UTC\n')
    with pytest.raises(ingest.Refused, match="has a cell of more than 128 kB on line 2"):
        ingest.run(engine, [quoted], by=local("ana"))
    engine.dispose()
    monkeypatch.setenv("NINES_DATABASE_URL", url)

    at = app().run()
    at.session_state["view"] = "Set aside"
    seen = harmless(at.switch_page("../pages/data_health.py").run())

    assert [reject.reason for reject in report.rejects] == [
        f"title is longer than 2,000 characters: it has {len(title.strip()):,}"
    ]
    assert report.counts["incidents"].new == 1
    assert len(seen) < 20_000
    assert read.state().url == url
