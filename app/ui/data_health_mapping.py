"""What live sources call things, on Data health: every value that a reading saw, what it means here, and who may change
that."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from app.people import NotAllowed
from app.store import mappings
from app.store.mappings import FIELDS, Value
from app.ui import data_health, forms, forms_mapping, tables, tiles, who
from app.ui.board import board
from app.ui.data_health import Health
from app.ui.forms_mapping import HERE, Subject
from app.ui.lead import heading
from app.ui.markup import Markup, el, plain
from app.ui.tables import ACT, Column

NONE_YET = "No reading has shown values of its source yet: severities, services, teams and causes are listed here then."
_LONGEST = 80


def show(health: Health) -> None:
    """The values of every live source, those first that mean nothing here; nothing where there is no live source."""
    if not any(source.tried_at for source in health.sources):
        return
    told = mappings.told(health.values)
    said = "; ".join(told) or ("Every value means something here" if health.values else NONE_YET.rstrip("."))
    board(heading("What sources call things", f"{said}."), key="health_mapping_head")
    if not health.values:
        return
    may, lacking = _may(), frozenset(mappings.unmapped(health.values))
    if may:
        _buttons(health)
    clicked = tables.table(
        "health_mapping",
        [
            Column("value", "Theirs", show=_cut),
            Column("field", "Kind"),
            Column("source", "Source"),
            Column("means", "Means here", show=_means),
            Column("rows", "Rows", show=lambda count: f"{count:,}", number=True),
            Column("samples", "Such as", show=_cut, wide=True),
            Column("seen_at", "Last seen", show=_seen(health), number=True),
        ],
        [_row(one, one in lacking, may) for one in health.values],
        file="field-mapping",
        foot="Rows of the last reading that had the value.",
    )
    if may and clicked and clicked["do"] == "map":
        _open(health, clicked)
    forms.shown(HERE)


def _may() -> bool:
    """Whether whoever looks may map; says why not."""
    try:
        who.person().must("write", everywhere=True)
    except NotAllowed as refused:
        st.caption(f":material/lock: {plain(str(refused))}")
        return False
    return True


def _buttons(health: Health) -> None:
    """One a source and field with values that mean nothing here."""
    groups: dict[tuple[str, str], tuple[str, ...]] = {}
    for one in mappings.unmapped(health.values):
        groups[one.source, one.field] = (*groups.get((one.source, one.field), ()), one.value)
    if not groups:
        st.caption("Choose a row to let its value mean something else.")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for at, ((source, field), values) in enumerate(groups.items()):
            kind = FIELDS[field][len(values) != 1]
            st.button(
                plain(f"Map {len(values):,} {kind} of {source}"),
                key=f"do_map_{at}",
                icon=":material/label:",
                on_click=forms.begin,
                args=(forms_mapping.FORMS[field], Subject(source, field, values), HERE),
            )


def _open(health: Health, act: Mapping[str, Any]) -> None:
    """The form of one value, where there is such a one."""
    wanted = (act.get("source"), act.get("field"), act.get("value"))
    for one in health.values:
        if one[:3] == wanted:
            forms.begin(forms_mapping.FORMS[one.field], Subject(one.source, one.field, (one.value,)), HERE)


def _row(one: Value, lacking: bool, may: bool) -> dict[str, Any]:
    act = {"do": "map", "source": one.source, "field": one.field, "value": one.value}
    row = {
        "source": one.source,
        "field": FIELDS[one.field][0],
        "value": one.value,
        "means": "" if lacking else _said(one),
        "rows": one.rows,
        "samples": "; ".join(forms_mapping.samples(one)),
        "seen_at": one.seen_at,
    }
    return row | ({ACT: act} if may else {})


def _said(one: Value) -> str:
    """In words what a value means: "1 · critical, from the next reading on"."""
    means = forms_mapping.words(one.field, one.means)
    return f"{means}, from the next reading on" if one.waits else means


def _means(said: str) -> Markup | str:
    return _cut(said) if said else tiles.verdict("missed", "nothing yet")


def _cut(text: str) -> Markup | str:
    if len(text) <= _LONGEST:
        return text
    return el("span", f"{text[: _LONGEST - 1]}…", title=text)


def _seen(health: Health) -> Any:
    def shown(at: datetime) -> str:
        return data_health.when(at, health)

    return shown
