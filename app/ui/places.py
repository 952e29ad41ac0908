"""Which pages exist, in which group, what feeds them, and how to go there. A new page is one line in `PLACES`."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, NoReturn

import streamlit as st

from app.people import Act, Person

_PAGES = Path(__file__).resolve().parents[2] / "pages"


class Place(NamedTuple):
    """One page: its script's name is its address too."""

    name: str
    title: str
    group: str
    icon: str
    feeds: frozenset[str] = frozenset()
    """Entities whose being late makes this page late."""
    hidden: bool = False
    """Reached by a link alone: not in the navigation."""
    alone: bool = False
    """Stands on a store without facts too, and asks nothing of the filters."""
    needs: Act = "read"
    """What somebody must be trusted with to open it."""

    @property
    def script(self) -> Path:
        return _PAGES / f"{self.name}.py"


OVERVIEW = Place(
    "overview",
    "Overview",
    "Reliability",
    ":material/space_dashboard:",
    frozenset({"sli", "incidents", "impacts", "pages", "shifts", "dr_tests", "risks", "actions"}),
)
SLOS = Place(
    "slos",
    "SLOs",
    "Reliability",
    ":material/verified:",
    frozenset({"sli", "slos", "exclusions"}),
)
INCIDENTS = Place(
    "incidents",
    "Incidents",
    "Reliability",
    ":material/crisis_alert:",
    frozenset({"incidents", "impacts", "postmortems", "actions", "pages"}),
)
INCIDENT = Place(
    "incident",
    "Incident",
    "Reliability",
    ":material/crisis_alert:",
    INCIDENTS.feeds,
    hidden=True,
)
ON_CALL = Place(
    "on_call",
    "On-call",
    "Reliability",
    ":material/notifications_active:",
    frozenset({"pages", "shifts"}),
)
CHANGE = Place(
    "change",
    "Change",
    "Reliability",
    ":material/rocket_launch:",
    frozenset({"deployments", "incidents"}),
)
SERVICE = Place(
    "service",
    "Services",
    "Reliability",
    ":material/dns:",
    frozenset({"sli", "slos", "incidents", "impacts", "pages", "deployments", "dr_tests", "risks", "actions"}),
)
DR_TESTS = Place(
    "dr_tests",
    "DR tests",
    "Resilience",
    ":material/restart_alt:",
    frozenset({"dr_tests", "actions"}),
)
RISKS = Place(
    "risks",
    "Risk register",
    "Resilience",
    ":material/shield:",
    frozenset({"risks", "actions", "dr_tests"}),
)
RISK = Place(
    "risk",
    "Risk",
    "Resilience",
    ":material/shield:",
    RISKS.feeds,
    hidden=True,
)
REVIEW = Place(
    "review",
    "Monthly review",
    "Govern",
    ":material/slideshow:",
    alone=True,
)
DATA_HEALTH = Place(
    "data_health",
    "Data health",
    "Govern",
    ":material/database:",
)
SETTINGS = Place(
    "settings",
    "Settings",
    "Govern",
    ":material/settings:",
    alone=True,
)
AUDIT = Place(
    "audit",
    "Audit log",
    "Govern",
    ":material/history:",
    alone=True,
)
PLACES = (
    OVERVIEW, SLOS, INCIDENTS, INCIDENT, ON_CALL, CHANGE, SERVICE, DR_TESTS, RISKS, RISK, REVIEW, DATA_HEALTH,
    SETTINGS, AUDIT,
)  # fmt: skip
_BY_NAME = {place.name: place for place in PLACES}


def navigation(person: Person) -> tuple[Mapping[str, list[st.Page]], Mapping[str, Place]]:
    """The pages that somebody may open by group, for `st.navigation`, and the place of each page by its title."""
    groups: dict[str, list[st.Page]] = {}
    for place in PLACES:
        if not person.may(place.needs):
            continue
        groups.setdefault(place.group, []).append(_page(place))
    return groups, {place.title: place for place in PLACES}


def _page(place: Place) -> st.Page:
    return st.Page(
        place.script,
        title=place.title,
        icon=place.icon,
        url_path=place.name,
        default=place is OVERVIEW,
        visibility="hidden" if place.hidden else "visible",
    )


def go(place: Place, **address: str) -> NoReturn:
    """Opens a page, with what its address shall name (`incident="INC-1"`). The filters stay as they are."""
    st.switch_page(place.script, query_params={name: value for name, value in address.items() if value})


def found(name: object) -> Place | None:
    """The page of this name, if there is one: what a click brings is not to be trusted."""
    return _BY_NAME.get(name) if isinstance(name, str) else None
