"""The SVG writer: what is drawn, and where."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.charts import figure, scale, svg, theme
from app.charts.description import Chart, Series
from tests.charts import zoo

NS = "{http://www.w3.org/2000/svg}"


def parsed(chart: Chart, width: float = 560, height: float = 280, **how: bool) -> ET.Element:
    return ET.fromstring(svg.draw(chart, width, height, **how))


def named(root: ET.Element, name: str) -> list[ET.Element]:
    return [one for one in root.iter() if f"nines-{name}" in one.get("class", "").split()]


def texts(root: ET.Element) -> list[str]:
    return [one.text or "" for one in root.iter(f"{NS}text")]


def ticks(root: ET.Element) -> dict[str, float]:
    """Where each named gridline lies: its label's baseline is 4 px below it."""
    return {
        one.text or "": float(one.get("y", 0)) - 4 for one in root.iter(f"{NS}text") if one.get("text-anchor") == "end"
    }


@pytest.mark.parametrize("name", zoo.ALL)
@pytest.mark.parametrize(("width", "height"), [(240, 44), (360, 240), (1240, 320)])
def test_every_chart_is_sound_xml_with_a_role_a_title_and_a_description(name: str, width: int, height: int) -> None:
    chart = zoo.ALL[name]

    root = parsed(chart, width, height)

    assert root.get("role") == "img"
    assert root[0].tag == f"{NS}title"
    assert root[0].text == chart.title
    assert root[1].tag == f"{NS}desc"
    assert root[1].text
    assert root.get("viewBox") == f"0 0 {width} {height}"


@pytest.mark.parametrize("name", zoo.ALL)
def test_the_same_chart_is_drawn_the_same_and_without_ids(name: str) -> None:
    once, again = svg.draw(zoo.ALL[name]), svg.draw(zoo.ALL[name])

    assert once == again
    assert " id=" not in once


@pytest.mark.parametrize("name", zoo.ALL)
def test_colours_are_variables_of_the_page_with_the_theme_as_fallback(name: str) -> None:
    for dark in (False, True):
        drawn = svg.draw(zoo.ALL[name], dark=dark)

        known = theme.css_variables(dark)
        for variable, fallback in re.findall(r"var\((--nines-[a-z0-9-]+),(#[0-9a-f]{6})\)", drawn):
            assert f"{variable}:{fallback};" in known
        assert not re.findall(r'(?:fill|stroke)="#', drawn)


@pytest.mark.parametrize("name", zoo.ALL)
def test_a_live_chart_is_a_group_whose_points_have_names_and_whose_axes_are_not_read(name: str) -> None:
    chart = zoo.ALL[name]

    root, plain = parsed(chart, live=True, titled=False), parsed(chart, titled=False)

    assert root.get("role") == "group"
    assert root.get("aria-label") == chart.title
    assert root[0].tag == f"{NS}desc"
    assert [hit.get("data-key") for hit in named(root, "hit")] == [hit.get("data-key") for hit in named(plain, "hit")]
    assert all(hit.get("aria-label") for hit in named(root, "hit"))
    assert not list(root.iter(f"{NS}title")), "the browser's own hint would cover what they say"
    inside = {id(text) for hit in named(root, "hit") for text in hit.iter(f"{NS}text")}
    assert all(text.get("aria-hidden") for text in root.iter(f"{NS}text") if id(text) not in inside)


def test_the_target_lies_where_its_value_does() -> None:
    root = parsed(zoo.line(target=100.0))

    (target,) = named(root, "target")
    at = ticks(root)

    assert target.get("y1") == target.get("y2")
    assert target.get("stroke-dasharray")
    assert float(target.get("y1", 0)) == pytest.approx(at["0 min"] + (at["6 h"] - at["0 min"]) * 100 / 360, abs=0.2)


def test_a_log_axis_has_the_steps_of_a_clock() -> None:
    root = parsed(zoo.points())

    at = ticks(root)

    assert {"10 min", "1 h", "10 h"} <= set(at)
    (target,) = named(root, "target")
    assert float(target.get("y1", 0)) == pytest.approx(at["1 h"], abs=0.2)


def test_counts_start_at_zero() -> None:
    root = parsed(zoo.bar())

    zero = ticks(root)["0"]
    feet = [float(one.get("y", 0)) + float(one.get("height", 0)) for one in named(root, "bar")]

    assert max(feet) == pytest.approx(zero, abs=0.2)


