"""The one component that shows our own markup (headline, tiles, heat maps, lists, tables): light, themed,
keyboard-friendly.

    clicked = board(tiles.tiles(faces), key="tiles")   # Markup from markup.el, tiles.tile, heat.heat …
    if clicked: …                                      # {"do": "explain", "kpi": "time_to_restore"}

Put `act={"do": …}` on an element (`markup.button`) and a click comes back once, as that mapping: as the result, or,
where something must happen before the page is drawn again (a filter, a sort order), to `on_act`. It lives in a shadow
root; the colours are the variables of `charts/theme.py`, so an SVG of `charts/svg.py` fits in. What comes back is
what a browser sent: treat it as input.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from app.charts import theme
from app.ui.markup import Markup

Act = Mapping[str, Any]
_HERE = Path(__file__).parent
_CHARTS = _HERE.parent / "charts"
_CSS = "\n".join(
    [
        f".board[data-theme=light]{{{theme.css_variables(dark=False)}}}",
        f".board[data-theme=dark]{{{theme.css_variables(dark=True)}}}",
        (_HERE / "board.css").read_text(encoding="utf-8"),
        (_CHARTS / "points.css").read_text(encoding="utf-8"),
    ]
)
_BOARD = st.components.v2.component(
    "nines_board",
    html='<div class="board" data-theme="light"></div>\n<!-- filled by board.js -->',
    css=_CSS,
    js=(_CHARTS / "points.js").read_text(encoding="utf-8") + (_HERE / "board.js").read_text(encoding="utf-8"),
)


def board(markup: Markup, key: str, on_act: Callable[[Act], None] | None = None) -> Act | None:
    """Shows the markup; gives what was clicked since the last run, once, or None. Junk from the browser is None."""

    def answer() -> None:
        act = read_act(st.session_state[key].get("act"))
        if on_act is not None and act is not None:
            on_act(act)

    result = _BOARD(key=key, data={"html": str(markup)}, on_act_change=answer)
    return read_act(result.get("act"))


def read_act(said: object) -> Act | None:
    """What a click said, or None when it said nothing or nothing that can be read."""
    if not isinstance(said, str):
        return None
    try:
        act = json.loads(said)
    except ValueError:
        return None
    return act if isinstance(act, dict) and isinstance(act.get("do"), str) else None
