"""The review as one HTML file: opens from a folder, asks no network, and runs no script but its own.

Its Content-Security-Policy allows this style and this script by their hashes, fonts and pictures that are in the file,
and nothing else; every text of a user is escaped.
"""

import base64
from functools import cache
from hashlib import sha256
from pathlib import Path

from app.charts.markup import Markup, el, join
from app.charts.theme import css_variables
from app.review import brand, page_parts, page_theme
from app.review.snapshot import Frozen

_HERE = Path(__file__).parent
_CHARTS = _HERE.parent / "charts"
_WEIGHTS = {"Regular": 400, "Semibold": 600}


def page(frozen: Frozen) -> bytes:
    """The whole pack as one page, the same bytes for the same review."""
    light = brand.dress(frozen.snapshot).palette
    style = (
        f"{_fonts()}:root{{{css_variables(light)}}}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {css_variables(page_theme.dark(light))} }} }}\n"
        f"{_text(_HERE / 'page.css')}{_text(_CHARTS / 'points.css')}"
    )
    script = f"{_text(_CHARTS / 'points.js')}{_text(_HERE / 'page.js')}"
    rules = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; font-src data:; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    head = join(
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=rules),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", page_parts.called(frozen)),
        el("style", Markup(style)),
    )
    body = join(page_parts.told(frozen), el("script", Markup(script)))
    whole = join(Markup("<!doctype html>\n"), el("html", el("head", head), el("body", body), lang="en"))
    return f"{whole}\n".encode()


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}"


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _fonts() -> str:
    """The font of the paper, in the file itself."""
    return "".join(
        f'@font-face{{font-family:"Nines Sans";font-weight:{weight};src:url(data:font/woff2;base64,'
        f'{base64.b64encode((_HERE / "fonts" / f"NinesSans-{name}.woff2").read_bytes()).decode()})format("woff2")}}\n'
        for name, weight in _WEIGHTS.items()
    )
