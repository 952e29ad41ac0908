"""What the PDF shows, as plain data for `paper.typ`: texts, drawings, and how wide things stand."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from app.charts import reading, svg, wording
from app.charts.description import Chart
from app.charts.faces import Face
from app.charts.scale import width
from app.charts.theme import Palette, VerdictKey
from app.metrics.review_records import AGENDA, Comment, Note
from app.review import brand, drawings, words
from app.review.snapshot import Column, Exceptional, Frozen, Section, Table

FONT = "Nines Sans"
WIDE, HALF = 660, 316
"""Px of a drawing that spans the page, and of one of two abreast: 12 px are then 9 pt."""
_ROOM = 487.0
"""Pt between the margins, of the narrower paper."""
_SIZE, _SMALL = 8.5, 8.0
"""Pt of a table's text, and of one with many columns."""
_MANY = 8
_PAD = 9.5
"""Pt between the texts of two columns."""
_APART = 8.0
"""More of it where words follow numbers."""
_LONGEST_WORD = 100.0
"""Pt: longer words are broken."""
_JOINTS = re.compile(r"\s+|(?<=[@/])")
"""Where a text may break."""


class Drawn(str):
    """An SVG document: markup that we made."""

    __slots__ = ()


class Heard(str):
    """What is said in place of a drawing: no font has to hold it."""

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


_COLOURS = ("text", "muted", "hairline", "history", "accent", "met", "missed", "unsure", "no_data")


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
        "slight": not (section.faces or section.charts or section.exceptions or notes)
        and not any(table.rows for table in words.tables(frozen, section)),
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
    return [[_chart(chart, _wide(chart, row), palette) for chart in row] for row in drawings.rows(charts)]


def _wide(chart: Chart, row: Sequence[Chart]) -> int:
    """A heat map of few columns stays small though it stands alone."""
    return WIDE if len(row) == 1 and (chart.kind != "heat" or drawings.is_broad(chart)) else HALF


def _chart(chart: Chart, wide: int, palette: Palette) -> dict[str, Any]:
    drawn = None
    if not reading.is_empty(chart):
        drawn = Drawn(
            svg.draw(chart, wide, drawings.height(chart, wide == WIDE), titled=False, plain=svg.Plain(FONT, palette))
        )
    return {
        "title": chart.title,
        "subtitle": chart.subtitle,
        "svg": drawn,
        "alt": Heard(f"{chart.title}. {reading.alt(chart)}"),
        "empty": chart.empty or "No data in these periods.",
        "wide": wide == WIDE,
    }


def _table(table: Table, currency: str, palette: Palette) -> dict[str, Any]:
    cells = [
        [words.cell(value, column, currency) for value, column in zip(row, table.columns, strict=True)]
        for row in table.rows
    ]
    size = _SMALL if len(table.columns) >= _MANY else _SIZE
    return {
        "title": table.title,
        "columns": [{"name": column.name, "number": column.unit in words.NUMBERS} for column in table.columns],
        "size": size,
        "widths": widths(table, cells, size),
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


def _turns(one: Column, other: Column) -> bool:
    """Whether words follow numbers, which stand at the other side of their column."""
    return one.unit in words.NUMBERS and other.unit not in words.NUMBERS


def widths(table: Table, cells: Sequence[Sequence[str]], size: float) -> list[float]:
    """How wide each column stands, in pt: no word that is not very long is broken, and what is left goes to those that
    have most to say."""
    least, wish = [], []
    for at, column in enumerate(table.columns):
        texts = [row[at][:400] for row in cells]
        beside = 14.0 if column.unit == "verdict" else 0.0
        beside += _APART if at and _turns(table.columns[at - 1], column) else 0.0
        whole = column.unit in ("date", "verdict") or column.unit in words.NUMBERS
        tokens = [text if whole else max(_JOINTS.split(text), key=len, default="") for text in texts]
        tokens += column.name.split()
        least.append(min(max((width(token, size) for token in tokens), default=0.0), _LONGEST_WORD) + beside + _PAD)
        wish.append(min(max((width(text, size) for text in texts), default=0.0), _ROOM) + beside + _PAD)
    more = [max(want - need, 0.0) for want, need in zip(wish, least, strict=True)]
    left = _ROOM - sum(least)
    if sum(more) <= left:
        spare = (left - sum(more)) / len(least)
        return [round(need + some + spare, 1) for need, some in zip(least, more, strict=True)]
    return [round(need + left * some / sum(more), 1) for need, some in zip(least, more, strict=True)]


def _minutes(frozen: Frozen, palette: Palette) -> dict[str, Any]:
    said, kept = frozen.minutes, frozen.snapshot
    assert said is not None
    there = words.attendance(said)
    notes = [note for note in said.notes if note.step == "decisions"]
    return {
        "id": "decisions",
        "title": AGENDA["decisions"],
        "finding": words.outcome(said),
        "decided": [{"what": what, "why": why, "meta": meta} for what, why, meta in words.decided(said)],
        "actions": _table(words.actions(said), kept.currency, palette),
        "attendance": [list(line) for line in _attendance(there)],
        "notes": [_note(note, kept.zone) for note in notes],
    }


def _attendance(there: words.Attendance) -> Iterator[tuple[str, list[str]]]:
    for name, people in zip(("Present", "Absent", "Not recorded"), there, strict=True):
        if people:
            yield f"{name} ({len(people)})", list(people)


def _counted(one: words.Counted, palette: Palette) -> dict[str, Any]:
    return {
        "name": one.name,
        "question": one.question,
        "value": one.value,
        "silent": one.number.value is None,
        "verdict": _verdict(one.key, one.word, palette),
        "facts": [list(fact) for fact in one.facts],
    }
