"""How the risks of the matrix moved since a day that the reader chooses: arrows over it, and each move in words with
who said why. What is chosen stands in the address (`?moves=2026-09-30`, `review`, `none`)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import streamlit as st

from app.charts import risk_moves as words
from app.charts import wording
from app.charts.risks import SIZE
from app.metrics import risk_moves
from app.metrics.acceptances import ends
from app.metrics.periods import local_day
from app.metrics.register import Level, Which
from app.metrics.risk_moves import History, Key, Move
from app.store import register_reads
from app.store.engine import reading
from app.ui import read
from app.ui.choices import Asked
from app.ui.markup import Markup, button, el, join
from app.ui.matrix import Arrow
from app.ui.risks import Shown, opens

_ADDRESS, _HOW, _DAY = "moves", "moves_how", "moves_day"
_COMPARED, _REVIEW, _OWN, _NONE = "compared", "review", "day", "none"
_SHOWN = 6
_FOLDED = 25
"""So many are listed of those of which nothing is known."""


class Since(NamedTuple):
    """Since when moves are looked for."""

    day: date | None
    """The end of this day; None: each risk's own last review."""
    at: datetime | None


def chosen(page: Shown, asked: Asked) -> Since | None:
    """The control, and what it is set to; None where no moves are wanted."""
    compared = local_day(asked.against.end - timedelta(microseconds=1), asked.zone)
    labels = {
        _COMPARED: f"Moves since {wording.day(compared)}",
        _REVIEW: "Moves since the last review",
        _OWN: "Moves since a day…",
        _NONE: "No moves",
    }
    _from_address(page.today)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        how = st.selectbox(
            "Moves since", list(labels), format_func=labels.__getitem__, key=_HOW, label_visibility="collapsed",
            on_change=_keep, width=230,
        )  # fmt: skip
        day: date | None = compared
        if how == _OWN:
            day = st.date_input(
                "Day", value=None, max_value=page.today, format="YYYY-MM-DD", key=_DAY, label_visibility="collapsed",
                on_change=_keep, width=150,
            )  # fmt: skip
    if how == _NONE or day is None:
        return None
    return Since(None, None) if how == _REVIEW else Since(day, ends(day, asked.zone))


def _from_address(today: date) -> None:
    """Sets the control as the address says, once; what means nothing is passed over."""
    if _HOW in st.session_state:
        return
    said = st.query_params.get(_ADDRESS, "")
    how = said if said in (_REVIEW, _NONE) else _COMPARED
    try:
        day = date.fromisoformat(said)
    except ValueError:
        day = None
    if day is not None and day <= today:
        how = _OWN
        st.session_state[_DAY] = day
    st.session_state[_HOW] = how


def _keep() -> None:
    how, day = st.session_state.get(_HOW), st.session_state.get(_DAY)
    said = {_REVIEW: _REVIEW, _NONE: _NONE, _OWN: day.isoformat() if day else None}.get(str(how))
    if said:
        st.query_params[_ADDRESS] = said
    else:
        st.query_params.pop(_ADDRESS, None)


@lru_cache(maxsize=4)
def histories(of: read.State, as_of: datetime) -> Mapping[Key, History]:
    """What is kept of how each risk was rated."""
    with reading(read.opened(of.url)) as conn:
        return register_reads.histories(conn, as_of)


def found(page: Shown, since: Since, which: Which, asked: Asked) -> list[Move]:
    """What became of each open risk."""
    kept = histories(read.state(), asked.as_of)
    return risk_moves.moves(page.open, kept, since.at, which, asked.zone)


def arrows(some: Sequence[Move], zone: str) -> list[Arrow]:
    """The moves over the matrix, one for all that went the same way."""
    return [
        Arrow(
            _place(before),
            _place(after),
            len(moved),
            words.hover(moved, zone),
            after.score > before.score,
            opens(moved[0].standing.risk) if len(moved) == 1 else None,
        )
        for (before, after), moved in risk_moves.paths(some).items()
    ]


def _place(level: Level) -> tuple[int, int]:
    return SIZE - level.likelihood, level.impact - 1


def told(some: Sequence[Move], since: Since, zone: str) -> Markup:
    """Every move in words, and what is not known."""
    moved = [move for move in some if move.fate in ("moved", "stated", "unstated")]
    items = [_item(move, zone) for move in moved]
    rest = items[_SHOWN:]
    short = [move for move in some if move.fate == "unknown"]
    return el(
        "section",
        el("h2", words.finding(some, since.day)),
        el("p", "Against the levels as they are stated now; an arrow says why", cls="sub") if moved else None,
        el("ul", join(*items[:_SHOWN]), cls="items") if items else None,
        el("details", el("summary", f"{len(rest):,} more"), el("ul", join(*rest), cls="items")) if rest else None,
        *(el("p", line, cls="muted small") for line in words.aside(some, since.day)),
        _short(short) if short else None,
        cls="section bare moves",
    )


def _item(move: Move, zone: str) -> Markup:
    risk = move.standing.risk
    tone = "late" if move.by > 0 and move.fate == "moved" else ""
    reasons = [el("p", words.why(step, zone), cls="why") for step in move.steps]
    return el(
        "li",
        el("div", button(risk.title, act=opens(risk)), el("span", words.way(move), cls=f"small {tone}"), cls="row"),
        *reasons,
    )


def _short(some: Sequence[Move]) -> Markup:
    listed = some[:_FOLDED]
    items = [el("li", button(move.standing.risk.title, act=opens(move.standing.risk))) for move in listed]
    more = el("p", f"The first {_FOLDED} are shown.", cls="muted small") if len(some) > _FOLDED else None
    return el("details", el("summary", "Those of which it is not known"), el("ul", join(*items), cls="items"), more)
