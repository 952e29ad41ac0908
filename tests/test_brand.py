"""What the policy takes as a brand, what it refuses with a sentence, and what packs are dressed in."""

import base64
import struct
import zlib
from datetime import UTC, date, datetime

import pytest
import yaml

from app.brand import INDIGO, LARGEST, LEAST, contrast, picture, size
from app.charts.theme import LIGHT
from app.policy import NotAPolicy, default, dump, understood
from app.review.brand import dress, palette
from app.review.snapshot import Snapshot

DAY = datetime(2026, 11, 3, 9, tzinfo=UTC)


def png(wide: int = 3, high: int = 2, rows: bytes | None = None) -> bytes:
    """A PNG of one grey."""
    said = rows if rows is not None else (b"\x00" + b"\x60" * wide) * high
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(said)),
        (b"IEND", b""),
    )
    body = b"".join(struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts)
    return b"\x89PNG\r\n\x1a\n" + body


def uri(picture_: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture_).decode()


def policy(**brand: str) -> str:
    return yaml.safe_dump(yaml.safe_load(dump(default())) | {"brand": brand})


def snapshot(text: str) -> Snapshot:
    return Snapshot(
        "2026-10", "October 2026", date(2026, 10, 1), date(2026, 10, 31), DAY, DAY, "ada", "1", "UTC", "EUR", text,
        (), {}, (), (),
    )  # fmt: skip


def test_a_logo_comes_out_as_it_went_in() -> None:
    found = understood(policy(logo=uri(png(40, 10)), organisation="Northwind", accent="#0A766B"))

    assert picture(found.brand.logo) == png(40, 10)
    assert size(png(40, 10)) == (40, 10)
    assert found.brand.accent == "#0a766b"
    assert understood(dump(found)) == found


@pytest.mark.parametrize(
    ("brand", "told"),
    [
        ({"accent": "#ffdd00"}, "too pale to be read on white: its contrast is 1.3"),
        ({"accent": "red"}, "write the colour as #rrggbb"),
        ({"organisation": "North\nwind"}, "one line of plain text"),
        ({"organisation": "x" * 81}, "at most 80"),
        ({"logo": "https://example.com/logo.png"}, "a PNG picture in the text itself"),
        ({"logo": "data:image/svg+xml;base64,AAAA"}, "a PNG picture in the text itself"),
        ({"logo": "data:image/png;base64,?"}, "not base64"),
        ({"logo": "data:image/png;base64," + "A" * LARGEST}, "save it smaller"),
        ({"logo": uri(b"GIF89a")}, "no whole PNG"),
        ({"logo": uri(png()[:-5])}, "no whole PNG"),
        ({"logo": uri(png()[:40] + b"x" + png()[41:])}, "no whole PNG"),
        ({"logo": uri(png(rows=b"\x00"))}, "no whole PNG"),
        ({"logo": uri(png(9_000, 9_000, b"\x00" * 100))}, "9,000 × 9,000 pixels"),
    ],
)
def test_a_brand_that_cannot_be_shown_is_refused_with_a_sentence(brand: dict[str, str], told: str) -> None:
    with pytest.raises(NotAPolicy) as refused:
        understood(policy(**brand))

    assert told in str(refused.value)
    assert len(str(refused.value)) < 200


def test_a_pack_is_dressed_by_the_policy_that_was_frozen() -> None:
    found = dress(snapshot(policy(logo=uri(png(40, 10)), organisation="Northwind", accent="#0a766b")))

    assert (found.organisation, found.palette.accent, found.logo_size) == ("Northwind", "#0a766b", (40, 10))
    assert found.logo == png(40, 10)


@pytest.mark.parametrize("text", [dump(default()), "timezone: [", "tiers: 3"])
def test_without_a_brand_or_a_policy_that_can_be_read_packs_look_as_ours(text: str) -> None:
    found = dress(snapshot(text))

    assert (found.organisation, found.palette, found.logo) == ("", LIGHT, None)


@pytest.mark.parametrize("accent", ["#000000", "#b83617", "#0a766b", "#767676"])
def test_words_stay_readable_in_any_accent(accent: str) -> None:
    found = palette(accent)

    assert contrast(found.accent, found.card) >= LEAST
    assert all(contrast(ground, ink) >= LEAST for ground, ink in zip(found.ramp, found.on_ramp, strict=True))
    assert palette(INDIGO) is LIGHT
