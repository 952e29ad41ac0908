"""How an organisation's review packs look: its name, its colour, its logo. The policy holds them."""

import base64
import binascii
import re
import struct
import zlib
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

INDIGO = "#4650c0"
LARGEST = 60_000
"""Letters of a logo's data: URI, some 45 kB of PNG: a policy of 100,000 letters holds it."""
WIDEST = 1_600
"""Pixels of a logo's sides."""
LEAST = 4.5
"""Contrast of the accent with white: it is the colour of words and of what they stand on."""
_PNG = b"\x89PNG\r\n\x1a\n"
_URI = "data:image/png;base64,"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two #rrggbb colours, 1 to 21."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _accent(colour: str) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise ValueError("write the colour as #rrggbb, like #4650c0")
    colour = colour.lower()
    if (found := contrast(colour, "#ffffff")) < LEAST:
        raise ValueError(f"{colour} is too pale to be read on white: its contrast is {found:.1f}, {LEAST} is needed")
    return colour


def _logo(uri: str) -> str:
    if uri:
        picture(uri)
    return uri


def _name(name: str) -> str:
    if not name.isprintable():
        raise ValueError("a name is one line of plain text")
    return name.strip()


def picture(uri: str) -> bytes:
    """The PNG in a data: URI. Raises ValueError with what to mend: packs show what every program can read."""
    if not uri.startswith(_URI):
        raise ValueError(f"a logo is a PNG picture in the text itself, and begins with {_URI}")
    if len(uri) > LARGEST:
        raise ValueError(f"the logo is longer than {LARGEST:,} letters: save it smaller, 600 pixels wide are plenty")
    try:
        found = base64.b64decode(uri.removeprefix(_URI), validate=True)
    except binascii.Error as cause:
        raise ValueError("the logo is not base64") from cause
    _checked(found)
    return found


def size(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG in pixels."""
    wide, high = struct.unpack(">II", png[16:24])
    return wide, high


def _checked(png: bytes) -> None:
    """Raises ValueError unless it is a whole PNG of a bounded size, its picture included."""
    broken = ValueError("the logo is no whole PNG picture")
    chunks = list(_chunks(png, broken)) if png.startswith(_PNG) else []
    if not chunks or chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13 or chunks[-1][0] != b"IEND":
        raise broken
    wide, high, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if not (0 < wide <= WIDEST and 0 < high <= WIDEST):
        raise ValueError(f"the logo is {wide:,} × {high:,} pixels: {WIDEST:,} a side are allowed")
    if interlaced or kind not in _CHANNELS:
        raise ValueError("the logo is interlaced: save it as a plain PNG")
    wanted = high * (1 + (wide * depth * _CHANNELS[kind] + 7) // 8)
    unpack = zlib.decompressobj()
    try:
        rows = unpack.decompress(b"".join(data for name, data in chunks if name == b"IDAT"), wanted + 1)
    except zlib.error as cause:
        raise broken from cause
    if len(rows) != wanted:
        raise broken


def _chunks(png: bytes, broken: ValueError) -> list[tuple[bytes, bytes]]:
    found, at = [], len(_PNG)
    while at < len(png):
        if at + 12 > len(png):
            raise broken
        (length,) = struct.unpack(">I", png[at : at + 4])
        name, data, check = png[at + 4 : at + 8], png[at + 8 : at + 8 + length], png[at + 8 + length : at + 12 + length]
        if len(check) != 4 or struct.unpack(">I", check)[0] != zlib.crc32(name + data):
            raise broken
        found.append((name, data))
        at += 12 + length
    return found


class Brand(BaseModel):
    """What packs are dressed in; everything has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    organisation: Annotated[str, Field(max_length=80), AfterValidator(_name)] = ""
    """Beside the title; empty: nothing."""
    accent: Annotated[str, AfterValidator(_accent)] = INDIGO
    """#rrggbb: the one colour for the thing being told."""
    logo: Annotated[str, AfterValidator(_logo)] = ""
    """A PNG as a data: URI; empty: none."""
