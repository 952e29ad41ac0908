"""A page's own markup: what `charts/markup.py` puts together, and what can be clicked in it."""

from collections.abc import Mapping

from app.charts.markup import EMPTY_TAGS, Markup, Part, el, join
from app.charts.shown import shown

__all__ = ("EMPTY_TAGS", "Markup", "Part", "button", "el", "join", "plain", "unmarked")
_MARKDOWN = frozenset("\\`*_{}[]()<>#+-.!|:$~&=^@\"'")


def unmarked(text: str) -> str:
    """Text that Markdown takes as it is: for the labels of Streamlit's own widgets."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()<>#+-.!|:$~" else letter for letter in text)


def button(*parts: Part, act: Mapping[str, object], cls: str = "link", **attrs: object) -> Markup:
    """Something to click that is reached by the keyboard and read as a button."""
    return el("button", *parts, cls=cls, act=act, type="button", **attrs)


def plain(text: str) -> str:
    """Text that Markdown takes as it is."""
    return "".join(f"\\{letter}" if letter in _MARKDOWN else letter for letter in shown(text))
