"""What the PDF shows, as plain data for `paper.typ`: texts, drawings, and how wide things stand."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from math import sqrt
from typing import Any

from app.charts import reading, svg, wording
from app.charts.description import Chart
from app.charts.faces import Face
from app.charts.scale import width
from app.charts.theme import Palette, VerdictKey
from app.metrics.review_records import AGENDA, Comment, Note
from app.review import brand, words
from app.review.snapshot import Exceptional, Frozen, Section, Table

FONT = "Nines Sans"
WIDE, HALF = 660, 316
"""Px of a drawing that spans the page, and of one of two abreast: 12 px are then 9 pt."""
_ROOM = 490.0
"""Pt between the margins, of the narrower paper."""
_SIZE = 8.5
"""Pt of a table's text."""
_MOST_FIXED = 62.0
"""Pt: a column that needs no more takes what it needs; longer ones share the rest."""


class Drawn(str):
    """An SVG document: markup that we made."""

    __slots__ = ()


def told(frozen: Frozen) -> dict[str, Any]:
    """The whole document."""
    kept = frozen.snapshot
    worn = brand.dress(kept)
    said = frozen.minutes
    return {
        "title": words.title(kept),
        "period": kept.title,
        "organisation": worn.organisation,
        "logo": list(worn.logo) if worn.logo else None,
        "logo_size": list(worn.logo_size),
        "colours": {name: getattr(worn.palette, name) for name in _COLOURS},
        "facts": [list(fact) for fact in words.colophon(frozen)],
        "frozen": f"Frozen {wording.instant(kept.frozen_at, kept.zone)}",
        "hash": frozen.hash[:12],
        "sections": [_section(frozen, section, worn.palette) for section in kept.sections],
        "minutes": _minutes(frozen, worn.palette) if said else None,
        "method": [_counted(one, worn.palette) for one in words.counted(kept)],
        "sources": list(kept.sources),
    }


_COLOURS = ("text", "muted", "hairline", "accent", "band", "met", "missed", "unsure", "no_data", "missed_tint", "card")


def _section(frozen: Frozen, section: Section, palette: Palette) -> dict[str, Any]:
    kept = frozen.snapshot
    said = words.remarks(kept)
    notes = [note for note in frozen.minutes.notes if note.step == section.step] if frozen.minutes else []
    return {
        "id": section.step,
        "title": section.title,
        "finding": section.finding,
        "sentences": list(section.sentences),
        "tiles": [_tile(face, palette) for face in section.faces],
        "abreast": 3 if len(section.faces) in (3, 5, 6, 9) else 4,
        "exceptions": [_exception(one, said.get(one.subject, ()), kept.zone, palette)
                       for one in words.ordered(section.exceptions)],
        "loose": [{"about": about, **_comment(one, kept.zone)} for about, one in words.loose(kept, section.step)],
        "charts": _rows_of_charts(section.charts, palette),
        "tables": [_table(table, kept.currency, palette) for table in words.tables(frozen, section)],
        "notes": [_note(note, kept.zone) for note in notes],
    }  # fmt: skip


def _tile(face: Face, palette: Palette) -> dict[str, Any]:
    spark = Drawn(svg.draw(face.spark, 132, 30, plain=svg.Plain(FONT, palette))) if face.spark else None
    return {
        "name": face.name,
        "value": [[part, part[0].isdigit() or part[0] == "\u2212"] for part in _figures(face.value)],
        "empty": face.empty,
        "beside": face.beside,
        "verdict": _verdict(face.key, face.word, palette),
        "said": face.said,
        "target": face.target,
        "year": face.year,
        "spark": spark,
    }


def _figures(value: str) -> list[str]:
    """A value with its figures and its units apart: 3 h 20 min, 28.2 a week."""
    return [part for part in re.split(r"([\d.,\u2212]+)", value) if part]


def _verdict(key: VerdictKey, word: str, palette: Palette) -> dict[str, Any]:
    shape = Drawn(svg.shape(key, 16, palette)) if key != "no_target" else None
    return {"key": key if key != "no_target" else "no_data", "word": word, "shape": shape}


def _exception(one: Exceptional, said: Sequence[Comment], zone: str, palette: Palette) -> dict[str, Any]:
    key: VerdictKey = "missed" if one.severe else "unsure"
    return {
        "text": one.text,
        "kind": _verdict(key, words.KINDS[one.kind], palette),
        "owner": one.owner,
        "comments": [_comment(comment, zone) for comment in said],
    }


def _comment(comment: Comment, zone: str) -> dict[str, Any]:
    return {"text": comment.text, "by": f"{comment.by}, {wording.instant(comment.at, zone)}"}


