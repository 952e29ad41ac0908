"""The review as a PDF: tagged (PDF/UA-1), with bookmarks, A4 or Letter, from the snapshot alone.

Typst draws it from `paper.typ`; what it shows goes there as JSON, so that no text of a user is ever markup. The fonts
are ours and no others, so that the same review is the same bytes on every machine.
"""

import json
import re
import struct
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

import typst

from app.charts.shown import shown
from app.review import paper_parts
from app.review.paper_parts import Drawn, Heard
from app.review.snapshot import Frozen

Paper = Literal["a4", "letter"]
LONGEST = 20_000
"""Letters of one text that paper shows."""
_HERE = Path(__file__).parent
_FONTS = _HERE / "fonts"
_LACKING = "\u25a1"
_RUN = 24
"""Letters without a space after which a line may break anywhere."""
_LONG_RUN = re.compile(rf"[^\s\u200b]{{{_RUN + 1},}}")
_AFTER = re.compile(r"(?<=\w[@/])(?=\w)")
"""Where an address may break."""
_TOGETHER = re.compile(r"(?<=\d) (?=(?:%|min|h|d|s|ms|EUR|[kM]|bn)\b|%)|(?<=[≥≤<>±]) (?=\d)")
"""Between a figure and its unit, or its sign."""


def document(frozen: Frozen, paper: Paper) -> bytes:
    """The whole pack as one PDF, the same bytes for the same review and paper."""
    data, lacking = printable(paper_parts.told(frozen))
    data |= {"paper": {"a4": "a4", "letter": "us-letter"}[paper], "lacking": lacking}
    made = typst.Compiler(_source(), font_paths=_fonts(), ignore_system_fonts=True).compile(
        format="pdf",
        pdf_standards=["ua-1"],
        timestamp=int(frozen.snapshot.frozen_at.timestamp()),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )
    assert isinstance(made, bytes)
    return made


@cache
def _source() -> bytes:
    return (_HERE / "paper.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(_FONTS)])


def printable(data: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The data with texts as the font can show them: a box for each letter that it lacks; and whether it lacked one."""
    lacked = False

    def said(part: Any) -> Any:
        nonlocal lacked
        if isinstance(part, Heard):
            return _cut(shown(part))
        if isinstance(part, Drawn):
            text, lacks = _known(part)
        elif isinstance(part, str):
            text, lacks = _known(_breakable(_cut(shown(part))))
        elif isinstance(part, dict):
            return {name: said(one) for name, one in part.items()}
        elif isinstance(part, list | tuple):
            return [said(one) for one in part]
        else:
            return part
        lacked = lacked or lacks
        return text

    return said(data), lacked


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}… ({len(text) - LONGEST:,} letters more, in the workbook and on the page)"


@lru_cache(maxsize=4096)
def _breakable(text: str) -> str:
    """A long run without a space may break between any letters, an address at its joints, a figure nowhere."""
    text = _TOGETHER.sub("\u00a0", _AFTER.sub("\u200b", text))
    return _LONG_RUN.sub(lambda run: "\u200b".join(run[0]), text)


def _known(text: str) -> tuple[str, bool]:
    lacking = set(text) - _letters()
    return (text.translate(dict.fromkeys(map(ord, lacking), _LACKING)), True) if lacking else (text, False)


@cache
def _letters() -> frozenset[str]:
    """Every letter that both weights of the font can show, and what ends a line."""
    found = (_covered(path.read_bytes()) for path in sorted(_FONTS.glob("*.ttf")))
    return frozenset(map(chr, frozenset.intersection(*found))) | {"\n", "\r", "\t"}


def _covered(font: bytes) -> frozenset[int]:
    """The code points of a font's character map (its table of format 12, in order of code points)."""
    (count,) = struct.unpack_from(">H", font, 4)
    records = (struct.unpack_from(">4sIII", font, 12 + 16 * at) for at in range(count))
    cmap = next(offset for tag, _, offset, _ in records if tag == b"cmap")
    (tables,) = struct.unpack_from(">H", font, cmap + 2)
    found: set[int] = set()
    for at in range(tables):
        _, _, offset = struct.unpack_from(">HHI", font, cmap + 4 + 8 * at)
        if struct.unpack_from(">H", font, cmap + offset)[0] == 12:
            (groups,) = struct.unpack_from(">I", font, cmap + offset + 12)
            for group in range(groups):
                first, last, _ = struct.unpack_from(">III", font, cmap + offset + 16 + 12 * group)
                found.update(range(first, last + 1))
    return frozenset(found)
