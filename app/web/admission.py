"""Who of those whom the provider names may come in, and under which name: by the claims of an ID token."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from app.settings import Settings

_SKEW = timedelta(minutes=5)
_GOOGLE = ("https://accounts.google.com", "accounts.google.com")


class Refused(Exception):
    """Somebody the provider knows may not come in; the message is a sentence for them, without any claim's value."""


class Admitted(NamedTuple):
    name: str
    groups: tuple[str, ...]
    issued_at: datetime


def admitted(claims: Mapping[str, Any], settings: Settings, now: datetime) -> Admitted:
    """Name, groups and time of issue. Raises Refused."""
    name = claim(claims, settings.oidc_name_claim)
    if not isinstance(name, str) or not name.strip() or len(name) > 320 or not name.isprintable():
        raise Refused(
            f"The sign-in provider told no {settings.oidc_name_claim}, by which Nines knows people: whoever runs the "
            "provider can add that claim to the ID token."
        )
    if settings.oidc_name_claim == "email" and claims.get("email_verified") in (False, "false"):
        raise Refused(
            "The sign-in provider has not verified your e-mail address yet: do that there, then sign in again."
        )
    if settings.oidc_domains and _domain(claims) not in {domain.lower() for domain in settings.oidc_domains}:
        raise Refused("You signed in with an account that does not belong to this organisation: choose another.")
    issued = claims.get("iat")
    if not isinstance(issued, int | float) or isinstance(issued, bool):
        raise Refused("The sign-in provider did not say when it signed you in (iat).")
    try:
        since = datetime.fromtimestamp(issued, UTC)
    except (OverflowError, OSError, ValueError):
        raise Refused("The sign-in provider did not say when it signed you in (iat).") from None
    if not now - timedelta(hours=settings.session_hours) < since < now + _SKEW:
        raise Refused("The clocks of the sign-in provider and of Nines disagree: tell whoever runs Nines.")
    return Admitted(name.strip(), _groups(claim(claims, settings.oidc_groups_claim)), min(since, now))


def overflows(claims: Mapping[str, Any], settings: Settings) -> bool:
    """Whether the provider had too many groups to tell, and named a place to ask instead (Entra, from 200 on)."""
    named = claims.get("_claim_names")
    return isinstance(named, Mapping) and settings.oidc_groups_claim in named


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by a path with dots into it (`realm_access.roles`); None where there is none."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _groups(found: Any) -> tuple[str, ...]:
    listed = [found] if isinstance(found, str) else found if isinstance(found, list | tuple) else []
    return tuple(dict.fromkeys(group for group in listed if isinstance(group, str) and group))


def _domain(claims: Mapping[str, Any]) -> str:
    """The domain of an account: of its address, but with Google what it says itself, as an address there may be
    anybody's."""
    if claims.get("iss") in _GOOGLE:
        return str(claims.get("hd") or "").lower()
    return str(claims.get("email") or "").rpartition("@")[2].lower()
