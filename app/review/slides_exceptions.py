"""What somebody is asked about, the severest first, with what was said about it."""

from collections.abc import Callable

from app.charts.theme import VerdictKey
from app.review.slides_deck import BOTTOM, LEFT, ROOM, Deck, Slide
from app.review.slides_fit import fitted
from app.review.slides_xml import Box
from app.review.snapshot import Exceptional, Section, Snapshot

_KINDS: dict[str, tuple[VerdictKey, str]] = {
    "missed": ("missed", "Missed"),
    "signal": ("unsure", "Worsening"),
    "overdue": ("missed", "Overdue"),
}
_WORD, _OWNER = 1.35, 2.2
_MOST = 8
"""On one slide."""
_SIZES = (15, 14, 13, 12)


def exceptions(deck: Deck, snapshot: Snapshot, section: Section, add: Callable[[int], Slide]) -> Slide:
    """Lists the exceptions on as many slides as it takes; the last of them, with what is free of it."""
    part, count = 0, 0
    slide = add(part)
    y = slide.top
    for place, one in enumerate(section.exceptions):
        said = [f"{each.by}: {each.text}" for each in snapshot.comments if each.subject == one.subject]
        text_room = ROOM - _WORD - _OWNER - 0.3
        high = max(fitted(one.text, text_room, 0.78, _SIZES).high, 0.25)
        under = fitted(" ".join(said), text_room, 0.4, (12, 11)).high if said else 0.0
        need = high + under + 0.24
        if count and (y + need > BOTTOM - 0.28 or count == _MOST):
            _more(slide, len(section.exceptions) - place, y)
            part, count = part + 1, 0
            slide = add(part)
            y = slide.top
        _one(slide, one, y, high, " ".join(said), under)
        y += need
        count += 1
    slide.top = y + 0.1
    return slide


def _one(slide: Slide, one: Exceptional, y: float, high: float, said: str, under: float) -> None:
    key, word = _KINDS[one.kind]
    slide.line(LEFT, y, ROOM)
    y += 0.11
    slide.mark(Box(LEFT + 0.02, y + 0.03, 0.18, 0.18), key, word)
    slide.say(word, Box(LEFT + 0.3, y + 0.01, _WORD - 0.35, 0.25), (12.5, 11), key, bold=True, name="Kind")
    x, room = LEFT + _WORD, ROOM - _WORD - _OWNER - 0.3
    slide.say(one.text, Box(x, y, room, high), _SIZES, name="Exception")
    if said:
        slide.say(said, Box(x, y + high, room, under), (12, 11), "muted", name="Comment")
    owner = one.owner or "the chair"
    slide.say(
        owner, Box(LEFT + ROOM - _OWNER, y + 0.02, _OWNER, 0.25), (12.5, 11, 10), "muted", align="r", name="Owner"
    )


def _more(slide: Slide, rest: int, y: float) -> None:
    words = f"{rest} more on the next slide."
    slide.say(words, Box(LEFT + _WORD, y + 0.04, 6, 0.22), (11,), "muted", name="Note")
