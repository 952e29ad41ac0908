"""What a pack is dressed in: the brand of the policy that was frozen, so that a later logo changes no earlier pack."""

from dataclasses import dataclass, replace

from app.brand import INDIGO, LEAST, Brand, contrast, picture, size
from app.charts.theme import LIGHT, Palette
from app.policy import NotAPolicy, Policy, understood
from app.review.snapshot import Snapshot


@dataclass(frozen=True)
class Dress:
    """Name, logo and colours of a pack."""

    organisation: str
    """Empty: not stated."""
    palette: Palette
    """The light one, in the organisation's accent."""
    logo: bytes | None
    """A PNG."""
    logo_size: tuple[int, int] = (0, 0)
    """Pixels."""


def policy(snapshot: Snapshot) -> Policy | None:
    """The policy that was frozen; None where this release cannot read it any more."""
    try:
        return understood(snapshot.policy)
    except NotAPolicy:
        return None


def dress(snapshot: Snapshot) -> Dress:
    """What the packs of a snapshot are dressed in; the defaults where its policy cannot be read."""
    found = policy(snapshot)
    brand = found.brand if found else Brand()
    logo = picture(brand.logo) if brand.logo else None
    return Dress(brand.organisation, palette(brand.accent), logo, size(logo) if logo else (0, 0))


def palette(accent: str) -> Palette:
    """The light palette with another accent: its pale second and its ramp are mixed from it."""
    if accent == INDIGO:
        return LIGHT
    ramp = (*(mixed(accent, share) for share in (0.07, 0.17, 0.31, 0.5, 0.68, 0.86)), mixed(accent, 1, 0.15))
    return replace(
        LIGHT,
        accent=accent,
        accent_2=mixed(accent, 0.5),
        ramp=ramp,
        on_ramp=tuple(_readable(step) for step in ramp),
        categories=(accent, *LIGHT.categories[1:]),
    )


def mixed(colour: str, share: float, black: float = 0.0) -> str:
    """So much of a colour in white; then so much black in it."""
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return "#" + "".join(f"{round((255 - (255 - part) * share) * (1 - black)):02x}" for part in parts)


def _readable(ground: str) -> str:
    if contrast(ground, LIGHT.text) >= LEAST:
        return LIGHT.text
    return max("#000000", "#ffffff", key=lambda ink: contrast(ground, ink))
