"""Text as it may be shown: what would be invisible, or would turn round what stands beside it, is seen."""

from collections.abc import Mapping

_PICTURES: Mapping[int, str] = {
    **{at: chr(0x2400 + at) for at in range(32) if at not in (9, 10, 13)},
    0x7F: "\u2421",
    **dict.fromkeys((*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\ufffd"),
    **dict.fromkeys((*range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "\ufffd"),
}


def shown(text: str) -> str:
    """The text with a sign for each control character (␛), and � for each that turns the reading direction or is none.

    Tab, line ends, and the marks that right-to-left scripts need stay.
    """
    return text if text.isprintable() else text.translate(_PICTURES)
