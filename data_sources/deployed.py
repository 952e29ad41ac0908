"""What systems of deployments have in common: which deployment undid which, and how a strategy is called here.

A system that deploys seldom says that it rolled back; the order of what was deployed does:

    undone([Deployed("1", "a"), Deployed("2", "b"), Deployed("3", "a")])      # {"2": "3"}

A deployment undoes only what is among the `WINDOW` successful ones before it. So a slice of time that is read with
those before it gives its own deployments, and earlier ones that they undid: slice after slice, that is what reading
everything at once gives (`judged`).
"""

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from annotated_types import MinLen

from data_sources.brought import Part
from data_sources.http import Reason, SourceError
from data_sources.mapped import Values
from data_sources.options import Wired

APART: frozenset[Reason] = frozenset({"query", "permission", "version"})
"""What one repository may be refused for while the others go on."""
Strategy = Literal["canary", "blue_green", "feature_flag", "rolling", "all_at_once"]
WINDOW = 10
"""How many deployments before one may be gone back to, or reverted, by it."""
Answered = TypeVar("Answered")
Verdict = Literal["succeeded", "rolled_back"]
_GLOB = frozenset("*?[")
_STRATEGIES: Mapping[str, Strategy] = {
    "canary": "canary",
    "bluegreen": "blue_green",
    "featureflag": "feature_flag",
    "rolling": "rolling",
    "allatonce": "all_at_once",
    "recreate": "all_at_once",
}
_REVERTED = re.compile(r"\b[Tt]his reverts commit ([0-9a-f]{7,64})\b")
_REVERTED_REQUEST = re.compile(
    r"^Reverts \S*?#(\d+)|^Merge pull request #\d+ from \S+?/revert-(\d+)-|\bThis reverts merge request \S*?!(\d+)",
    re.M,
)
_REQUEST = re.compile(r"\A.*\(#(\d+)\)$|\AMerge pull request #(\d+) |^See merge request \S*?!(\d+)$", re.M)
_AGAIN = re.compile(r'Reapply |Revert "Revert ')
"""How a commit begins that brings back what was reverted: it undoes a mending, no deployment that failed."""


class Deploying(Wired):
    """Of a source that deploys what repositories hold to environments."""

    environments: Annotated[tuple[str, ...], MinLen(1)] = ("production",)
    """Whose deployments are read."""
    service: str | None = None
    """Where a deployment names its service, like `environment` or `payload.service`; its repository's name without."""
    strategy_place: str | None = None
    """Where it says how it is made, like `payload.strategy` or `task`."""
    strategy: Strategy | None = None
    """How the others are made."""
    unplanned: tuple[str, ...] = ()
    """Patterns of branches and labels of what nobody had planned, like `hotfix*`."""


class Deployed(NamedTuple):
    """One successful deployment."""

    id: str
    commit: str
    """What was deployed: the hash of a commit, or whatever is the same again when one goes back to it."""
    message: str = ""
    """Of that commit."""


def undone(succeeded: Sequence[Deployed]) -> dict[str, str]:
    """Deployment → the one that first undid it, of the successful ones of one service and place, as they ended.

    Going back to a commit that ran before undoes the deployment that ran until then. A commit that reverts another, or
    the request that brought it, undoes every deployment of that one.
    """
    found: dict[str, str] = {}
    for at, one in enumerate(succeeded):
        before = succeeded[max(at - WINDOW, 0) : at]
        if before and before[-1].commit != one.commit and any(each.commit == one.commit for each in before):
            found.setdefault(before[-1].id, one.id)
        commits, requests = _reverted(one.message)
        for each in before:
            if each.commit.startswith(commits) or requests & _numbers(_REQUEST, each.message):
                found.setdefault(each.id, one.id)
    return found


def judged(succeeded: Sequence[Deployed], new: Collection[str]) -> dict[str, Verdict]:
    """What became of the new ones among successful deployments, and of the earlier ones that a new one undid; what
    became of the others was known before."""
    by = undone(succeeded)
    return {
        one.id: "rolled_back" if one.id in by else "succeeded"
        for one in succeeded
        if one.id in new or by.get(one.id) in new
    }


def reverts(message: str) -> bool:
    """Whether a commit says that it reverts anything."""
    return any(_reverted(message))


def _reverted(message: str) -> tuple[tuple[str, ...], set[str]]:
    """The commits that a message says it reverts, by how their hashes begin, and the requests, by their numbers."""
    if _AGAIN.match(message):
        return (), set()
    return tuple(_REVERTED.findall(message)), _numbers(_REVERTED_REQUEST, message)


def _numbers(pattern: re.Pattern[str], message: str) -> set[str]:
    return {number for found in pattern.findall(message.replace("\r", "")) for number in found if number}


def strategy(said: Any) -> Strategy | None:
    """A strategy by the word that a system has for it, also amid others; None where it is none that Nines knows."""
    plain = re.sub(r"[^a-z]", "", str(said).casefold())
    return next((ours for word, ours in _STRATEGIES.items() if word in plain), None)


def of_each(
    names: Sequence[str], several: bool, ask: Callable[[str], Sequence[Answered]], unread: list[str]
) -> list[Answered]:
    """What was asked of each repository; where one of several is refused, that is told, and the others go on."""
    found: list[Answered] = []
    for name in names:
        try:
            found += ask(name)
        except SourceError as cause:
            if not several or cause.reason not in APART:
                raise
            unread.append(f"{name}: {cause}")
    return found


def is_pattern(entry: str) -> bool:
    """Whether an entry names repositories by a pattern."""
    return not _GLOB.isdisjoint(entry)


def described(
    said: Mapping[str, Any], options: Deploying, values: Values, repository: str, names: Iterable[str], notes: list[str]
) -> dict[str, Any]:
    """Service, strategy and whether it was unplanned: by what a deployment holds, its repository, and the names of its
    branches and labels."""
    word = held(said, options.strategy_place) if options.strategy_place else None
    how = strategy(word) if word else options.strategy
    if word and how is None:
        notes.append(f"{repository}: Nines knows no strategy called {str(word)[:60]!r}; it is left blank.")
    named = held(said, options.service) if options.service else None
    return {
        "service": values.service(str(named or repository.rsplit("/", 1)[-1]), repository),
        "strategy": how,
        "unplanned": matches(options.unplanned, names) if options.unplanned else None,
    }


def matches(patterns: Iterable[str], names: Iterable[str]) -> bool:
    """Whether one of the names fits one of the patterns, whatever the case."""
    plain = [name.casefold() for name in names]
    return any(fnmatchcase(name, pattern.casefold()) for pattern in patterns for name in plain)


def held(found: Any, place: str) -> Any:
    """What an answer holds at a dotted place; None where it holds nothing there."""
    for step in place.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def part_of(name: str, *asked: Any) -> Part:
    """A part of a source that is another one, read from the start, once something else is asked of it."""
    return Part(f"{name}#{hashlib.sha256(repr(asked).encode()).hexdigest()[:8]}", name)
