"""A pen for SVG: shapes by the palette's names, every text escaped, numbers short, no ids (so charts never collide)."""

from dataclasses import dataclass, field
from functools import lru_cache
from html import escape

from app.charts.scale import width, wrapped
from app.charts.shown import shown
from app.charts.theme import Palette, VerdictKey, variable


@lru_cache(maxsize=512)
def colour(name: str, dark: bool | Palette) -> str:
    """An attribute's value for a colour of the palette; "none" stays."""
    return name if name in ("none", "transparent") else variable(name, dark)


def n(number: float) -> str:
    """A coordinate with one digit behind the point."""
    text = f"{number:.1f}"
    return text[:-2] if text.endswith(".0") else text


def escaped(text: str) -> str:
    """Text for an element or an attribute; a control character, which XML refuses, becomes a sign for it."""
    return escape(shown(text).replace("\r", " "))


@dataclass
class Pen:
    """Collects the parts of one drawing."""

    dark: bool | Palette = False
    """The theme that variables fall back to; a palette: its colours, without variables."""
    live: bool = False
    """For a page whose script shows what a value says (`points.js`): in its name, not in a title, and once."""
    parts: list[str] = field(default_factory=list)
    inside: bool = False
    """Whether a group of its own name is open."""

    def text(
        self, x: float, y: float, words: str, *, size: float = 12, fill: str = "muted", anchor: str = "start",
        weight: int = 400, halo: bool = False,
    ) -> None:  # fmt: skip
        """Words at a point, on their baseline; a halo keeps them off the lines behind."""
        extra = f' text-anchor="{anchor}"' if anchor != "start" else ""
        extra += f' font-weight="{weight}"' if weight != 400 else ""
        if halo:
            extra += f' stroke="{colour("card", self.dark)}" stroke-width="3" paint-order="stroke"'
        extra += ' aria-hidden="true"' if self.live and not self.inside else ""
        self.parts.append(
            f'<text x="{n(x)}" y="{n(y)}" font-size="{size:g}" fill="{colour(fill, self.dark)}"{extra}>'
            f"{escaped(words)}</text>"
        )

    def name(self, middle: float, words: str, room: float, size: float = 12.5) -> None:
        """A row's name at the left edge, in one line or in two smaller ones."""
        if width(words, size) <= room:
            self.text(0, middle + 4, words, size=size, fill="text")
            return
        lines = wrapped(words, room, size - 1)
        for at, line in enumerate(lines):
            self.text(0, middle + 4 + 13 * (at - (len(lines) - 1) / 2), line, size=size - 1, fill="text")

    def line(
        self, x1: float, y1: float, x2: float, y2: float, stroke: str, width: float = 1, dash: str = "", name: str = ""
    ) -> None:
        """A straight line."""
        extra = (f' stroke-dasharray="{dash}"' if dash else "") + (f' class="nines-{name}"' if name else "")
        self.parts.append(
            f'<line x1="{n(x1)}" y1="{n(y1)}" x2="{n(x2)}" y2="{n(y2)}" '
            f'stroke="{colour(stroke, self.dark)}" stroke-width="{width:g}"{extra}/>'
        )

    def path(
        self, d: str, stroke: str = "none", width: float = 1, fill: str = "none", dash: str = "", name: str = ""
    ) -> None:
        """A path."""
        extra = (f' stroke-dasharray="{dash}"' if dash else "") + (f' class="nines-{name}"' if name else "")
        line = f' stroke="{colour(stroke, self.dark)}" stroke-width="{width:g}"' if stroke != "none" else ""
        self.parts.append(f'<path d="{d}" fill="{colour(fill, self.dark)}"{line} stroke-linejoin="round"{extra}/>')

    def rect(
        self, x: float, y: float, width: float, height: float, fill: str, *, radius: float = 0, stroke: str = "",
        dash: str = "", name: str = "", opacity: float = 1,
    ) -> None:  # fmt: skip
        """A rectangle."""
        extra = f' rx="{radius:g}"' if radius else ""
        extra += f' stroke="{colour(stroke, self.dark)}"' if stroke else ""
        extra += f' stroke-dasharray="{dash}"' if dash else ""
        extra += f' opacity="{opacity:g}"' if opacity != 1 else ""
        extra += f' class="nines-{name}"' if name else ""
        self.parts.append(
            f'<rect x="{n(x)}" y="{n(y)}" width="{n(max(width, 0))}" height="{n(max(height, 0))}" '
            f'fill="{colour(fill, self.dark)}"{extra}/>'
        )

    def dot(
        self, x: float, y: float, radius: float, fill: str, stroke: str = "", width: float = 1.5, name: str = "",
        opacity: float = 1,
    ) -> None:  # fmt: skip
        """A circle."""
        extra = f' stroke="{colour(stroke, self.dark)}" stroke-width="{width:g}"' if stroke else ""
        extra += f' fill-opacity="{opacity:g}"' if opacity != 1 else ""
        extra += f' class="nines-{name}"' if name else ""
        self.parts.append(f'<circle cx="{n(x)}" cy="{n(y)}" r="{radius:g}" fill="{colour(fill, self.dark)}"{extra}/>')

    def hatch(self, x: float, y: float, width: float, height: float, stroke: str, gap: float = 6) -> None:
        """Diagonal lines across a rectangle: what is not over."""
        steps, at = [], gap / 2
        while at < width + height:
            x1, y1 = (x + at, y) if at <= width else (x + width, y + at - width)
            x2, y2 = (x, y + at) if at <= height else (x + at - height, y + height)
            steps.append(f"M{n(x1)} {n(y1)}L{n(x2)} {n(y2)}")
            at += gap
        if steps:
            self.path("".join(steps), stroke, 1, name="hatch")

    def open(self, key: str, said: str) -> None:
        """Begins a group that says something on hover and names its key for a click."""
        self.inside = True
        self.parts.append(f"<g {self._named(key, said)}>{self._title(said)}")

    def close(self) -> None:
        """Ends it."""
        self.inside = False
        self.parts.append("</g>")

    def hit(self, x: float, y: float, width: float, height: float, key: str, said: str) -> None:
        """An unseen area that says something on hover and names its key for a click."""
        self.parts.append(
            f'<rect {self._named(key, said)} x="{n(x)}" y="{n(y)}" width="{n(max(width, 0))}" '
            f'height="{n(max(height, 0))}" fill="transparent">{self._title(said)}</rect>'
        )

    def spot(self, x: float, y: float, key: str, said: str, fill: str = "") -> None:
        """A round area of the same kind, for one of many points: unseen, or with `fill` the point itself."""
        if fill:
            self.parts.append(
                f'<circle {self._named(key, said, "spot")} cx="{n(x)}" cy="{n(y)}" r="3.4" fill-opacity="0.55" '
                f'fill="{colour(fill, self.dark)}">{self._title(said)}</circle>'
            )
            return
        self.parts.append(
            f'<circle {self._named(key, said, "spot")} cx="{n(x)}" cy="{n(y)}" r="6" fill="transparent">'
            f"{self._title(said)}</circle>"
        )

    def _named(self, key: str, said: str, name: str = "") -> str:
        words = f' aria-label="{escaped(said).replace(chr(10), "&#10;")}"' if self.live else ""
        return f'class="nines-hit{f" nines-{name}" if name else ""}" data-key="{escaped(key)}"{words}'

    def _title(self, said: str) -> str:
        return "" if self.live else f"<title>{escaped(said)}</title>"

    def verdict(self, x: float, y: float, key: VerdictKey, size: float = 12) -> None:
        """A verdict's shape around a middle: ✓ in a circle, ✕ in a triangle, ~, a dashed ring, or nothing."""
        ink, r = key if key != "no_target" else "muted", size / 2
        match key:
            case "met":
                self.dot(x, y, r, "none", ink, 1.3, name="met")
                tick = f"l{n(r * 0.32)} {n(r * 0.36)} {n(r * 0.55)} {n(-r * 0.72)}"
                self.path(f"M{n(x - r * 0.42)} {n(y)}{tick}", ink, 1.5)
            case "missed":
                top, base, half = y - r * 1.02, y + r * 0.82, r * 1.1
                self.path(f"M{n(x)} {n(top)}L{n(x + half)} {n(base)}H{n(x - half)}Z", ink, 1.3, ink, name="missed")
                left, right, low, high = x - r * 0.27, x + r * 0.27, y + r * 0.51, y - r * 0.03
                cross = f"M{n(left)} {n(high)}L{n(right)} {n(low)}M{n(right)} {n(high)}L{n(left)} {n(low)}"
                self.path(cross, "card", 1.3)
            case "unsure":
                w = r * 0.85
                d = f"M{n(x - w)} {n(y + r * 0.2)}q{n(w / 2)} {n(-r * 0.9)} {n(w)} {n(-r * 0.2)}t{n(w)} {n(-r * 0.2)}"
                self.path(d, ink, 1.9, name="unsure")
            case "no_data":
                self.parts.append(
                    f'<circle cx="{n(x)}" cy="{n(y)}" r="{n(r)}" fill="none" class="nines-no-data" stroke-width="1.2" '
                    f'stroke="{colour(ink, self.dark)}" stroke-dasharray="2.4 2"/>'
                )
            case _:
                pass
