"""The dark colours of a pack's own page, where the policy says another accent than ours."""

from dataclasses import replace

from app.brand import INDIGO, LEAST, contrast
from app.charts.theme import DARK, Palette


def dark(light: Palette) -> Palette:
    """The dark palette; another accent is made so pale that it is read on the dark cards."""
    if light.accent == INDIGO:
        return DARK
    accent = next(
        paler for share in range(0, 101, 5) if contrast(paler := _mix(light.accent, "#ffffff", share), DARK.card) >= 6
    )
    ramp = tuple(_mix(DARK.card, accent, share) for share in (6, 18, 31, 45, 58, 76, 92))
    return replace(
        DARK,
        accent=accent,
        accent_2=_mix(DARK.card, accent, 50),
        ramp=ramp,
        on_ramp=tuple(_readable(step) for step in ramp),
        categories=(accent, *DARK.categories[1:]),
    )


def _mix(one: str, other: str, share: int) -> str:
    """The first colour with so many per cent of the second."""
    pairs = ((int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(first + (second - first) * share / 100):02x}" for first, second in pairs)


def _readable(ground: str) -> str:
    if contrast(ground, DARK.text) >= LEAST:
        return DARK.text
    return max("#0b0f1c", "#ffffff", key=lambda ink: contrast(ground, ink))
