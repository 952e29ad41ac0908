"""The one bar of filters: period, compared with, scope. Its whole state is in the address, the same on every page.

It reads as a phrase ("October 2026, compared with September 2026 · Tier 0"); a click on it opens the choices: six open
select boxes would cost the browser as much as all the rest of the Overview. The entry script draws it (`bar()`), so
that it outlives a change of page; a page asks `filters.asked()` for what was chosen. `narrow(...)` chooses for the
reader: call it in a callback, or before the bar is drawn. Junk in an address falls back to everything, with a note.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import streamlit as st

from app.metrics.numbers import Scope
from app.metrics.periods import Period, local_day
from app.people import limited_to
from app.ui import choices, read
from app.ui.choices import ALL, Asked
from app.ui.markup import plain
from app.ui.read import State

_ASKED = "nines_asked"
_NEXT = "nines_narrow_next"
_LIMITED = (
    "Every number, table and export counts what you may see, and nothing else. An admin can change it in Settings."
)
_LABELS = {
    "period": "Period",
    "against": "Compared with",
    "tier": "Tier",
    "product": "Product",
    "team": "Team",
    "service": "Service",
}


def bar() -> Asked:
    """Draws the bar and keeps what it says for `asked`."""
    narrow(**st.session_state.pop(_NEXT, {}))
    offered, meanings, keys = _offered()
    notes = _from_address({name: (offered[name], keys.get(name, {})) for name in _LABELS})
    shown = [name for name in _LABELS if len(offered[name]) > 1]
    for name in shown:
        _restore(name, offered[name])
    with st.popover(plain(_phrase(shown, offered, meanings)), key="filters", icon=":material/tune:"):
        chosen = {name: _choice(name, list(offered[name])) for name in shown}
    label = {name: chosen.get(name) or next(iter(offered[name])) for name in _LABELS}
    period: Period = meanings[label["period"]]
    found = {name: offered[name][label[name]] for name in ALL}
    tier = found["tier"]
    asked = Asked(
        period=period,
        against=choices.compared_with(period, label["against"]),
        scope=Scope(int(tier) if tier else None, found["product"], found["team"], found["service"]),
        as_of=read.moment(),
        zone=read.directory().policy.timezone,
        scope_words=tuple(label[name] for name in ALL if found[name] is not None),
    )
    st.session_state[_ASKED] = asked
    st.session_state["nines_notes"] = notes
    return asked


def asked() -> Asked:
    """What the bar says in this run."""
    said: Asked = st.session_state[_ASKED]
    return said


def limits() -> None:
    """Says what the reader is limited to, if to anything."""
    within = read.state().within
    if within is not None:
        st.caption(f":material/filter_alt: {plain(f'Limited to: {limited_to(within)}')}", help=_LIMITED)


def notes() -> None:
    """Says what the reader is limited to, and what of the address could not be followed."""
    limits()
    for note in st.session_state.get("nines_notes", ()):
        st.caption(f":material/info: {plain(note)}")


def narrow(**to: str | None) -> None:
    """Chooses a period (its key), tier, product, team or service (its id) for the reader; None: all of them.
    What is not offered is passed over."""
    offered, _, keys = _offered()
    for name, key in to.items():
        if name not in _LABELS:
            continue
        label = (
            next(iter(offered[name])) if key is None else choices.label_of(str(key), offered[name], keys.get(name, {}))
        )
        if label is not None:
            st.session_state[name] = label


def narrow_next(**to: str | None) -> None:
    """Chooses as `narrow` does, when the bar is drawn next: for a click that is answered after it."""
    st.session_state[_NEXT] = to


def _choice(name: str, labels: list[str]) -> str | None:
    return st.selectbox(_LABELS[name], labels, key=name, bind="query-params", width=300)


def _restore(name: str, labels: Mapping[str, object]) -> None:
    """Writes a choice into the address again where a change of page has lost it: the frontend keeps those alone that it
    shows, and the choices are shut away."""
    kept = st.session_state.get(name)
    if kept in labels and kept != next(iter(labels)) and st.query_params.get(name) != kept:
        st.session_state[name] = kept


def _phrase(shown: list[str], offered: Mapping[str, Mapping[str, object]], meanings: Mapping[str, Period]) -> str:
    """What is chosen, in words."""
    label = {name: _label(name, name in shown, offered[name]) for name in _LABELS}
    period = meanings[label["period"]]
    against = choices.compared_with(period, label["against"])
    scope = [label[name] for name in ALL if label[name] != ALL[name]]
    compared = f"{choices.period_words(period)}, compared with {choices.period_words(against)}"
    return f"{compared}  ·  {', '.join(scope) or 'everything'}"


def _label(name: str, shown: bool, offered: Mapping[str, object]) -> str:
    """The label that the choice of this name is about to have."""
    said = st.session_state.get(name) or (st.query_params.get(name) if shown else None)
    return said if isinstance(said, str) and said in offered else next(iter(offered))


def _offered() -> tuple[dict[str, dict[str, str | None]], Mapping[str, Period], dict[str, dict[str, str]]]:
    """Per filter: label → id (None: everything); label → period; and per filter key → label."""
    directory = read.directory()
    return _offers(read.state(), directory.last, local_day(read.moment(), directory.policy.timezone))


@lru_cache(maxsize=8)
def _offers(
    of: State, last: date | None, today: date
) -> tuple[dict[str, dict[str, str | None]], Mapping[str, Period], dict[str, dict[str, str]]]:
    directory = read.directory()
    zone = directory.policy.timezone
    latest = choices.latest_month(today, last, zone)
    meanings = choices.period_choices(latest, directory.first, today)
    named = {
        "tier": {f"Tier {tier}": str(tier) for tier in directory.tiers},
        "product": {product: product for product in directory.products},
        "team": choices.named(directory.teams),
        "service": choices.named(directory.services),
    }
    offered: dict[str, dict[str, str | None]] = {
        "period": {label: period.key for label, period in meanings.items()},
        "against": dict.fromkeys(choices.AGAINST),
        **{name: {ALL[name]: None, **found} for name, found in named.items()},
    }
    keys = {name: {key: label for label, key in found.items()} for name, found in named.items()}
    keys["period"] = {period.key: label for label, period in meanings.items()}
    keys["against"] = {"before": choices.BEFORE, "year": choices.YEAR}
    return offered, meanings, keys


def _from_address(known: Mapping[str, tuple[Mapping[str, object], Mapping[str, str]]]) -> list[str]:
    """Turns keys in the address into labels (and starts again with them); notes what means nothing."""
    notes = []
    rewritten = {}
    for name, (labels, keys) in known.items():
        said = st.query_params.get(name)
        if said is None or name in st.session_state:
            continue
        meant = choices.label_of(said, labels, keys)
        if meant is None:
            notes.append(f"The address asked for {_LABELS[name].lower()} “{said[:60]}”, which is not here.")
        elif meant != said:
            rewritten[name] = meant
    if rewritten:
        for name, label in rewritten.items():
            st.query_params[name] = label
        st.rerun()
    return notes
