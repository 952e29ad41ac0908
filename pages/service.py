"""Tell me about one service: what it promised, what hurts it, what is being done. `?service=` names it."""

from app.ui import filters
from app.ui.board import board
from app.ui.lead import lead

asked = filters.asked()
board(lead(asked.scoped, asked), key="service_first")
