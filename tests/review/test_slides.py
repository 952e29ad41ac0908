"""The slides: everything of the snapshot, native, equal to it, and readable whatever it holds."""

import io
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest

from app.charts import reading, wording
from app.charts.description import Chart
from app.charts.shown import shown
from app.metrics.catalogue import KPIS
from app.review.pack import FORMS, file_name, make
from app.review.slides import slides
from app.review.slides_deck import WIDE
from tests.review.frozen import HOSTILE, LONG, frozen, full
from tests.review.opened import books, charts, deck, opened, overfull, titled, words
from tests.test_brand import png, policy, uri

SECTIONS = full().snapshot.sections
DRAWN = [chart for section in SECTIONS for chart in section.charts if not reading.is_empty(chart)]
PLAIN = [one for one in DRAWN if one.kind in ("line", "bar", "burndown")]
PLACED = [one for one in DRAWN if one.kind in ("points", "curve", "dumbbell", "interval")]


def _ids(one: Chart) -> str:
    return f"{one.kind} {one.title}"


def _series(chart: object) -> dict[str, tuple[float | None, ...]]:
    return {one.name: tuple(one.values) for plot in chart.plots for one in plot.series}  # type: ignore[attr-defined]


def test_the_same_snapshot_gives_the_same_bytes() -> None:
    assert deck() == slides(frozen())
    assert deck() != slides(frozen(closed=False))


def test_a_pack_knows_its_forms_and_its_name() -> None:
    assert make(full(), "pptx") == deck()
    assert [file_name(full(), form) for form in FORMS][:2] == ["review-2026-10.pptx", "review-2026-10.pdf"]
    with pytest.raises(ValueError, match="docx is none of pptx, pdf, xlsx, html"):
        make(full(), "docx")


def test_every_slide_says_one_thing_in_its_title() -> None:
    titles = [one.shapes.title.text_frame.text for one in opened().slides]

    assert all(titles)
    for section in SECTIONS:
        assert any(title.startswith(shown(section.finding)[:60]) for title in titles), section.step
        for chart in section.charts:
            assert chart.title in titles
    assert len(titles) == len(opened().slides) < 60


@pytest.mark.parametrize("chart", PLAIN, ids=_ids)
def test_a_chart_over_periods_is_native_and_has_the_values_of_the_snapshot(chart: Chart) -> None:
    (found,) = charts(titled(chart.title))
    drawn = _series(found)

    for series in chart.series:
        name = shown(series.name) or chart.subtitle
        assert drawn[name] == series.values
    if chart.target is not None and not chart.horizontal:
        target = next(values for name, values in drawn.items() if name.lower().startswith("target"))
        assert set(target) == {chart.target}
    if chart.limits:
        assert drawn["usual range, low"] == chart.limits.low
        assert drawn["usual range, high"] == chart.limits.high
    for word, name in (("improving", "a real improvement"), ("worsening", "a real worsening")):
        at = {signal.at for signal in chart.signals if signal.word == word}
        if chart.kind == "bar":
            own = {int(one.get("val")) for one in found._chartSpace.iterfind(".//{*}barChart/{*}ser/{*}dPt/{*}idx")}
            assert at <= own
            continue
        assert {place for place, value in enumerate(drawn.get(name, ())) if value is not None} == at


@pytest.mark.parametrize("chart", PLACED, ids=_ids)
def test_a_chart_of_points_is_native_and_has_the_values_of_the_snapshot(chart: Chart) -> None:
    (found,) = charts(titled(chart.title))
    drawn = {one.name: list(zip(*_xy(one), strict=True)) for plot in found.plots for one in plot.series}

    for series in chart.series:
        name = series.name or chart.subtitle
        if chart.kind in ("dumbbell", "interval"):
            wanted = [(value, at + 0.5) for at, value in enumerate(series.values) if value is not None]
        else:
            known = [at for at, value in enumerate(series.values) if value is not None]
            wanted = [(series.at[at], series.values[at]) for at in known]
        assert drawn[name] == wanted
    if chart.limits and chart.kind == "interval":
        for at, name in enumerate(chart.x):
            low, high = chart.limits.low[at], chart.limits.high[at]
            assert drawn[f"{shown(name)}, range"] == [(low, at + 0.5), (high, at + 0.5)]


