"""The slides of a review, from its snapshot alone: one finding a slide, native charts, the method in the notes."""

from collections.abc import Sequence

from app.charts import reading, wording
from app.charts.description import Chart
from app.charts.faces import Face
from app.review import slides_minutes, slides_rows, slides_tables, slides_tiles
from app.review.brand import dress, policy
from app.review.slides_charts import over_time
from app.review.slides_deck import BOTTOM, HIGH, LEFT, RIGHT, ROOM, WIDE, Deck, Slide, day
from app.review.slides_exceptions import exceptions
from app.review.slides_notes import kpi_of, methods
from app.review.slides_xml import Box
from app.review.snapshot import Frozen, Section, Snapshot

_RAIL = 2.75
_MARGIN = 0.3


def slides(frozen: Frozen) -> bytes:
    """The deck as PowerPoint: the same bytes for the same snapshot and minutes."""
    snapshot = frozen.snapshot
    dressed = dress(snapshot)
    kind = "Quarterly" if "Q" in snapshot.period else "Monthly"
    named = " · ".join(part for part in (dressed.organisation, f"{kind} reliability review", snapshot.title) if part)
    foot = f"{named} · frozen {wording.day(snapshot.frozen_at.date())}"
    deck = Deck(dressed, foot, named, snapshot.frozen_at)
    _cover(deck, frozen, f"{kind} reliability review")
    for section in snapshot.sections:
        if section.step == "headline":
            _headline(deck, snapshot, section)
        elif section.step == "last_time":
            slides_minutes.last_time(deck, snapshot, section)
        else:
            _section(deck, snapshot, section)
    slides_minutes.minutes(deck, frozen)
    slides_minutes.comments(deck, snapshot)
    return deck.bytes()


def _cover(deck: Deck, frozen: Frozen, kind: str) -> None:
    snapshot, dressed = frozen.snapshot, deck.dress
    slide = deck.add(snapshot.title, framed=False)
    slide.card(Box(0, 0, 0.32, HIGH), "accent")
    y = 0.9
    if dressed.logo:
        across, down = dressed.logo_size
        scale = min(2.6 / across, 0.8 / down)
        slide.picture(dressed.logo, Box(1.1, 0.75, across * scale, down * scale), dressed.organisation or "Logo")
        y = 1.75
    if dressed.organisation:
        slide.say(dressed.organisation, Box(1.1, y, 9, 0.36), (18, 16, 14), "muted", name="Organisation")
    holder = '<p:ph type="title"/>'
    slide.say(snapshot.title, Box(1.1, 2.55, 11, 0.95), (54, 44, 36), bold=True, name="Title", holder=holder)
    slide.say(kind, Box(1.1, 3.55, 11, 0.5), (24,), "accent", name="Subtitle")
    slide.line(1.1, 5.3, WIDE - 1.1 - RIGHT)
    at = snapshot.frozen_at
    zone = f"({snapshot.zone})"
    held = frozen.minutes.on if frozen.minutes else None
    facts = [
        ("Period", _days(snapshot)),
        ("Frozen", f"{wording.instant(at, snapshot.zone)} {zone}\nby {snapshot.frozen_by}"),
        ("As known at", f"{wording.instant(snapshot.as_of, snapshot.zone)} {zone}"),
        ("Snapshot", frozen.hash[:12] + (f"\nreview held {wording.day(held)}" if held else "")),
    ]
    wide = (WIDE - 1.1 - RIGHT) / len(facts)
    for place, (name, text) in enumerate(facts):
        x = 1.1 + place * wide
        slide.say(name, Box(x, 5.5, wide - 0.2, 0.24), (11.5,), "muted", name="Fact")
        slide.say(text, Box(x, 5.78, wide - 0.2, 0.7), (13, 12, 11, 10), name="Fact")
    slide.notes += [
        f"Every number comes from the snapshot {frozen.hash}, made by Nines {snapshot.release}.",
        "Later facts change live pages, not this deck; what moved is listed as restated in the next review.",
        *(f"{source}." for source in snapshot.sources),
    ]


def _days(snapshot: Snapshot) -> str:
    """ "1 to 31 October 2026"."""
    first, last = snapshot.first, snapshot.last
    begins = f"{first.day}" if (first.year, first.month) == (last.year, last.month) else day(first)
    return f"{begins} to {day(last)}"


def _headline(deck: Deck, snapshot: Snapshot, section: Section) -> None:
    slide = deck.add(section.finding, section.title)
    top = slide.top
    said = " ".join(snapshot.headline[1:] or section.sentences)
    if said:
        top += slide.say(said, Box(LEFT, top, ROOM, 0.95), (15, 14, 13, 12, 11), "muted") + 0.22
    slides_tiles.tiles(slide, section.faces[:8], Box(LEFT, top, ROOM, BOTTOM - top))
    slide.notes += methods(snapshot, section.kpis, policy(snapshot))
    if section.exceptions:
        exceptions(deck, snapshot, section, lambda _: deck.add(_asked(section), section.title))
    _rest(deck, snapshot, section)


