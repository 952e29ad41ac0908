"""The meeting, for the projector: one step of the agenda at a time, on the frozen numbers.

Left and right, PageUp and PageDown (which a clicker sends) go from step to step; the step is in the address, so a
reload keeps it. The timers run in the browser: no second draws the page anew.
"""

import streamlit as st

from app.charts import wording
from app.metrics.review_records import AGENDA, Step
from app.review.snapshot import Frozen, Section
from app.ui import plots, review_acts, review_parts, review_read, tiles, who
from app.ui.board import board
from app.ui.markup import Markup, button, el, join
from app.ui.review_read import Told

_LOOK = """<style>
[data-testid="stSidebar"], [data-testid="stSidebarCollapsedControl"], [data-testid="stExpandSidebarButton"],
[data-testid="stHeader"], .st-key-frame_head { display: none !important; }
[data-testid="stMainBlockContainer"] { padding-top: 1rem; }
@media (min-width: 1700px) {
  [data-testid="stMainBlockContainer"] { zoom: 1.4; padding-left: 1rem; padding-right: 1rem; }
}
</style>"""


def step_of(one: Told) -> Step | None:
    """The step that the address names, where the meeting is being held."""
    named = st.query_params.get("step")
    if one.review.frozen is None or one.review.state == "preparation":
        return None
    return next((step for step in one.review.agenda if step == named), None)


def shown(one: Told, frozen: Frozen, step: Step, may: bool) -> None:
    """One step, whole."""
    st.html(_LOOK)
    act = review_acts.answer(one.key)
    board(_bar(one, step, may), key="meeting_bar", on_act=act)
    review_acts.wrong()
    section = next((each for each in frozen.snapshot.sections if each.step == step), None)
    board(body(one, frozen, section, step, may), key="meeting_step", on_act=act)
    if step == one.review.agenda[-1] and one.review.state == "held":
        ending(one, may)


def _bar(one: Told, step: Step, may: bool) -> Markup:
    """Where in the meeting this is, the timers, and the way on."""
    agenda = one.review.agenda
    at = agenda.index(step)
    here = f"review:{one.key}:{one.review.held_at}"
    before = agenda[at - 1] if at else None
    after = agenda[at + 1] if at + 1 < len(agenda) else None
    steps = (
        el(
            "li",
            button(AGENDA[each], act={"do": "step", "step": each}, aria_current="step" if each == step else None),
            cls="here" if each == step else None,
        )
        for each in agenda
    )
    clock = join(
        el("span", "This step ", el("time", "0:00", data_timer=f"{here}:{step}", role="timer")),
        el("span", "Meeting ", el("time", "0:00", data_timer=here, role="timer")),
    )
    return el(
        "header",
        el(
            "div",
            el("p", f"{wording.period(one.key)} · {at + 1} of {len(agenda)}", cls="muted"),
            el("p", clock if one.review.state == "held" else None, cls="clock"),
            el(
                "p",
                _turn("Back", before, "ArrowLeft PageUp"),
                _turn("Next", after, "ArrowRight PageDown"),
                button("Leave", act={"do": "leave"}, cls="turn quiet"),
                cls="turns",
            ),
            cls="row",
        ),
        el("nav", el("ol", *steps, cls="meeting-steps"), aria_label="Agenda"),
        _ways(one, step, may),
        cls="meeting-bar",
    )


def _turn(words: str, to: Step | None, keys: str) -> Markup:
    if to is None:
        return el("button", words, cls="turn", type="button", disabled=True)
    return button(words, act={"do": "step", "step": to}, cls="turn", data_keys=keys, title=f"{words}: {AGENDA[to]}")