def _xy(series: object) -> tuple[list[float], list[float]]:
    made = series._element  # type: ignore[attr-defined]
    return tuple(  # type: ignore[return-value]
        [float(value.text) for value in made.findall(f"{{*}}{axis}//{{*}}pt/{{*}}v")] for axis in ("xVal", "yVal")
    )


@pytest.mark.parametrize("chart", [one for one in DRAWN if one.kind == "heat"], ids=_ids)
def test_a_heat_map_is_a_table_of_the_values_of_the_snapshot(chart: Chart) -> None:
    table = next(shape.table for shape in titled(chart.title).shapes if shape.has_table)

    for row, series in enumerate(chart.series, 1):
        for column, value in enumerate(series.values, 1):
            text = table.cell(row, column).text_frame.text
            if value is None:
                assert text == "–"
            elif chart.unit == "count":
                assert text == (reading.value(chart, value) if value else "")
            else:
                assert text.lstrip("✓✕~ ") == reading.value(chart, value)


def test_the_workbooks_behind_charts_hold_their_values_and_no_formula() -> None:
    found = list(books(deck()))
    numbers = set()
    for book in found:
        page = openpyxl.load_workbook(io.BytesIO(book)).active
        for row in page.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                if isinstance(cell.value, int | float):
                    numbers.add(float(cell.value))

    assert len(found) > 20
    for chart in PLAIN:
        for series in chart.series:
            assert {float(f"{value:.16G}") for value in series.values if value is not None} <= numbers


@pytest.mark.parametrize("section", [one for one in SECTIONS if one.faces], ids=lambda one: one.step)
def test_tiles_say_numbers_as_the_app_does(section: object) -> None:
    said = [text for one in opened().slides for text in words(one)]

    for face in section.faces[:8]:  # type: ignore[attr-defined]
        assert any(text == face.value or text.startswith(f"{face.value}  ") for text in said), face
        assert face.word in said
        assert face.target in said


def test_lists_say_numbers_as_the_app_does() -> None:
    said = {text for one in opened().slides for text in words(one)}

    for section in SECTIONS:
        for table in section.tables:
            for row in table.rows:
                for value, column in zip(row, table.columns, strict=True):
                    if isinstance(value, float) and column.unit not in ("text", "date"):
                        assert wording.value(value, column.unit, currency="EUR") in said


def test_what_had_to_be_cut_stands_whole_in_the_notes() -> None:
    notes = "\n".join(one.notes_slide.notes_text_frame.text for one in opened().slides if one.has_notes_slide)
    said = "\n".join(text for one in opened().slides for text in words(one))

    for text in HOSTILE:
        assert shown(text) in notes or " ".join(shown(text).split()) in said, text
    assert LONG in said


def test_notes_tell_how_each_number_is_counted() -> None:
    section = next(one for one in SECTIONS if one.step == "incidents")
    notes = "\n".join(one.notes_slide.notes_text_frame.text for one in opened().slides if one.has_notes_slide)

    for key in section.kpis:
        assert wording.capital(KPIS[key].formula).rstrip(".") in notes
    assert "Coverage 97 %" in notes
    assert "Left out 2 (2 no end)" in notes
    assert full().hash in notes


def test_an_empty_chart_says_what_would_bring_it_and_has_no_axis() -> None:
    slide = titled("Change failure rate: no data")

    assert charts(slide) == []
    assert any("Import deployments.csv" in text for text in words(slide))


def test_a_month_without_data_is_a_gap_that_is_said() -> None:
    chart = next(one for one in PLAIN if one.title.startswith("Alert noise"))
    (found,) = charts(titled(chart.title))

    assert _series(found)[chart.series[0].name][5] is None
    assert any(text.startswith("No data: March 2026.") for text in words(titled(chart.title)))
    assert found._chartSpace.find(".//{*}dispBlanksAs").get("val") == "gap"


