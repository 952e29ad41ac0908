"""Are we reliable, better or worse, and what needs a decision?"""

from app.ui import act, filters, overview, overview_parts
from app.ui.board import board

asked = filters.asked()
clicked = board(overview_parts.first_screen(overview.first(asked), asked), key="overview_first", on_act=act.before)
clicked = (
    board(overview_parts.second_screen(overview.second(asked), asked), key="overview_second", on_act=act.before)
    or clicked
)
act.after(clicked, asked)
