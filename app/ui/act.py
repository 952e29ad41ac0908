"""What a click on a board does, the same on every page: narrow the page, explain a number, open a place.

    clicked = board(markup, key="…", on_act=act.before)     # narrowing must happen before the filters are drawn
    act.after(clicked, asked)                                # once, at the end of the page

{"do": "narrow", "period": "2026-10", "tier": 0}, {"do": "explain", "kpi": "slos_met"}, {"do": "open", "place":
"incident", "incident": "INC-1"}, {"do": "open", "place": "service", "service": "checkout"}
"""

from app.ui import filters, places
from app.ui.board import Act
from app.ui.choices import Asked
from app.ui.explain import explain

_NARROWED = ("period", "tier", "product", "team", "service")
_ADDRESS = ("incident", "source", "slo", "test", "risk")


def before(act: Act) -> None:
    """Answers a click that changes the filters; give it to `board` as `on_act`."""
    if act["do"] == "narrow":
        filters.narrow(**{name: str(act[name]) for name in _NARROWED if act.get(name) is not None})


def after(act: Act | None, asked: Asked) -> None:
    """Answers a click that explains a number or opens a place."""
    if act is None:
        return
    if act["do"] == "explain" and isinstance(act.get("kpi"), str):
        explain(act["kpi"], asked)
    place = places.found(act.get("place")) if act["do"] == "open" else None
    if place is places.SERVICE and isinstance(act.get("service"), str):
        filters.narrow_next(tier=None, product=None, team=None, service=act["service"])
    if place is not None:
        places.go(place, **{name: str(act[name]) for name in _ADDRESS if act.get(name) is not None})
