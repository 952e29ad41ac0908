"""The preparation of a review: what is asked of whom, who comes, what is to be discussed, and the freeze."""

import streamlit as st

from app.charts import wording
from app.metrics.review_records import AGENDA, Step
from app.review.snapshot import Exceptional, Snapshot
from app.ui import review_acts, review_parts, review_read, who
from app.ui.board import board
from app.ui.markup import Markup, el, join, plain
from app.ui.review_read import Told

Asked = tuple[Step, Exceptional]
_FROZEN = (
    "Freezing keeps every number of the period, what stands behind each, the charts and texts as they are now. Facts "
    "that come later change the live pages, never what was frozen: the next review names what moved."
)
_MINE, _ALL = "Mine", "Everybody's"


def shown(one: Told, may: bool) -> None:
    """The preparation of a review that is planned or in preparation."""
    act = review_acts.answer(one.key)
    frozen = review_read.frozen(one.key) if one.review.frozen is not None else None
    seen: Snapshot | str
    if frozen is not None:
        seen = frozen.snapshot
    else:
        with st.spinner("Looking for what is exceptional"):
            seen = review_read.prepared(one.key)
    if one.followed:
        title = "Last time: decisions and actions of earlier reviews"
        board(review_parts.card(title, review_parts.followed(one.followed, may)), key="review_followed", on_act=act)
    if isinstance(seen, str):
        st.info(plain(seen), icon=":material/hourglass_empty:")
    else:
        _exceptions(one, seen, may)
        _restated(seen)
    board(people(one, may), key="review_people", on_act=act)


def _restated(seen: Snapshot) -> None:
    """What moved of earlier frozen reviews."""
    for table in (t for section in seen.sections for t in section.tables if t.title.startswith("Restated")):
        board(review_parts.table(table, seen.currency), key="review_restated")


def step_on(one: Told, may: bool) -> None:
    """The one act that is next, with what it means."""
    review = one.review
    with st.container(border=True, key="review_next"):
        if review.state == "planned":
            st.markdown("**Planned.** Owners are asked nothing yet.")
            if may:
                st.button(
                    "Begin the preparation", type="primary", key="review_prepare", on_click=review_acts.prepare,
                    args=(review,),
                )  # fmt: skip
        elif review.frozen is None:
            st.markdown(f"**The numbers are live.** {_FROZEN}")
            if may and st.button("Freeze the numbers", type="primary", key="review_freeze", icon=":material/ac_unit:"):
                review_acts.freeze_now(review)
        else:
            st.markdown("**The numbers are frozen.** The meeting looks at them as they were kept.")
            if may:
                st.button(
                    "Start the meeting", type="primary", key="review_hold", icon=":material/slideshow:",
                    on_click=review_acts.hold, args=(review,),
                )  # fmt: skip


def people(one: Told, may: bool) -> Markup:
    """Who comes, and the agenda."""
    words = {True: "present", False: "absent", None: "invited"}
    rows = [
        el(
            "li",
            el("b", each.name),
            el("span", f" {'owner, ' if each.owner else ''}{words[each.present]}", cls="muted"),
        )
        for each in one.people
    ]
    who_comes = el("ul", *rows, cls="plain") if rows else el("p", "Nobody is invited yet.", cls="muted")
    links = [review_parts.form("review_invite", None, "Who is invited")] if may else []
    if may and one.people:
        links.append(review_parts.form("review_attend", None, "Who is here"))
    agenda = el("ol", *(el("li", AGENDA[step]) for step in one.review.agenda), cls="agenda")
    change = el("p", review_parts.form("review_change", None, "Chair, day and agenda"), cls="deeds") if may else None
    left = review_parts.card("Who comes", who_comes, el("p", *links, cls="deeds") if links else None)
    return el("div", left, review_parts.card("Agenda", agenda, change), cls="grid two")


def _exceptions(one: Told, seen: Snapshot, may: bool) -> None:
    """What somebody is asked about, theirs first, by owner."""
    found: list[Asked] = [(section.step, each) for section in seen.sections for each in section.exceptions]
    mine = [each for each in found if is_mine(each[1].owner, one.review.chair)]
    with st.container(horizontal=True, vertical_alignment="center", key="review_whose"):
        st.markdown(f"#### Exceptions: {len(found)}")
        whose = st.segmented_control(
            "Whose", [_MINE, _ALL], default=_MINE if mine else _ALL, key=f"review_whose_{one.key}", required=True,
            label_visibility="collapsed",
        )  # fmt: skip
    some = mine if whose == _MINE else found
    said = one.comments
    if not some:
        words = "Nothing is asked of you." if found else "No target is missed, no signal is up, nothing is overdue."
        board(el("p", words, cls="muted"), key="review_none")
        return
    owners: dict[str, list[Asked]] = {}
    chair = f"The chair, {one.review.chair}" if one.review.chair else "The chair"
    for each in sorted(some, key=lambda each: (not is_mine(each[1].owner, one.review.chair), each[1].owner or "")):
        owners.setdefault(each[1].owner or chair, []).append(each)
    cards = [
        review_parts.card(f"{owner}: {len(each)}", review_parts.exceptions(each, said, may))
        for owner, each in owners.items()
    ]
    board(join(*cards), key="review_exceptions", on_act=review_acts.answer(one.key))


def is_mine(owner: str | None, chair: str | None) -> bool:
    """Whether whoever looks is asked: by name, by team, or as the chair for what nobody owns."""
    me = who.person()
    asked = (owner or chair or "").strip().casefold()
    return bool(asked) and asked in {me.name.strip().casefold(), *(team.casefold() for team in me.member_of)}


def when(one: Told) -> str:
    """When it is, and who chairs it."""
    parts = [review_parts.state(one.review)]
    if one.review.on is not None:
        parts.append(f"{'held' if one.review.held_at else 'to be held'} on {wording.day(one.review.on)}")
    parts.append(f"chaired by {one.review.chair}" if one.review.chair else "no chair yet")
    return ", ".join(parts)