def body(one: Told, frozen: Frozen, section: Section | None, step: Step, may: bool) -> Markup:
    """What a step shows: what is exceptional first, then the numbers as they were frozen."""
    heading, kept = el("h1", AGENDA[step]), _kept(one, step, may)
    if step == "decisions" or section is None:
        return el("div", heading, kept, everything(one, may) if step == "decisions" else None, cls="meeting")
    parts: list[Markup | None] = [heading, el("p", f"{section.finding}.", cls="finding")]
    if section.sentences:
        parts.append(el("ul", *(el("li", said) for said in section.sentences), cls="points"))
    if step == "last_time":
        title = "As it stands today"
        parts += [review_parts.card(title, review_parts.followed(one.followed, may)), kept]
        parts += [review_parts.table(table, frozen.snapshot.currency) for table in section.tables[1:]]
        return el("div", *parts, cls="meeting")
    if section.exceptions:
        asked = [(step, each) for each in section.exceptions]
        found = review_parts.exceptions(asked, one.comments, may and one.review.state == "held", steps=False)
        parts.append(review_parts.card("Exceptions", found))
    parts.append(kept)
    if section.faces:
        grid = {1: "grid two", 2: "grid two", 3: "grid three"}.get(len(section.faces), "grid")
        parts.append(el("div", *(_face(face) for face in section.faces), cls=f"{grid} frozen"))
    charts = [el("section", plots.drawn(chart), cls="card section") for chart in section.charts]
    if charts:
        parts.append(el("div", *charts, cls="grid two apart" if len(charts) > 1 else None))
    parts += [review_parts.table(table, frozen.snapshot.currency) for table in section.tables]
    return el("div", *parts, cls="meeting")


def _face(face: tiles.Face) -> Markup:
    """A tile of a frozen number: nothing on it leads to live ones."""
    return tiles.tile(face, counted=False)


def everything(one: Told, may: bool) -> Markup:
    """All that was decided and asked for."""
    today, me, sign = review_read.today(), who.person().name, review_read.refused("approve")
    open_ = one.review.state != "closed"
    decided = review_parts.decisions(one.decisions, today, may, sign, me, open_=open_)
    asked = review_parts.actions(one.actions, today, may)
    return join(
        review_parts.card("Decisions", decided or el("p", "Nothing was decided.", cls="muted")),
        review_parts.card("Actions", asked or el("p", "Nothing was asked for.", cls="muted")),
    )


def _ways(one: Told, step: Step, may: bool) -> Markup | None:
    """The ways to write something down at this step."""
    if not may or one.review.state != "held":
        return None
    special = {
        "slos": ("review_decide", [step, "budget_exception"], "Set an error budget aside"),
        "risks": ("review_decide", [step, "acceptance"], "Accept a risk"),
    }
    ways = [
        ("review_note", step, "Note"),
        ("review_decide", [step], "Decide"),
        ("review_ask", step, "Ask for an action"),
        *([special[step]] if step in special else []),
    ]
    acts = (button(words, act={"do": "form", "form": name, "item": item}, cls="turn") for name, item, words in ways)
    return el("p", *acts, cls="turns ways")


def _kept(one: Told, step: Step, may: bool) -> Markup | None:
    """What is written down at this step; None where nothing is."""
    today, me, sign = review_read.today(), who.person().name, review_read.refused("approve")
    noted = review_parts.notes([each for each in one.notes if each.step == step], steps=False)
    parts: list[Markup | None] = [noted]
    if step != "decisions":
        held = may and one.review.state == "held"
        own = [each for each in one.decisions if each.step == step]
        asked = [each for each in one.actions if each.step == step]
        parts.append(review_parts.decisions(own, today, may, sign, me, open_=held))
        parts.append(review_parts.actions(asked, today, may))
    there = [part for part in parts if part is not None]
    return review_parts.card("Written down here", *there) if there else None


def ending(one: Told, may: bool) -> None:
    """What is missing, and the close."""
    with st.container(border=True, key="review_end"):
        lacking = [*one.missing]
        unsaid = [each.name for each in one.people if each.owner and each.present is None]
        if lacking:
            st.markdown("**Before it closes:** every action needs an owner and a due date.")
            board(el("ul", *(el("li", said) for said in lacking), cls="points"), key="review_missing")
        if unsaid or not one.people:
            told = "Nobody said who was here" if one.people else "Nobody was invited"
            say = "review_attend" if one.people else "review_invite"
            board(
                el(
                    "p", f"{told}: this review brings no participation. ",
                    review_parts.form(say, None, "Say it now") if may else None,
                ),
                key="review_unsaid", on_act=review_acts.answer(one.key),
            )  # fmt: skip
        waiting = sum(each.needs_signing for each in one.decisions)
        if waiting:
            st.markdown(f"{waiting} decision{'s wait' if waiting != 1 else ' waits'} for an approver's signature.")
        if not lacking:
            st.markdown("**Closing keeps the minutes for ever**: notes, decisions, actions and who was here.")
        if may:
            st.button(
                "Close the review", type="primary", key="review_close", disabled=bool(lacking),
                icon=":material/check:", on_click=review_acts.close, args=(one.review,),
            )  # fmt: skip
