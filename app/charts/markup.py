"""HTML by functions, escaped by default: `el("p", "text", cls="lead")`. The one place where our own markup is put
together, of pages and of packs.
"""

import json
from collections.abc import Mapping
from html import escape

from app.charts.shown import shown


class Markup(str):
    """Text that is markup already. Everything else is escaped when it goes into an element."""

    __slots__ = ()


Part = str | Markup | None
EMPTY_TAGS = frozenset({"br", "hr", "img", "input", "meta"})


def el(
    tag: str, *parts: Part, cls: str | None = None, act: Mapping[str, object] | None = None, **attrs: object
) -> Markup:
    """One element. `cls` is its class; `act` what a click on it asks of Python (see `board.py`); an attribute
    that is None or False is left out, True stands alone; `aria_label` becomes `aria-label`."""
    said = {"class": cls, **{name.rstrip("_").replace("_", "-"): value for name, value in attrs.items()}}
    if act is not None:
        said["data-act"] = json.dumps(act, sort_keys=True, default=str)
    words = "".join(
        f" {name}" if value is True else f' {name}="{escape(shown(str(value)), quote=True)}"'
        for name, value in said.items()
        if value is not None and value is not False
    )
    if tag in EMPTY_TAGS:
        return Markup(f"<{tag}{words}>")
    return Markup(f"<{tag}{words}>{join(*parts)}</{tag}>")


def join(*parts: Part) -> Markup:
    """Parts one after another; plain text is escaped and made visible (`shown`), None is left out."""
    return Markup(
        "".join(part if isinstance(part, Markup) else escape(shown(part)) for part in parts if part is not None)
    )
