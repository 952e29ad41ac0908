"""The palette: what must be readable is, in both themes."""

import pytest

from app.charts import theme

THEMES = [pytest.param(theme.LIGHT, id="light"), pytest.param(theme.DARK, id="dark")]


@pytest.mark.parametrize("colours", THEMES)
@pytest.mark.parametrize("name", ["text", "muted", "accent", "met", "missed", "unsure", "no_data"])
def test_words_on_a_card_and_on_the_page_can_be_read(colours: theme.Palette, name: str) -> None:
    colour = getattr(colours, name)

    assert theme.contrast(colour, colours.card) >= 4.5
    assert theme.contrast(colour, colours.page) >= 4.5


@pytest.mark.parametrize("colours", THEMES)
def test_words_on_a_primary_button_can_be_read(colours: theme.Palette) -> None:
    assert theme.contrast(colours.on_accent, colours.accent) >= 4.5
    assert theme.contrast(colours.card, colours.accent) >= 4.5, "on a button of a board"


@pytest.mark.parametrize("colours", THEMES)
def test_lines_and_shapes_on_a_card_can_be_seen(colours: theme.Palette) -> None:
    assert theme.contrast(colours.history, colours.card) >= 3
    assert all(theme.contrast(colour, colours.card) >= 3 for colour in colours.categories)


@pytest.mark.parametrize("colours", THEMES)
@pytest.mark.parametrize("key", ["met", "missed", "unsure", "no_data"])
def test_a_verdict_and_the_value_beside_it_can_be_read_on_its_tint(
    colours: theme.Palette, key: theme.VerdictKey
) -> None:
    assert theme.contrast(colours.text, colours.tint(key)) >= 4.5
    assert theme.contrast(colours.verdict(key), colours.tint(key)) >= 4.5


@pytest.mark.parametrize("colours", THEMES)
def test_a_value_on_every_step_of_the_ramp_can_be_read(colours: theme.Palette) -> None:
    assert len(colours.ramp) == len(colours.on_ramp) == 7
    for ground, ink in zip(colours.ramp, colours.on_ramp, strict=True):
        assert theme.contrast(ink, ground) >= 4.5, (ground, ink)


def test_there_are_exactly_ten_categories_all_different() -> None:
    for colours in (theme.LIGHT, theme.DARK):
        assert len(set(colours.categories)) == 10


def test_contrast_is_the_wcag_one() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_variable_an_svg_may_name_is_set_by_the_page() -> None:
    page = theme.css_variables(dark=True)

    for name in ("accent", "met_tint", "ramp_0", "on_ramp_6", "no_data"):
        reference, fallback = theme.variable(name, dark=True).removeprefix("var(").rstrip(")").split(",")
        assert f"{reference}:{fallback};" in page


def test_streamlit_gets_the_same_colours() -> None:
    told = theme.streamlit_theme()

    assert told["light"]["primaryColor"] == theme.LIGHT.accent
    assert told["dark"]["backgroundColor"] == theme.DARK.page
    assert len(list(told["dark"]["chartCategoricalColors"])) == 10  # type: ignore[call-overload]
