"""The page holds every number of the snapshot, raw and in words, asks nobody for anything, and takes text as text."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from app.brand import contrast
from app.charts import faces, wording
from app.charts.shown import shown
from app.charts.theme import DARK, LIGHT
from app.metrics.catalogue import KPIS
from app.policy import default
from app.review import brand, page_theme, words
from app.review.page import page
from app.review.snapshot import Cell, Frozen, Section
from tests.review import frozen
from tests.review.frozen_charts import HOSTILE

VOID = frozenset({"meta", "img", "input", "br"})
POLICY = default()


@dataclass
class Node:
    tag: str
    attributes: dict[str, str | None]
    parts: list["Node | str"] = field(default_factory=list)

    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text() for part in self.parts)

    def all(self, tag: str = "", cls: str = "", **attributes: str) -> Iterator["Node"]:
        for part in self.parts:
            if isinstance(part, Node):
                known = {name.replace("-", "_"): value for name, value in part.attributes.items()}
                if (
                    (not tag or part.tag == tag)
                    and (not cls or cls in (known.get("class") or "").split())
                    and attributes.items() <= known.items()
                ):
                    yield part
                yield from part.all(tag, cls, **attributes)

    def one(self, tag: str = "", cls: str = "", **attributes: str) -> "Node":
        (found,) = self.all(tag, cls, **attributes)
        return found


class Reading(HTMLParser):
    """The page as a tree; what does not close as it opened is an error."""

    def __init__(self) -> None:
        super().__init__()
        self.open = [Node("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, dict(attrs))
        self.open[-1].parts.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].parts.append(Node(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


def tree(html: bytes) -> Node:
    reading = Reading()
    reading.feed(html.decode())
    reading.close()
    assert len(reading.open) == 1
    return reading.open[0]


@pytest.fixture(scope="module")
def html() -> bytes:
    return page(frozen.full())


@pytest.fixture(scope="module")
def root(html: bytes) -> Node:
    return tree(html)


def raw(node: Node, name: str = "value") -> Any:
    said = node.attributes.get(f"data-{name}")
    return None if said is None else json.loads(said)


def test_every_number_of_the_snapshot_stands_there_raw_and_in_words(root: Node) -> None:
    snapshot = frozen.full().snapshot
    rows = list(root.one("section", id="numbers").one("tbody").all("tr"))
    wanted = [
        (split, number)
        for split, some in snapshot.numbers.items()
        for number in some
        if not split or number.value is not None
    ]

    assert len(rows) == len(wanted) > 300
    for row, (split, number) in zip(rows, wanted, strict=True):
        op = faces.op_of(number.kpi, POLICY)
        name, _, value, verdict, target, signal, n, left_out = (
            part for part in row.parts if isinstance(part, Node)
        )  # fmt: skip
        assert (row.attributes["data-kpi"], row.attributes["data-split"]) == (number.kpi, split)
        assert name.text() == KPIS[number.kpi].name
        assert (raw(value), value.text()) == (number.value, wording.amount(number, op, "EUR"))
        assert (verdict.attributes["data-value"], verdict.text()) == (number.verdict, wording.verdict(number))
        assert raw(target) == number.target
        assert signal.attributes["data-value"] == number.signal
        assert (raw(n), raw(left_out)) == (number.n, number.n_excluded)
        for kept in ("numerator", "denominator", "coverage", "low", "high", "mean", "p90", "certain"):
            assert raw(row, kept) == getattr(number, kept)


@pytest.mark.parametrize("section", frozen.full().snapshot.sections, ids=lambda one: one.step)
def test_lists_and_tiles_are_those_of_the_snapshot_cell_by_cell(root: Node, section: Section) -> None:
    found = root.one("section", id=section.step)
    whole = {number.kpi: number.value for number in frozen.full().snapshot.numbers[""]}
    filled = [table for table in words.tables(frozen.full(), section) if table.rows]

    for tile, face in zip(found.all("article"), section.faces, strict=True):
        said = "".join(part.text() for part in tile.parts if isinstance(part, Node) and part.tag == "p")
        assert (tile.attributes["data-kpi"], raw(tile)) == (face.kpi, whole[face.kpi])
        assert face.value in said
        assert tile.one("span", "verdict").text() == face.word or face.key == "no_target"
    for drawn, table in zip(found.all("tbody"), filled, strict=True):
        cells = [[cell for cell in row.parts if isinstance(cell, Node)] for row in drawn.all("tr")]
        assert [[_held(cell) for cell in row] for row in cells] == [
            [shown(cell) if isinstance(cell, str) else cell for cell in row] for row in table.rows
        ]


def _held(cell: Node) -> Cell:
    """What a cell holds: raw where it is a number or a day, else its words."""
    if list(cell.all("span", "hush")):
        return None
    said = cell.attributes.get("data-value")
    if cell.attributes.get("class") == "number":
        return json.loads(said) if said is not None else cell.text()
    return said if cell.attributes.get("class") == "date" else cell.text()


def test_how_a_number_is_counted_opens_in_place(root: Node) -> None:
    for one in words.counted(frozen.full().snapshot):
        entry = root.one("section", id="method").one("details", data_kpi=one.number.kpi).text()

        assert one.question in entry
        assert all(f"{name}{said}" in entry for name, said in one.facts)


def test_nothing_is_asked_of_anybody(html: bytes, root: Node) -> None:
    every = list(root.all())
    linked = [
        value or ""
        for node in every
        for name, value in node.attributes.items()
        if name in ("href", "src", "srcset", "action", "data", "poster", "formaction", "xlink:href")
    ]

    assert linked
    assert all(value.startswith(("#", "data:image/png;base64,")) for value in linked)
    assert {node.tag for node in every} & {"link", "iframe", "object", "embed", "base", "form"} == set()
    style = root.one("style").text()
    assert all(url.startswith("data:font/woff2;base64,") for url in re.findall(r"url\(([^)]*)", style))
    assert "@import" not in style


def test_its_policy_allows_its_own_style_and_script_alone(root: Node) -> None:
    policy = root.one("meta", http_equiv="Content-Security-Policy").attributes["content"] or ""
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))

    assert rules["default-src"] == "'none'"
    for name in ("style", "script"):
        digest = base64.b64encode(sha256(root.one(name).text().encode()).digest()).decode()
        assert rules[f"{name}-src"] == f"'sha256-{digest}'"
    handlers = [name for node in root.all() for name in node.attributes if name.startswith("on") or name == "style"]
    assert handlers == []


def test_text_of_people_is_text(root: Node) -> None:
    said = re.sub(r"\s+", " ", root.text())

    assert {node.tag for node in root.all("script")} == {"script"}
    assert len(list(root.all("script"))) == 1
    assert len(list(root.all("img"))) == 0
    for harm in HOSTILE:
        if harm.isprintable():
            assert harm in said
    assert not set(root.text()) & set("\x1b\x07\u202e\u2066")


def test_it_is_the_same_bytes_twice(html: bytes) -> None:
    assert page(frozen.frozen()) == html


def test_ids_are_there_once_and_every_link_leads_to_one(root: Node) -> None:
    ids = [node.attributes["id"] for node in root.all() if "id" in node.attributes]

    assert len(ids) == len(set(ids))
    assert {(node.attributes["href"] or "")[1:] for node in root.all("a")} <= set(ids)
    for node in root.all():
        for name in ("aria-labelledby", "aria-controls"):
            assert node.attributes.get(name, ids[0]) in ids


def test_headings_do_not_skip_a_level(root: Node) -> None:
    levels = [int(node.tag[1]) for node in root.all() if re.fullmatch("h[1-6]", node.tag)]

    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_a_store_without_a_fact_and_an_open_review_make_a_page() -> None:
    bare = tree(page(frozen.bare()))
    opened = tree(page(Frozen(frozen.full().snapshot, "0" * 64)))

    assert "no data" in bare.text()
    assert not list(opened.all("section", id="decisions"))


def test_a_text_of_a_megabyte_stands_in_full() -> None:
    endless = "<b>endless</b> " * 70_000
    section = replace(frozen.full().snapshot.sections[0], sentences=(endless,))

    assert endless in tree(page(frozen.frozen(sections=(section,)))).text()


@pytest.mark.parametrize("accent", ["#4650c0", "#b00020", "#005c3a", "#222222", "#6a00ff"])
def test_another_accent_is_read_in_the_dark_too(accent: str) -> None:
    dark = page_theme.dark(brand.palette(accent))

    assert contrast(dark.accent, DARK.card) >= 4.5
    assert contrast(dark.accent, DARK.page) >= 4.5
    assert all(contrast(step, ink) >= 4.5 for step, ink in zip(dark.ramp, dark.on_ramp, strict=True))
    assert (dark == DARK) == (accent == LIGHT.accent)
