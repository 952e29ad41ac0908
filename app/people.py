"""Who somebody is and what they may do: roles, and limits to products and teams. Knows no store and no sign-in.

A write asks where it happens, not where a page is hidden: `by.must("write")` raises NotAllowed with a sentence to show.
What touches the whole organisation at once asks `by.must("write", everywhere=True)`.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, NamedTuple


class Role(StrEnum):
    """What somebody is trusted with. Every role may read; none contains another."""

    VIEWER = "viewer"
    EDITOR = "editor"
    APPROVER = "approver"
    ADMIN = "admin"


Kind = Literal["person", "group"]
Act = Literal["read", "write", "approve", "govern"]
ACTS: Mapping[Act, frozenset[Role]] = MappingProxyType(
    {
        "read": frozenset(Role),
        "write": frozenset({Role.EDITOR}),
        "approve": frozenset({Role.APPROVER}),
        "govern": frozenset({Role.ADMIN}),
    }
)
"""What may be done, and who may: write facts, risks and reviews; accept risk and sign exceptions; policy, people and
sources."""
_PARTS = re.compile(r"[\s._+\-]+")
_WORDS: Mapping[Act, str] = MappingProxyType(
    {
        "read": "see this",
        "write": "change facts, risks or reviews",
        "approve": "accept risk or sign exceptions",
        "govern": "change policy, people or sources",
    }
)


class NotAllowed(PermissionError):
    """Somebody may not do this; the message is one sentence that says who may."""


class Limit(NamedTuple):
    """A part of the organisation: services of one of these products and one of these teams; None: of any."""

    products: frozenset[str] | None = None
    teams: frozenset[str] | None = None

    @property
    def none(self) -> bool:
        """Whether it leaves nothing out."""
        return self.products is None and self.teams is None

    def holds(self, product: str | None, team: str | None) -> bool:
        """Whether a service of this product and team lies within it."""
        return (self.products is None or product in self.products) and (self.teams is None or team in self.teams)

    @property
    def words(self) -> str:
        """What it is limited to: "product shop, team payments"; empty where it leaves nothing out."""
        parts = (("product", self.products), ("team", self.teams))
        return ", ".join(_listed(noun, names) for noun, names in parts if names is not None)


class Reach(NamedTuple):
    """What one grant gives: roles within a limit."""

    roles: frozenset[Role]
    limit: Limit


@dataclass(frozen=True)
class Person:
    """Somebody at work in Nines. `name` is what the audit trail shows for ever: an e-mail address, or an account."""

    name: str
    roles: frozenset[Role]
    products: frozenset[str] | None = None
    """What reading and writing is limited to; None: every product."""
    teams: frozenset[str] | None = None
    """What reading and writing is limited to; None: every team."""
    member_of: frozenset[str] = frozenset()
    """Teams of their own: whose responders they see by name."""
    reaches: tuple[Reach, ...] = ()
    """Where several grants give different roles or limits, each of them; then these say what is limited."""

    def may(self, act: Act) -> bool:
        """Whether one of the roles is trusted with it, be it in a part of the organisation alone."""
        return bool(self.roles & ACTS[act])

    def must(self, act: Act, *, everywhere: bool = False) -> None:
        """Raises NotAllowed unless they may; `everywhere`: unless they may in the whole organisation."""
        who = " or ".join(sorted(ACTS[act]))
        if not self.may(act):
            raise NotAllowed(f"{self.name} may not {_WORDS[act]}: that takes the role {who}.")
        if everywhere and (limits := self.within(act)) is not None:
            raise NotAllowed(
                f"{self.name} may {_WORDS[act]} within limits alone ({limited_to(limits)}), and this concerns the "
                f"whole organisation: that takes the role {who} without limits."
            )

    def within(self, act: Act = "read") -> frozenset[Limit] | None:
        """The parts of the organisation in which they may do it, any of which suffices; None: all of it. Empty: in
        none."""
        reaches = self.reaches or (Reach(self.roles, Limit(self.products, self.teams)),)
        limits = frozenset(reach.limit for reach in reaches if reach.roles & ACTS[act])
        return None if any(limit.none for limit in limits) else limits

    @property
    def limited(self) -> bool:
        """Whether they see a part of the organisation alone."""
        return self.within() is not None

    def names(self, teams: Collection[str]) -> Literal["name", "initials", "team"]:
        """How somebody who answers calls for these teams is shown to them."""
        if self.may("govern") or self.member_of.intersection(teams):
            return "name"
        return "initials" if self.may("write") else "team"

    def sees(self, product: str | None, team: str | None, act: Act = "read") -> bool:
        """Whether they may read, or do something else, in a service of this product and team."""
        limits = self.within(act)
        return limits is None or any(limit.holds(product, team) for limit in limits)


@dataclass(frozen=True)
class Grant:
    """A role given to one person (by name, whatever the case) or to everybody in a group of the sign-in's directory."""

    subject: str
    kind: Kind
    role: Role
    products: frozenset[str] | None = None
    """What it is limited to; None: every product."""
    teams: frozenset[str] | None = None
    member_of: frozenset[str] = frozenset()
    """Teams that they are members of, whose responders they see by name."""

    @property
    def limit(self) -> Limit:
        return Limit(self.products, self.teams)

    def given(self, name: str, groups: Collection[str]) -> bool:
        """Whether it is given to somebody of this name, who is in these groups."""
        if self.kind == "group":
            return self.subject in groups
        return self.subject.strip().casefold() == name.strip().casefold()


def from_groups(name: str, groups: Collection[str], grants: Iterable[Grant]) -> Person:
    """Who somebody is by what was granted: all roles given to them, each within the limits of its grants. A grant
    without limits lifts those of the others for what its role may do, so for reading. None given: no role at all."""
    found = [grant for grant in grants if grant.given(name, groups)]
    roles = frozenset(grant.role for grant in found)
    member_of = frozenset[str]().union(*(grant.member_of for grant in found))
    limits = {grant.limit for grant in found}
    if len(limits) == 1:
        (limit,) = limits
        return Person(name, roles, limit.products, limit.teams, member_of)
    reaches = sorted(
        {Reach(frozenset({grant.role}), grant.limit) for grant in found},
        key=lambda reach: (sorted(reach.roles), reach.limit.words),
    )
    return Person(name, roles, member_of=member_of, reaches=tuple(reaches))


def limited_to(limits: Collection[Limit]) -> str:
    """Limits in words: "product shop; team payments". "nothing" where there is none."""
    return "; ".join(sorted(limit.words for limit in limits)) or "nothing"


def _listed(noun: str, names: Collection[str]) -> str:
    few = sorted(names)
    return f"{noun}{'s' if len(few) != 1 else ''} {' and '.join(few) or 'none'}"


def initials(name: str) -> str:
    """The initials of a name or an address: "AP" of "ana.perez@example.com" and of "Ana Perez", "AN" of "ana"."""
    parts = ["".join(filter(str.isalnum, part)) for part in _PARTS.split(name.partition("@")[0])]
    words = [part for part in parts if part]
    if not words:
        return "?"
    return (words[0][0] + words[-1][0] if len(words) > 1 else words[0][:2]).upper()


def local(account: str) -> Person:
    """Who works on the machine itself, without anybody signing in: trusted with everything but their own requests."""
    return Person(account, frozenset(Role))
