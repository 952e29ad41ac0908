"""How people who answer calls are shown: to admins and their own teams by name, to editors by initials, to everybody
else as their team. The one place where such a name becomes text that is shown or exported; who owns, accepts or
attests something is named, since they answer for it.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from functools import lru_cache

from app.people import initials
from app.store import responders
from app.store.engine import reading
from app.ui import read, who
from app.ui.read import State

SOMEBODY = "somebody on call"
PRIVATE = frozenset({"responder", "commander"})
"""Columns of facts that name them."""


def called(name: str, team: str | None = None) -> str:
    """A responder as the reader may see them; `team`: the one that they answered for, where it is known."""
    known = _known(read.state())
    teams = (team,) if team else known.get(name, ())
    match who.person().names(teams):
        case "name":
            return name
        case "initials":
            return _initials(read.state()).get(name, initials(name))
    return " and ".join(_team_names(teams)) or SOMEBODY


def apart(name: str, team: str) -> str | None:
    """The same where it tells one person of a team from the others; None where only the team may be told."""
    return called(name, team) if who.person().names((team,)) != "team" else None


def told() -> str:
    """How people are told apart for the reader, as the end of a sentence."""
    return {"name": "", "initials": ", by initials", "team": ", without names"}[who.person().names(())]


def veiled(text: str | None, row: Mapping[str, str | None]) -> str | None:
    """A text about a row of a file, with the responders that the row names as the reader may see them."""
    for column in PRIVATE:
        name = (row.get(column) or "").strip()
        if text and name:
            text = text.replace(name, called(name, row.get("team")))
    return text


def unnamed(text: str) -> str:
    """A text of somebody else's, with every responder in it as the reader may see them."""
    names = _names(read.state())
    return names.sub(lambda found: called(found[0]), text) if names else text


@lru_cache(maxsize=8)
def _names(of: State) -> re.Pattern[str] | None:
    known = sorted(_known(of), key=len, reverse=True)
    return re.compile(rf"(?<!\w)({'|'.join(map(re.escape, known))})(?!\w)") if known else None


def _team_names(teams: Collection[str]) -> list[str]:
    names = dict(read.directory().teams)
    return [names.get(team, team) for team in teams]


@lru_cache(maxsize=8)
def _known(of: State) -> Mapping[str, tuple[str, ...]]:
    with reading(read.opened(of.url)) as conn:
        return responders.responders(conn)


@lru_cache(maxsize=8)
def _initials(of: State) -> Mapping[str, str]:
    """Everybody's initials: those who share some are numbered, in the order in which they were first seen."""
    seen: Counter[str] = Counter()
    found: dict[str, str] = {}
    for name in _known(of):
        short = initials(name)
        seen[short] += 1
        found[name] = short if seen[short] == 1 else f"{short} {seen[short]}"
    return found
