"""What a click on a service's page does before the filters are drawn: narrows it, or goes back to all services."""

from app.ui import act, filters
from app.ui.board import Act


def before(clicked: Act) -> None:
    """Answers a click that must happen before the filters are drawn; give it to `board` as `on_act`."""
    if clicked["do"] == "all_services":
        filters.narrow(tier=None, product=None, team=None, service=None)
    elif clicked["do"] == "one_service":
        filters.narrow(tier=None, product=None, team=None)
    act.before(clicked)