def test_a_gap_parts_the_line_and_nothing_is_drawn_at_zero() -> None:
    root = parsed(zoo.line(signals=()))

    lines = named(root, "line")

    assert len(lines) == 2
    assert [one.get("d", "").count("L") for one in lines] == [3, 5]


def test_a_value_between_two_gaps_is_a_dot() -> None:
    chart = zoo.line(series=(Series("", (None, 5.0, None, 6.0, 7.0, *[None] * 7)),), limits=None, signals=())

    root = parsed(chart)

    assert len(named(root, "alone")) == 1
    assert len(named(root, "line")) == 1


def test_a_period_that_is_not_over_is_hatched_and_its_line_dashed() -> None:
    line, bar = parsed(zoo.line()), parsed(zoo.bar())

    assert named(line, "hatch")
    assert named(line, "unfinished")[0].get("stroke-dasharray")
    assert len(named(bar, "hatch")) == 2
    assert not named(parsed(zoo.line(partial=frozenset())), "hatch")


def test_the_limits_are_a_band_only_where_they_are_known() -> None:
    root = parsed(zoo.line())

    (band,) = named(root, "band")
    corners = [tuple(map(float, pair.split())) for pair in band.get("d", "")[1:-1].split("L")]
    hits = named(root, "hit")

    assert len(corners) == 2 * (7 + 2)
    assert min(x for x, _ in corners) == pytest.approx(float(hits[5].get("x", 0)), abs=0.2)
    assert len({y for _, y in corners}) == 2


def test_a_signal_is_filled_and_ringed() -> None:
    root = parsed(zoo.line())

    (ring,), (dot,) = named(root, "ring"), named(root, "signal")

    assert (ring.get("cx"), ring.get("cy")) == (dot.get("cx"), dot.get("cy"))
    assert "--nines-missed" in dot.get("fill", "")


def test_every_month_says_itself_and_names_its_key() -> None:
    hits = named(parsed(zoo.line()), "hit")

    assert [hit.get("data-key") for hit in hits] == list(zoo.MONTHS[:12])
    assert hits[0][0].text == "January 2025\n30 min"
    assert hits[4][0].text == "May 2025\nno data"
    assert hits[2][0].text == "March 2025\n5 h\na real worsening"
    assert (hits[11][0].text or "").startswith("December 2025 (not over yet)")


def test_a_point_opens_its_own_incident() -> None:
    hits = named(parsed(zoo.points()), "hit")

    assert [hit.get("data-key") for hit in hits] == ["2025-01", "2025-02", "A", "B", "C"]


def test_a_heat_map_never_tells_by_colour_alone() -> None:
    root = parsed(zoo.heat())

    assert [len(named(root, shape)) for shape in ("met", "missed", "unsure")] == [2, 1, 1]
    assert len(named(root, "no-data")) == 1
    assert {"100 %", "80 %", "90 %", "50 %", "Tier 0", "Tier 1", "Jan", "Mar", "2025"} <= set(texts(root))
    keys = [hit.get("data-key") for hit in named(root, "hit")]
    assert keys[:3] == ["Tier 0|2025-01", "Tier 0|2025-02", "Tier 0|2025-03"]
    assert named(root, "hit")[1][0].text == "Tier 0, February 2025: 80 %, missed"


def test_a_heat_map_on_a_phone_keeps_its_shapes() -> None:
    root = parsed(replace(zoo.heat(), x=zoo.MONTHS[:3]), 110, 160)

    assert [len(named(root, shape)) for shape in ("met", "missed", "unsure")] == [2, 1, 1]
    assert "80 %" not in texts(root)


def test_lying_bars_stand_on_zero_and_no_data_is_an_outline() -> None:
    root = parsed(zoo.rows())

    (zero,) = named(root, "zero")
    at = float(zero.get("x1", 0))
    over, left = named(root, "bar")

    assert float(over.get("x", 0)) + float(over.get("width", 0)) == pytest.approx(at, abs=0.2)
    assert float(left.get("x", 0)) == pytest.approx(at, abs=0.2)
    assert named(root, "no-data")[0].get("stroke-dasharray")
    assert "no data" in texts(root)


def test_no_data_says_what_would_bring_it_and_has_no_axis() -> None:
    root = parsed(zoo.empty())

    assert "Import incidents." in texts(root)
    assert not named(root, "grid")
    assert not named(root, "target")


