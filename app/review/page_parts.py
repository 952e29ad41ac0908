"""What stands on a pack's own page, as markup: headline, sections, what came out of the meeting, how numbers count."""

import base64
import re
from collections.abc import Iterator, Sequence

from app.charts import reading, svg, wording
from app.charts.description import Chart
from app.charts.faces import Face
from app.charts.markup import Markup, el, join
from app.metrics.review_records import AGENDA, Comment, Note
from app.review import brand, drawings, page_tables, words
from app.review.page_tables import verdict
from app.review.snapshot import Exceptional, Frozen, Section
from app.review.words import Counted

PLAIN = svg.Plain("Nines Sans, sans-serif")
SMALL, HALF, WIDE = 340, 500, 1000
"""Px of a drawing on a phone, in half of the page, over all of it."""


def called(frozen: Frozen) -> str:
    """The page's title."""
    name = brand.dress(frozen.snapshot).organisation
    return f"{words.title(frozen.snapshot)}{f', {name}' if name else ''}"


def told(frozen: Frozen) -> Markup:
    """The whole body but its script."""
    kept = frozen.snapshot
    known = {one.number.kpi: one for one in words.counted(kept)}
    parts: list[tuple[str, str, bool]] = [(one.step, one.title, bool(one.exceptions)) for one in kept.sections]
    if frozen.minutes:
        parts.append(("decisions", AGENDA["decisions"], False))
    parts += [("numbers", "All numbers", False), ("method", "How each number is counted", False)]
    links = (
        el(
            "li",
            el(
                "a",
                title,
                el("span", el("span", ", with exceptions", cls="hush"), cls="flag") if flagged else None,
                href=f"#{name}",
            ),
        )
        for name, title, flagged in parts
    )
    return join(
        el("a", "Skip to the review", href="#main", cls="skip"),
        el(
            "div",
            _top(frozen),
            el("nav", el("ol", join(*links)), aria_label="Sections"),
            el(
                "main",
                join(*(section(frozen, one, known) for one in kept.sections)),
                _minutes(frozen) if frozen.minutes else None,
                page_tables.numbers(kept),
                _method(frozen, tuple(known.values())),
                id="main",
                tabindex="-1",
            ),
            el("footer", _foot(frozen)),
            cls="board",
        ),
    )


def _top(frozen: Frozen) -> Markup:
    kept = frozen.snapshot
    worn = brand.dress(kept)
    logo = None
    if worn.logo:
        wide, high = worn.logo_size
        scale = min(160 / wide, 44 / high)
        logo = el("img", src=f"data:image/png;base64,{base64.b64encode(worn.logo).decode()}", alt="",
                  width=round(wide * scale), height=round(high * scale))  # fmt: skip
    facts = [fact for fact in words.colophon(frozen) if fact[0] in ("Period", "As of", "Frozen", "Held")]
    return el(
        "header",
        el("p", logo, el("span", worn.organisation), cls="who") if logo or worn.organisation else None,
        el("h1", el("small", "Reliability review"), kept.title),
        el("dl", join(*(el("div", el("dt", name), el("dd", said)) for name, said in facts))),
        cls="top",
    )


def section(frozen: Frozen, one: Section, known: dict[str, Counted]) -> Markup:
    """One step of the agenda: its finding first."""
    kept = frozen.snapshot
    notes = [note for note in frozen.minutes.notes if note.step == one.step] if frozen.minutes else []
    loose = words.loose(kept, one.step)
    return el(
        "section",
        el("h2", el("small", one.title), one.finding),
        join(*(el("p", said, cls="lead") for said in one.sentences)),
        el("div", join(*(tile(face, known.get(face.kpi)) for face in one.faces)), cls="grid") if one.faces else None,
        _exceptions(frozen, words.ordered(one.exceptions)),
        _block("Comments", [el("div", el("h4", about), comment(said, kept.zone)) for about, said in loose]),
        el("div", join(*_charts(one.charts)), cls="charts") if one.charts else None,
        join(
            *(
                page_tables.table(table, kept.currency, f"{one.step}-{at}")
                for at, table in enumerate(words.tables(frozen, one))
            )
        ),
        _notes(notes, kept.zone),
        id=one.step,
        cls="part",
    )


def _block(title: str, parts: Sequence[Markup]) -> Markup | None:
    return el("div", el("h3", title), join(*parts), cls="block") if parts else None


def tile(face: Face, counted: Counted | None) -> Markup:
    """One number with all that its tile says; how it is counted opens in place."""
    figures = (part for part in re.split(r"([\d.,\u2212]+)", face.value) if part)
    value = join(*(part if part[0].isdigit() or part[0] == "\u2212" else el("small", part) for part in figures))
    spark = Markup(svg.draw(face.spark, 120, 36, plain=PLAIN)) if face.spark else None
    raw = counted.number.value if counted else None
    return el(
        "article",
        el("h3", face.name),
        el("p", face.value if face.empty else value, cls="value none" if face.empty else "value"),
        el("p", face.beside, cls="beside") if face.beside and not face.empty else None,
        verdict(face.key, face.word),
        el("div", spark, cls="spark") if spark else None,
        el("p", face.said, cls="said"),
        el("p", face.year, cls="said") if face.year else None,
        el("p", face.target, cls="said"),
        el("details", el("summary", "How is this counted?"), facts(counted)) if counted else None,
        cls="card tile",
        data_kpi=face.kpi,
        data_value=page_tables.raw(raw),
    )


