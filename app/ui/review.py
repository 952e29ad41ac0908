"""The pages of reviews: the list with its trends, and one review in whichever state it is."""

from collections.abc import Callable, Sequence
from datetime import date

import streamlit as st

from app.charts import wording
from app.charts.description import Chart, Series
from app.metrics import periods
from app.metrics.review_records import Review
from app.review.snapshot import Frozen
from app.ui import plots, read, review_acts, review_meeting, review_parts, review_prepare, review_read, tables
from app.ui.board import board
from app.ui.lead import heading
from app.ui.markup import Markup, button, el, join, plain
from app.ui.review_read import Told, Trend
from app.ui.tables import ACT, Column

_WHOLE = (
    "A review is of the whole organisation, and you see a part of it. Ask somebody who sees all of it for the review's "
    "pack."
)
_PACKS = (
    ("pptx", "Slides", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("pdf", "PDF", "application/pdf"),
    ("xlsx", "Workbook", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("html", "One HTML file", "text/html"),
)


def limited() -> bool:
    """Whether whoever looks sees a part of the organisation alone, which is then said."""
    if read.state().within is None:
        return False
    board(
        el("section", el("h2", "For the whole organisation"), el("p", _WHOLE), cls="card section"), key="review_whole"
    )
    return True


def chosen() -> Told | None:
    """The review that the address names."""
    named = st.query_params.get("review")
    found = review_read.told(named) if named else None
    if named and found is None:
        board(
            el(
                "p",
                f"There is no review of {named}. ",
                button("All reviews", act={"do": "review", "review": ""}, cls="link"),
                cls="muted",
            ),
            key="review_unknown",
            on_act=review_acts.answer(""),
        )
    return found


def listed() -> None:
    """Every review, how they came out, and the way to a new one."""
    found, why = review_read.listing(), review_read.refused()
    offered = review_read.planned()
    if not found:
        board(_empty(), key="reviews_none")
    else:
        board(el("p", _lead(found), cls="lead-line"), key="reviews_lead")
    if why:
        st.caption(f":material/lock: {plain(why)}")
    elif offered:
        form = {"do": "form", "form": "review_plan", "item": None}
        following = [key for key in offered if not found or _later(key, found[0].period)][:1]
        named = [
            button(f"Plan the review of {wording.period(key)}", act=form | {"period": key}, cls="turn")
            for key in following
        ]
        another = button("Plan another" if named else "Plan a review", act=form, cls="turn quiet" if named else "turn")
        board(el("p", *named, another, cls="turns"), key="reviews_plan", on_act=review_acts.plan)
    if not found:
        return
    trends = review_read.trends()
    _table(found, trends)
    if len(trends) < 2:
        st.caption("Trends of targets met and of what was carried out on time begin with the second frozen review.")
        return
    plots.style()
    for column, chart, key in zip(st.columns(2), _charts(trends), ("met", "carried"), strict=True):
        with column:
            plots.plot(chart, key=f"reviews_{key}", of=[])


def _later(key: str, than: str) -> bool:
    """Whether a period ends after another."""
    return periods.parse(key).after > periods.parse(than).after


def _lead(found: Sequence[Review]) -> str:
    latest = found[0]
    return f"The review of {wording.period(latest.period)}: {review_parts.state(latest).lower()}."


_WAY = (
    ("Plan", "Choose the month or quarter, who chairs it and who comes."),
    ("Prepare", "Owners are asked about what is exceptional alone; what they say stays with the number and its month."),
    ("Freeze", "The month's numbers are kept as they are. What moves later is named in the next review."),
    ("Meet", "One step a screen, by arrow keys or a clicker; notes, decisions and actions are typed where they arise."),
    ("Close", "Every action has an owner and a day. The next review opens with what became of each."),
)


def _empty() -> Markup:
    return el(
        "section",
        el("h2", "No review yet"),
        el("p", "Once a month, the same people look at the same numbers, and remember what they decided.", cls="muted"),
        el("ol", *(el("li", el("b", f"{name}. "), said) for name, said in _WAY), cls="agenda"),
        cls="card section",
    )


def _table(found: Sequence[Review], trends: Sequence[Trend]) -> None:
    by = {one.period: one for one in trends}
    rows = [
        {
            "period": wording.period(one.period),
            "state": review_parts.state(one),
            "on": one.on,
            "chair": one.chair,
            "met": by[one.period].met.share if one.period in by else None,
            "carried": by[one.period].carried.share if one.period in by else None,
            ACT: {"do": "review", "review": one.period},
        }
        for one in found
    ]
    columns = [
        Column("period", "Review", wide=True),
        Column("state", "State"),
        Column("on", "Held on", lambda on: wording.day(on) if isinstance(on, date) else "–"),
        Column("chair", "Chair", lambda name: name or "–"),
        Column("met", "Targets met", _share, number=True),
        Column("carried", "Carried out on time", _share, number=True),
    ]
    tables.table("reviews", columns, rows, search=False, on_act=review_acts.answer(""))


def _share(value: object) -> str:
    return wording.value(value, "share") if isinstance(value, float) else "–"


def _charts(trends: Sequence[Trend]) -> tuple[Chart, Chart]:
    """How often targets were met, and what was carried out on time."""
    x = tuple(one.period for one in trends)
    said = (
        ("Targets met", "Share of the organisation's numbers that met their target", [one.met for one in trends]),
        (
            "Carried out on time",
            "Share of decisions and actions done by their day",
            [one.carried for one in trends],
        ),
    )
    made = []
    for name, subtitle, counted in said:
        known = [one for one in counted if one.whole]
        title = f"{name}: {known[-1].part} of {known[-1].whole} at the last review" if known else name
        labels = tuple(f"{one.part} of {one.whole}" if one.whole else wording.NO_DATA for one in counted)
        line = Series(name, tuple(one.share for one in counted), labels=labels)
        empty = "The first decision or action whose day has come brings the first point."
        made.append(Chart("bar", title, subtitle, "share", x, (line,), empty=empty))
    return made[0], made[1]


def one(told: Told) -> None:
    """One review, as its state asks for it."""
    why = review_read.refused()
    may = not why
    frozen = review_read.frozen(told.key) if told.review.frozen is not None else None
    step = review_meeting.step_of(told)
    if frozen is not None and step is not None:
        review_meeting.shown(told, frozen, step, may)
        return
    board(_head(told), key="review_head", on_act=review_acts.answer(told.key))
    review_acts.wrong()
    if why:
        st.caption(f":material/lock: {plain(why)}")
    if told.review.state in ("planned", "preparation"):
        review_prepare.step_on(told, may)
    elif frozen is not None:
        _resume(told, may)
    if frozen is not None:
        _exports(frozen)
    if told.review.state in ("planned", "preparation"):
        review_prepare.shown(told, may)
    else:
        _minutes(told, frozen, may)
    if may and (told.review.frozen is not None or told.review.state == "closed"):
        act = {"do": "form", "form": "review_reopen", "item": None}
        board(
            el("p", button("Re-open the review", act=act, cls="link"), cls="deeds"), key="review_reopen",
            on_act=review_acts.answer(told.key),
        )  # fmt: skip


def _head(told: Told) -> Markup:
    back = button("All reviews", act={"do": "review", "review": ""}, cls="link")
    return el(
        "header",
        el("div", el("h2", f"Review of {wording.period(told.key)}"), back, cls="titled"),
        el("p", f"{review_prepare.when(told)}.", cls="muted"),
        cls="lead",
    )


def _resume(told: Told, may: bool) -> None:
    """The way into the meeting; of a closed review, to look at it again."""
    held = told.review.state == "held"
    with st.container(border=True, key="review_next"):
        st.markdown("**The meeting is on.**" if held else "**Closed.** The minutes are kept as they are.")
        st.button(
            "Go on with the meeting" if held else "Show it step by step", type="primary" if held else "secondary",
            key="review_resume", icon=":material/slideshow:", on_click=review_acts.go,
            args=(told.key, told.review.agenda[0] if told.review.agenda else None),
        )  # fmt: skip
    if held:
        review_meeting.ending(told, may)


def _exports(frozen: Frozen) -> None:
    """The pack, made on the click from what was frozen."""
    with st.container(horizontal=True, vertical_alignment="center", key="review_packs"):
        st.markdown("The pack:")
        for form, words, mime in _PACKS:
            st.download_button(
                words, data=_maker(frozen, form), file_name=f"review-{frozen.snapshot.period}.{form}",
                mime=mime, key=f"review_pack_{form}", on_click="ignore", icon=":material/download:",
            )  # fmt: skip


def _maker(frozen: Frozen, form: str) -> Callable[[], bytes]:
    return lambda: _made(frozen, form)


def _made(frozen: Frozen, form: str) -> bytes:
    from app.review import pack

    made: bytes = pack.make(frozen, form)
    return made


def _minutes(told: Told, frozen: Frozen | None, may: bool) -> None:
    """What was said and decided; of a closed review as it was kept, with how it stands today."""
    kept = frozen.minutes if frozen is not None else None
    act = review_acts.answer(told.key)
    board(heading("Minutes", "Kept for ever" if kept else "So far"), key="review_minutes_head")
    noted = review_parts.notes(kept.notes if kept else told.notes)
    people = review_prepare.people(told, may and kept is None)
    parts = join(
        people,
        review_parts.card("Notes", noted or el("p", "Nothing was noted.", cls="muted")),
        review_meeting.everything(told, may),
    )
    board(parts, key="review_minutes", on_act=act)
