"""One risk's story as the store tells it."""

from datetime import datetime
from functools import lru_cache

from app.metrics.risk_records import RiskKey
from app.store import register_reads
from app.store.engine import reading
from app.store.register_reads import Story
from app.ui import forms_row, read
from app.ui import risk_story_parts as parts
from app.ui.board import Act, board
from app.ui.choices import Asked
from app.ui.markup import el, join
from app.ui.read import State
from app.ui.risk import Shown


def told(page: Shown, asked: Asked) -> Story | None:
    """The story of the risk of a page; None where it went meanwhile."""
    one = page.standing.risk
    return _told(read.state(), RiskKey(one.source, one.risk), asked.as_of)


@lru_cache(maxsize=32)
def _told(of: State, key: RiskKey, as_of: datetime) -> Story | None:
    with reading(read.opened(of.url)) as conn:
        return register_reads.story(conn, key, as_of)


def shown(story: Story, page: Shown, asked: Asked) -> Act | None:
    """Everything that was said, asked, signed and done; a click opens a form or a place."""
    policy, may, key = page.policy, not forms_row.refused(story), story.held.key
    two = el("div", parts.acceptances(story, policy), parts.ratings(story, policy), cls="grid two apart")
    linked = parts.links(story, policy, may)
    more = el("div", parts.looks(story, policy), linked, cls="grid two apart") if linked else parts.looks(story, policy)
    trail = parts.trail(story, policy)
    plan = parts.plan(story, policy, asked.as_of, may)
    return board(join(plan, two, more, trail), key="risk_story", on_act=lambda act: forms_row.answer(key, act))


def mending(story: Story) -> Act | None:
    """What is odd or waits about it, with what mends it."""
    found = parts.findings(story, not forms_row.refused(story))
    if found is None:
        return None
    return board(found, key="risk_mend", on_act=lambda act: forms_row.answer(story.held.key, act))