def facts(counted: Counted) -> Markup:
    """How a number is counted."""
    return join(
        el("p", counted.question, cls="question"),
        el("dl", join(*(join(el("dt", name), el("dd", said)) for name, said in counted.facts))),
    )


def _exceptions(frozen: Frozen, some: Sequence[Exceptional]) -> Markup | None:
    if not some:
        return None
    kept = frozen.snapshot
    said = words.remarks(kept)
    items = (
        el(
            "li",
            el("p", one.text),
            el(
                "p",
                verdict("missed" if one.severe else "unsure", words.KINDS[one.kind]),
                el("span", one.owner, cls="owner") if one.owner else None,
                cls="kind",
            ),
            join(*(comment(remark, kept.zone) for remark in said.get(one.subject, ()))),
        )
        for one in some
    )
    title = "One exception" if len(some) == 1 else f"{len(some)} exceptions"
    return el("div", el("h3", title), el("ul", join(*items), cls="exceptions card"), cls="block")


def comment(one: Comment, zone: str) -> Markup:
    """What somebody said, and who."""
    return _said(one.text, one.by, wording.instant(one.at, zone))


def _said(text: str, by: str, at: str) -> Markup:
    return el("blockquote", el("p", text), el("footer", f"{by}, {at}"))


def _notes(notes: Sequence[Note], zone: str) -> Markup | None:
    return _block("Noted in the meeting", [_said(one.text, one.by, wording.instant(one.at, zone)) for one in notes])


def _charts(some: Sequence[Chart]) -> Iterator[Markup]:
    for row in drawings.rows(some):
        yield from (chart(one, alone=len(row) == 1) for one in row)


def chart(one: Chart, alone: bool) -> Markup:
    """A chart in a card: its finding as heading; what its points say comes on hover and focus."""
    cls = "card chart broad" if alone else "card chart"
    head = join(el("h3", one.title), el("p", one.subtitle, cls="sub"))
    if reading.is_empty(one):
        return el("div", head, el("p", one.empty or "No data in these periods.", cls="nothing"), cls=cls)
    wide = WIDE if alone and (one.kind != "heat" or drawings.is_broad(one)) else HALF
    drawn = (
        el(
            "div",
            Markup(svg.draw(one, px, svg.height(one), titled=False, live=True, plain=PLAIN)),
            cls=f"drawing {name}",
        )
        for name, px in (("small", SMALL), ("large" if wide == WIDE else "half", wide))
    )
    return el("div", head, el("div", join(*drawn), cls="plot"), cls=cls)


def _minutes(frozen: Frozen) -> Markup:
    said, kept = frozen.minutes, frozen.snapshot
    assert said is not None
    there = zip(("Present", "Absent", "Not recorded"), words.attendance(said), strict=True)
    people = [
        el("div", el("dt", f"{name} ({len(some)})"), el("dd", el("ul", join(*(el("li", one) for one in some)))))
        for name, some in there
        if some
    ]
    notes = [note for note in said.notes if note.step == "decisions"]
    return el(
        "section",
        el("h2", el("small", AGENDA["decisions"]), words.outcome(said)),
        page_tables.table(words.decisions(said), kept.currency, "decided"),
        page_tables.table(words.actions(said), kept.currency, "asked"),
        el("div", el("h3", "Attendance"), el("dl", join(*people), cls="there card"), cls="block") if people else None,
        _notes(notes, kept.zone),
        id="decisions",
        cls="part",
    )


def _method(frozen: Frozen, known: Sequence[Counted]) -> Markup:
    entries = (
        el(
            "details",
            el(
                "summary",
                el("h3", one.name),
                el("span", one.value, cls="amount"),
                verdict(one.key, one.word),
            ),
            facts(one),
            data_kpi=one.number.kpi,
        )
        for one in known
    )
    sources = frozen.snapshot.sources
    return el(
        "section",
        el("h2", el("small", "Appendix"), "How each number is counted"),
        el("div", join(*entries), cls="method card"),
        _block("Where the facts came from", [el("ul", join(*(el("li", one) for one in sources)), cls="plain")])
        if sources
        else None,
        id="method",
        cls="part",
    )


def _foot(frozen: Frozen) -> Markup:
    facts = words.colophon(frozen)
    return join(
        el("p", "Made from the frozen snapshot alone: later facts do not change it."),
        el("dl", join(*(el("div", el("dt", name), el("dd", said)) for name, said in facts))),
    )
