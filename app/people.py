"""Who somebody is and what they may do: roles, and limits to products and teams. Knows no store and no sign-in.

A write asks where it happens, not where a page is hidden: `by.must("write")` raises NotAllowed with a sentence to show.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal


class Role(StrEnum):
    """What somebody is trusted with. Every role may read; none contains another."""

    VIEWER = "viewer"
    EDITOR = "editor"
    APPROVER = "approver"
    ADMIN = "admin"


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

    def may(self, act: Act) -> bool:
        """Whether one of the roles is trusted with it."""
        return bool(self.roles & ACTS[act])

    def must(self, act: Act) -> None:
        """Raises NotAllowed unless they may."""
        if not self.may(act):
            who = " or ".join(sorted(ACTS[act]))
            raise NotAllowed(f"{self.name} may not {_WORDS[act]}: that takes the role {who}.")

    @property
    def limited(self) -> bool:
        """Whether they see a part of the organisation alone."""
        return self.products is not None or self.teams is not None

    def sees(self, product: str | None, team: str | None) -> bool:
        """Whether a service of this product and team lies within their limits."""
        return (self.products is None or product in self.products) and (self.teams is None or team in self.teams)


def local(account: str) -> Person:
    """Who works on the machine itself, without anybody signing in: trusted with everything but their own requests."""
    return Person(account, frozenset(Role))