def _section(deck: Deck, snapshot: Snapshot, section: Section) -> None:
    """Exceptions first, then the numbers, on one slide where both fit; charts and lists after them."""
    rows = -(-len(section.faces) // 4)
    need = rows * 1.72 + (rows - 1) * slides_tiles.GAP if rows else 0.0
    slide = deck.add(section.finding, section.title)
    if section.exceptions:
        last = exceptions(
            deck, snapshot, section, lambda part: slide if not part else deck.add(section.finding, section.title)
        )
        if section.faces and BOTTOM - last.top >= need:
            _numbers(snapshot, section, last)
        elif section.faces:
            _numbers(snapshot, section, deck.add(_tally(section), section.title))
    else:
        _numbers(snapshot, section, slide)
    _rest(deck, snapshot, section)


def _numbers(snapshot: Snapshot, section: Section, slide: Slide) -> None:
    top = slide.top
    said = " ".join([*section.sentences, *(table.empty for table in section.tables if not table.rows)])
    rows = -(-len(section.faces) // 4)
    need = rows * 1.72 + (rows - 1) * slides_tiles.GAP
    if said and BOTTOM - top - need > 0.6:
        top += (
            slide.say(said, Box(LEFT, top, ROOM, min(0.75, BOTTOM - top - need - 0.2)), (14, 13, 12, 11), "muted") + 0.2
        )
    elif said:
        slide.notes.append(said)
    if section.faces:
        across = min(len(section.faces), 4) if len(section.faces) != 6 else 3
        slides_tiles.tiles(slide, section.faces[:8], Box(LEFT, top, ROOM, BOTTOM - top), across)
    slide.notes += methods(snapshot, section.kpis, policy(snapshot))


def _rest(deck: Deck, snapshot: Snapshot, section: Section) -> None:
    for chart in section.charts:
        if chart in deck.drawn:
            continue
        deck.drawn.add(chart)
        _chart(deck, snapshot, section, chart)
    for table in section.tables:
        if not table.rows and section.step != "headline":
            continue
        title = f"{table.title}"
        slides_tables.listed(
            lambda part, title=title: deck.add(title + (", continued" if part else ""), section.title),  # type: ignore[misc]
            table,
            snapshot.currency,
        )


def _chart(deck: Deck, snapshot: Snapshot, section: Section, chart: Chart) -> None:
    slide = deck.add(chart.title, section.title)
    slide.notes.append(f"{reading.alt(chart)}")
    key = kpi_of(chart)
    if key:
        slide.notes += methods(snapshot, [key], policy(snapshot))
    if reading.is_empty(chart):
        _no_data(slide, chart.empty or f"{wording.capital(wording.NO_DATA)}.")
        return
    top = slide.top - 0.08
    top += slide.say(chart.subtitle, Box(LEFT, top, ROOM, 0.42), (13.5, 12, 11, 10), "muted", name="Subtitle") + 0.2
    box = Box(LEFT, top, ROOM, BOTTOM - top)
    face = next((one for one in section.faces if one.kpi == key), None) if key else None
    if face is not None:
        slides_tiles.rail(slide, face, Box(WIDE - RIGHT - _RAIL, top, _RAIL, min(box.h, 4.4)))
        box = box._replace(w=ROOM - _RAIL - _MARGIN)
    _drawn(slide, chart, box)


def _drawn(slide: Slide, chart: Chart, box: Box) -> None:
    if chart.kind == "heat":
        slides_tables.heat(slide, chart, box)
    elif chart.kind == "bar" and chart.horizontal:
        slides_rows.bars(slide, chart, box)
    elif chart.kind in ("dumbbell", "interval"):
        slides_rows.rows(slide, chart, box)
    elif chart.kind in ("points", "timeline"):
        slides_rows.in_time(slide, chart, box)
    elif chart.kind == "curve":
        slides_rows.curve(slide, chart, box)
    else:
        over_time(slide, chart, box)
        slide.notes += [f"{one.badge} {one.title} ({one.kind})".strip() for one in chart.spans]


def _no_data(slide: Slide, text: str) -> None:
    """What is missing and what would bring it, never an empty axis."""
    box = Box(LEFT, slide.top + 0.1, ROOM, 1.7)
    slide.card(box, "page")
    slide.say(
        wording.capital(wording.NO_DATA), Box(LEFT + 0.35, box.y + 0.3, ROOM - 0.7, 0.5), (24,), "no_data", bold=True
    )
    slide.say(text, Box(LEFT + 0.35, box.y + 0.9, ROOM - 0.7, 0.6), (15, 13, 12, 11), "text")


def _asked(section: Section) -> str:
    count = len(section.exceptions)
    return f"{count} exception{'s' if count != 1 else ''} to answer for"


def _tally(section: Section) -> str:
    """The finding of a slide of numbers."""
    return f"{section.title}: {told(section.faces)}"


def told(faces: Sequence[Face]) -> str:
    """How many numbers met their targets, in words."""
    said = [face.word for face in faces]
    missed, unsure, worse = (said.count(word) for word in ("missed", "cannot tell", "worsening"))
    judged = missed + unsure + said.count("met")
    if not judged:
        return wording.NO_DATA if all(face.empty for face in faces) else "no target to hold the numbers against"
    parts = [f"{missed or 'none'} of {judged} judged numbers missed"]
    parts += [f"{unsure} cannot be told"] if unsure else []
    parts += [f"{worse} really worsening"] if worse else []
    return ", ".join(parts)
