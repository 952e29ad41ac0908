"""How wide a text stands in Arial, where it breaks, and at which size it fits its box: not every program shrinks what
is too long, so that what is written must fit as it is."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

_WIDTHS = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
"""Of the letters from space to ~, in thousandths of the size."""
_OTHERS = {"…": 1000, "—": 1000, "–": 556, "“": 500, "”": 500, "’": 278, "·": 333, "−": 584}
_BOLD = 1.08
LINE = 1.2
"""A line's height, in sizes."""


class Fit(NamedTuple):
    """A text as it fits: its lines, its size in points, and whether it had to be cut."""

    lines: tuple[str, ...]
    size: float
    cut: bool

    @property
    def high(self) -> float:
        """Inches."""
        return len(self.lines) * self.size * LINE / 72


def width(text: str, size: float, bold: bool = False) -> float:
    """How wide a text stands in inches."""
    return sum(map(_letter, text)) * size / 72_000 * (_BOLD if bold else 1.0)


@lru_cache(maxsize=4096)
def _letter(letter: str) -> int:
    code = ord(letter)
    if 32 <= code < 127:
        return _WIDTHS[code - 32]
    return _OTHERS.get(letter, 1000 if code >= 0x1100 else 600)


@lru_cache(maxsize=8192)
def wrapped(text: str, room: float, size: float, bold: bool = False) -> tuple[str, ...]:
    """The text in lines of at most so many inches; a word that is wider is broken."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if width(longer, size, bold) <= room:
                line = longer
                continue
            if line:
                lines.append(line)
            *whole, line = _broken(word, room, size, bold)
            lines += whole
        lines.append(line)
    return tuple(lines)


def _broken(word: str, room: float, size: float, bold: bool) -> list[str]:
    if width(word, size, bold) <= room:
        return [word]
    parts, part = [], ""
    for letter in word:
        if part and width(part + letter, size, bold) > room:
            parts.append(part)
            part = ""
        part += letter
    return [*parts, part]


def fitted(text: str, room: float, high: float, sizes: Sequence[float], bold: bool = False) -> Fit:
    """The text at the first of these sizes at which it fits; at the last, cut with … where it must be."""
    for size in sizes:
        lines = wrapped(text, room * 0.98, size, bold)
        if len(lines) * size * LINE / 72 <= high + 1e-6:
            return Fit(lines, size, False)
    most = max(int((high + 1e-6) / (sizes[-1] * LINE / 72)), 1)
    last = lines[most - 1]
    while last and width(last + "…", sizes[-1], bold) > room * 0.98:
        last = last[:-1]
    return Fit((*lines[: most - 1], last.rstrip() + "…"), sizes[-1], True)
