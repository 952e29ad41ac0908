"""Are we reliable, better or worse, and what needs a decision?"""

from app.ui import act, filters, overview, overview_parts
from app.ui.board import board

asked = filters.asked()
shown = overview_parts.screen(overview.first(asked), overview.second(asked), asked)
act.after(board(shown, key="overview", on_act=act.before), asked)
