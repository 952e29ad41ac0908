"""The PDF says what the snapshot says, is tagged, is the same bytes each time, and takes every text as text."""

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from app.charts import reading
from app.charts.shown import shown
from app.metrics.numbers import Group
from app.review import paper, words
from app.review.paper import LONGEST, Paper, document, printable
from app.review.snapshot import Frozen, Section
from tests.review import frozen
from tests.review.frozen_charts import HOSTILE, LONG

_SPACE = re.compile(r"[\s\u00a0\u200b\f]+")


def compact(text: str) -> str:
    """Without anything that a line's end may add or take away."""
    return _SPACE.sub("", text)


def run(*command: str | Path) -> str:
    if shutil.which(str(command[0])) is None:
        if os.environ.get("CI"):
            raise AssertionError(f"{command[0]} is missing: install poppler-utils")
        pytest.skip(f"no {command[0]} here: it comes with poppler-utils")
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=60).stdout.decode()


def text_of(pdf: bytes, folder: Path) -> str:
    path = folder / "review.pdf"
    path.write_bytes(pdf)
    return run("pdftotext", "-raw", path, "-")


@pytest.fixture(scope="module")
def full() -> bytes:
    return document(frozen.full(), "a4")


@pytest.fixture(scope="module")
def said(full: bytes, tmp_path_factory: pytest.TempPathFactory) -> str:
    return compact(text_of(full, tmp_path_factory.mktemp("paper")))


def as_printed(text: str) -> str:
    told, _ = printable({"text": text})
    return compact(told["text"])


@pytest.mark.parametrize("section", frozen.full().snapshot.sections, ids=lambda one: one.step)
def test_every_number_of_a_section_stands_in_its_words(said: str, section: Section) -> None:
    for face in section.faces:
        value = face.value if face.empty else face.value + face.beside
        assert as_printed(face.name + value + face.word + face.said) in said
    for table in words.tables(frozen.full(), section):
        for row in table.rows:
            cells = [words.cell(value, column, "EUR") for value, column in zip(row, table.columns, strict=True)]
            assert as_printed("".join(cells)) in said


def test_how_each_number_is_counted_stands_with_its_value(said: str) -> None:
    counted = words.counted(frozen.full().snapshot)

    assert len(counted) > 20
    for one in counted:
        value = one.word if one.number.value is None else one.value + one.word
        assert as_printed(one.name + value + one.question) in said
        for name, fact in one.facts:
            assert as_printed(name + fact) in said


def test_what_was_said_decided_and_asked_for_stands_in_full(said: str) -> None:
    kept, minutes = frozen.full().snapshot, frozen.full().minutes
    assert minutes is not None
    told = [
        *(section.finding for section in kept.sections),
        *(sentence for section in kept.sections for sentence in section.sentences),
        *(one.text for section in kept.sections for one in section.exceptions),
        *(one.text for one in kept.comments),
        *(one.what + one.why for one in minutes.decisions),
        *(one.title for one in minutes.actions),
        *(one.name for one in minutes.attendees),
        *(one.text for one in minutes.notes),
        *(fact for _, fact in words.colophon(frozen.full())),
        frozen.full().hash,
    ]

    assert [text for text in told if as_printed(text) not in said] == []


def test_a_name_of_sixty_letters_is_whole_everywhere(said: str) -> None:
    assert len(LONG) >= 60
    assert said.count(compact(LONG)) > 40


@pytest.mark.parametrize(
    ("size", "points"), [("a4", "595.276 x 841.89 pts (A4)"), ("letter", "612 x 792 pts (letter)")]
)
def test_it_is_tagged_titled_and_of_the_paper_asked_for(size: Paper, points: str, tmp_path: Path) -> None:
    pdf = document(frozen.full(), size)
    (tmp_path / "review.pdf").write_bytes(pdf)

    told = dict(line.split(":", 1) for line in run("pdfinfo", tmp_path / "review.pdf").splitlines() if ":" in line)

    assert b"/MarkInfo" in pdf
    assert b"/StructTreeRoot" in pdf
    assert re.search(rb"/Lang ?\(en-GB\)", pdf)
    assert re.search(rb"pdfuaid:part>1<", pdf)
    assert b"/Outlines" in pdf
    assert told["Tagged"].strip() == "yes"
    assert told["Page size"].strip() == points
    assert told["Title"].strip() == "Reliability review, October 2026"


