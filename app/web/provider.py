"""Whether the sign-in provider is there and is the one that was meant: looked at once, when the server starts."""

import logging

import httpx

from app.settings import Settings

LOG = logging.getLogger("nines.sign_in")
_SECONDS = 10.0


def complaint(settings: Settings) -> str | None:
    """What is wrong with the provider's description, in a sentence; None where nothing is. Asks over the network."""
    try:
        answer = httpx.get(settings.metadata_url, timeout=_SECONDS)
        told = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError) as cause:
        return f"The sign-in provider does not describe itself at {settings.metadata_url} ({type(cause).__name__})."
    issuer = told.get("issuer") if isinstance(told, dict) else None
    if not isinstance(issuer, str):
        return f"What lies at {settings.metadata_url} is no description of a sign-in provider."
    if settings.oidc_issuer and issuer.rstrip("/") != settings.oidc_issuer:
        return f"The sign-in provider calls itself {issuer}, and NINES_OIDC_ISSUER is {settings.oidc_issuer}."
    lacking = set(settings.oidc_scopes.split()) - set(told.get("scopes_supported") or settings.oidc_scopes.split())
    return f"The sign-in provider does not know the scope {min(lacking)} of NINES_OIDC_SCOPES." if lacking else None


def look(settings: Settings) -> None:
    """Logs what is wrong. The server runs on: a provider that is away comes back."""
    if sentence := complaint(settings):
        LOG.warning(sentence, extra={"event": "provider"})