def _note(note: Note, zone: str) -> dict[str, Any]:
    return {"text": note.text, "by": f"{note.by}, {wording.instant(note.at, zone)}"}


def _rows_of_charts(charts: Sequence[Chart], palette: Palette) -> list[list[dict[str, Any]]]:
    """One that needs the page's width alone, others two abreast."""
    found: list[list[dict[str, Any]]] = []
    for broad, some in groupby(charts, _is_broad):
        same = list(some)
        while same:
            row = [same.pop(0)] if broad or len(same) == 1 else [same.pop(0), same.pop(0)]
            found.append([_chart(chart, WIDE if len(row) == 1 and broad else HALF, palette) for chart in row])
    return found


def _is_broad(chart: Chart) -> bool:
    if chart.kind == "heat":
        return len(chart.x) > 6
    return chart.kind in ("dumbbell", "interval", "burndown", "timeline", "curve") or chart.horizontal


def _chart(chart: Chart, wide: int, palette: Palette) -> dict[str, Any]:
    drawn = None
    if not reading.is_empty(chart):
        high = svg.height(chart) if chart.kind in ("heat", "dumbbell", "interval") or chart.horizontal else 220
        drawn = Drawn(svg.draw(chart, wide, high, titled=False, plain=svg.Plain(FONT, palette)))
    return {
        "title": chart.title,
        "subtitle": chart.subtitle,
        "svg": drawn,
        "alt": f"{chart.title}. {reading.alt(chart)}",
        "empty": chart.empty or "No data in these periods.",
        "wide": wide == WIDE,
    }


def _table(table: Table, currency: str, palette: Palette) -> dict[str, Any]:
    cells = [
        [words.cell(value, column, currency) for value, column in zip(row, table.columns, strict=True)]
        for row in table.rows
    ]
    return {
        "title": table.title,
        "columns": [{"name": column.name, "number": column.unit in words.NUMBERS} for column in table.columns],
        "widths": widths(table, cells),
        "rows": [
            [
                {"text": said, **_judged(value, palette)} if column.unit == "verdict" else {"text": said}
                for said, value, column in zip(row, values, table.columns, strict=True)
            ]
            for row, values in zip(cells, table.rows, strict=True)
        ],
        "long": [any(len(said) > 600 for said in row) for row in cells],
        "empty": table.empty,
        "more": table.more,
    }


def _judged(value: object, palette: Palette) -> dict[str, Any]:
    key = words.state(value if isinstance(value, str) else None)
    return {"verdict": _verdict(key, "", palette)} if key else {}


def widths(table: Table, cells: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """How wide each column stands: short ones as they need, long ones share the rest."""
    needs = []
    for at, column in enumerate(table.columns):
        longest = max((width(row[at][:400], _SIZE) for row in cells), default=0.0)
        head = max(width(word, _SIZE) for word in column.name.split() or [""])
        needs.append(max(longest + (14 if column.unit == "verdict" else 0), head) + 2)
    short = [need <= _MOST_FIXED for need in needs]
    if all(short) or sum(need for need, fixed in zip(needs, short, strict=True) if fixed) > 0.72 * _ROOM:
        return [{"fr": round(need, 1)} for need in needs]
    return [
        {"pt": round(need, 1)} if fixed else {"fr": round(sqrt(need), 1)}
        for need, fixed in zip(needs, short, strict=True)
    ]


def _minutes(frozen: Frozen, palette: Palette) -> dict[str, Any]:
    said, kept = frozen.minutes, frozen.snapshot
    assert said is not None
    count = (len(said.decisions), len(said.actions))
    finding = " and ".join(
        f"{many or 'no'} {noun}{'' if many == 1 else 's'}" for many, noun in zip(count, ("decision", "action"), strict=True)
    )
    there = words.attendance(said)
    notes = [note for note in said.notes if note.step == "decisions"]
    return {
        "id": "decisions",
        "title": AGENDA["decisions"],
        "finding": wording.capital(f"{finding} came out of the meeting"),
        "tables": [_table(table, kept.currency, palette) for table in (words.decisions(said), words.actions(said))],
        "attendance": [list(line) for line in _attendance(there)],
        "notes": [_note(note, kept.zone) for note in notes],
    }


def _attendance(there: words.Attendance) -> Iterator[tuple[str, str]]:
    for name, people in zip(("Present", "Absent", "Not recorded"), there, strict=True):
        if people:
            yield f"{name} ({len(people)})", "; ".join(people)


def _counted(one: words.Counted, palette: Palette) -> dict[str, Any]:
    return {
        "name": one.name,
        "question": one.question,
        "value": one.value,
        "verdict": _verdict(one.key, one.word, palette),
        "facts": [list(fact) for fact in one.facts],
    }