def test_charts_say_in_words_what_they_show(full: bytes) -> None:
    charts = [
        chart
        for section in frozen.full().snapshot.sections
        for chart in section.charts
        if any(value is not None for series in chart.series for value in series.values)
    ]

    assert full.count(b"/Alt") == full.count(b"/S/Figure") == len(charts) > 10
    plain = [chart for chart in charts if reading.alt(chart).isascii() and chart.title.isascii()]
    assert len(plain) > 5
    assert [chart.title for chart in plain if f"/Alt({chart.title}. ".encode() not in full] == []


def test_it_is_the_same_bytes_twice_and_with_no_font_of_the_machine(full: bytes, tmp_path: Path) -> None:
    (tmp_path / "review.pdf").write_bytes(full)

    fonts = run("pdffonts", tmp_path / "review.pdf").splitlines()[2:]

    assert document(frozen.full(), "a4") == full
    assert fonts
    assert all("NinesSans" in line for line in fonts)


def test_another_moment_of_the_freeze_is_another_file(full: bytes) -> None:
    later = frozen.frozen(frozen_at=frozen.FROZEN_AT.replace(hour=10))

    assert document(later, "a4") != full


def test_markup_of_any_kind_is_text(tmp_path: Path) -> None:
    harm = ("#panic()", "$x$ #let a = 1", "*b* _i_ `c` <at-slos> @ref", "</svg><image href='http://evil.example/x'/>")
    section = replace(frozen.full().snapshot.sections[0], finding=harm[0], sentences=harm, tables=(), charts=())

    told = compact(text_of(document(frozen.frozen(sections=(section,), closed=False), "a4"), tmp_path))

    assert [text for text in harm if compact(text) not in told] == []


def test_controls_and_turned_text_are_seen_and_letters_that_the_font_lacks_are_boxes() -> None:
    told, lacking = printable({"a": HOSTILE[5], "b": ["請求 Straße Ελλάδα Київ"], "c": 7})

    assert lacking
    assert not set(told["a"]) & set("\x1b\x07\u202e\u2066")
    assert told["b"] == ["□□ Straße Ελλάδα Київ"]
    assert told["c"] == 7
    assert printable({"a": "Straße −3 ≥ 99 %"})[1] is False


def test_a_text_of_a_megabyte_is_cut_with_a_word_on_how_much() -> None:
    long = "endless " * 131_072

    told, _ = printable({"text": long})

    assert told["text"].startswith("endless endless")
    assert told["text"].endswith(f"({len(long) - LONGEST:,} letters more, in the workbook and on the page)")


def test_texts_of_a_megabyte_make_no_endless_work(tmp_path: Path) -> None:
    snapshot = frozen.full().snapshot
    endless = ("w" * 1_000_000, "a b " * 250_000)
    section = next(one for one in snapshot.sections if one.step == "slos")
    chart = replace(section.charts[2], x=(*endless, *section.charts[2].x[2:]), title=endless[1])
    section = replace(section, finding=endless[0], sentences=endless, charts=(chart,), exceptions=(), tables=())

    pdf = document(frozen.frozen(sections=(section,), closed=False), "a4")

    assert "letters more" in text_of(pdf, tmp_path)


def test_a_store_without_a_fact_makes_a_pack_that_says_so(tmp_path: Path) -> None:
    bare = document(frozen.bare(), "letter")

    told = text_of(bare, tmp_path)

    assert told.count("no data") >= len(frozen.bare().snapshot.sections) - 1
    assert "No earlier review decided anything" in told
    assert not any(number.value for number in frozen.bare().snapshot.numbers[""] if number.group == Group())


def test_an_open_review_holds_nothing_of_a_meeting(tmp_path: Path) -> None:
    told = text_of(document(Frozen(frozen.full().snapshot, "0" * 64), "a4"), tmp_path)

    assert "Attendance" not in told
    assert "Closed" not in told


def test_the_letters_are_those_of_the_font_itself() -> None:
    letters = paper._letters()

    assert {"A", "é", "Ж", "Ω", "€", "\u200b", "□"} <= letters
    assert "漢" not in letters
    assert shown("\x00") not in letters