def test_user_text_cannot_become_markup() -> None:
    evil = '<script>alert("1")</script>&'
    series = (Series(evil, (1.0,) * 12), Series(evil, (2.0,) * 12))
    chart = zoo.line(title=evil, subtitle=evil, marks=(zoo.Mark(1, evil),), series=series)
    other = replace(zoo.rows(), x=(evil, "\x00\x1b", "Login"))

    for drawn in (svg.draw(chart), svg.draw(other)):
        root = ET.fromstring(drawn)
        assert "<script" not in drawn
        assert not [one for one in root.iter() if "script" in one.tag]
        assert any(evil in (one.text or "") for one in root.iter())


def boxes(root: ET.Element) -> list[tuple[float, float, float, float, str]]:
    """About where each text stands: narrow letters, so that only what really overlaps is found."""
    found = []
    for one in root.iter(f"{NS}text"):
        size, words = float(one.get("font-size", 12)), one.text or ""
        wide, x, y = 0.46 * size * len(words), float(one.get("x", 0)), float(one.get("y", 0))
        x -= {"middle": wide / 2, "end": wide}.get(one.get("text-anchor", ""), 0)
        found.append((x, y - 0.7 * size, x + wide, y, words))
    return found


@pytest.mark.parametrize("name", [name for name in zoo.ALL if name != "spark"])
@pytest.mark.parametrize("width", [296, 360, 560, 1240])
def test_texts_do_not_overlap_nor_leave_the_card(name: str, width: int) -> None:
    found = boxes(parsed(zoo.ALL[name], width, 280))

    for at, (left, top, right, bottom, words) in enumerate(found):
        assert left >= -1, words
        assert right <= width + 1, words
        for other in found[at + 1 :]:
            apart = right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
            assert apart, (words, other[4])


VALUES = st.one_of(st.none(), st.floats(-1e9, 1e9), st.just(0.0), st.floats(1e-9, 1e-3))


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["line", "bar", "points", "heat", "spark"]),
    unit=st.sampled_from(["share", "minutes", "hours", "money", "count", "per_week", "ratio"]),
    values=st.lists(st.tuples(VALUES, VALUES), max_size=30),
    target=st.one_of(st.none(), st.floats(-10, 1e6)),
    log=st.booleans(),
    horizontal=st.booleans(),
)
def test_any_data_can_be_drawn(
    kind: str,
    unit: str,
    values: list[tuple[float | None, float | None]],
    target: float | None,
    log: bool,
    horizontal: bool,
) -> None:
    x = tuple(f"{2000 + at // 12}-{at % 12 + 1:02}" for at in range(len(values)))
    series = tuple(Series(name, tuple(pair[at] for pair in values)) for at, name in enumerate("ab"))
    last = frozenset({len(x) - 1} if x else set())
    chart = Chart(
        kind, "t", "s", unit, x, series, target=target, log=log, horizontal=horizontal, partial=last,  # type: ignore[arg-type]
    )  # fmt: skip

    drawn = svg.draw(chart, 300, 200)

    assert figure.figure(chart).to_json()
    ET.fromstring(drawn)
    assert "nan" not in re.sub(r"<(title|desc).*?</\1>", "", drawn)


@pytest.mark.parametrize("name", zoo.ALL)
def test_a_plain_chart_needs_no_variable_and_no_style_attribute(name: str) -> None:
    drawn = svg.draw(zoo.ALL[name], plain=svg.Plain("Some Sans", theme.DARK))
    kept = svg.draw(zoo.ALL[name], plain=svg.Plain("Some Sans"))

    assert "var(" not in drawn
    assert " style=" not in drawn + kept
    assert 'font-family="Some Sans"' in drawn
    assert "var(--nines-" in kept


def test_a_rows_name_of_sixty_letters_stands_in_two_lines() -> None:
    name = "Customer-facing checkout and payments orchestration platform"
    chart = replace(zoo.ALL["rows"], x=(name, *zoo.ALL["rows"].x[1:]))

    said = texts(parsed(chart, 660, 200))

    assert name in " ".join(said)
    assert name not in said


def test_a_text_without_an_end_is_cut_at_once() -> None:
    assert scale.shortened("w" * 1_000_000, 100).endswith("…")
    assert scale.wrapped("a b " * 250_000, 100, 12)[-1].endswith("…")
