"""The one palette, light and dark: what every chart, tile and page is coloured with."""

from dataclasses import dataclass
from typing import Literal

from app.brand import INDIGO
from app.brand import contrast as contrast

VerdictKey = Literal["met", "missed", "unsure", "no_data", "no_target"]
FONT = '"Source Sans", "Source Sans 3", "Helvetica Neue", Arial, sans-serif'


@dataclass(frozen=True)
class Palette:
    """Colours by what they mean, as #rrggbb."""

    page: str
    card: str
    hairline: str
    text: str
    muted: str
    accent: str
    """The thing being told."""
    on_accent: str
    """Text on it."""
    accent_2: str
    """The second of a stack: the accent, paler."""
    history: str
    """Comparison and history."""
    band: str
    """Limits: the usual range."""
    met: str
    missed: str
    unsure: str
    no_data: str
    met_tint: str
    missed_tint: str
    unsure_tint: str
    ramp: tuple[str, ...]
    """Seven steps from little to much, for heat maps."""
    on_ramp: tuple[str, ...]
    """Text on each step of the ramp."""
    categories: tuple[str, ...]
    """Ten, told apart by colour-blind readers, in this order."""

    def verdict(self, key: VerdictKey) -> str:
        """The colour of a verdict's word and shape."""
        return {"met": self.met, "missed": self.missed, "unsure": self.unsure}.get(key, self.no_data)

    def tint(self, key: VerdictKey) -> str:
        """The ground of a cell with this verdict."""
        return {"met": self.met_tint, "missed": self.missed_tint, "unsure": self.unsure_tint}.get(key, self.card)


LIGHT = Palette(
    page="#f7f8fa",
    card="#ffffff",
    hairline="#e2e5eb",
    text="#1a2030",
    muted="#5a6374",
    accent=INDIGO,
    on_accent="#ffffff",
    accent_2="#9aa2e0",
    history="#868fa0",
    band="#eef0f4",
    met="#0a766b",
    missed="#b83617",
    unsure="#8a5b00",
    no_data="#646d7e",
    met_tint="#e8f4f2",
    missed_tint="#fbe4dd",
    unsure_tint="#faf1da",
    ramp=("#f1f2fb", "#dcdff5", "#bfc5ec", "#9aa2e0", "#7680d2", "#5660c4", "#3b44a8"),
    on_ramp=("#1a2030", "#1a2030", "#1a2030", "#1a2030", "#0b0f1c", "#ffffff", "#ffffff"),
    categories=(
        INDIGO, "#b8860b", "#0a766b", "#b83617", "#7a4fa3",
        "#2f86c8", "#6b7a12", "#a83a78", "#5a6374", "#8f5a34",
    ),
)  # fmt: skip
DARK = Palette(
    page="#0f141d",
    card="#182030",
    hairline="#2c3648",
    text="#e8ecf4",
    muted="#a3adbf",
    accent="#98a2ff",
    on_accent="#0f141d",
    accent_2="#5560b8",
    history="#7a859b",
    band="#232d40",
    met="#43c6b2",
    missed="#ff8a6b",
    unsure="#e5b04c",
    no_data="#9aa4b6",
    met_tint="#17342f",
    missed_tint="#4a261f",
    unsure_tint="#3d3117",
    ramp=("#1f2840", "#2a3459", "#384377", "#4a5596", "#626db8", "#808bd8", "#a6b0f5"),
    on_ramp=("#e8ecf4", "#e8ecf4", "#e8ecf4", "#e8ecf4", "#ffffff", "#0b0f1c", "#0b0f1c"),
    categories=(
        "#98a2ff", "#e5b04c", "#43c6b2", "#ff8a6b", "#c39be8",
        "#6bb8f0", "#b3c24f", "#ec86bb", "#a3adbf", "#c99a72",
    ),
)  # fmt: skip


SHAPES: dict[VerdictKey, str] = {"met": "✓", "missed": "✕", "unsure": "~", "no_data": "–", "no_target": ""}
"""A verdict's sign where only text can stand; drawn: ✓ in a circle, ✕ in a triangle, ~, a dashed outline."""


def palette(dark: bool) -> Palette:
    """The palette of a theme."""
    return DARK if dark else LIGHT


def css_variables(dark: bool | Palette) -> str:
    """`--nines-accent:#…;…`: put on a root element, every SVG under it takes this theme, or these colours."""
    colours = dark if isinstance(dark, Palette) else palette(dark)
    plain = {name.replace("_", "-"): getattr(colours, name) for name in _NAMES}
    steps = {f"ramp-{step}": colour for step, colour in enumerate(colours.ramp)}
    on_steps = {f"on-ramp-{step}": colour for step, colour in enumerate(colours.on_ramp)}
    return "".join(f"--nines-{name}:{colour};" for name, colour in (plain | steps | on_steps).items())


_NAMES = (
    "page", "card", "hairline", "text", "muted", "accent", "accent_2", "history", "band",
    "met", "missed", "unsure", "no_data", "met_tint", "missed_tint", "unsure_tint",
)  # fmt: skip


def variable(name: str, dark: bool | Palette = False) -> str:
    """A colour for an SVG: the page's variable, else this theme's; of a palette, its colour. Names are Palette's, and
    `ramp_0`, `on_ramp_0`…"""
    colours = dark if isinstance(dark, Palette) else palette(dark)
    if name.startswith(("ramp_", "on_ramp_")):
        family, step = name.rsplit("_", 1)
        colour: str = getattr(colours, family)[int(step)]
    else:
        colour = getattr(colours, name)
    return colour if isinstance(dark, Palette) else f"var(--nines-{name.replace('_', '-')},{colour})"


def page_css() -> str:
    """What Streamlit's own parts need besides its theme: it writes white on primary buttons and chosen tags, which the
    pale accent of the dark theme does not bear. By the page's `color-scheme`, which `ui/board.js` sets for dialogs."""
    on = f"light-dark({LIGHT.on_accent}, {DARK.on_accent})"
    button, tags = '[data-testid^="stBaseButton-primary"]:not(:disabled)', '[data-testid="stMultiSelectTagsContainer"]'
    states = ", ".join(f"{button}{state}" for state in ("", ":hover", ":active", ":focus"))
    inside = f"{button} :is(p, span), [data-tag] *"
    return f"{states}, {tags} [data-tag] {{ color: {on}; }} {inside} {{ color: inherit; }}"


def streamlit_theme() -> dict[str, dict[str, object]]:
    """What `.streamlit/config.toml` must say in its sections `theme.light` and `theme.dark`."""
    return {name: _section(colours) for name, colours in (("light", LIGHT), ("dark", DARK))}


def _section(colours: Palette) -> dict[str, object]:
    return {
        "primaryColor": colours.accent,
        "backgroundColor": colours.page,
        "secondaryBackgroundColor": colours.card,
        "textColor": colours.text,
        "borderColor": colours.hairline,
        "chartCategoricalColors": list(colours.categories),
    }