def test_the_store_without_a_fact_gives_slides_without_a_chart() -> None:
    found = opened("bare")

    assert len(found.slides) >= 9
    assert not any(shape.has_chart for one in found.slides for shape in one.shapes)


@pytest.mark.parametrize("which", ["full", "bare"])
def test_nothing_runs_beyond_its_box_or_the_slide(which: str) -> None:
    found = opened(which)
    for at, one in enumerate(found.slides, 1):
        assert overfull(one) == [], f"slide {at}"
        for shape in one.shapes:
            assert shape.left >= 0, (at, shape.name)
            assert shape.left + shape.width <= found.slide_width + 10, (at, shape.name)
            assert shape.top + shape.height <= found.slide_height + 10, (at, shape.name)


def test_charts_and_marks_have_words_for_who_cannot_see_them_and_all_text_its_language() -> None:
    package = zipfile.ZipFile(io.BytesIO(deck()))
    for name in package.namelist():
        if re.fullmatch(r"ppt/slides/slide\d+\.xml", name):
            xml = package.read(name).decode()
            assert not re.search(r"<a:rPr(?![^>]*lang=)", xml)
            assert not re.search(r"<p:cNvPr(?=[^>]*name=\"(Chart|Table|Sparkline|Verdict))(?![^>]*descr=\".)", xml)
            assert 'type="sldNum"' in xml or "slide1.xml" in name


def test_nothing_in_the_deck_leads_out_of_it() -> None:
    package = zipfile.ZipFile(io.BytesIO(deck()))
    for name in package.namelist():
        if name.endswith(".rels"):
            assert b'TargetMode="External"' not in package.read(name)
    assert all(info.date_time == (1980, 1, 1, 0, 0, 0) for info in package.infolist())
    assert b"2026-11-03T09:30:00Z" in package.read("docProps/core.xml")


def test_minutes_are_told_once_the_review_is_closed() -> None:
    said = [text for one in opened().slides for text in words(one)]

    assert "7 actions agreed, each with its owner and day" in said
    assert "1 Dec 2026" in said
    assert "13 of 15 invited were there" in said
    open_ = make(frozen(closed=False), "pptx")
    assert b"invited were there" not in b"".join(
        zipfile.ZipFile(io.BytesIO(open_)).read(name) for name in zipfile.ZipFile(io.BytesIO(open_)).namelist()
    )


def test_a_deck_wears_the_brand_of_the_policy_that_was_frozen() -> None:
    worn = slides(frozen(policy(organisation="Northwind", accent="#0a766b", logo=uri(png(40, 10)))))
    package = zipfile.ZipFile(io.BytesIO(worn))

    assert package.read("ppt/media/image1.png") == png(40, 10)
    assert b'<a:accent1><a:srgbClr val="0A766B"/>' in package.read("ppt/theme/theme1.xml")
    assert b"Northwind" in package.read("ppt/slides/slide1.xml")
    assert b'<a:accent1><a:srgbClr val="4650C0"/>' in zipfile.ZipFile(io.BytesIO(deck())).read("ppt/theme/theme1.xml")
    assert round(opened().slide_width / 914_400, 2) == round(WIDE, 2)


def test_libreoffice_shows_every_slide_on_a_page(tmp_path: Path) -> None:
    if not shutil.which("soffice") or not shutil.which("pdftotext"):
        assert os.environ.get("CI") != "true", "install libreoffice-impress and poppler-utils"
        pytest.skip("LibreOffice is not installed here")
    (tmp_path / "deck.pptx").write_bytes(deck())
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", "--headless", profile, "--convert-to", "pdf", "--outdir", str(tmp_path), "deck.pptx"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    told = subprocess.run(["pdftotext", "deck.pdf", "-"], cwd=tmp_path, check=True, capture_output=True, text=True)
    pages = told.stdout.split("\f")[:-1]

    assert len(pages) == len(opened().slides)
    for page, one in zip(pages, opened().slides, strict=True):
        title = one.shapes.title.text_frame.text.replace("\v", " ")
        assert title.split()[0] in page
